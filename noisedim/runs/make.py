"""Makes a run: train, embed, measure, store. A run that is there already is read, one that was killed goes on."""

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
from noisedim.assessment.reconstruction import measure_reconstruction, prior_images, reconstruct
from noisedim.data import second_view
from noisedim.downstream import (
    cross_validated_scores,
    flow_gaussianise,
    label_curve,
    label_silhouette,
    probe_scores,
    rank_gaussianise,
)
from noisedim.errors import InvalidInputError
from noisedim.generation.grids import as_bytes
from noisedim.objectives import Autoencoder, dual_bound
from noisedim.runs.environment import environment
from noisedim.runs.pretrained import store_pretrained
from noisedim.runs.split import RunSplit, split_images
from noisedim.runs.store import RunFolder, RunStore
from noisedim.streams import stream
from noisedim.training import EmbeddingModel, TrainConfig, embed, train
from noisedim.training.distributed.ranks import Ranks
from noisedim.training.execution import Execution
from noisedim.training.loop import METRIC_NAMES, Progress, TrainingResult

__all__ = ["RunSplit", "make_run", "split_images", "store_trained"]

# Fresh augmentations of every image over which the information of a trained encoder is averaged.
_AUGMENTATION_DRAWS = 4
# Of large data sets a random part is used: the bound costs the square of it.
_MOST_IMAGES = 4000
_MOST_ADDED_NOISE = 10.0
# Of autoencoders, pictures to look at.
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
    """The complete run of ``config``: from the store if it is there, made (or resumed) otherwise.

    Two processes may ask for one run: the second waits for the first and reads its result.

    Args:
        config: the run.
        store: where it is kept; one that all ranks see.
        data_root: folder of the data sets.
        device: where to train.
        start_ranks: to train in several processes (:func:`~noisedim.training.distributed.ranks.launch`): called when
            the images are there and there is something to do. The first rank measures and writes; the others return
            before that.
        execution: how the encoder is computed.
        on_progress: called after each record.

    Raises: DataNotFoundError, InvalidInputError, TrainingDivergedError, StorageError: as their makers say. What was
        stored before stays.
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
    # Other ranks would wait with the first, and not for ever.
    with ranks.first_holds(lambda: folder.lock(timeout=-1 if ranks.size == 1 else 0)):
        if ranks.agree(folder.is_complete):  # another process made it while this one waited
            return folder
        if ranks.is_first:
            folder.write_environment(environment())
        result = train(
            config,
            split.images.images[torch.from_numpy(split.train)],
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
    measured = _measure(config, result.model, split, z)
    if isinstance(result.objective, Autoencoder):
        measured["reconstruction"], pictures = _reconstruct(config, result.model, result.objective, split)
        folder.write_samples(**pictures)
    folder.write_result({"train_seconds": result.seconds, **measured})


def _reconstruct(
    config: TrainConfig, model: EmbeddingModel, objective: Autoencoder, split: RunSplit
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """An autoencoder's figures on the measured images, and pictures of them and of the prior as bytes."""
    index = split.held_out if len(split.held_out) else split.train
    images = split.images.images[torch.from_numpy(index[:_MOST_IMAGES])]
    figures = measure_reconstruction(model, objective, images, seed=config.seed, everything=split.images.images)
    shown = images[:_SHOWN]
    draws = stream(config.seed, "pictures", next(model.parameters()).device)
    pictures = {
        "reconstructed": reconstruct(model, objective, shown, noisy=False),
        "reconstructed_from_noisy": reconstruct(model, objective, shown, noisy=True, generator=draws),
        "prior": prior_images(model, objective, _SHOWN, generator=draws),
    }
    return figures, {name: as_bytes(made) for name, made in {"real": shown, **pictures}.items()}


def _make_gaussianised(config: TrainConfig, store: RunStore, folder: RunFolder, **options: Any) -> RunFolder:
    """A run whose embedding is that of a plain run, made first if need be, through a map fitted on what trained."""
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
        seconds = plain.read_result()["train_seconds"] + time.monotonic() - began
        folder.write_result({"train_seconds": seconds, **_measure(config, None, split, arrays["z"])})
    return folder


def _measure(config: TrainConfig, model: EmbeddingModel | None, split: RunSplit, z: np.ndarray) -> dict[str, Any]:
    """What the report says of a run; the held-out images where there are any, all images otherwise."""
    measured = split.held_out if len(split.held_out) else split.train
    prior = config.build_prior()
    level = config.noise.target(prior)
    # It takes many batteries: worth it where images judge, not where they trained or only choose a setting.
    judges = len(split.held_out) > 0 and not config.data.validate and config.data.without_class is None
    result: dict[str, Any] = {
        "measured_on": "held-out" if len(split.held_out) else "training",
        "n": len(measured),
        "level": level,
        "capacity": prior.capacity(level),
        "assessment": assess(z[measured], prior=prior, seed=config.seed, n_star=judges).to_dict(),
        "information": None if model is None else _information(config, model, split),
    }
    if split.images.labels is not None:
        labels = split.images.labels.numpy()
        if len(split.held_out):
            train_index = split.train
            parts = z[train_index], labels[train_index], z[measured], labels[measured]
            scores = probe_scores(*parts, seed=config.seed)
            result["label_curve"] = label_curve(*parts, seed=config.seed)
        else:
            scores = cross_validated_scores(z[measured], labels[measured], folds=5, seed=0)
        result["scores"] = scores
        result["silhouette"] = label_silhouette(z[measured], labels[measured])
    return result


def _information(config: TrainConfig, model: EmbeddingModel, split: RunSplit) -> dict[str, float] | None:
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
    index = torch.from_numpy(split.held_out if len(split.held_out) else split.train)
    index = index[torch.randperm(len(index), generator=generator)[:_MOST_IMAGES]]
    images = split.images.images[index]
    images = images.float() / 255 if images.dtype is torch.uint8 else images.float()

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

    def bound(half: slice, level: float, dtype: torch.dtype = torch.float64) -> float:
        own = z[half].to(dtype)
        return float(np.mean([dual_bound(own, other[half].to(dtype), prior, level).bound.item() for other in others]))

    levels = np.geomspace(sigma, max(sigma, _MOST_ADDED_NOISE), 24).tolist()
    middle = len(z) // 2
    halves = slice(middle), slice(middle, None)
    # Single precision is enough to choose by, and twice as fast.
    chosen = [max(levels, key=lambda level: bound(half, level, torch.float32)) for half in halves]
    values = [bound(halves[1], chosen[0]), bound(halves[0], chosen[1])]
    # As much as the fewest pairs can show.
    ceiling = min(prior.capacity(sigma), math.log(middle * (middle - 1)))
    return {"bound": float(np.mean(values)), "ceiling": ceiling, "evaluated_at_sigma": float(np.mean(chosen))}
