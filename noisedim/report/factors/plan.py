"""Which encoders are trained on data with known factors, and how the record of each is made: MIG and DCI."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from noisedim.data import AugmentationConfig, ImageSet, load_images
from noisedim.downstream.disentanglement import dci, mutual_information_gap, randomly_rotated
from noisedim.errors import InvalidInputError
from noisedim.report.benchmarks import FailedRun
from noisedim.report.factors.records import FactorRecord, FactorVariant
from noisedim.runs.make import RunSplit, split_images
from noisedim.runs.presets import Variant
from noisedim.runs.store import RunFolder, RunStore
from noisedim.runs.sweep import available_cores, make_runs
from noisedim.training import DataConfig, TrainConfig

__all__ = [
    "FACTOR_METHODS",
    "WITHOUT_ENCODER",
    "factor_config",
    "factor_record",
    "make_variants",
    "pixel_factor_record",
    "reference_factor_record",
    "variant_without_encoder",
]

# Random rotations over which what is left of MIG is averaged.
_ROTATIONS = 10

FACTOR_METHODS = {
    "dual": Variant("closed-form dual, N(0, I)", "dual", 6),
    "uniform-dual": Variant("closed-form dual, U[0, 1]^d", "uniform-dual", 6),
    "dual-moved": Variant("closed-form dual, N(0, I), views shifted", "dual", 6, moves=3.0),
    "infomax": Variant("Deep InfoMax, σ = 0", "infomax", 6),
    "vae": Variant("VAE", "vae", 6),
    "beta-vae": Variant("β-VAE, β = 4", "beta-vae", 6),
}


WITHOUT_ENCODER = {
    "pixels": "PCA, then ICA, of pixels",
    "perfect": "the factors themselves",
    "rotated": "the factors, rotated at random",
}
"""What is judged without a trained encoder: a baseline and, to have a scale, references."""


def factor_config(name: str, *, steps: int, seed: int) -> TrainConfig:
    """The run of :data:`FACTOR_METHODS` ``name`` on one half of the shapes."""
    base = TrainConfig(
        data=DataConfig(name="shapes", fold=0, folds=2),
        augmentation=AugmentationConfig(noise=0.1),
        steps=steps,
        batch_size=128,
        seed=seed,
    )
    return FACTOR_METHODS[name].configured(base)


def make_variants(store: RunStore, *, steps: int, seeds: int, **options: Any) -> dict[str, FactorVariant]:
    """Make what is missing of all runs and judge each, all at once so that no core waits; failed runs are named.

    Args:
        store: where runs are kept.
        steps: of every run.
        seeds: of each variant.
        options: for :func:`~noisedim.runs.sweep.make_runs`.
    """
    from joblib import Parallel, delayed, parallel_config

    configs = {name: [factor_config(name, steps=steps, seed=seed) for seed in range(seeds)] for name in FACTOR_METHODS}
    outcomes = make_runs([config for group in configs.values() for config in group], store, **options)
    complete = [(run.config, run.folder) for run in outcomes if run.folder is not None]
    with parallel_config(backend="loky", inner_max_num_threads=1):
        records = Parallel(n_jobs=available_cores())(delayed(factor_record)(folder, own) for own, folder in complete)
    found = {}
    for name, group in configs.items():
        found[name] = FactorVariant(
            variant=name,
            words=FACTOR_METHODS[name].words,
            dim=FACTOR_METHODS[name].dim,
            records=tuple(record for (own, _), record in zip(complete, records, strict=True) if own in group),
            failed=tuple(
                FailedRun(run.config.seed, run.error)
                for run in outcomes
                if run.error is not None and run.config in group
            ),
            factors=tuple(load_images("shapes").factor_names),
            steps=group[0].steps,
            batch_size=group[0].batch_size,
        )
    return found


def variant_without_encoder(name: str, *, seeds: int) -> FactorVariant:
    """Independent components of pixels, or a reference of :data:`WITHOUT_ENCODER`, judged on the same images."""
    configs = [factor_config("dual", steps=1, seed=seed) for seed in range(seeds)]
    records = [
        pixel_factor_record(config) if name == "pixels" else reference_factor_record(config, rotate=name == "rotated")
        for config in configs
    ]
    return FactorVariant(variant=name, words=WITHOUT_ENCODER[name], dim=configs[0].dim, records=tuple(records))


def _split(config: TrainConfig) -> tuple[RunSplit, np.ndarray]:
    """The images and the factors of those that are held out."""
    split = split_images(config)
    images: ImageSet = split.images
    if images.factors is None or not len(split.held_out):
        raise InvalidInputError(
            "factors need a run on data with known factors and data.fold; this one lacks one of them"
        )
    return split, images.factors.numpy()[split.held_out]


def factor_record(folder: RunFolder, config: TrainConfig) -> FactorRecord:
    """MIG and DCI of the run's embedding of images that did not train; MIG once more after random rotations.

    Raises: InvalidInputError: for data without factors, or a run that leaves no fold out.
    """
    split, factors = _split(config)
    z = folder.read_embeddings()["z"][split.held_out]
    # Rotated where the law is to be N(0, I): a cube has no rotations. Its faces are infinitely far out there.
    normal = config.build_prior().to_normal(torch.from_numpy(z)).clamp(-10, 10).numpy()
    return replace(_judged(z, factors, seed=config.seed, rotated=normal), run=folder.path.name)


def _judged(z: np.ndarray, factors: np.ndarray, *, seed: int, rotated: np.ndarray | None = None) -> FactorRecord:
    order = np.random.default_rng([seed, 19]).permutation(len(z))
    z, factors, middle = z[order], factors[order], len(z) // 2
    gap = mutual_information_gap(z, factors, seed=seed)
    found = dci(z[:middle], factors[:middle], z[middle:], factors[middle:], seed=seed)
    mig_rotated = None
    if rotated is not None:
        turned = [randomly_rotated(rotated[order], seed=1000 * seed + i) for i in range(_ROTATIONS)]
        gaps = [mutual_information_gap(own, factors, shuffles=0).value for own in turned]
        mig_rotated = float(np.mean(gaps))
    return FactorRecord(
        seed=seed,
        n=len(z),
        mig=gap.value,
        mig_by_factor=list(gap.by_factor),
        mig_at_independence=gap.at_independence,
        best_information=gap.information.max(0).tolist(),
        disentanglement=found.disentanglement,
        completeness=found.completeness,
        informativeness=found.informativeness,
        accuracies=list(found.accuracies),
        mig_rotated=mig_rotated,
    )


def pixel_factor_record(config: TrainConfig) -> FactorRecord:
    """The same for independent components of the pixels' principal components, fitted on the images that train."""
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    split, factors = _split(config)
    pixels = split.images.images.flatten(1).double().numpy()
    # Kurtosis as the contrast: with factors of few even levels the logarithm of cosh does not converge.
    analysis = FastICA(config.dim, fun="cube", whiten="unit-variance", max_iter=500, random_state=config.seed)
    with warnings.catch_warnings():
        # Whether it converged is part of the record.
        warnings.simplefilter("ignore", ConvergenceWarning)
        analysis.fit(pixels[split.train])
    z = analysis.transform(pixels[split.held_out])
    record = _judged(z, factors, seed=config.seed, rotated=z)
    return replace(record, converged=bool(analysis.n_iter_ < analysis.max_iter))


def reference_factor_record(config: TrainConfig, *, rotate: bool) -> FactorRecord:
    """What the measures say of the factors themselves, each scaled to variance 1, or of their random rotation."""
    _, factors = _split(config)
    scaled = (factors - factors.mean(0)) / factors.std(0)
    return _judged(randomly_rotated(scaled, seed=config.seed) if rotate else scaled, factors, seed=config.seed)
