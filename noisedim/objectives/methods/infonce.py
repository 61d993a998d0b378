"""InfoNCE with a critic on samples; without noise it is plain Deep InfoMax."""

from noisedim.objectives.infomax import PAPER_CRITIC, infomax_builder
from noisedim.objectives.method import Method, Preset, Recipe

__all__ = ["METHOD"]

_PLAIN = {**PAPER_CRITIC, "noisy": False}

METHOD = Method(
    name="infonce",
    build=infomax_builder("infonce"),
    injects_noise=True,
    takes_critic=True,
    presets=(
        Preset("infonce", "InfoNCE, learned critic", options=PAPER_CRITIC),
        Preset("theorem-4.1", "Theorem 4.1's critic, sampled", options={"critic": "gaussian-dual"}),
        Preset("uniform", "uniform prior, InfoNCE", options=PAPER_CRITIC, prior="uniform"),
        Preset("infomax", "Deep InfoMax, σ = 0", options=_PLAIN),
        Preset("infomax-rank", "Deep InfoMax, then ranks", options=_PLAIN, gaussianise="rank"),
        Preset("infomax-flow", "Deep InfoMax, then a flow", options=_PLAIN, gaussianise="flow"),
    ),
    recipe=Recipe(name="infomax", dim=256, head=(2048,), head_normalisation=False, options={"critic": "separable"}),
    references=("infonce", "poole"),
)
