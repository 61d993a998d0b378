"""Which generators the study rests on, by profile and data set, with the encoders and judges that they need.

The report is the only place of these runs: pytest benchmarks would train them a second time under another profile.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from noisedim.generation.config import GanConfig
from noisedim.report.protocol import SMOKE_STEPS
from noisedim.runs.make_generator import AnyConfig, judge_of
from noisedim.runs.studies.protocols import APPENDIX_C_OBJECTIVE, appendix_c
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig

__all__ = ["runs"]


@dataclass(frozen=True)
class Profile:
    """How much is trained.

    Attributes:
        seeds: number of seeds; generators of one kind share seeds with their encoders.
        gan: the generator's settings.
        matched: the encoder that matches the prior, on a split.
        plain: the encoder without noise, from the matched one.
    """

    seeds: int
    gan: GanConfig
    matched: Callable[[DataConfig], TrainConfig]
    plain: Callable[[TrainConfig], TrainConfig]


def _quick(split: DataConfig) -> TrainConfig:
    # The dual, and not the default objective, so that generators trained before that changed stay current.
    return TrainConfig(
        data=split, objective=ObjectiveConfig(name="dual"), noise=NoiseConfig(sigma=0.3), steps=2000, batch_size=128
    )


def _quick_plain(matched: TrainConfig) -> TrainConfig:
    return replace(matched, objective=replace(APPENDIX_C_OBJECTIVE, noisy=False), steps=min(matched.steps, 700))


def _smoke(split: DataConfig) -> TrainConfig:
    return replace(_quick(split), steps=SMOKE_STEPS)


def _appendix_d(split: DataConfig) -> TrainConfig:
    # σ = 0.1, d = 2, under the protocol of Appendix C, on the images that the fold leaves.
    images = {"digits": 1437}.get(split.name, 48_000)
    return replace(appendix_c(split, images=images), objective=APPENDIX_C_OBJECTIVE, noise=NoiseConfig(sigma=0.1))


def _appendix_d_plain(matched: TrainConfig) -> TrainConfig:
    return replace(matched, objective=replace(matched.objective, noisy=False))


PROFILES = {
    "smoke": Profile(2, GanConfig(steps=SMOKE_STEPS), _smoke, _quick_plain),
    "quick": Profile(5, GanConfig(), _quick, _quick_plain),
    "paper": Profile(
        5, GanConfig(width=32, steps=20_000, batch_size=128, average=0.999), _appendix_d, _appendix_d_plain
    ),
}


def runs(profile: str, data: str) -> tuple[AnyConfig, ...]:
    """Judges and encoders first, then generators on matched encoders, and on plain Deep InfoMax's.

    Fold 0 of five judges all seeds. Settings were chosen on a validation part of the other four (seed 1000), which never
    saw it. Fewer folds would leave out more images and make intervals shorter, but with images that had a part in the
    choice.
    """
    own = PROFILES[profile]
    matched = own.matched(DataConfig(name=data, fold=0, folds=5))
    generators = [
        replace(own.gan, encoder=replace(encoder, seed=seed), seed=seed)
        for encoder in (matched, own.plain(matched))
        for seed in range(own.seeds)
    ]
    return (*(judge_of(run) for run in generators), *(run.encoder for run in generators), *generators)
