"""Study: two-dimensional embeddings (the paper's Figure 2)."""

from noisedim.report.embeddings.plan import runs
from noisedim.report.embeddings.section import embeddings_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("embeddings", embeddings_section, runs, page="capacity"),)
