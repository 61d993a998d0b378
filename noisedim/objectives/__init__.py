"""What training optimises: noise injection, learned or in closed form, and what others use beside it."""

from noisedim.objectives.autoencoding import Autoencoder, NoisyAutoencoder, Variational, Wasserstein
from noisedim.objectives.dual import Dual, dual_bound
from noisedim.objectives.infomax import (
    InfoMax,
    donsker_varadhan,
    infonce,
    nguyen_wainwright_jordan,
    split_scores,
)
from noisedim.objectives.matching import Adversarial, SIGReg
from noisedim.objectives.noisy import NoisyViews
from noisedim.objectives.siamese import Siamese
from noisedim.objectives.value import Objective, ObjectiveValue

__all__ = [
    "Adversarial",
    "Autoencoder",
    "Dual",
    "InfoMax",
    "NoisyAutoencoder",
    "NoisyViews",
    "Objective",
    "ObjectiveValue",
    "SIGReg",
    "Siamese",
    "Variational",
    "Wasserstein",
    "donsker_varadhan",
    "dual_bound",
    "infonce",
    "nguyen_wainwright_jordan",
    "split_scores",
]
