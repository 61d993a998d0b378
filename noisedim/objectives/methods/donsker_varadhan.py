"""Donsker and Varadhan's bound with a critic on samples."""

from noisedim.objectives.infomax import PAPER_CRITIC, infomax_builder
from noisedim.objectives.method import Compared, Method

__all__ = ["METHOD"]

METHOD = Method(
    name="dv",
    build=infomax_builder("dv"),
    injects_noise=True,
    takes_critic=True,
    takes_unbiased_gradient=True,
    compared=(Compared("dv", "Donsker–Varadhan, learned critic", "noise injection", options=PAPER_CRITIC),),
    references=("donsker-varadhan", "mine"),
)
