"""Study: which form of the closed-form dual trains best, at which noise and batch size?"""

from noisedim.report.duals.section import duals_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("duals", duals_section, page="duals"),)
