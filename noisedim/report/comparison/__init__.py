"""Study: every method with the same budget and seeds. Who matches the prior, at what cost, and who matches it best?"""

from noisedim.report.comparison.rank_section import compared_section
from noisedim.report.comparison.section import cost_section, match_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (
    Study("match", match_section, page="methods"),
    Study("cost", cost_section, page="methods"),
    Study("compared", compared_section, page="methods"),
)
