"""Study: how does accuracy in two dimensions depend on capacity, beside the paper's Figure 1?"""

from noisedim.report.figure_1.section import figure_1_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("figure_1", figure_1_section, page="capacity"),)
