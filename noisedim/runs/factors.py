"""Disentanglement as a use of a trained encoder: runs on data with known factors, judged by MIG and DCI.

Records are plain numbers by name, as benchmarks' JSON holds them.
"""

import warnings
from typing import Any

import numpy as np
import torch

from noisedim.data import AugmentationConfig, ImageSet
from noisedim.downstream.disentanglement import dci, mutual_information_gap, randomly_rotated
from noisedim.errors import InvalidInputError
from noisedim.runs.comparison import Variant
from noisedim.runs.make import RunSplit, split_images
from noisedim.runs.store import RunFolder
from noisedim.training import DataConfig, TrainConfig

__all__ = ["FACTOR_METHODS", "factor_config", "factor_record", "pixel_factor_record", "reference_factor_record"]

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


def _split(config: TrainConfig) -> tuple[RunSplit, np.ndarray]:
    """The images and the factors of those that are held out."""
    split = split_images(config)
    images: ImageSet = split.images
    if images.factors is None or not len(split.held_out):
        raise InvalidInputError("factors need a run on data with known factors and data.fold; this one has not both")
    return split, images.factors.numpy()[split.held_out]


def factor_record(folder: RunFolder, config: TrainConfig) -> dict[str, Any]:
    """MIG and DCI of the run's embedding of images that did not train; MIG once more after random rotations.

    Raises: InvalidInputError: for data without factors, or a run that leaves no fold out.
    """
    split, factors = _split(config)
    z = folder.read_embeddings()["z"][split.held_out]
    # Rotated where the law is to be N(0, I): a cube has no rotations. Its faces are infinitely far out there.
    normal = config.build_prior().to_normal(torch.from_numpy(z)).clamp(-10, 10).numpy()
    return {"run": folder.path.name, **_judged(z, factors, seed=config.seed, rotated=normal)}


def _judged(z: np.ndarray, factors: np.ndarray, *, seed: int, rotated: np.ndarray | None = None) -> dict[str, Any]:
    order = np.random.default_rng([seed, 19]).permutation(len(z))
    z, factors, middle = z[order], factors[order], len(z) // 2
    gap = mutual_information_gap(z, factors, seed=seed)
    found = dci(z[:middle], factors[:middle], z[middle:], factors[middle:], seed=seed)
    record: dict[str, Any] = {
        "seed": seed,
        "n": len(z),
        "mig": gap.value,
        "mig_by_factor": list(gap.by_factor),
        "mig_at_independence": gap.at_independence,
        "best_information": gap.information.max(0).tolist(),
        "disentanglement": found.disentanglement,
        "completeness": found.completeness,
        "informativeness": found.informativeness,
        "accuracies": list(found.accuracies),
    }
    if rotated is not None:
        turned = [randomly_rotated(rotated[order], seed=1000 * seed + i) for i in range(_ROTATIONS)]
        gaps = [mutual_information_gap(own, factors, shuffles=0).value for own in turned]
        record["mig_rotated"] = float(np.mean(gaps))
    return record


def pixel_factor_record(config: TrainConfig) -> dict[str, Any]:
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
    return {"converged": bool(analysis.n_iter_ < analysis.max_iter), **record}


def reference_factor_record(config: TrainConfig, *, rotate: bool) -> dict[str, Any]:
    """What the measures say of the factors themselves, each scaled to variance 1, or of their random rotation."""
    _, factors = _split(config)
    scaled = (factors - factors.mean(0)) / factors.std(0)
    return _judged(randomly_rotated(scaled, seed=config.seed) if rotate else scaled, factors, seed=config.seed)
