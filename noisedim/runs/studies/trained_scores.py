"""One run of a long study: train, embed the test images, score the embedding."""

import time

import numpy as np
import torch

from noisedim.assessment import assess
from noisedim.downstream.gaussianise import flow_gaussianise, rank_gaussianise
from noisedim.downstream.probes import PROBE_NAMES, probe_predictions
from noisedim.errors import InvalidInputError
from noisedim.runs.studies.block_scores import block_scores, shuffled_blocks
from noisedim.runs.studies.long_study import Cell, Scores, images_of
from noisedim.training import embed, train
from noisedim.training.execution import Execution

__all__ = ["ASSESSED_ROWS", "REFERENCE_ROWS", "scores_of", "scores_with_battery", "scores_with_training_images"]

REFERENCE_ROWS = 10_000
"""Training images to which probes are fitted, of all, so that probing takes less than training."""
ASSESSED_ROWS = (500, 2000, 10_000)
"""Numbers of test images on which the battery judges."""


def scores_of(cell: Cell, data_root: str | None) -> Scores:
    """Train the run of ``cell`` on one thread of the CPU and score it on the images that judge.

    Raises: InvalidInputError: for images without labels, or too few of them. TrainingDivergedError: as training does.
        DataNotFoundError: if the images are not there.
    """
    return _scores(cell, data_root)[0]


def scores_with_training_images(cell: Cell, data_root: str | None) -> Scores:
    """As :func:`scores_of`, and the accuracy of 5 nearest neighbours on training images, themselves among the neighbours."""
    scores, known, labels, _ = _scores(cell, data_root)
    part, own = known[:REFERENCE_ROWS], labels[:REFERENCE_ROWS]
    predicted = probe_predictions(part, own, part, names=("knn",))["knn"]
    return Scores(**{**vars(scores), "whole": {**scores.whole, "training_knn": float((predicted == own).mean())}})


def scores_with_battery(cell: Cell, data_root: str | None) -> Scores:
    """As :func:`scores_of`, and the p-values of the whole battery on parts of the test images."""
    scores, _, _, z = _scores(cell, data_root)
    found = {}
    z = z[np.concatenate(shuffled_blocks(len(z)))]
    for rows in ASSESSED_ROWS:
        if rows <= len(z):
            found[f"p_{rows}"] = float(assess(z[:rows], seed=0, n_star=False).p_value)
    return Scores(**{**vars(scores), "whole": {**scores.whole, **found}})


def _scores(cell: Cell, data_root: str | None) -> tuple[Scores, np.ndarray, np.ndarray, np.ndarray]:
    config, split = cell.config, images_of(cell.config, data_root)
    if split.images.labels is None:
        raise InvalidInputError(f"expected images with labels; {config.data.name} has none")
    labels = split.images.labels.numpy()
    known_labels, test_labels = labels[split.train], labels[split.held_out]
    began = time.process_time()
    # Less time for the same result but for rounding.
    execution = Execution(channels_last=config.encoder == "convnet")
    model = train(config, split.train_images, labels=split.train_labels, device="cpu", execution=execution).model
    seconds = time.process_time() - began
    known = embed(model, split.train_images).numpy().astype(np.float64)
    z = embed(model, split.images.images[torch.from_numpy(split.held_out)]).numpy().astype(np.float64)
    if config.gaussianise != "none":
        known, z, mapping = _gaussianised(config.gaussianise, known, z, config.seed)
        seconds += mapping
    part = slice(REFERENCE_ROWS)
    found = block_scores(known[part], known_labels[part], z, test_labels, seed=config.seed, probes=PROBE_NAMES)
    scores = Scores(n=len(z), seconds=seconds, values=found.values, correct=found.correct)
    return scores, known, known_labels, z


def _gaussianised(by: str, known: np.ndarray, z: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    # Of the training rows only those that the probes see are mapped, by a map fitted to all.
    part = known[:REFERENCE_ROWS]
    both = np.concatenate([part, z])
    began = time.process_time()
    mapped = rank_gaussianise(known, both) if by == "rank" else flow_gaussianise(known, both, seed=seed)
    return mapped[: len(part)], mapped[len(part) :], time.process_time() - began
