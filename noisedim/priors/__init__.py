"""The law that an embedding is to follow, and all that depends on it, one object a prior.

A prior knows how to bring an encoder's output under its constraint (normalisation), which noise makes the bound of the
paper tight (noise law and capacity), the closed form of the dual (kernel and alignment), its density, and the bijection to
and from N(0, I). :class:`~noisedim.channel.NoisyChannel` and the objectives ask the prior and know no law by name.

scipy and zuko load where a prior that needs them is made.
"""

from noisedim.priors.affine import BoxPrior, FullGaussianPrior
from noisedim.priors.directional.spheres import BallPrior, SpherePrior
from noisedim.priors.directional.torus import TorusPrior
from noisedim.priors.files import (
    PRIOR_NAMES,
    PRIORS,
    as_prior,
    load_prior,
    make_prior,
    prior_from_spec,
    prior_identity,
    prior_reference,
)
from noisedim.priors.flow import FlowPrior
from noisedim.priors.gaussian import GaussianPrior
from noisedim.priors.interface import Prior, noise_level
from noisedim.priors.mapped import MappedPrior
from noisedim.priors.mixture import GaussianMixturePrior
from noisedim.priors.normalisation import SQUASH_NAMES, BatchStandardisation
from noisedim.priors.product import ProductPrior
from noisedim.priors.uniform import UniformPrior

__all__ = [
    "PRIORS",
    "PRIOR_NAMES",
    "SQUASH_NAMES",
    "BallPrior",
    "BatchStandardisation",
    "BoxPrior",
    "FlowPrior",
    "FullGaussianPrior",
    "GaussianMixturePrior",
    "GaussianPrior",
    "MappedPrior",
    "Prior",
    "ProductPrior",
    "SpherePrior",
    "TorusPrior",
    "UniformPrior",
    "as_prior",
    "load_prior",
    "make_prior",
    "noise_level",
    "prior_from_spec",
    "prior_identity",
    "prior_reference",
]
