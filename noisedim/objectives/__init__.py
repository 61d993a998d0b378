"""What training optimises: noise injection, learned or in closed form, and the methods it is compared with."""

from noisedim.objectives.autoencoder import Autoencoder
from noisedim.objectives.infomax import InfoMax
from noisedim.objectives.interface import BatchObjective, Objective, ObjectiveValue
from noisedim.objectives.method import Method
from noisedim.objectives.methods import METHODS
from noisedim.objectives.methods.adversarial import Adversarial
from noisedim.objectives.methods.align_uniform import align_uniform
from noisedim.objectives.methods.barlow_twins import barlow_twins
from noisedim.objectives.methods.duals.adaptive_dual import AdaptiveDual
from noisedim.objectives.methods.duals.dual import Dual, dual_bound
from noisedim.objectives.methods.duals.linear_dual import LinearDual
from noisedim.objectives.methods.duals.row_dual import RowDual
from noisedim.objectives.methods.noisy_autoencoder import NoisyAutoencoder
from noisedim.objectives.methods.sigreg import SIGReg
from noisedim.objectives.methods.simclr import nt_xent
from noisedim.objectives.methods.sliced_sigreg import SlicedSIGReg
from noisedim.objectives.methods.variational import Variational
from noisedim.objectives.methods.vicreg import vicreg
from noisedim.objectives.methods.w_mse import whitening_mse
from noisedim.objectives.methods.wasserstein import Wasserstein
from noisedim.objectives.noisy_views import NoisyViews
from noisedim.objectives.score_bounds import donsker_varadhan, infonce, nguyen_wainwright_jordan, split_scores
from noisedim.objectives.siamese import Siamese

__all__ = [
    "METHODS",
    "AdaptiveDual",
    "Adversarial",
    "Autoencoder",
    "BatchObjective",
    "Dual",
    "InfoMax",
    "LinearDual",
    "Method",
    "NoisyAutoencoder",
    "NoisyViews",
    "Objective",
    "ObjectiveValue",
    "RowDual",
    "SIGReg",
    "Siamese",
    "SlicedSIGReg",
    "Variational",
    "Wasserstein",
    "align_uniform",
    "barlow_twins",
    "donsker_varadhan",
    "dual_bound",
    "infonce",
    "nguyen_wainwright_jordan",
    "nt_xent",
    "split_scores",
    "vicreg",
    "whitening_mse",
]
