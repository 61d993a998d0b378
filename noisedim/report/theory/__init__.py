"""Study: are the claims true?"""

from noisedim.report.study import Study
from noisedim.report.theory.section import theory_section

__all__ = ["STUDIES"]

STUDIES = (Study("theory", theory_section, page="claims"),)
