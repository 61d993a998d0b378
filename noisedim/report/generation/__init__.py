"""Study: a conditional GAN on frozen embeddings (the paper's Appendix D). Does knowing the prior pay?"""

from noisedim.report.generation.plan import runs
from noisedim.report.generation.section import generation_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("generation", generation_section, runs, page="generation"),)
