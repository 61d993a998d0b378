"""Study: can you trust the test? False alarms and power."""

from noisedim.report.study import Study
from noisedim.report.trust.section import trust_section

__all__ = ["STUDIES"]

STUDIES = (Study("trust", trust_section, page="tests"),)
