"""Makes a run: train, embed, measure, store. A complete run is read; one that was killed is resumed."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from noisedim.assessment import assess
from noisedim.assessment.assess import MINIMUM_ROWS
from noisedim.assessment.reconstruction import Reconstruction, measure_reconstruction, prior_images, reconstruct
from noisedim.data import second_view
from noisedim.data.pixels import unit_pixels
from noisedim.downstream import (
    cross_validated_scores,
    flow_gaussianise,
    label_curve,
    label_silhouette,
    probe_scores,
    rank_gaussianise,
)
from noisedim.downstream.probes import FOLDS, why_not_scored
from noisedim.errors import InvalidInputError
from noisedim.generation.grids import as_bytes
from noisedim.objectives import Autoencoder
from noisedim.runs.environment import environment
from noisedim.runs.pretrained import store_pretrained
from noisedim.runs.record import Information, RunRecord
from noisedim.runs.split import RunSplit, split_images
from noisedim.runs.store import RunFolder, RunStore
from noisedim.streams import stream
from noisedim.training import EmbeddingModel, TrainConfig, embed, train
from noisedim.training.distributed.ranks import Ranks
from noisedim.training.execution import Execution
from noisedim.training.loop import METRIC_NAMES, Progress, TrainingResult

__all__ = ["RunSplit", "make_run", "split_images", "store_trained"]

# New augmentations per image over which the information of a trained encoder is averaged.
_AUGMENTATION_DRAWS = 4
# Larger data sets are sampled: the cost of the bound grows with the square of the number of images.
_MOST_IMAGES = 4000
_MOST_ADDED_NOISE = 10.0
# Number of example pictures that an autoencoder stores.
_SHOWN = 32


def make_run(
    config: TrainConfig,
    store: RunStore,
    *,
    data_root: str | Path | None = None,
    device: str | torch.device = "auto",
    start_ranks: Callable[[], tuple[Ranks, torch.device]] | None = None,
    execution: Execution | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> RunFolder:
    """The complete run of ``config``, from the store if it has been made, otherwise made or resumed.

    Two processes may ask for one run: the second waits for the first and reads its result.

    Args:
        config: the run.
        store: where it is kept; all ranks must see this folder.
        data_root: folder of the data sets.
        device: where to train.
        start_ranks: to train in several processes (:func:`~noisedim.training.distributed.ranks.launch`): called once
            the images are loaded and if the run is not complete. The first rank measures and writes; the others return
            before that.
        execution: how the encoder is computed.
        on_progress: called after each record.

    Raises: DataNotFoundError, InvalidInputError, TrainingDivergedError, StorageError: what was stored before stays intact.
    """
    folder = store.open(config)
    if folder.is_complete:
        return folder
    if config.gaussianise != "none":
        return _make_gaussianised(
            config,
            store,
            folder,
            data_root=data_root,
            device=device,
            start_ranks=start_ranks,
            execution=execution,
            on_progress=on_progress,
        )
    split = split_images(config, data_root)
    if (judged := len(split.held_out) or len(split.train)) < MINIMUM_ROWS:
        raise InvalidInputError(
            f"a run is measured on {MINIMUM_ROWS} images or more; {config.data.name} leaves {judged} "
            f"({'held out' if len(split.held_out) else 'all of them'})"
        )
    ranks = Ranks.alone()
    if start_ranks is not None:
        ranks, device = start_ranks()
    # The other ranks wait for the first one, and their patience is limited.
    with ranks.first_holds(lambda: folder.lock(timeout=-1 if ranks.size == 1 else 0)):
        if ranks.agree(folder.is_complete):  # another process made it while this one waited
            return folder
        if ranks.is_first:
            folder.write_environment(environment())
        result = train(
            config,
            split.train_images,
            labels=split.train_labels,
            device=device,
            ranks=ranks,
            execution=execution,
            checkpoint=folder.checkpoint_path,
            on_progress=on_progress,
        )
        if ranks.is_first:
            store_trained(folder, config, split, result)
    return folder


def store_trained(folder: RunFolder, config: TrainConfig, split: RunSplit, result: TrainingResult) -> None:
    """Embed, measure and write what training left; call it inside the folder's lock."""
    folder.write_metrics([dict(zip(METRIC_NAMES, row, strict=True)) for row in result.metrics.tolist()])
    if config.has_backbone:
        store_pretrained(folder, config, split, result)
        return
    z = embed(result.model, split.images.images).double().numpy()
    trained_on = np.zeros(len(z), dtype=bool)
    trained_on[split.train] = True
    arrays = {"z": z, "trained_on": trained_on}
    if split.images.labels is not None:
        arrays["labels"] = split.images.labels.numpy()
    folder.write_embeddings(**arrays)
    record = _measure(folder, config, result.model, split, z, train_seconds=result.seconds)
    if isinstance(result.objective, Autoencoder):
        reconstruction, pictures = _reconstruct(config, result.model, result.objective, split)
        record = replace(record, reconstruction=reconstruction)
        folder.write_samples(**pictures)
    folder.write_record(record)


def _reconstruct(
    config: TrainConfig, model: EmbeddingModel, objective: Autoencoder, split: RunSplit
) -> tuple[Reconstruction, dict[str, np.ndarray]]:
    """How well an autoencoder reconstructs the measured images, and pictures of them and of the prior as bytes."""
    images = split.images.images[torch.from_numpy(split.measured[:_MOST_IMAGES])]
    figures = measure_reconstruction(model, objective, images, seed=config.seed, everything=split.images.images)
    shown = images[:_SHOWN]
    draws = stream(config.seed, "pictures", next(model.parameters()).device)
    pictures = {
        "reconstructed": reconstruct(model, objective, shown, noisy=False),
        "reconstructed_from_noisy": reconstruct(model, objective, shown, noisy=True, generator=draws),
        "prior": prior_images(model, objective, _SHOWN, generator=draws),
    }
    return Reconstruction(**figures), {name: as_bytes(made) for name, made in {"real": shown, **pictures}.items()}


def _make_gaussianised(config: TrainConfig, store: RunStore, folder: RunFolder, **options: Any) -> RunFolder:
    """A run whose embedding is that of a plain run, made first if necessary, through a map fitted on the training images."""
    plain = make_run(replace(config, gaussianise="none"), store, **options)
    if not Ranks().is_first:
        return folder
    split = split_images(config, options["data_root"])
    with folder.lock():
        if folder.is_complete:
            return folder
        folder.write_environment(environment())
        began = time.monotonic()
        arrays = plain.read_embeddings()
        known = arrays["z"][arrays["trained_on"]]
        if config.gaussianise == "rank":
            arrays["z"] = rank_gaussianise(known, arrays["z"])
        else:
            arrays["z"] = flow_gaussianise(known, arrays["z"], seed=config.seed)
        folder.write_metrics(plain.read_metrics())
        folder.write_embeddings(**arrays)
        seconds = plain.read_record().train_seconds + time.monotonic() - began
        folder.write_record(_measure(folder, config, None, split, arrays["z"], train_seconds=seconds))
    return folder


def _measure(
    folder: RunFolder,
    config: TrainConfig,
    model: EmbeddingModel | None,
    split: RunSplit,
    z: np.ndarray,
    *,
    train_seconds: float,
) -> RunRecord:
    """What a run found, on the held-out images if there are any, on all images otherwise."""
    measured = split.measured
    prior = config.build_prior()
    level = config.noise.target(prior)
    # n* takes many batteries: worth it where images judge, not where they trained or only choose a setting.
    judges = len(split.held_out) > 0 and not config.data.validate and config.data.without_class is None
    record = RunRecord(
        run=folder.path.name,
        config=config,
        measured_on=split.measured_on,
        n=len(measured),
        level=level,
        capacity=prior.capacity(level),
        assessment=assess(z[measured], prior=prior, seed=config.seed, n_star=judges),
        train_seconds=train_seconds,
        information=None if model is None else _information(config, model, split),
    )
    if split.images.labels is None:
        return record
    labels = split.images.labels.numpy()
    if len(np.unique(labels[measured])) > 1:
        record = replace(record, silhouette=label_silhouette(z[measured], labels[measured]))
    # Known only now, and no reason to lose what was trained.
    fits, least = (split.train, 1) if len(split.held_out) else (measured, FOLDS)
    if (reason := why_not_scored(labels[fits], least=least)) is not None:
        return replace(record, not_scored=reason)
    if not len(split.held_out):
        return replace(record, scores=cross_validated_scores(z[measured], labels[measured], folds=FOLDS, seed=0))
    parts = z[split.train], labels[split.train], z[measured], labels[measured]
    return replace(
        record,
        scores=probe_scores(*parts, seed=config.seed),
        label_curve=label_curve(*parts, seed=config.seed),
    )


def _information(config: TrainConfig, model: EmbeddingModel, split: RunSplit) -> Information | None:
    """A lower bound on I(f(X′); f(X)+Z) of the trained encoder at its noise level, nats; only where the dual is exact.

    Theorem 4.1's critic is far from optimal where f(X′) strays from f(X) by more than the noise. But noise can always be
    added: I at σ is at least I at any s ≥ σ, so the dual's bound at s is a bound at σ, too. The measured images are
    halved; s is chosen on one half and the bound evaluated on the other, and the other way round.
    """
    prior = model.channel.prior
    if not prior.exact_dual:
        return None
    sigma = config.noise.target(prior)
    # No stream that trained: these views are new.
    generator = stream(config.seed, "measured information")
    index = torch.from_numpy(split.measured)
    index = index[torch.randperm(len(index), generator=generator)[:_MOST_IMAGES]]
    images = unit_pixels(split.images.images[index])

    @torch.no_grad()
    def channel_coordinates(batch: torch.Tensor) -> torch.Tensor:
        # Before the map to the prior, if there is one: no information passes it by.
        device = next(model.parameters()).device
        return model.channel.normalise(embed(model, batch, raw=True).to(device)).cpu().double()

    z = channel_coordinates(images)
    others = [
        channel_coordinates(second_view(images, config.augmentation, config.augmentation_probability, generator))
        for _ in range(_AUGMENTATION_DRAWS)
    ]

    def bound(half: slice, level: float) -> float:
        return float(np.mean([prior.batch_bound(z[half], other[half], level)[0].item() for other in others]))

    # Noise about a point of a sphere does not add up to more of its kind.
    most = max(sigma, _MOST_ADDED_NOISE) if prior.channel_prior.is_standard_normal else sigma
    levels = np.geomspace(sigma, most, 24).tolist() if most > sigma else [sigma]
    middle = len(z) // 2
    halves = slice(middle), slice(middle, None)
    chosen = [max(levels, key=lambda level: bound(half, level)) for half in halves]
    values = [bound(halves[1], chosen[0]), bound(halves[0], chosen[1])]
    # As much as the smaller half can show.
    ceiling = min(prior.capacity(sigma), math.log(middle))
    return Information(float(np.mean(values)), ceiling, evaluated_at_sigma=float(np.mean(chosen)))
