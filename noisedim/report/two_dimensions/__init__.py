"""Study: what reaches the paper's accuracy in two dimensions?"""

from noisedim.report.study import Study
from noisedim.report.two_dimensions.section import two_dimensions_section

__all__ = ["STUDIES"]

STUDIES = (Study("two_dimensions", two_dimensions_section, page="methods"),)
