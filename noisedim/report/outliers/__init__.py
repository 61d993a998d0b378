"""Study: are images of a class that was never seen found by the norm of their embedding, and by what else?"""

from noisedim.report.outliers.section import outliers_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("outliers", outliers_section, page="uses"),)
