"""Nguyen, Wainwright and Jordan's bound with a critic on samples."""

from noisedim.objectives.infomax import PAPER_CRITIC, infomax_builder
from noisedim.objectives.method import Compared, Method

__all__ = ["METHOD"]

METHOD = Method(
    name="nwj",
    build=infomax_builder("nwj"),
    injects_noise=True,
    takes_critic=True,
    compared=(Compared("nwj", "NWJ, learned critic", "noise injection", options=PAPER_CRITIC),),
    references=("nwj",),
)
