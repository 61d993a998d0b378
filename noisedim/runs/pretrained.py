"""What is kept of a run whose encoder is a backbone with a projection head: probes of both, and predictions."""

import numpy as np

from noisedim.assessment.pretraining import MOST_ROWS, measure_pretraining
from noisedim.runs.record import Pretraining, RunRecord, read_assessment
from noisedim.runs.split import RunSplit
from noisedim.runs.store import RunFolder
from noisedim.training import TrainConfig
from noisedim.training.loop import TrainingResult
from noisedim.training.model import embed_with_features

__all__ = ["store_pretrained"]


def store_pretrained(folder: RunFolder, config: TrainConfig, split: RunSplit, result: TrainingResult) -> None:
    """Embed, measure and write what pre-training left; call it inside the folder's lock.

    Features and embeddings are kept of a part of the measured images (``index`` says which): of all they would take
    gigabytes, and ``noisedim embed`` makes them from the checkpoint.
    """
    measured = split.measured
    needed = np.concatenate([split.train, split.held_out])
    images = split.images.images[needed]
    features, z = (each.double().numpy() for each in embed_with_features(result.model, images))
    labels = None if split.images.labels is None else split.images.labels.numpy()[needed]
    train = np.arange(len(split.train))
    judged = np.arange(len(split.train), len(needed)) if len(split.held_out) else train
    device = next(result.model.parameters()).device
    # Seed 0 for all runs: the same images validate the probe of each.
    found, predictions = measure_pretraining(
        features, z, labels, train, judged, prior=config.prior, seed=0, device=str(device)
    )
    kept = judged[:MOST_ROWS]
    arrays = {
        "z": z[kept].astype(np.float32),
        "features": features[kept].astype(np.float32),
        "index": measured[: len(kept)],
    }
    arrays["trained_on"] = np.full(len(kept), not len(split.held_out))
    if labels is not None:
        arrays["labels"] = labels[kept]
    if predictions is not None and labels is not None:
        arrays["predictions"], arrays["prediction_labels"] = predictions, labels[judged]
    folder.write_embeddings(**arrays)
    prior = config.build_prior()
    noisy = config.objective.injects_noise
    level = config.noise.target(prior) if noisy else 0.0
    pretraining = Pretraining.from_dict(found)
    scores = {}
    if predictions is not None:
        probe = pretraining.probes["features"]
        scores = {"linear": probe.top1, "knn": probe.knn}
        if probe.top5 is not None:
            scores["linear_top5"] = probe.top5
    folder.write_record(
        RunRecord(
            run=folder.path.name,
            config=config,
            data=split.images.name,
            measured_on=split.measured_on,
            n=len(measured),
            n_train=len(split.train),
            level=level,
            # Without noise nothing bounds the information; JSON has no infinity.
            capacity=prior.capacity(level) if noisy else None,
            assessment=read_assessment(found["assessment"]),
            scores=scores,
            not_scored=found.get("not_scored"),
            pretraining=pretraining,
            train_seconds=result.seconds,
        )
    )
