"""Study: which map into [0, 1]^d matches the uniform prior best?"""

from noisedim.report.squashes.plan import runs
from noisedim.report.squashes.section import squashes_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("squashes", squashes_section, runs, page="any-prior"),)
