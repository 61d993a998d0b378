"""Study: capacity against match and usefulness (the paper's Figure 1)."""

from noisedim.report.capacity.plan import runs
from noisedim.report.capacity.section import capacity_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("capacity", capacity_section, runs, page="capacity"),)
