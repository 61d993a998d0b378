"""Study: does noise help, harm, or neither in methods that are not about noise (the paper's Table 1)?"""

from noisedim.report.study import Study
from noisedim.report.table_1.section import table_1_section

__all__ = ["STUDIES"]

STUDIES = (Study("table_1", table_1_section, page="table-1"),)
