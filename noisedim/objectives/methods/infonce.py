"""InfoNCE with a critic on samples; without noise it is plain Deep InfoMax."""

from noisedim.objectives.infomax import PAPER_CRITIC, infomax_builder
from noisedim.objectives.method import Compared, Method, Recipe

__all__ = ["METHOD"]

_PLAIN = {**PAPER_CRITIC, "noisy": False}

METHOD = Method(
    name="infonce",
    build=infomax_builder("infonce"),
    injects_noise=True,
    takes_critic=True,
    compared=(
        Compared("infonce", "InfoNCE, learned critic", "noise injection", options=PAPER_CRITIC),
        Compared(
            "theorem-4.1", "Theorem 4.1's critic, sampled", "noise injection", options={"critic": "gaussian-dual"}
        ),
        Compared("uniform", "uniform prior, InfoNCE", "noise injection", options=PAPER_CRITIC, prior="uniform"),
        Compared("infomax", "Deep InfoMax, σ = 0", "without noise", options=_PLAIN),
        Compared("infomax-rank", "Deep InfoMax, then ranks", "post hoc", options=_PLAIN, gaussianise="rank"),
        Compared("infomax-flow", "Deep InfoMax, then a flow", "post hoc", options=_PLAIN, gaussianise="flow"),
    ),
    recipe=Recipe(name="infomax", dim=256, head=(2048,), head_normalisation=False, options={"critic": "separable"}),
    references=("infonce", "poole"),
)
