"""Study: which method matches the prior best at the accuracy one needs?"""

from noisedim.report.methods.section import methods_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("methods", methods_section, page="methods"),)
