"""Each loss against its formula written out in NumPy, one pair or entry at a time; and what it is blind to."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisedim.channel import NoisyChannel
from noisedim.errors import InvalidInputError
from noisedim.nets import projector
from noisedim.objectives import Siamese, align_uniform, barlow_twins, nt_xent, vicreg, whitening_mse
from noisedim.priors import GaussianPrior

EXACT = {"rel": 1e-9, "abs": 1e-9}


def views(n=7, k=3, seed=0, noise=0.5):
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((n, k)) * 1.7 + 0.3
    return a, a + noise * rng.standard_normal((n, k))


def tensors(*arrays):
    return tuple(torch.from_numpy(array) for array in arrays)


def cosine(u, v):
    return u @ v / math.sqrt((u @ u) * (v @ v))


def test_nt_xent_pair_by_pair():
    a, b = views()
    rows, n, temperature = [*a, *b], len(a), 0.3
    losses = []
    for i in range(2 * n):
        j = (i + n) % (2 * n)
        others = sum(math.exp(cosine(rows[i], rows[k]) / temperature) for k in range(2 * n) if k != i)
        losses.append(-math.log(math.exp(cosine(rows[i], rows[j]) / temperature) / others))
    assert nt_xent(*tensors(a, b), temperature=temperature).item() == pytest.approx(np.mean(losses), **EXACT)


def test_align_uniform_pair_by_pair():
    a, b = (u / np.linalg.norm(u, axis=1, keepdims=True) for u in views())
    n = len(a)
    alignment = np.mean([np.sum((a[i] - b[i]) ** 2) for i in range(n)])
    potentials = [
        math.log(np.mean([math.exp(-2 * np.sum((u[i] - u[j]) ** 2)) for i in range(n) for j in range(n) if i != j]))
        for u in (a, b)
    ]
    expected = alignment + 0.7 * np.mean(potentials)
    assert align_uniform(*tensors(*views()), uniformity=0.7).item() == pytest.approx(expected, **EXACT)


def test_vicreg_entry_by_entry():
    a, b = views()
    distance = np.mean([(a[i, j] - b[i, j]) ** 2 for i in range(len(a)) for j in range(a.shape[1])])
    spread = off = 0.0
    for u in (a, b):
        covariance = np.cov(u.T)
        spread += np.mean([max(0.0, 1 - math.sqrt(covariance[j, j] + 1e-4)) for j in range(3)])
        off += sum(covariance[i, j] ** 2 for i in range(3) for j in range(3) if i != j) / 3
    assert spread > 0 or off > 0
    expected = 25 * distance + 25 * spread + 1 * off
    assert vicreg(*tensors(a, b)).item() == pytest.approx(expected, **EXACT)
    small = vicreg(*tensors(a * 0.1, b * 0.1), invariance=0, covariance=0).item()
    hinge = sum(np.mean([max(0.0, 1 - math.sqrt(0.01 * u[:, j].var(ddof=1) + 1e-4)) for j in range(3)]) for u in (a, b))
    assert hinge > 0.5
    assert small == pytest.approx(25 * hinge, **EXACT)


def test_barlow_twins_entry_by_entry():
    a, b = views(n=50)
    expected = 0.0
    for i in range(3):
        for j in range(3):
            correlation = np.corrcoef(a[:, i], b[:, j])[0, 1]
            expected += (1 - correlation) ** 2 if i == j else 0.3 * correlation**2
    # The loss adds 1e-5 to variances of about 3, as batch normalisation does.
    assert barlow_twins(*tensors(a, b), redundancy=0.3).item() == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_whitening_by_scipy():
    a, b = views(n=12, k=2)
    loss = whitening_mse(*tensors(a, b), group=12).item()
    whitened = []
    for u in (a, b):
        centred = u - u.mean(0)
        z = np.linalg.solve(np.linalg.cholesky(np.cov(u.T)), centred.T).T
        np.testing.assert_allclose(np.cov(z.T), np.eye(2), atol=1e-10)
        whitened.append(z)
    expected = np.mean([2 - 2 * cosine(whitened[0][i], whitened[1][i]) for i in range(12)])
    assert loss == pytest.approx(expected, rel=1e-4)


def test_whitening_groups_are_random_and_shared_by_the_views():
    a, _ = views(n=40, k=2)
    a = torch.from_numpy(a)
    losses = {whitening_mse(a, a.flip(1), generator=torch.Generator().manual_seed(seed)).item() for seed in range(4)}
    assert len(losses) == 4
    # Equal views stay equal only if both are whitened in the same groups.
    assert whitening_mse(a, a, generator=torch.Generator().manual_seed(0)).item() == pytest.approx(0, abs=1e-20)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 10), st.floats(-3, 3))
def test_what_each_loss_does_not_see(seed, scale, offset):
    a, b = tensors(*views(n=16, seed=seed))
    scaled = a * scale, b * scale
    for loss in (nt_xent, align_uniform):
        assert loss(*scaled).item() == pytest.approx(loss(a, b).item(), rel=1e-9)
    assert vicreg(a + offset, b + offset).item() == pytest.approx(vicreg(a, b).item(), rel=1e-9)
    assert barlow_twins(scaled[0] + offset, scaled[1] + offset).item() == pytest.approx(
        barlow_twins(a, b).item(), rel=1e-3, abs=1e-4
    )
    moved = scaled[0] + offset, scaled[1] + offset
    assert whitening_mse(*moved, group=16).item() == pytest.approx(whitening_mse(a, b, group=16).item(), rel=1e-6)


def test_order_of_images_is_irrelevant():
    a, b = tensors(*views(n=16))
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    for loss in (nt_xent, align_uniform, vicreg, barlow_twins):
        assert loss(a[order], b[order]).item() == pytest.approx(loss(a, b).item(), rel=1e-9)
        # Negative control: pairs torn apart cost more.
        assert loss(a, b[order]).item() > loss(a, b).item()


def test_objective_projects_both_views_in_one_pass():
    head = projector(3, 5)
    objective = Siamese(lambda a, b, _: vicreg(a, b), head)
    a, b = (u.float() for u in tensors(*views(n=16)))
    value = objective(a, b, NoisyChannel(GaussianPrior(3), sigma=0.3))
    expected = vicreg(*head(torch.cat([a, b])).chunk(2))
    assert value.loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert math.isnan(value.bound.item())
    assert value.ceiling == math.inf
    assert not value.bound.requires_grad


def test_bad_input():
    a, b = tensors(*views(n=8))
    with pytest.raises(InvalidInputError, match="one row per image each; got 8 and 7"):
        vicreg(a, b[:7])
    with pytest.raises(InvalidInputError, match="temperature must be a finite number > 0"):
        nt_xent(a, b, temperature=0.0)
    with pytest.raises(InvalidInputError, match="whitening 3 features takes groups of more, and at most 8; got 3"):
        whitening_mse(a, b, group=3)
