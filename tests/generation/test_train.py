"""The conditional GAN and the classifier: deterministic, bit-identical on resume, clear errors, images like digits."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from noisedim.data import load_images
from noisedim.errors import CheckpointError, InvalidInputError, TrainingDivergedError
from noisedim.generation.classifier import (
    ClassifierConfig,
    ClassifierTrainer,
    classify,
    load_classifier,
    train_classifier,
)
from noisedim.generation.config import GanConfig
from noisedim.generation.nets import ConditionalGenerator, ProjectionDiscriminator
from noisedim.generation.sample_distances import kernel_distance
from noisedim.generation.train import GanTrainer, load_generator, train_generator
from noisedim.priors import BoxPrior, SpherePrior, TorusPrior
from noisedim.priors.files import prior_reference
from noisedim.streams import stream
from noisedim.training import TrainConfig, train
from noisedim.training.loop import load_model

ENCODER = TrainConfig(steps=30, batch_size=64)
SMALL = GanConfig(encoder=ENCODER, steps=20, batch_size=16, width=4, penalise_every=2)


@pytest.fixture(scope="module")
def digits():
    return load_images("digits")


@pytest.fixture(scope="module")
def encoder(digits):
    return train(ENCODER, digits.images, device="cpu").model


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def equal(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"loss": "hinge", "consistency": 0.1}], ids=["plain", "hinge and consistency"])
def test_a_resumed_run_is_bit_identical(digits, encoder, tmp_path, changes):
    config, path = replace(SMALL, **changes), tmp_path / "c.safetensors"
    before = torch.random.get_rng_state()
    whole = train_generator(config, encoder, digits.images, device="cpu", log_every=5)
    assert torch.equal(torch.random.get_rng_state(), before)
    trainer = GanTrainer(config, encoder, digits.images, device="cpu")
    for step in range(7):
        trainer.step(log=step % 5 == 0)
    trainer.save(path)
    resumed = train_generator(config, encoder, digits.images, device="cpu", log_every=5, checkpoint=path)
    assert equal(weights(whole.model), weights(resumed.model))
    np.testing.assert_array_equal(whole.metrics, resumed.metrics)
    loaded, found = load_generator(path)
    assert found == config
    assert not loaded.training
    assert equal(weights(loaded), weights(whole.model))
    other = train_generator(replace(config, seed=1), encoder, digits.images, device="cpu")
    assert not equal(weights(other.model), weights(whole.model))


def test_the_encoder_is_frozen_and_in_the_checkpoint(digits, encoder, tmp_path):
    path = tmp_path / "c.safetensors"
    before = weights(encoder)
    config = replace(SMALL, consistency=1.0)
    train_generator(config, encoder, digits.images, device="cpu", checkpoint=path)
    assert equal(weights(encoder), before)
    loaded, _ = load_generator(path)
    assert equal(weights(loaded.encoder), before)
    assert loaded.train().encoder.training is False
    c = loaded.conditions(digits.images[:5])
    one, again, other = (loaded.generate(c, generator=torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert one.shape == (5, 1, 8, 8)
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert 0 <= one.min() <= one.max() <= 1
    same = loaded.generate(c[:1].expand(3, -1), generator=torch.Generator().manual_seed(0), one_latent=True)
    torch.testing.assert_close(same[0], same[2])


def test_one_step_from_its_parts(digits, encoder):
    """The discriminator's first step, including R₁, by hand with the same draws."""
    config = replace(SMALL, gamma=3.0, penalise_every=1, instance_noise=0.0, average=0.5)
    trainer, twin = (GanTrainer(config, encoder, digits.images, device="cpu") for _ in range(2))
    real, condition, latent = twin._batch()
    with torch.no_grad():
        made = twin.live(condition, latent)
    real.requires_grad_()
    judge = twin.discriminator
    loss = (
        torch.log1p(torch.exp(-judge(real, condition))).mean() + torch.log1p(torch.exp(judge(made, condition))).mean()
    )
    penalty = torch.stack(
        [
            torch.autograd.grad(judge(x[None], c[None]).sum(), x, create_graph=True)[0].square().sum()
            for x, c in zip(real.unbind(), condition.unbind(), strict=True)
        ]
    ).mean()
    expected = torch.autograd.grad(loss + 1.5 * penalty, list(judge.parameters()))
    trainer._discriminator_step()
    for parameter, gradient in zip(trainer.discriminator.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-6)


def test_the_average_looks_back(digits, encoder):
    trainer = GanTrainer(replace(SMALL, average=0.5), encoder, digits.images, device="cpu")
    before = [p.clone() for p in trainer.model.generator.parameters()]
    trainer.step()
    # The first step's decay is (1 + 0)/(10 + 0).
    for old, live, mean in zip(before, trainer.live.parameters(), trainer.model.generator.parameters(), strict=True):
        torch.testing.assert_close(mean, 0.1 * old + 0.9 * live.detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 24, 24), (30,), (1, 9, 9)])
def test_networks_of_all_shapes(shape):
    torch.manual_seed(0)
    generator, judge = ConditionalGenerator(shape, 3, latent=2, width=4), ProjectionDiscriminator(shape, 3, width=4)
    c, z = torch.randn(6, 3), torch.randn(6, 2)
    images = generator(c, z)
    assert images.shape == (6, *shape)
    assert judge(images, c).shape == (6,)
    # Images and logits of a row do not depend on the rest of the batch.
    torch.testing.assert_close(generator(c[:1], z[:1]), images[:1], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(judge(images[:1], c[:1]), judge(images, c)[:1], rtol=1e-4, atol=1e-6)
    assert not torch.allclose(judge(images, c), judge(images, c.flip(0)))


@pytest.mark.slow
def test_a_short_training_comes_near_to_digits(digits, encoder):
    config = GanConfig(encoder=ENCODER, steps=250, batch_size=32, width=8, average=0.9)
    images = digits.images
    draws = torch.Generator().manual_seed(0)
    latents = torch.randn(300, 2, generator=draws)

    def distance(steps):
        model = train_generator(replace(config, steps=steps), encoder, images, device="cpu").model
        made = model.generate(latents, generator=torch.Generator().manual_seed(1))
        return kernel_distance(made.flatten(1).numpy(), images[:300].flatten(1).numpy())

    # Measured: 0.34 to 0.38 after one step, 0.002 to 0.02 after 250 (seeds 0 to 2).
    assert distance(250) < 0.2 * distance(1)


def test_divergence_is_an_error_that_names_the_step(digits, encoder):
    trainer = GanTrainer(SMALL, encoder, digits.images, device="cpu")
    with torch.no_grad():
        next(trainer.live.parameters()).fill_(float("inf"))
    with pytest.raises(TrainingDivergedError, match="at step 1 with seed 0"):
        trainer.step(log=True)


def test_configuration():
    assert GanConfig.from_dict(SMALL.to_dict()) == SMALL
    digests = {
        config.digest()
        for config in (SMALL, replace(SMALL, seed=1), replace(SMALL, encoder=replace(ENCODER, seed=1)), ENCODER)
    }
    assert len(digests) == 4
    with pytest.raises(InvalidInputError, match="loss must be one of"):
        replace(SMALL, loss="wasserstein")
    with pytest.raises(InvalidInputError, match="gamma must be a finite number >= 0; got -1"):
        replace(SMALL, gamma=-1)
    with pytest.raises(InvalidInputError, match="average must be below 1"):
        replace(SMALL, average=1.0)
    with pytest.raises(InvalidInputError, match="gaussianise='rank'"):
        replace(SMALL, encoder=replace(ENCODER, gaussianise="rank"))
    with pytest.raises(InvalidInputError, match="not a .* configuration"):
        GanConfig.from_dict(ENCODER.to_dict())


def test_checkpoints_of_other_kinds_are_refused(digits, encoder, tmp_path):
    gan, plain, judge = (tmp_path / f"{name}.safetensors" for name in ("gan", "plain", "judge"))
    train_generator(replace(SMALL, steps=1), encoder, digits.images, device="cpu", checkpoint=gan)
    train(replace(ENCODER, steps=1), digits.images, device="cpu", checkpoint=plain)
    train_classifier(ClassifierConfig(steps=1), digits.images, digits.labels, device="cpu", checkpoint=judge)
    with pytest.raises(CheckpointError, match="kind 'generator'; .* is of kind 'encoder'"):
        load_generator(plain)
    with pytest.raises(CheckpointError, match="kind 'encoder'; .* is of kind 'generator'"):
        load_model(gan)
    with pytest.raises(CheckpointError, match="kind 'classifier'; .* is of kind 'generator'"):
        load_classifier(gan)
    gan.write_bytes(gan.read_bytes()[:2000])
    with pytest.raises(CheckpointError, match="is damaged"):
        load_generator(gan)


@pytest.mark.parametrize(
    "prior", [SpherePrior(2), TorusPrior(2), BoxPrior([1.0, 1.0], [2.0, 3.0])], ids=lambda own: own.name
)
def test_a_generator_takes_embeddings_as_their_prior_has_them(digits, prior, tmp_path):
    config = replace(SMALL, encoder=replace(ENCODER, prior=prior_reference(prior)), steps=2)
    frozen = train(config.encoder, digits.images, device="cpu").model
    result = train_generator(config, frozen, digits.images, device="cpu", checkpoint=tmp_path / "gan")
    for model in (result.model, load_generator(tmp_path / "gan")[0]):
        conditions = model.conditions(digits.images[:5])
        assert conditions.shape == (5, prior.ambient_dim)
        assert model.generate(conditions, generator=stream(0, "latents")).shape == (5, *digits.images.shape[1:])


def test_conditions_of_another_dimension_are_refused(digits, encoder):
    model = train_generator(replace(SMALL, steps=1), encoder, digits.images, device="cpu").model
    with pytest.raises(InvalidInputError, match=r"conditions must have shape \(n, 2\)"):
        model.generate(torch.zeros(3, 4))
    with pytest.raises(InvalidInputError, match="conditions must be finite"):
        model.generate(torch.full((3, 2), torch.nan))
    with pytest.raises(InvalidInputError, match=r"takes inputs of shape \(n, 1, 8, 8\)"):
        model.conditions(torch.zeros(3, 1, 9, 9))
    uniform = replace(SMALL, encoder=replace(ENCODER, prior="uniform"))
    with pytest.raises(InvalidInputError, match=r"prior, UniformPrior\(dim=2.*; the encoder's is GaussianPrior"):
        train_generator(uniform, encoder, digits.images, device="cpu")
    with pytest.raises(InvalidInputError, match="batch_size=16 and 10 images"):
        train_generator(SMALL, encoder, digits.images[:10], device="cpu")


@pytest.mark.slow
def test_classifier_learns_and_is_bit_identical_on_resume(digits, tmp_path):
    config, path = ClassifierConfig(steps=150, batch_size=64), tmp_path / "c.safetensors"
    images, labels = digits.images[:1500], digits.labels[:1500]
    whole = train_classifier(config, images, labels, device="cpu")
    features, predicted = classify(whole.model, digits.images[1500:])
    assert features.shape == (297, 64)
    assert (predicted == digits.labels[1500:]).double().mean() > 0.8
    trainer = ClassifierTrainer(config, images, labels, device="cpu")
    for step in range(40):
        trainer.step(log=step % 50 == 0)
    trainer.save(path)
    resumed = train_classifier(config, images, labels, device="cpu", checkpoint=path)
    assert equal(weights(resumed.model), weights(whole.model))
    assert resumed.metrics == whole.metrics
    loaded, found = load_classifier(path)
    assert found == config
    torch.testing.assert_close(classify(loaded, digits.images[1500:])[0], features, rtol=0, atol=0)
    with pytest.raises(InvalidInputError, match=r"takes images of shape \(n, 1, 8, 8\)"):
        classify(loaded, torch.zeros(2, 1, 9, 9))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_gpu_resumes_and_generates_what_a_cpu_generates(digits, encoder, tmp_path):
    path = tmp_path / "c.safetensors"
    trained = train_generator(SMALL, encoder, digits.images, device="cuda", checkpoint=path).model
    loaded, _ = load_generator(path)
    c = loaded.conditions(digits.images[:5])
    one, other = (m.generate(c, generator=torch.Generator().manual_seed(0)) for m in (trained, loaded))
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
