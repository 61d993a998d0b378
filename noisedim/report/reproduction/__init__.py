"""Study: which of the paper's figures are reproduced?"""

from noisedim.report.reproduction.section import reproduction_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("reproduction", reproduction_section, page="capacity"),)
