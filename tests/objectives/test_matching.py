"""Statistics and distances against closed forms, quadrature, assignment and loops; the adversary's two gradients."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, optimize

from noisedim.channel import NoisyChannel
from noisedim.critics import MLPCritic
from noisedim.errors import InvalidInputError
from noisedim.nets import discriminator
from noisedim.objectives import Adversarial, InfoMax, SIGReg
from noisedim.objectives.directions import unit_directions
from noisedim.objectives.methods.sigreg import epps_pulley
from noisedim.objectives.methods.wasserstein import imq_mmd, sliced_w2
from noisedim.priors import GaussianPrior


def sample(n, d, seed=0, scale=1.0):
    return scale * torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def epps_pulley_closed_form(x):
    # The three parts of ∫|φ̂ − φ|² e^{−t²/2} dt are Gaussian integrals.
    n = len(x)
    pairs = sum(math.exp(-((a - b) ** 2) / 2) for a in x for b in x) / n**2
    cross = sum(math.exp(-(a**2) / 4) for a in x) / n / math.sqrt(2)
    return n * math.sqrt(2 * math.pi) * (pairs - 2 * cross + 1 / math.sqrt(3))


def test_epps_pulley_is_its_integral():
    x = sample(15, 1)[:, 0].numpy() * 1.4

    def integrand(t):
        gap = np.exp(1j * t * x).mean() - math.exp(-t * t / 2)
        return abs(gap) ** 2 * math.exp(-t * t / 2)

    quadrature = len(x) * integrate.quad(integrand, -8, 8, epsabs=1e-12)[0]
    assert quadrature == pytest.approx(epps_pulley_closed_form(x), rel=1e-8)
    # Beyond ±5 the weight leaves less than 1e-5 of the integral; 17 knots leave less than 1e-4.
    fine = epps_pulley(torch.from_numpy(x)[:, None], knots=2001)
    assert fine.item() == pytest.approx(quadrature, rel=1e-5)
    assert epps_pulley(torch.from_numpy(x)[:, None]).item() == pytest.approx(quadrature, rel=1e-3)


def test_sigreg_is_prediction_plus_match():
    z, z_prime = sample(20, 3), sample(20, 3, seed=1)
    objective = SIGReg(weight=0.3, slices=8)
    value = objective(z, z_prime, NoisyChannel(GaussianPrior(3), sigma=0.3), generator=torch.Generator().manual_seed(4))
    directions = unit_directions(3, 8, z, torch.Generator().manual_seed(4))
    torch.testing.assert_close(directions.norm(dim=0), torch.ones(8, dtype=torch.float64))
    match = np.mean([epps_pulley_closed_form((u @ directions[:, m]).numpy()) for u in (z, z_prime) for m in range(8)])
    centre = (z + z_prime) / 2
    prediction = np.mean([((u - centre) ** 2).mean().item() for u in (z, z_prime)])
    assert value.loss.item() == pytest.approx(0.7 * prediction + 0.3 * match, rel=1e-3)


def test_mmd_pair_by_pair():
    z, y, c = sample(9, 2, scale=2), sample(9, 2, seed=1), 4.0

    def kernel(a, b):
        return c / (c + float(((a - b) ** 2).sum()))

    n = len(z)
    within = sum(kernel(u[i], u[j]) for u in (z, y) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    across = 2 * sum(kernel(a, b) for a in z for b in y) / n**2
    assert imq_mmd(z, y).item() == pytest.approx(within - across, rel=1e-9)


def test_mmd_is_unbiased_and_sees_a_wrong_scale():
    null = [imq_mmd(sample(50, 2, seed=2 * i), sample(50, 2, seed=2 * i + 1)).item() for i in range(200)]
    # Mean of 200 within five of its standard errors.
    assert abs(np.mean(null)) < 5 * np.std(null) / math.sqrt(200)
    assert min(null) < 0
    assert imq_mmd(sample(500, 2, scale=2), sample(500, 2, seed=1)).item() > 0.05


def test_sliced_w2_by_optimal_assignment():
    z, y = sample(12, 3, scale=1.5), sample(12, 3, seed=1)
    directions = unit_directions(3, 6, z, torch.Generator().manual_seed(0))
    costs = []
    for direction in directions.T:
        cost = ((z @ direction)[:, None] - (y @ direction)[None, :]).square().numpy()
        costs.append(cost[optimize.linear_sum_assignment(cost)].mean())
    assert sliced_w2(z, y, directions).item() == pytest.approx(np.mean(costs), rel=1e-9)
    assert sliced_w2(z, z[torch.randperm(12)], directions).item() == pytest.approx(0, abs=1e-24)


def test_each_player_gets_its_own_gradient():
    torch.manual_seed(0)
    channel = NoisyChannel(GaussianPrior(2), sigma=0.3)
    infomax = InfoMax(MLPCritic(2, hidden=8), noisy=False)
    judge = discriminator(2, hidden=8)
    z, z_prime = sample(16, 2).float().requires_grad_(), sample(16, 2, seed=1).float()

    def gradients(loss, variables):
        return torch.autograd.grad(loss, variables, allow_unused=True)

    value = Adversarial(infomax, judge, weight=0.5)(z, z_prime, channel, generator=torch.Generator().manual_seed(3))
    encoder_gradient, *judge_gradient = gradients(value.loss, [z, *judge.parameters()])
    information = infomax(z, z_prime, channel).loss
    deceived = torch.nn.functional.binary_cross_entropy_with_logits(judge(z), torch.ones(16, 1))
    (expected,) = gradients(information + 0.5 * deceived, [z])
    torch.testing.assert_close(encoder_gradient, expected, rtol=1e-4, atol=1e-6)
    real = channel.prior.sample(16, generator=torch.Generator().manual_seed(3))
    discerned = sum(
        torch.nn.functional.binary_cross_entropy_with_logits(judge(points), torch.full((16, 1), target))
        for points, target in ((real, 1.0), (z.detach(), 0.0))
    )
    for ours, theirs in zip(judge_gradient, gradients(0.5 * discerned, list(judge.parameters())), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_without_noise_plain_infomax_draws_none():
    channel = NoisyChannel(GaussianPrior(2), sigma=0.3)
    critic = MLPCritic(2)
    z, z_prime = sample(16, 2).float(), sample(16, 2, seed=1).float()
    clean = [InfoMax(critic, noisy=False)(z, z_prime, channel).loss.item() for _ in range(2)]
    noisy = [InfoMax(critic)(z, z_prime, channel).loss.item() for _ in range(2)]
    assert clean[0] == clean[1]
    assert noisy[0] != noisy[1]


def test_bad_input():
    with pytest.raises(InvalidInputError, match="knots must be odd; got 16"):
        epps_pulley(sample(5, 1), knots=16)
    with pytest.raises(InvalidInputError, match=r"one shape; got \(5, 2\) and \(4, 2\)"):
        sliced_w2(sample(5, 2), sample(4, 2), torch.eye(2, dtype=torch.float64))
    with pytest.raises(InvalidInputError, match=r"weight must be a number in \[0, 1\]"):
        SIGReg(weight=2.0)
