"""Makes the runs of generators and of the classifiers that judge them, as :mod:`noisedim.runs.make` makes encoders'."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from noisedim.errors import InvalidInputError
from noisedim.generation.classifier import (
    ClassifierConfig,
    ClassifierTrainer,
    classify,
    load_classifier,
    train_classifier,
)
from noisedim.generation.config import GanConfig
from noisedim.generation.grids import as_bytes, quantile_grid
from noisedim.generation.judge import measure_generator
from noisedim.generation.train import GAN_METRIC_NAMES, GeneratorModel, train_generator
from noisedim.priors import Prior
from noisedim.runs.environment import environment
from noisedim.runs.generator_record import ClassifierRecord, GeneratorRecord, ImageQuality, Judge
from noisedim.runs.make import RunSplit, make_run, split_images
from noisedim.runs.store import RunFolder, RunStore
from noisedim.streams import stream
from noisedim.training.config import TrainConfig
from noisedim.training.loop import Progress, load_model

__all__ = ["AnyConfig", "judge_of", "make_any_run", "make_classifier_run", "make_generator_run"]

AnyConfig = TrainConfig | GanConfig | ClassifierConfig

# Images made per held-out image; as many in total from the prior's conditions.
_REPEATS = 4
_MOST_IMAGES = 2000
_SHOWN = 64
_GRID_SIDE = 16


def judge_of(config: GanConfig) -> ClassifierConfig:
    """The classifier whose features judge the images of ``config``: one for all generators of a data set and split."""
    return ClassifierConfig(data=config.encoder.data)


def make_any_run(config: AnyConfig, store: RunStore, **options: Any) -> RunFolder:
    """The complete run of ``config``, of any kind; see :func:`~noisedim.runs.make.make_run`."""
    if isinstance(config, GanConfig):
        return make_generator_run(config, store, **options)
    if isinstance(config, ClassifierConfig):
        return make_classifier_run(config, store, **options)
    return make_run(config, store, **options)


def make_classifier_run(
    config: ClassifierConfig,
    store: RunStore,
    *,
    data_root: str | Path | None = None,
    device: str = "auto",
    on_progress: Callable[[Progress], None] | None = None,
) -> RunFolder:
    """The complete run of a classifier, from the store or made.

    Raises: InvalidInputError: for data without labels; as :func:`~noisedim.runs.make.make_run`.
    """
    folder = store.open(config)
    if folder.is_complete:
        return folder
    split = _split(config.data, data_root)
    images, labels = split.images.images, split.images.labels
    if labels is None:
        raise InvalidInputError(f"a classifier needs labels; {split.images.name} has none")
    with folder.lock():
        if folder.is_complete:
            return folder
        folder.write_environment(environment())
        index = torch.from_numpy(split.train)
        trainer = train_classifier(
            config,
            images[index],
            labels[index],
            device=device,
            checkpoint=folder.checkpoint_path,
            on_progress=on_progress,
        )
        folder.write_metrics([dict(zip(ClassifierTrainer.metric_names, row, strict=True)) for row in trainer.metrics])
        measured = torch.from_numpy(split.measured)
        _, predicted = classify(trainer.model, images[measured])
        folder.write_record(
            ClassifierRecord(
                run=folder.path.name,
                config=config,
                measured_on=split.measured_on,
                n=len(measured),
                accuracy=float((predicted == labels[measured]).double().mean()),
                train_seconds=trainer.seconds,
            )
        )
    return folder


def make_generator_run(
    config: GanConfig,
    store: RunStore,
    *,
    data_root: str | Path | None = None,
    device: str = "auto",
    on_progress: Callable[[Progress], None] | None = None,
) -> RunFolder:
    """The complete run of a generator, from the store or made, making the runs of its encoder and its judge first if necessary.

    Raises: as :func:`~noisedim.runs.make.make_run`.
    """
    folder = store.open(config)
    if folder.is_complete:
        return folder
    encoder_folder = make_run(config.encoder, store, data_root=data_root, device=device)
    split = _split(config.encoder.data, data_root)
    judge = None
    if split.images.labels is not None:
        judge = make_classifier_run(judge_of(config), store, data_root=data_root, device=device)
    with folder.lock():
        if folder.is_complete:
            return folder
        folder.write_environment(environment())
        encoder, _ = load_model(encoder_folder.checkpoint_path)
        result = train_generator(
            config,
            encoder,
            split.images.images[torch.from_numpy(split.train)],
            device=device,
            checkpoint=folder.checkpoint_path,
            on_progress=on_progress,
        )
        folder.write_metrics([dict(zip(GAN_METRIC_NAMES, row, strict=True)) for row in result.metrics.tolist()])
        measured, arrays = _measure(config, result.model, split, judge)
        folder.write_samples(**_pictures(config, result.model, split), **arrays)
        folder.write_record(
            GeneratorRecord(run=folder.path.name, config=config, train_seconds=result.seconds, **measured)
        )
    return folder


def _split(data: Any, data_root: str | Path | None) -> RunSplit:
    return split_images(TrainConfig(data=data), data_root)


def _judged_images(split: RunSplit) -> torch.Tensor:
    return torch.from_numpy(split.measured[:_MOST_IMAGES])


def _laws(prior: Prior, model: GeneratorModel, count: int, seed: int) -> dict[str, torch.Tensor]:
    """Draws of conditions: from the prior, and from two wrong laws that show what a wrong one costs."""
    draws = stream(seed, "conditions")
    laws = {"prior": prior.sample(count, generator=draws)}
    if prior.is_standard_normal:
        laws["too wide"] = 2 * prior.sample(count, generator=draws)
        # N(0, I) for the encoder's output as it comes, before it is standardised: nothing is known of its law then.
        standardise = model.encoder.channel.normalisation.cpu()
        laws["not standardised"] = standardise(prior.sample(count, generator=draws))
    return laws


def _measure(
    config: GanConfig, model: GeneratorModel, split: RunSplit, judge: RunFolder | None
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Fields of the record, measured on the held-out images if there are any, on the training images otherwise."""
    if judge is None or split.images.labels is None:
        return {}, {}
    model = model.cpu()
    classifier, _ = load_classifier(judge.checkpoint_path)
    index = _judged_images(split)
    prior = config.encoder.build_prior()
    found, influences = measure_generator(
        model,
        classifier,
        split.images.images[index],
        split.images.labels[index],
        _laws(prior, model, _REPEATS * len(index), config.seed),
        seed=config.seed,
    )
    classifier_record = judge.read_classifier_record()
    judged_by = Judge(
        features=f"classifier trained on the training part of {split.images.name}, run {judge.path.name}",
        accuracy=classifier_record.accuracy,
        accuracy_on=classifier_record.measured_on,
    )
    arrays = {f"influence, {law}": influence for law, influence in influences.items()}
    quality = ImageQuality.from_dict(found)
    return {"measured_on": split.measured_on, "judge": judged_by, "quality": quality}, arrays


def _pictures(config: GanConfig, model: GeneratorModel, split: RunSplit) -> dict[str, np.ndarray]:
    """Images to look at, as bytes: real ones, one made from each, ones from the prior, a grid over it if d = 2."""
    latents = stream(config.seed, "pictures")
    prior = config.encoder.build_prior()
    images = split.images.images[_judged_images(split)[:_SHOWN]]
    made = {
        "encoded": model.generate(model.conditions(images), generator=latents),
        "prior": model.generate(prior.sample(_SHOWN, generator=latents), generator=latents),
    }
    if prior.dim == 2:
        made["grid"] = model.generate(quantile_grid(prior, _GRID_SIDE), generator=latents, one_latent=True)
    return {name: as_bytes(pictures) for name, pictures in {"real": images, **made}.items()}
