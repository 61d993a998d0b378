"""Bounds on information from reconstruction, in cases with known answers."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from noisedim.assessment.reconstruction import grey_step, measure_reconstruction, prior_images, reconstruct
from noisedim.channel import NoisyChannel
from noisedim.nets import decoder
from noisedim.objectives import NoisyAutoencoder, Variational
from noisedim.priors import (
    PRIORS,
    BallPrior,
    BoxPrior,
    FlowPrior,
    FullGaussianPrior,
    GaussianMixturePrior,
    GaussianPrior,
    ProductPrior,
    SpherePrior,
    TorusPrior,
    UniformPrior,
    prior_reference,
)
from noisedim.runs import RunStore, make_run
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig
from noisedim.training.model import EmbeddingModel


class Constant(nn.Module):
    """A decoder that ignores its input: every pixel has grey level v."""

    def __init__(self, value, shape):
        super().__init__()
        self.logit = nn.Parameter(torch.tensor(math.log(value / (1 - value))))
        self.shape = shape

    def forward(self, codes):
        return self.logit.expand(len(codes), *self.shape)


def model_of(encoder, shape, dim=1, sigma=0.5):
    return EmbeddingModel(encoder, NoisyChannel(GaussianPrior(dim), sigma=sigma), shape).eval()


def test_grey_step():
    assert grey_step(torch.tensor([[0.0, 0.25], [1.0, 0.25]])) == 0.25
    assert grey_step(torch.full((3, 2), 7, dtype=torch.uint8)) == 0.0


def test_a_decoder_that_ignores_its_input():
    images = torch.tensor([0.0, 0.5, 1.0, 0.5]).reshape(4, 1, 1, 1).expand(-1, 1, 1, 3).contiguous()
    objective = NoisyAutoencoder(Constant(0.25, (1, 1, 3))).eval()
    model = model_of(nn.Sequential(nn.Flatten(), nn.Linear(3, 1)), (1, 1, 3))
    found = measure_reconstruction(model, objective, images, seed=0, everything=images)
    error = np.mean([0.25**2, 0.25**2, 0.75**2, 0.25**2])
    assert found["error"] == found["clean_error"] == pytest.approx(error, rel=1e-6)
    assert found["variance"] == pytest.approx(np.var([0, 0.5, 1, 0.5]), rel=1e-6)
    assert found["grey_step"] == 0.5
    expected = -3 / 2 * math.log(2 * math.pi * math.e * (error + 0.25 / 12))
    assert found["information_above_entropy"] == pytest.approx(expected, rel=1e-6)
    assert found["information_at_most"] == pytest.approx(math.log(1 + 4) / 2)


def test_the_bound_of_grey_levels_that_are_sent_without_error():
    # One pixel of four equally probable levels, reconstructed exactly: I(X; Y) = log 4, h(X + U) = log(4/3).
    class Exact(NoisyAutoencoder):
        through_channel = False

        def decode(self, codes):
            return codes.reshape(-1, 1, 1, 1)

    images = (torch.arange(400) % 4 / 3).reshape(-1, 1, 1, 1)
    model = model_of(nn.Flatten(), (1, 1, 1))
    found = measure_reconstruction(model, Exact(nn.Identity()).eval(), images, seed=0, everything=images)
    bound = math.log(4 / 3) + found["information_above_entropy"]
    assert bound == pytest.approx(math.log(4) - math.log(2 * math.pi * math.e / 12) / 2, rel=1e-5)
    assert bound < math.log(4)


def test_draws_of_the_prior_have_the_noise_of_training():
    class Sent(NoisyAutoencoder):
        def decode(self, codes):
            return codes.reshape(-1, 1, 1, 1)

    model = model_of(nn.Flatten(), (1, 1, 1), sigma=2.0)
    made = prior_images(model, Sent(nn.Identity()), 4000, generator=torch.Generator().manual_seed(0))
    # The variance of 4,000 normal values is within 12% of 1 + 4 with probability 1 − 1e-7.
    assert made.var().item() == pytest.approx(5.0, rel=0.12)


# Laws far from N(0, I) and from the unit cube, so that their own coordinates are not the channel's.
LAWS = {
    "normal": lambda: GaussianPrior(2),
    "uniform": lambda: UniformPrior(2),
    "gaussian": lambda: FullGaussianPrior([50.0, 0.0], [[1.0, 0.0], [0.0, 9.0]]),
    "box": lambda: BoxPrior([100.0, 100.0], [101.0, 103.0]),
    "ball": lambda: BallPrior(2, radius=30.0),
    "sphere": lambda: SpherePrior(2),
    "torus": lambda: TorusPrior(2),
    "mixture": lambda: GaussianMixturePrior([1, 1], [[30.0, 0.0], [50.0, 9.0]], [np.eye(2), np.eye(2)]),
    "product": lambda: ProductPrior([stats.gamma(2.0, loc=9.0), stats.cauchy()]),
    "flow": lambda: FlowPrior.fit(40 + np.random.default_rng(0).standard_normal((100, 2)), steps=1),
}


class Seen(nn.Module):
    """A decoder of one pixel that keeps what it was given."""

    def forward(self, codes):
        self.codes = codes.detach()
        return codes.sum(1).reshape(-1, 1, 1, 1)


@pytest.mark.parametrize("law", [*LAWS.values(), lambda: SpherePrior(2, radius=7.0, noise="von-mises-fisher")])
def test_draws_of_any_prior_are_what_the_decoder_saw_in_training(law):
    prior, rows, draws = law(), 4000, torch.Generator().manual_seed(0)
    channel = NoisyChannel(prior, capacity=2.0, warn=False)
    objective = NoisyAutoencoder(Seen())
    # The encoder's output is normal, so that the channel gives its own law exactly, but for the normalisation.
    raw = 3 + 2 * torch.randn(rows, prior.channel_dim, generator=draws)
    objective.on_batch(raw, torch.rand(rows, 1, 1, 1), channel, generator=draws)
    trained = objective.decoder.codes
    model = EmbeddingModel(nn.Flatten(), channel, (1, 1, 1)).eval()
    assert prior_images(model, objective, rows, generator=draws).shape == (rows, 1, 1, 1)
    seen = objective.decoder.codes
    assert seen.shape[1] == trained.shape[1]
    # Standard errors are below 0.05 for a mean and a deviation of 4,000 values of deviation 1.6.
    torch.testing.assert_close(seen.mean(0), trained.mean(0), atol=0.25, rtol=0)
    torch.testing.assert_close(seen.std(0), trained.std(0), atol=0.25, rtol=0)


def test_every_prior_is_among_them():
    assert LAWS.keys() == PRIORS.keys()


@pytest.mark.slow
def test_an_autoencoder_for_a_sphere_is_a_run(tmp_path):
    config = TrainConfig(
        data=DataConfig(limit=120),
        objective=ObjectiveConfig(name="autoencoder"),
        prior=prior_reference(SpherePrior(2)),
        steps=1,
        batch_size=32,
    )
    folder = make_run(config, RunStore(tmp_path), device="cpu")
    assert folder.read_samples()["prior"].shape == (32, 1, 8, 8)


def test_a_variational_posterior_bounds_the_information_by_its_divergence():
    torch.manual_seed(0)
    objective = Variational(decoder(2, (1, 2, 2), hidden=4)).eval()
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(4, 4))
    model, images = model_of(encoder, (1, 2, 2), dim=2), torch.rand(50, 1, 2, 2)
    found = measure_reconstruction(model, objective, images, seed=0, everything=images)
    mean, log_variance = encoder(images).detach().chunk(2, 1)
    posterior = torch.distributions.Normal(mean, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    assert found["information_at_most"] == pytest.approx(expected.item(), rel=1e-5)
    clean = reconstruct(model, objective, images, noisy=False)
    torch.testing.assert_close(clean, torch.sigmoid(objective.decoder(mean)).detach())


@pytest.mark.slow
def test_an_autoencoder_is_a_run_with_pictures(tmp_path):
    config = TrainConfig(
        data=DataConfig(fold=0, limit=400),
        objective=ObjectiveConfig(name="autoencoder"),
        noise=NoiseConfig(sigma=0.3),
        augmentation_probability=0.0,
        steps=60,
        batch_size=64,
    )
    folder = make_run(config, RunStore(tmp_path), device="cpu")
    result = folder.read_result()["reconstruction"]
    assert result["information_at_most"] == pytest.approx(math.log(1 + 1 / 0.09))
    assert result["grey_step"] == 1 / 16
    assert result["error"] < result["variance"]
    samples = folder.read_samples()
    assert {name: array.shape for name, array in samples.items()} == dict.fromkeys(
        ("real", "reconstructed", "reconstructed_from_noisy", "prior"), (32, 1, 8, 8)
    )
