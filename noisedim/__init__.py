"""noisedim: representations that follow a distribution you choose, and the evidence that they do.

>>> import noisedim as nd
>>> channel = nd.NoisyChannel(nd.GaussianPrior(2), sigma=0.3)
>>> round(channel.capacity, 3)
2.494
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from noisedim import bounds
from noisedim.channel import NoisyChannel
from noisedim.critics import Critic, DotProductCritic, GaussianDualCritic, MLPCritic, SeparableCritic
from noisedim.errors import NoisedimError
from noisedim.objectives import (
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

if TYPE_CHECKING:
    from noisedim.assessment import Assessment, AssessmentCallback, assess, certify, equivalence, track
    from noisedim.downstream import outlier_p_values
    from noisedim.estimator import DistributionMatcher
    from noisedim.normality.henze_zirkler import henze_zirkler
    from noisedim.training import TrainConfig, embed, train

__version__ = "0.1.0"

# Loaded when first asked for: they need scikit-learn, scipy or more, which users of the channel alone do not.
_LAZY = {
    "Assessment": "noisedim.assessment",
    "AssessmentCallback": "noisedim.assessment",
    "DistributionMatcher": "noisedim.estimator",
    "TrainConfig": "noisedim.training",
    "assess": "noisedim.assessment",
    "certify": "noisedim.assessment",
    "embed": "noisedim.training",
    "equivalence": "noisedim.assessment",
    "henze_zirkler": "noisedim.normality.henze_zirkler",
    "outlier_p_values": "noisedim.downstream",
    "track": "noisedim.assessment",
    "train": "noisedim.training",
}

__all__ = [
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
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'noisedim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
