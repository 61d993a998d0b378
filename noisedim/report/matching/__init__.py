"""Study: what does a match need: images, steps, noise, batch?"""

from noisedim.report.matching.section import matching_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("matching", matching_section, page="methods"),)
