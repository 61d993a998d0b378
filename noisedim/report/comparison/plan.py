"""How much the benchmarks of quality train, by profile of ``pytest benchmarks``."""

from dataclasses import dataclass, replace

from noisedim.runs.protocols import FIGURE_1_CAPACITIES, appendix_c
from noisedim.training import DataConfig, TrainConfig

__all__ = ["PROFILES", "Profile"]


@dataclass(frozen=True)
class Profile:
    """How much is trained.

    Attributes:
        base: what all methods have in common; fold 0 is held out and judges.
        seeds: number of seeds.
        capacities: capacities of Figure 1, in nats; none where the report trains Figure 1 itself.
        words: the protocol in one sentence.
        as_paper: whether it is the paper's own protocol.
    """

    base: TrainConfig
    seeds: int
    capacities: tuple[float, ...]
    words: str
    as_paper: bool = False


_DIGITS = TrainConfig(data=DataConfig(fold=0), steps=700, batch_size=128)
_MNIST = DataConfig(name="mnist", fold=0)
PROFILES = {
    "smoke": Profile(
        replace(_DIGITS, steps=30),
        2,
        (),
        "30 steps a run: does everything work? Its figures mean nothing",
    ),
    "digits": Profile(_DIGITS, 5, (), "digits, d = 2, 700 steps of 128 images, five seeds"),
    "mnist-short": Profile(
        TrainConfig(data=replace(_MNIST, limit=12_000), steps=300, batch_size=256),
        3,
        (0.5, 2.0, 4.6, 7.0, 14.0),
        "shortened: the first 12,000 images of MNIST's training part, 300 steps of 256 (8 epochs), input noise 0.3 with "
        "probability ½, three seeds",
    ),
    "paper": Profile(
        appendix_c(_MNIST, images=60_000),
        5,
        FIGURE_1_CAPACITIES,
        "Appendix C: MNIST, 2,000 epochs of 1,024, input noise 0.6, Adam at 1e-3, five seeds",
        as_paper=True,
    ),
}
