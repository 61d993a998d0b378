"""noisedim: representations that follow a distribution you choose, and the evidence that they do.

>>> import noisedim as nd
>>> channel = nd.NoisyChannel(nd.GaussianPrior(2), sigma=0.3)
>>> round(channel.capacity, 3)
2.494
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from noisedim import bounds
    from noisedim.assessment import Assessment, AssessmentCallback, assess, certify, equivalence, track
    from noisedim.channel import NoisyChannel
    from noisedim.critics import Critic, DotProductCritic, GaussianDualCritic, MLPCritic, SeparableCritic
    from noisedim.downstream import outlier_p_values
    from noisedim.errors import NoisedimError
    from noisedim.estimator import DistributionMatcher
    from noisedim.normality.henze_zirkler import henze_zirkler
    from noisedim.objectives import (
        AdaptiveDual,
        Dual,
        InfoMax,
        Objective,
        ObjectiveValue,
        donsker_varadhan,
        dual_bound,
        infonce,
        nguyen_wainwright_jordan,
    )
    from noisedim.priors import (
        BallPrior,
        BoxPrior,
        FlowPrior,
        FullGaussianPrior,
        GaussianMixturePrior,
        GaussianPrior,
        Prior,
        ProductPrior,
        SpherePrior,
        UniformPrior,
        load_prior,
    )
    from noisedim.training import TrainConfig, embed, train

__version__ = "0.1.0"

# Each room's names are loaded when one of them is first asked for: what a program does not use costs it no start-up time,
# and the command line's help needs no torch.
_ROOMS = {
    "noisedim.assessment": ("Assessment", "AssessmentCallback", "assess", "certify", "equivalence", "track"),
    "noisedim.channel": ("NoisyChannel",),
    "noisedim.critics": ("Critic", "DotProductCritic", "GaussianDualCritic", "MLPCritic", "SeparableCritic"),
    "noisedim.downstream": ("outlier_p_values",),
    "noisedim.errors": ("NoisedimError",),
    "noisedim.estimator": ("DistributionMatcher",),
    "noisedim.normality.henze_zirkler": ("henze_zirkler",),
    "noisedim.objectives": (
        "AdaptiveDual",
        "AdaptiveDual",
        "Dual",
        "InfoMax",
        "Objective",
        "ObjectiveValue",
        "donsker_varadhan",
        "dual_bound",
        "infonce",
        "nguyen_wainwright_jordan",
    ),
    "noisedim.priors": (
        "BallPrior",
        "BoxPrior",
        "FlowPrior",
        "FullGaussianPrior",
        "GaussianMixturePrior",
        "GaussianPrior",
        "Prior",
        "ProductPrior",
        "SpherePrior",
        "UniformPrior",
        "load_prior",
    ),
    "noisedim.training": ("TrainConfig", "embed", "train"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "AdaptiveDual",
    "Assessment",
    "AssessmentCallback",
    "BallPrior",
    "BoxPrior",
    "Critic",
    "DistributionMatcher",
    "DotProductCritic",
    "Dual",
    "FlowPrior",
    "FullGaussianPrior",
    "GaussianDualCritic",
    "GaussianMixturePrior",
    "GaussianPrior",
    "InfoMax",
    "MLPCritic",
    "NoisedimError",
    "NoisyChannel",
    "Objective",
    "ObjectiveValue",
    "Prior",
    "ProductPrior",
    "SeparableCritic",
    "SpherePrior",
    "TrainConfig",
    "UniformPrior",
    "assess",
    "bounds",
    "certify",
    "donsker_varadhan",
    "dual_bound",
    "embed",
    "equivalence",
    "henze_zirkler",
    "infonce",
    "load_prior",
    "nguyen_wainwright_jordan",
    "outlier_p_values",
    "track",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "bounds":
        return import_module("noisedim.bounds")
    if name in _ROOM_OF:
        found = getattr(import_module(_ROOM_OF[name]), name)
        globals()[name] = found  # so that Python asks only once
        return found
    raise AttributeError(f"module 'noisedim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
