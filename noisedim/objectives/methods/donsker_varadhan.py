"""Donsker and Varadhan's bound with a critic on samples."""

from noisedim.objectives.infomax import PAPER_CRITIC, infomax_builder
from noisedim.objectives.method import Method, Preset

__all__ = ["METHOD"]

METHOD = Method(
    name="dv",
    build=infomax_builder("dv"),
    injects_noise=True,
    takes_critic=True,
    takes_unbiased_gradient=True,
    presets=(Preset("dv", "Donsker–Varadhan, learned critic", options=PAPER_CRITIC),),
    references=("donsker-varadhan", "mine"),
)
