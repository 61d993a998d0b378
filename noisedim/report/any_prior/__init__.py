"""Study: train for N(0, I) and map afterwards, or train for the target prior itself (the paper's Section 3.3)?"""

from noisedim.report.any_prior.section import any_prior_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("any_prior", any_prior_section, page="any-prior"),)
