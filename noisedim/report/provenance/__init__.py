"""Study: where do the numbers come from?"""

from noisedim.report.provenance.section import provenance_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("provenance", provenance_section, page="sources"),)
