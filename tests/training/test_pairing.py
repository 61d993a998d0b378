"""Runs of one seed that differ in a setting share what it does not shape: batches, views, the encoder's first weights."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisedim.data import AugmentationConfig, load_images
from noisedim.errors import CheckpointError, InvalidInputError
from noisedim.generation.classifier import ClassifierConfig, ClassifierTrainer
from noisedim.generation.config import GanConfig
from noisedim.generation.train import GanTrainer
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, OptimiserConfig, TrainConfig, embed, train
from noisedim.training.loop import Trainer
from noisedim.training.recipes import pretraining

# Levels and batches are small here for speed; what a batch can see of the capacity is no matter.
pytestmark = pytest.mark.filterwarnings("ignore:the channel's capacity of")

# Two batches an epoch and a rest, five epochs.
BASE = TrainConfig(steps=10, batch_size=40, augmentation=AugmentationConfig(noise=0.3, rotation=10))
SETTINGS = {
    "sigma": {"noise": NoiseConfig(sigma=0.1)},
    "capacity": {"noise": NoiseConfig(capacity=1.0)},
    "prior": {"prior": "uniform"},
    "infonce": {"objective": ObjectiveConfig(name="infonce")},
    "separable critic, negatives": {"objective": ObjectiveConfig(name="dv", critic="separable", negatives=3)},
    "no noise": {"objective": ObjectiveConfig(name="infonce", noisy=False)},
    "vicreg": {"objective": ObjectiveConfig(name="vicreg", features=8)},
    "noisy simclr": {"objective": ObjectiveConfig(name="simclr", features=8, noise_on="both")},
    "adversarial": {"objective": ObjectiveConfig(name="adversarial")},
    "optimiser": {"optimiser": OptimiserConfig(learning_rate=1e-2)},
}


@pytest.fixture(scope="module")
def images():
    return load_images("digits").images[:100]


def inputs_of(trainer, steps):
    """What the encoder sees in the next steps."""
    seen = []
    draw = trainer.next_inputs

    def kept():
        seen.append(draw())
        return seen[-1]

    trainer.next_inputs = kept
    for _ in range(steps):
        trainer.step()
    return torch.stack(seen)


@pytest.mark.slow
@given(st.sampled_from(sorted(SETTINGS)), st.integers(0, 2**32 - 2), st.integers(0, 10))
@settings(max_examples=25, deadline=None)
def test_batches_and_views_are_those_of_the_seed(images, tmp_path_factory, name, seed, stop):
    config = replace(BASE, seed=seed)
    wanted = inputs_of(Trainer(config, images, device="cpu"), BASE.steps)
    assert len({tuple(view.flatten().tolist()) for view in wanted[:, 0]}) > 5  # not one batch over and over
    other = replace(config, **SETTINGS[name])
    trainer = Trainer(other, images, device="cpu")
    first = inputs_of(trainer, stop) if stop else wanted[:0]
    path = tmp_path_factory.getbasetemp() / "pairing.safetensors"
    trainer.save(path)
    resumed = Trainer(other, images, device="cpu")
    resumed.restore(path)
    rest = inputs_of(resumed, BASE.steps - stop) if stop < BASE.steps else wanted[:0]
    assert torch.equal(torch.cat([first, rest]), wanted)
    assert not torch.equal(inputs_of(Trainer(replace(other, seed=seed + 1), images, device="cpu"), 1)[0], wanted[0])


def test_autoencoders_see_the_same_images_unchanged(images):
    wanted = inputs_of(Trainer(replace(BASE, augmentation=AugmentationConfig()), images, device="cpu"), 10)[:, :40]
    for objective in (ObjectiveConfig(name="autoencoder"), ObjectiveConfig(name="vae")):
        trainer = Trainer(replace(BASE, objective=objective), images, device="cpu")
        assert torch.equal(inputs_of(trainer, 10), wanted)


@pytest.mark.parametrize("method", ["simclr", "vicreg", "barlow-twins"])
def test_pretraining_of_other_noise_sees_the_same_views(images, method):
    small = {"width": 4, "head": (8,), "dim": 8, "batch_size": 40, "pixel_mean": (), "pixel_deviation": ()}
    runs = [
        inputs_of(
            Trainer(replace(pretraining(method, DataConfig(), sigma=sigma, steps=6), **small), images, device="cpu"), 6
        )
        for sigma in (0.0, 0.1, 0.5)
    ]
    assert torch.equal(runs[0], runs[1])
    assert torch.equal(runs[0], runs[2])


@pytest.mark.parametrize("name", SETTINGS)
def test_first_weights_of_the_encoder_are_those_of_the_seed(images, name):
    wanted = Trainer(BASE, images, device="cpu").model.encoder.state_dict()
    found = Trainer(replace(BASE, **SETTINGS[name]), images, device="cpu").model.encoder.state_dict()
    assert wanted.keys() == found.keys()
    assert all(torch.equal(wanted[key], found[key]) for key in wanted)


def test_no_two_streams_of_a_run_are_one(images):
    # A critic's first weights were those of the next seed's encoder, and noise the numbers that weights were made of.
    trainer = Trainer(replace(BASE, objective=ObjectiveConfig(name="infonce")), images, device="cpu")
    states = [own.get_state() for own in trainer.generators().values()]
    states += [trainer.sampler.state_dict()["generator"], torch.Generator().manual_seed(BASE.seed).get_state()]
    assert len({tuple(state.tolist()) for state in states}) == len(states) == 4


def batches_of(trainer, monkeypatch, steps=8):
    seen = []
    draw = trainer.sampler.next_indices
    monkeypatch.setattr(trainer.sampler, "next_indices", lambda size: seen.append(draw(size)) or seen[-1])
    for _ in range(steps):
        trainer.step()
    return torch.stack(seen)


def test_generators_and_judges_share_batches_too(images, monkeypatch):
    labels = load_images("digits").labels[:100]
    encoder = train(BASE, images, device="cpu").model
    base = GanConfig(encoder=BASE, width=4, batch_size=40, steps=8)
    changes = ({}, {"latent": 3}, {"gamma": 0.0}, {"loss": "hinge", "consistency": 1.0})
    runs = [batches_of(GanTrainer(replace(base, **own), encoder, images, device="cpu"), monkeypatch) for own in changes]
    assert all(torch.equal(run, runs[0]) for run in runs)
    judges = [ClassifierConfig(batch_size=40, noise=noise) for noise in (0.0, 0.2)]
    runs = [batches_of(ClassifierTrainer(own, images, labels, device="cpu"), monkeypatch) for own in judges]
    assert torch.equal(runs[0], runs[1])


def test_a_checkpoint_with_other_random_numbers_is_refused_and_still_embeds(images, tmp_path, monkeypatch):
    from noisedim.training.config import stored as module
    from noisedim.training.loop import load_model

    path = tmp_path / "c.safetensors"
    with monkeypatch.context() as before:
        before.setattr(module, "_FORMAT", 1)
        result = train(replace(BASE, steps=2), images, device="cpu", checkpoint=path)
    with pytest.raises(CheckpointError, match="written by a version whose random numbers were others"):
        train(replace(BASE, steps=2), images, device="cpu", checkpoint=path)
    model, _ = load_model(path)
    assert torch.equal(embed(model, images), embed(result.model, images))


def test_pairs_by_label_share_the_class_and_the_first_view_and_resume():
    digits = load_images("digits")
    images, labels = digits.images[:300], digits.labels[:300]
    config = replace(
        BASE, pairs_by="label", augmentation=AugmentationConfig(), augmentation_probability=1.0, data=DataConfig()
    )
    trainer = Trainer(config, images, device="cpu", labels=labels)
    seen = inputs_of(trainer, BASE.steps)
    plain = inputs_of(Trainer(replace(config, pairs_by="image"), images, device="cpu"), BASE.steps)
    first, second = seen.chunk(2, dim=1)
    assert torch.equal(first, plain.chunk(2, dim=1)[0])
    by_pixels = {tuple(image.flatten().tolist()): int(label) for image, label in zip(images, labels, strict=True)}
    classes = [[by_pixels[tuple(image.flatten().tolist())] for image in half.flatten(0, 1)] for half in (first, second)]
    assert classes[0] == classes[1]
    assert (first != second).flatten(2).any(2).float().mean() > 0.9
    assert train(config, images, device="cpu", labels=labels).model is not None


def test_a_resumed_run_draws_the_partners_that_were_to_come(tmp_path):
    digits = load_images("digits")
    config = replace(BASE, pairs_by="label", batch_size=40)
    whole = inputs_of(Trainer(config, digits.images[:200], device="cpu", labels=digits.labels[:200]), 10)
    begun = Trainer(config, digits.images[:200], device="cpu", labels=digits.labels[:200])
    first = inputs_of(begun, 4)
    begun.save(tmp_path / "begun.safetensors")
    resumed = Trainer(config, digits.images[:200], device="cpu", labels=digits.labels[:200])
    resumed.restore(tmp_path / "begun.safetensors")
    assert torch.equal(torch.cat([first, inputs_of(resumed, 6)]), whole)


def test_pairs_by_label_need_labels_and_two_views(images):
    with pytest.raises(InvalidInputError, match="pairs_by='label' needs labels, one per image; got none"):
        Trainer(replace(BASE, pairs_by="label"), images, device="cpu")
    config = replace(BASE, pairs_by="label", objective=ObjectiveConfig(name="vae"))
    with pytest.raises(InvalidInputError, match="pairs_by='label' needs an objective of two views; got 'vae'"):
        Trainer(config, images, device="cpu", labels=torch.zeros(100, dtype=torch.int64))
    with pytest.raises(InvalidInputError, match="pairs_by"):
        replace(BASE, pairs_by="batch")
