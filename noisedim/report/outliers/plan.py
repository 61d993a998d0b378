"""Which encoders never see one class, and how the record of each is made: how well it finds that class."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from noisedim.data import load_images
from noisedim.data.pixels import unit_pixels
from noisedim.downstream.outliers import fitted_scores, outlier_p_values, squared_norms
from noisedim.errors import DataNotFoundError, InvalidInputError
from noisedim.report.benchmarks import FailedRun
from noisedim.report.outliers.records import PIXELS, OutlierRecord, OutlierVariant
from noisedim.runs.make import RunSplit, split_images
from noisedim.runs.presets import Variant
from noisedim.runs.store import RunFolder, RunStore
from noisedim.runs.sweep import make_runs
from noisedim.statistics.roc import auroc, detection_rates
from noisedim.training import TrainConfig, embed
from noisedim.training.loop import load_model

__all__ = [
    "FALSE_ALARMS",
    "NOMINAL",
    "OUTLIER_METHODS",
    "make_variant",
    "outlier_config",
    "outlier_configs",
    "outlier_record",
    "pixel_outlier_record",
    "pixel_variant",
]

FALSE_ALARMS = np.linspace(0, 1, 41)
"""Where ROC curves are kept."""
NOMINAL = (0.05, 0.01)
"""Levels at which false alarms are counted."""
# Of large data sets a random part is used: what is fitted costs the square of the rows.
_MOST_ROWS = 2000
_OTHER_SET = {"mnist": "fashion-mnist", "fashion-mnist": "mnist"}

OUTLIER_METHODS = {
    "dual-2": Variant("closed-form dual, d = 2", "dual", 2),
    "dual-8": Variant("closed-form dual, d = 8", "dual", 8),
    "infomax-8": Variant("Deep InfoMax, σ = 0, d = 8", "infomax", 8),
}


def outlier_config(name: str, base: TrainConfig, outlier: int) -> TrainConfig:
    """The run of :data:`OUTLIER_METHODS` ``name`` that never sees class ``outlier``; each class has a seed of its own."""
    config = OUTLIER_METHODS[name].configured(base)
    return replace(config, data=replace(config.data, without_class=outlier), seed=outlier)


def outlier_configs(name: str, base: TrainConfig, *, data_root: str | Path | None = None) -> list[TrainConfig]:
    """The runs of a variant, one per class of the data.

    Raises: InvalidInputError: for data without labels.
    """
    labels = load_images(base.data.name, root=data_root, limit=base.data.limit).labels
    if labels is None:
        raise InvalidInputError(f"outliers are classes that are left out; {base.data.name} has no labels")
    return [outlier_config(name, base, label) for label in labels.unique().tolist()]


def make_variant(name: str, base: TrainConfig, store: RunStore, *, steps: int, **options: Any) -> OutlierVariant:
    """Make what is missing of a variant's runs and judge each; failed runs are named.

    Args:
        name: key of :data:`OUTLIER_METHODS`.
        base: what the runs of ``pytest benchmarks`` have in common.
        store: where runs are kept.
        steps: of an encoder in more than two dimensions. In two it trains as long as the base, to follow the prior.
        options: for :func:`~noisedim.runs.sweep.make_runs`.
    """
    if OUTLIER_METHODS[name].dim > 2:
        base = replace(base, steps=steps)
    configs = outlier_configs(name, base)
    outcomes = make_runs(configs, store, **options)
    method = OUTLIER_METHODS[name]
    complete = [(config, run.folder) for config, run in zip(configs, outcomes, strict=True) if run.folder is not None]
    return OutlierVariant(
        variant=name,
        words=method.words,
        data=base.data.name,
        records=tuple(outlier_record(folder, config) for config, folder in complete),
        failed=tuple(FailedRun(run.config.seed, run.error) for run in outcomes if run.error is not None),
        grid=tuple(FALSE_ALARMS.tolist()),
        nominal=NOMINAL,
        dim=method.dim,
        steps=configs[0].steps,
        batch_size=configs[0].batch_size,
    )


def pixel_variant(base: TrainConfig) -> OutlierVariant:
    """The fitted detectors on pixels, for the images that judge ``dual-2``."""
    return OutlierVariant(
        variant=PIXELS,
        words="pixels, no encoder",
        data=base.data.name,
        records=tuple(pixel_outlier_record(config) for config in outlier_configs("dual-2", base)),
        failed=(),
        grid=tuple(FALSE_ALARMS.tolist()),
    )


@dataclass(frozen=True)
class _Tasks:
    """The images that a run is judged on.

    Attributes:
        label: the class left out.
        reference: rows of the data that trained.
        usual: rows of the data that did not, of classes that did.
        outlying: images that are not usual ones, by task: the ``class`` left out, controls, another data set.
        absent: tasks whose data is not there, and why.
    """

    label: int
    split: RunSplit
    reference: np.ndarray
    usual: np.ndarray
    outlying: dict[str, torch.Tensor]
    absent: dict[str, str]

    @classmethod
    def of(cls, config: TrainConfig, data_root: str | Path | None) -> "_Tasks":
        split = split_images(config, data_root)
        if config.data.without_class is None or not len(split.held_out) or split.images.labels is None:
            raise InvalidInputError(
                "outliers need a run with data.without_class and data.fold; this one lacks one of them"
            )
        rng = np.random.default_rng([config.seed, 17])

        def part(index: np.ndarray) -> np.ndarray:
            return index if len(index) <= _MOST_ROWS else np.sort(rng.choice(index, _MOST_ROWS, replace=False))

        reference, usual = part(split.train), part(split.held_out)
        outlier = part(np.flatnonzero(split.images.labels.numpy() == config.data.without_class))
        images = unit_pixels(split.images.images[torch.from_numpy(usual)])
        flat = images.flatten(1).numpy()
        outlying = {
            "class": unit_pixels(split.images.images[torch.from_numpy(outlier)]),
            "noise": torch.from_numpy(rng.random(flat.shape, dtype=np.float32)).view_as(images),
            "shuffled": torch.from_numpy(rng.permuted(flat, axis=1)).view_as(images),
            "inverted": 1 - images,
        }
        other, absent = _OTHER_SET.get(config.data.name), {}
        if other is not None:
            try:
                outlying[other] = unit_pixels(load_images(other, root=data_root, split="test", limit=_MOST_ROWS).images)
            except DataNotFoundError:
                # Not the error's own words: they name folders of this machine, and results travel.
                absent[other] = f"{other} is not among the data sets here"
        return cls(config.data.without_class, split, reference, usual, outlying, absent)

    def judged(self, scores: dict[str, np.ndarray]) -> dict[str, Any]:
        """The record's part that every kind of rows has.

        Args:
            scores: by detector, one per row: of usual rows first, then of each task's.
        """
        usual = len(self.usual)
        ends = np.cumsum([usual, *(len(images) for images in self.outlying.values())])
        areas: dict[str, dict[str, list[float]]] = {task: {} for task in self.outlying}
        curves = {}
        for name, own in scores.items():
            for task, start, end in zip(self.outlying, ends, ends[1:], strict=False):
                area = auroc(own[:usual], own[start:end])
                areas[task][name] = [area.estimate, area.lower, area.upper]
                if task == "class":
                    curves[name] = detection_rates(own[:usual], own[start:end], FALSE_ALARMS).tolist()
        return {
            "label": self.label,
            "n": usual,
            "n_outliers": {task: len(images) for task, images in self.outlying.items()},
            "absent": self.absent,
            "auroc": areas,
            "roc": curves,
        }


def outlier_record(folder: RunFolder, config: TrainConfig, *, data_root: str | Path | None = None) -> OutlierRecord:
    """How well the run's embedding tells usual images, which did not train, from others, by detector and task.

    ``norm`` is the squared norm under the prior, ``norm_both`` the two-sided p-value, the rest what
    :func:`~noisedim.downstream.outliers.fitted_scores` fits to the embeddings that trained.

    Raises: InvalidInputError: for a run that does not leave a class and a fold out.
    """
    from scipy import stats

    tasks = _Tasks.of(config, data_root)
    z, prior = folder.read_embeddings()["z"], config.build_prior()
    model, _ = load_model(folder.checkpoint_path)
    outlying = [embed(model, images).double().numpy() for images in tasks.outlying.values()]
    rows = np.concatenate([z[tasks.usual], *outlying])
    fitted = fitted_scores(z[tasks.reference], rows, seed=config.seed)
    both = outlier_p_values(rows, prior=prior, tail="both")
    scores = {"norm": squared_norms(rows, prior=prior), "norm_both": -both, **fitted}
    usual = len(tasks.usual)
    # The last is what a fitted normal law says instead of the known one.
    p_values = {
        "far": outlier_p_values(rows[:usual], prior=prior),
        "both": both[:usual],
        "mahalanobis": stats.chi2.sf(fitted["mahalanobis"][:usual], config.dim),
    }
    by_task = dict(zip(["usual", *tasks.outlying], [z[tasks.usual], *outlying], strict=True))
    return OutlierRecord(
        **tasks.judged(scores),
        run=folder.path.name,
        dim=config.dim,
        rejected=folder.read_record().assessment.rejected,
        false_alarms={name: _counts(p) for name, p in p_values.items()},
        detected={task: _counts(outlier_p_values(own, prior=prior)) for task, own in by_task.items()},
        mean_square={task: float(squared_norms(own, prior=prior).mean() / config.dim) for task, own in by_task.items()},
    )


def _counts(p_values: np.ndarray) -> list[int]:
    return [int((p_values <= level).sum()) for level in NOMINAL]


def pixel_outlier_record(config: TrainConfig, *, data_root: str | Path | None = None) -> OutlierRecord:
    """The fitted detectors on the pixels of the same images, without any encoder."""
    tasks = _Tasks.of(config, data_root)
    pixels = unit_pixels(tasks.split.images.images).flatten(1).numpy()
    rows = np.concatenate([pixels[tasks.usual], *(images.flatten(1).numpy() for images in tasks.outlying.values())])
    scores = fitted_scores(pixels[tasks.reference], rows, seed=config.seed)
    return OutlierRecord(**tasks.judged(scores))
