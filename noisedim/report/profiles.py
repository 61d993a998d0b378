"""Which runs a report rests on, by profile and data set."""

from dataclasses import dataclass, replace
from typing import Literal

from noisedim.checks import one_of
from noisedim.data import AugmentationConfig
from noisedim.generation.config import GanConfig
from noisedim.priors import SQUASH_NAMES
from noisedim.report.generation_plan import autoencoder_runs, generator_runs
from noisedim.runs.make_generator import AnyConfig, judge_of
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, OptimiserConfig, TrainConfig

__all__ = ["DATA_NAMES", "PROFILE_NAMES", "Plan", "make_plan"]

Profile = Literal["smoke", "quick", "paper"]
PROFILE_NAMES = ("smoke", "quick", "paper")
DATA_NAMES = ("digits", "mnist", "fashion-mnist")


@dataclass(frozen=True)
class Plan:
    """The runs of a report, by the question they answer.

    Attributes:
        profile: ``smoke``, ``quick`` or ``paper``.
        data: name of the data set.
        headline: σ = 0.3, d = 2, all images train, five seeds: does the embedding follow the prior?
        figure_1: capacity by capacity; seed s leaves fold s out, and everything is measured on it.
        figure_2: one embedding each for the pictures: normal at σ = 0.1 and 0.3, uniform at ε = 0.05.
        squashes: uniform prior, each map into [0, 1]^d at two noise levels with a few seeds: which one matches best?
        words: the protocol in one sentence.
        generation: generators on encoders with and without matching: does knowing the prior pay?
        autoencoders: with the noisy channel, and variational.
    """

    profile: str
    data: str
    headline: tuple[TrainConfig, ...]
    figure_1: tuple[TrainConfig, ...]
    figure_2: tuple[TrainConfig, ...]
    squashes: tuple[TrainConfig, ...]
    words: str
    generation: tuple[GanConfig, ...] = ()
    autoencoders: tuple[TrainConfig, ...] = ()

    @property
    def command(self) -> str:
        """What brings this report up to date."""
        return f"python -m noisedim.report --profile {self.profile} --data {self.data}"

    @property
    def configs(self) -> list[AnyConfig]:
        """All runs, the longest-awaited pictures first; what others rest on before them."""
        judges = [judge_of(config) for config in self.generation]
        encoders = [config.encoder for config in self.generation]
        own = [*self.figure_2, *self.headline, *self.figure_1, *self.squashes]
        return [*own, *judges, *encoders, *self.generation, *self.autoencoders]


SEEDS = range(5)
QUICK_CAPACITIES = (0.5, 1.0, 2.0, 3.0, 4.6, 7.0)
PAPER_CAPACITIES = tuple(float(c) for c in (0.5, *range(1, 15)))


def _quick(data: str) -> Plan:
    headline = [TrainConfig(data=DataConfig(name=data), noise=NoiseConfig(sigma=0.3), seed=seed) for seed in SEEDS]
    figure_2 = [
        TrainConfig(data=DataConfig(name=data), noise=NoiseConfig(sigma=0.1)),
        headline[0],
        TrainConfig(data=DataConfig(name=data), prior="uniform", noise=NoiseConfig(epsilon=0.05)),
    ]
    figure_1 = [
        TrainConfig(data=DataConfig(name=data, fold=seed), noise=NoiseConfig(capacity=capacity), steps=2000, seed=seed)
        for capacity in QUICK_CAPACITIES
        for seed in SEEDS
    ]
    squashes = [
        TrainConfig(
            data=DataConfig(name=data),
            prior="uniform",
            squash=squash,  # type: ignore[arg-type]
            noise=NoiseConfig(epsilon=epsilon),
            steps=1000,
            seed=seed,
        )
        for epsilon in (0.05, 0.1)
        for squash in SQUASH_NAMES
        for seed in list(SEEDS)[:3]
    ]
    first = headline[0]
    words = (
        f"closed-form dual, {first.steps:,} steps of {first.batch_size} images (Figure 1: {figure_1[0].steps:,}), "
        f"second view: Gaussian pixel noise of standard deviation {first.augmentation.noise} with probability "
        f"{first.augmentation_probability}, otherwise the image itself"
    )
    return Plan("quick", data, tuple(headline), tuple(figure_1), tuple(figure_2), tuple(squashes), words)


def _smoke(data: str) -> Plan:
    """The quick plan with two seeds, two capacities and few steps: does everything work? Its figures mean nothing."""
    quick = _quick(data)

    def short(config: TrainConfig) -> TrainConfig:
        return replace(config, steps=100)

    seeds = list(SEEDS)[:2]
    return replace(
        quick,
        profile="smoke",
        headline=tuple(short(config) for config in quick.headline if config.seed in seeds),
        figure_1=tuple(
            short(config) for config in quick.figure_1 if config.seed in seeds and config.noise.capacity in (1.0, 3.0)
        ),
        figure_2=tuple(short(config) for config in quick.figure_2),
        squashes=tuple(short(config) for config in quick.squashes if config.seed == 0),
        words="100 steps a run: this profile shows that everything works, its figures mean nothing",
    )


def _paper(data: str) -> Plan:
    # Appendix C: σ = 0.6 input noise, Adam at 1e-3, 2,000 epochs of 1,024, InfoNCE with the perceptron of Table 2. The
    # closed-form dual is run under the same protocol for the headline and for Figure 2 at σ = 0.3.
    size = {"digits": 1797}.get(data, 60_000)
    batch = min(1024, size // 2)
    protocol = TrainConfig(
        data=DataConfig(name=data),
        augmentation=AugmentationConfig(noise=0.6),
        augmentation_probability=1.0,
        optimiser=OptimiserConfig(learning_rate=1e-3, cosine=False),
        batch_size=batch,
        steps=2000 * (size // batch),
    )
    infonce = replace(protocol, objective=ObjectiveConfig(name="infonce", negatives=15))
    headline = [replace(protocol, noise=NoiseConfig(sigma=0.3), seed=seed) for seed in SEEDS]
    figure_2 = [
        replace(infonce, noise=NoiseConfig(sigma=0.1)),
        headline[0],
        replace(infonce, prior="uniform", noise=NoiseConfig(epsilon=0.05)),
    ]
    figure_1 = [
        replace(infonce, data=DataConfig(name=data, fold=seed), noise=NoiseConfig(capacity=capacity), seed=seed)
        for capacity in PAPER_CAPACITIES
        for seed in SEEDS
    ]
    words = (
        f"Appendix C: 2,000 epochs of {batch:,}, input noise 0.6 always, Adam at 1e-3, InfoNCE with the perceptron of "
        "Table 2 and 15 negatives (Figure 1, and Figure 2 but σ = 0.3); headline: closed-form dual"
    )
    return Plan("paper", data, tuple(headline), tuple(figure_1), tuple(figure_2), (), words)


def make_plan(profile: str, data: str) -> Plan:
    """The runs of ``profile`` on ``data``."""
    one_of("profile", profile, PROFILE_NAMES)
    one_of("data", data, DATA_NAMES)
    plan = {"smoke": _smoke, "quick": _quick, "paper": _paper}[profile](data)
    return replace(plan, generation=generator_runs(profile, data), autoencoders=autoencoder_runs(profile, data))
