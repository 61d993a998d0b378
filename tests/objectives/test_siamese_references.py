"""The siamese losses beside lightly's, which others wrote: values and gradients in float64."""

import math

import pytest
import torch
from lightly.loss import BarlowTwinsLoss, NTXentLoss, VICRegLoss

from noisedim.objectives import barlow_twins, nt_xent, vicreg


def views(n, k, seed, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    a = scale * torch.randn(n, k, generator=generator, dtype=torch.float64) + 0.2
    return a, a + 0.5 * torch.randn(n, k, generator=generator, dtype=torch.float64)


def value_and_gradients(loss, a, b):
    a, b = a.clone().requires_grad_(), b.clone().requires_grad_()
    value = loss(a, b)
    value.backward()
    return value.detach(), a.grad, b.grad


# lightly halves the sum of the two hinges (as the authors' code does), where Algorithm 1 of the paper adds them up.
PAIRS = {
    "nt_xent": (lambda a, b: nt_xent(a, b, temperature=0.2), NTXentLoss(temperature=0.2)),
    "vicreg": (vicreg, VICRegLoss(lambda_param=25.0, mu_param=50.0, nu_param=1.0)),
    "barlow_twins": (barlow_twins, BarlowTwinsLoss(lambda_param=5e-3)),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(("n", "k", "scale"), [(8, 3, 1.0), (64, 16, 0.3), (32, 64, 2.0)])
def test_values_and_gradients_are_lightlys(name, n, k, scale):
    ours, theirs = PAIRS[name]
    for seed in range(3):
        found = value_and_gradients(ours, *views(n, k, seed, scale))
        expected = value_and_gradients(theirs, *views(n, k, seed, scale))
        for own, other in zip(found, expected, strict=True):
            torch.testing.assert_close(own, other, rtol=1e-9, atol=1e-12)


def test_a_factor_would_be_seen():
    a, b = views(16, 4, 0, 0.3)
    halved = VICRegLoss(mu_param=25.0)(a, b)
    assert not math.isclose(vicreg(a, b).item(), halved.item(), rel_tol=1e-3)
