"""Study: does each coordinate of an embedding hold one factor of drawn shapes?"""

from noisedim.report.factors.section import factors_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("factors", factors_section, page="uses"),)
