"""LARS against timm's and lightly's, in float64; who is left out of decay and adaptation; the schedule."""

import math

import pytest
import torch
from lightly.utils.lars import LARS as LightlyLARS
from timm.optim import Lars as TimmLars
from torch import nn

from noisedim.errors import InvalidInputError
from noisedim.training.optimizers import LARS, OptimiserConfig, clip_gradients, learning_rate, make_optimizer


def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)).double()


def trained(make, *, rates=(0.05, 0.3, 0.2, 0.1, 0.02), scale=1.0):
    """Weights after a few steps, each with its own learning rate."""
    model = network()
    optimizer = make(model)
    generator = torch.Generator().manual_seed(1)
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        x = torch.randn(16, 6, generator=generator, dtype=torch.float64)
        optimizer.zero_grad()
        (scale * model(x).square().sum(1).mean()).backward()
        optimizer.step()
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


def groups(model, decay):
    """Matrices with decay, all else without: what the peers take for being left out."""
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    return [
        {"params": matrices, "weight_decay": decay},
        {"params": [weight for weight in model.parameters() if weight.ndim <= 1], "weight_decay": 0.0},
    ]


CONFIG = OptimiserConfig(name="lars", learning_rate=0.3, weight_decay=1e-2, trust=0.02, momentum=0.9)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_clipped_as_timm(scale):
    ours = trained(lambda model: make_optimizer(CONFIG, model.parameters()), scale=scale)
    theirs = trained(
        lambda model: TimmLars(groups(model, 1e-2), lr=0.3, momentum=0.9, trust_coeff=0.02, trust_clip=True, eps=0.0),
        scale=scale,
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_clipping_acts_where_it_should():
    def weights(clip, scale):
        config = OptimiserConfig(name="lars", learning_rate=0.3, weight_decay=1e-2, trust_clip=clip)
        return trained(lambda model: make_optimizer(config, model.parameters()), scale=scale)

    # Small gradients: the clipped step is plain SGD's.
    def sgd(scale):
        config = OptimiserConfig(name="sgd", learning_rate=0.3, weight_decay=1e-2)
        return trained(lambda model: make_optimizer(config, model.parameters()), scale=scale)

    torch.testing.assert_close(weights(True, 1e-6), sgd(1e-6), rtol=1e-10, atol=1e-12)
    assert float((weights(True, 1e-3) - weights(False, 1e-3)).abs().max()) > 1e-3


def test_unclipped_as_lightly():
    config = OptimiserConfig(name="lars", learning_rate=0.3, weight_decay=1e-2, trust_clip=False)
    ours = trained(lambda model: make_optimizer(config, model.parameters()))
    theirs = trained(
        lambda model: LightlyLARS(groups(model, 1e-2), lr=0.3, momentum=0.9, trust_coefficient=0.02, eps=0.0)
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_biases_and_normalisations_are_neither_adapted_nor_decayed():
    model = network()
    optimizer = make_optimizer(CONFIG, model.parameters())
    (adapted, plain) = optimizer.param_groups
    assert {weight.ndim for weight in adapted["params"]} == {2}
    assert {weight.ndim for weight in plain["params"]} == {1}
    assert (adapted["weight_decay"], plain["weight_decay"], adapted["adapt"], plain["adapt"]) == (
        1e-2,
        0.0,
        True,
        False,
    )


def test_zeros_and_missing_gradients():
    zero, unused = nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.ones(2, 2))
    optimizer = LARS([zero, unused], lr=0.1, trust=0.02)
    zero.sum().backward()
    optimizer.step()
    torch.testing.assert_close(zero.detach(), torch.full((2, 2), -0.1))
    assert torch.equal(unused.detach(), torch.ones(2, 2))
    still = nn.Parameter(torch.ones(3, 3))
    optimizer = LARS([still], lr=0.0)
    (still * 2).sum().backward()
    optimizer.step()
    assert torch.equal(still.detach(), torch.ones(3, 3))


def test_rate_is_for_a_reference_batch():
    config = OptimiserConfig(learning_rate=0.3, reference_batch=256, warmup=0, cosine=False)
    assert learning_rate(config, 0, 10, batch_size=1024) == pytest.approx(1.2)
    assert learning_rate(config, 0, 10) == pytest.approx(0.3)


def test_bad_input():
    with pytest.raises(InvalidInputError, match="optimiser.name must be one of 'adam', 'lars', 'sgd'; got 'lamb'"):
        OptimiserConfig(name="lamb")
    with pytest.raises(InvalidInputError, match=r"optimiser.momentum must lie in \[0, 1\); got 1"):
        OptimiserConfig(momentum=1)
    with pytest.raises(InvalidInputError, match="optimiser.trust must be a finite number > 0"):
        OptimiserConfig(trust=0)


@pytest.mark.parametrize("factor", [0.0, 1e-3, 0.9995, 1 - 1e-7, 1.0, 1 + 1e-7, 1.0005, 30.0, math.nan, math.inf])
def test_clipping_is_pytorchs_to_the_bit(factor):
    """``factor``: the gradient's norm, as a multiple of the largest."""
    largest, generator = 10.0, torch.Generator().manual_seed(0)
    ours, theirs = ([nn.Parameter(torch.zeros(shape)) for shape in ((40, 30), (40,), (3, 3), (2,))] for _ in range(2))
    drawn = [torch.randn(parameter.shape, generator=generator) for parameter in ours[:-1]]
    norm = torch.linalg.vector_norm(torch.cat([gradient.flatten() for gradient in drawn]))
    # The last parameter has no gradient.
    for gradient, own, their in zip(drawn, ours, theirs, strict=False):
        own.grad, their.grad = (gradient * (largest * factor / norm) for _ in range(2))
    clip_gradients(ours, largest)
    nn.utils.clip_grad_norm_(theirs, largest)
    for own, their in zip(ours[:-1], theirs, strict=False):
        torch.testing.assert_close(own.grad, their.grad, rtol=0, atol=0, equal_nan=True)
    assert ours[-1].grad is None
    if factor > 1.001:
        assert not torch.equal(ours[0].grad, drawn[0] * (largest * factor / norm))
