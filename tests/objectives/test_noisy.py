"""Noise before objectives that are not the paper's: without it they are themselves, with it they see the channel's output."""

import math

import pytest
import torch

from noisedim.channel import NoisyChannel
from noisedim.errors import InvalidInputError
from noisedim.objectives import NoisyViews, Objective, ObjectiveValue, Siamese, SIGReg, nt_xent, vicreg
from noisedim.priors import GaussianPrior
from noisedim.training import ObjectiveConfig


class Seen(Objective):
    """Keeps what it was shown."""

    normalised = False

    def forward(self, z, z_prime, channel, *, generator=None, estimate=True):
        self.views = z, z_prime
        return ObjectiveValue.without_bound(z.sum())


def shown(sigma, n=20_000, **options):
    generator = torch.Generator().manual_seed(0)
    scale = torch.tensor([0.1, 1.0, 30.0], dtype=torch.float64)
    z, z_prime = ((torch.randn(n, 3, generator=generator, dtype=torch.float64) + 2) * scale for _ in range(2))
    inner = Seen()
    channel = NoisyChannel(GaussianPrior(3), sigma=sigma).double()
    NoisyViews(inner, **options)(z, z_prime, channel, generator=torch.Generator().manual_seed(1))
    return (z, z_prime), inner.views


def test_output_noise_is_the_channels_in_the_outputs_own_units():
    (z, z_prime), (y, y_prime) = shown(0.4)
    assert torch.equal(y_prime, z_prime)
    both = torch.cat([z, z_prime])
    mean, deviation = both.mean(0), both.std(0, unbiased=False)
    # Channel of the standardised output, written out: standardise, add the same draws, map back.
    noise = 0.4 * torch.randn(z.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(y, mean + deviation * ((z - mean) / deviation + noise), rtol=1e-12, atol=1e-12)


def test_both_views_get_noise_of_their_own():
    (z, z_prime), (y, y_prime) = shown(0.4, on="both")
    noise = torch.stack([(y - z).flatten(), (y_prime - z_prime).flatten()])
    assert float(noise.std(1).min()) > 1
    assert abs(float(torch.corrcoef(noise)[0, 1])) < 6 / math.sqrt(noise.shape[1])


def test_standardised_and_sphere():
    _, (y, y_prime) = shown(0.4, place="standardised")
    torch.testing.assert_close(y_prime.var(0), torch.ones(3, dtype=torch.float64), rtol=0.05, atol=0)
    torch.testing.assert_close(y.var(0), torch.full((3,), 1.16, dtype=torch.float64), rtol=0.05, atol=0)
    _, (y, y_prime) = shown(0.4, place="sphere")
    lengths = y_prime.square().sum(1)
    torch.testing.assert_close(lengths, torch.full_like(lengths, 3.0))
    assert float(y.square().sum(1).mean()) == pytest.approx(3 * 1.16, rel=0.05)


@pytest.mark.parametrize("name", ["simclr", "vicreg", "barlow-twins", "sigreg", "align-uniform", "w-mse"])
def test_noise_that_vanishes_leaves_the_method(name):
    generator = torch.Generator().manual_seed(3)
    z = torch.randn(64, 4, generator=generator, dtype=torch.float64)
    z_prime = z + 0.3 * torch.randn(64, 4, generator=generator, dtype=torch.float64)
    channel = NoisyChannel(GaussianPrior(4), sigma=1e-9).double()
    plain, noisy = (
        ObjectiveConfig(name=name, features=0, noise_on=on).build(4, (1, 8, 8)).double() for on in ("none", "one")
    )
    assert not isinstance(plain, NoisyViews)
    assert isinstance(noisy, NoisyViews)
    # SIGReg and W-MSE draw more from the generator, after the noise; give the plain one the same state.
    after = torch.Generator().manual_seed(5)
    torch.randn(z.shape, generator=after, dtype=torch.float64)
    expected = plain(z, z_prime, channel, generator=after).loss
    got = noisy(z, z_prime, channel, generator=torch.Generator().manual_seed(5)).loss
    assert got.item() == pytest.approx(expected.item(), rel=1e-6)
    louder = NoisyChannel(GaussianPrior(4), sigma=1.0).double()
    changed = noisy(z, z_prime, louder, generator=torch.Generator().manual_seed(5)).loss
    assert abs(changed.item() - expected.item()) > 1e-3 * abs(expected.item())


def test_gradient_is_that_of_the_noisy_loss():
    # Scale and noise are part of the function: finite differences agree.
    z = torch.randn(6, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    z_prime = torch.randn(6, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    channel = NoisyChannel(GaussianPrior(3), sigma=0.5).double()
    objective = NoisyViews(Siamese(lambda a, b, _: vicreg(a, b)), on="both")

    def loss(z):
        return objective(z, z_prime, channel, generator=torch.Generator().manual_seed(2)).loss

    assert torch.autograd.gradcheck(loss, (z,))


def test_bad_input():
    with pytest.raises(InvalidInputError, match="on must be one of 'one', 'both'; got 'none'"):
        NoisyViews(SIGReg(), on="none")
    with pytest.raises(InvalidInputError, match="noise_on='one' is for simclr, .*; got 'vae'"):
        ObjectiveConfig(name="vae", noise_on="one")
    with pytest.raises(InvalidInputError, match="noise_place='sphere' is for simclr, align-uniform; got 'vicreg'"):
        ObjectiveConfig(name="vicreg", noise_on="one", noise_place="sphere")
    with pytest.raises(InvalidInputError, match="place must be one of"):
        NoisyViews(Siamese(lambda a, b, _: nt_xent(a, b)), place="nowhere")
