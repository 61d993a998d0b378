"""Study: does the method reach the prior at all, seed by seed?"""

from noisedim.report.seeds.plan import runs
from noisedim.report.seeds.section import seeds_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("seeds", seeds_section, runs, page="capacity", is_remade=True),)
