"""Study: reconstruction through the noisy channel (the paper's Section 4), compared with variational autoencoders."""

from noisedim.report.autoencoders.plan import runs
from noisedim.report.autoencoders.section import autoencoder_section
from noisedim.report.study import Study

__all__ = ["STUDIES"]

STUDIES = (Study("autoencoders", autoencoder_section, runs, page="generation"),)
