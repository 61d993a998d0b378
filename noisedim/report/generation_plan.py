"""Which generators and autoencoders a report rests on, by profile and data set.

The report is the only place of these runs: pytest benchmarks would train them a second time under another profile.
"""

from dataclasses import replace

from noisedim.generation.config import GanConfig
from noisedim.runs.make_generator import AnyConfig, judge_of
from noisedim.runs.protocols import APPENDIX_C_OBJECTIVE, appendix_c
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig

__all__ = ["autoencoder_runs", "generator_runs"]

# Fold 0 of five judges all seeds. Settings were chosen on a validation part of the other four (seed 1000), which never saw
# it. Fewer folds would leave out more images and make intervals shorter, but with images that had a part in the choice.
_FOLDS = 5
_SEEDS = range(5)
_FEW_SEEDS = range(3)
_LEVELS = (0.1, 0.3, 1.0)


def _short(configs: tuple[TrainConfig, ...]) -> tuple[TrainConfig, ...]:
    return tuple(replace(config, steps=100) for config in configs if config.seed < 2)


def generator_runs(profile: str, data: str) -> tuple[AnyConfig, ...]:
    """Generators on matched encoders, and on plain Deep InfoMax's, after the judges and encoders that they need."""
    split = DataConfig(name=data, fold=0, folds=_FOLDS)
    if profile == "paper":
        # Appendix D: σ = 0.1, d = 2, under the protocol of Appendix C.
        images = {"digits": 1437}.get(data, 48_000)
        matched = replace(
            appendix_c(split, images=images), objective=APPENDIX_C_OBJECTIVE, noise=NoiseConfig(sigma=0.1)
        )
        plain = replace(matched, objective=replace(matched.objective, noisy=False))
        gan = GanConfig(width=32, steps=20_000, batch_size=128, average=0.999)
    else:
        matched = TrainConfig(data=split, noise=NoiseConfig(sigma=0.3), steps=2000, batch_size=128)
        plain = replace(matched, objective=ObjectiveConfig(name="infonce", negatives=15, noisy=False), steps=700)
        gan = GanConfig()
    runs = [
        replace(gan, encoder=replace(encoder, seed=seed), seed=seed) for encoder in (matched, plain) for seed in _SEEDS
    ]
    if profile == "smoke":
        runs = [replace(run, encoder=_short((run.encoder,))[0], steps=100) for run in runs if run.seed < 2]
    return (*(judge_of(run) for run in runs), *(run.encoder for run in runs), *runs)


def autoencoder_runs(profile: str, data: str) -> tuple[TrainConfig, ...]:
    """Autoencoders with the noisy channel at three noise levels, and variational ones."""
    split = DataConfig(name=data, fold=0, folds=_FOLDS)
    base = TrainConfig(data=split, augmentation_probability=0.0, steps=1000, batch_size=128)
    kinds = [
        replace(base, objective=ObjectiveConfig(name="autoencoder"), noise=NoiseConfig(sigma=sigma))
        for sigma in _LEVELS
    ]
    kinds.append(replace(base, objective=ObjectiveConfig(name="vae")))
    runs = tuple(replace(kind, seed=seed) for kind in kinds for seed in _FEW_SEEDS)
    return _short(runs) if profile == "smoke" else runs
