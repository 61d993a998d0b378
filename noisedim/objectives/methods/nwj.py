"""Nguyen, Wainwright and Jordan's bound with a critic on samples."""

from noisedim.objectives.infomax import PAPER_CRITIC, infomax_builder
from noisedim.objectives.method import Method, Preset

__all__ = ["METHOD"]

METHOD = Method(
    name="nwj",
    build=infomax_builder("nwj"),
    injects_noise=True,
    takes_critic=True,
    presets=(Preset("nwj", "NWJ, learned critic", options=PAPER_CRITIC),),
    references=("nwj",),
)
