"""What is maximised: estimates of I(f(X′); f(X)+Z), learned or in closed form, each with its ceiling."""

from noisedim.objectives.dual import Dual, dual_bound
from noisedim.objectives.infomax import (
    InfoMax,
    donsker_varadhan,
    infonce,
    nguyen_wainwright_jordan,
    split_scores,
)
from noisedim.objectives.value import Objective, ObjectiveValue

__all__ = [
    "Dual",
    "InfoMax",
    "Objective",
    "ObjectiveValue",
    "donsker_varadhan",
    "dual_bound",
    "infonce",
    "nguyen_wainwright_jordan",
    "split_scores",
]
