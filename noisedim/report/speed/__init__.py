"""Study: how fast are training steps, objectives and tests, compared with their peers in the same run?"""

from noisedim.report.speed.section import speed_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("speed", speed_section, page="speed"),)
