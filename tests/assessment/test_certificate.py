"""The certificate: it covers the true divergence, tightens with n, and says when it is trivial."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from noisedim.assessment.certificate import certify, clip_norms
from noisedim.errors import InvalidInputError


def divergence(scale, shift, sigma, radius):
    """KL and D₂, by quadrature, of a clipped N(shift, scale²) with noise σ from N(0, 1+σ²), nats."""
    grid = np.linspace(-radius, radius, 801)
    weights = stats.norm(shift, scale).pdf(grid) * (grid[1] - grid[0])
    weights[[0, -1]] *= 0.5
    law = stats.norm(shift, scale)
    weights[0] += law.cdf(-radius)
    weights[-1] += law.sf(radius)
    weights /= weights.sum()
    q = stats.norm(0, math.sqrt(1 + sigma**2))

    def p(y):
        return float(weights @ stats.norm(grid, sigma).pdf(y))

    kl = integrate.quad(lambda y: p(y) * math.log(p(y) / q.pdf(y)), -9, 9, limit=300)[0]
    renyi = math.log(integrate.quad(lambda y: p(y) ** 2 / q.pdf(y), -9, 9, limit=300)[0])
    return kl, renyi


@pytest.mark.parametrize(("scale", "shift", "n"), [(1.0, 0.0, 400), (0.6, 0.3, 60), (1.3, 0.0, 1000)])
def test_coverage(scale, shift, n):
    rng = np.random.default_rng(0)
    radius = math.sqrt(stats.chi2.ppf(0.999, 1))
    kl, renyi = divergence(scale, shift, 1.0, radius)
    assert kl <= renyi + 1e-9
    bounds = [certify(scale * rng.standard_normal((n, 1)) + shift, 1.0).bound for _ in range(40)]
    # At level 95%, the bound misses D₂ (which is at least the divergence) in 10 of 40 samples with probability below 1e-5.
    assert sum(bound < renyi for bound in bounds) < 10
    assert min(bounds) > 0


def test_more_rows_certify_more():
    z = np.random.default_rng(1).standard_normal((4000, 2))
    certificates = [certify(z[:n], 1.0) for n in (100, 1000, 4000)]
    bounds = [certificate.bound for certificate in certificates]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] < 0.05
    assert certificates[-1].certified
    # At rate 1/n: with 4 times the rows, at most half of the bound.
    assert bounds[2] < bounds[1] / 2


def test_where_nothing_can_be_certified_it_says_so():
    z = np.random.default_rng(2).standard_normal((300, 16))
    empty = certify(z, 0.1)
    assert not empty.certified
    assert "not certifiable at noise 0.1 with 300 rows" in str(empty)
    assert math.isfinite(empty.bound)
    assert "nats with probability 0.95" in str(certify(z[:, :1], 1.0))


@pytest.mark.parametrize(
    ("dim", "noise", "prior"), [(300, 0.3, "normal"), (512, 0.1, "normal"), (512, 0.25, "uniform")]
)
def test_where_the_kernel_overflows_its_range_is_the_bound(dim, noise, prior):
    rng = np.random.default_rng(4)
    certificate = certify(rng.random((40, dim)), noise, prior=prior)
    assert certificate.method == "range"
    assert not certificate.certified
    assert certificate.trivial <= certificate.bound < math.inf


def test_a_collapsed_embedding_is_not_certified_close():
    assert certify(np.zeros((2000, 1)), 1.0).bound > divergence(1e-3, 0.0, 1.0, 3.3)[0]


def test_uniform_prior():
    # Even uniform embeddings with noise are not uniform on the enlarged cube: KL = d(log(1+2ε) − ε), ε ≤ 1/2.
    z = np.random.default_rng(3).random((1500, 1))
    certificate = certify(z, 0.25, prior="uniform")
    assert math.log(1.5) - 0.25 < certificate.bound < 0.4
    assert certificate.certified
    with pytest.raises(InvalidInputError, match=r"values in \[0, 1\] and no radius"):
        certify(z + 1, 0.25, prior="uniform")


def test_clipping():
    z = clip_norms(np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]]), 1.0)
    np.testing.assert_allclose(z, [[0.6, 0.8], [0.3, 0.4], [0, 0]])
    np.testing.assert_allclose(
        clip_norms(np.array([[3e300, 4e300], [3e-300, 4e-300]]), 1.0), [[0.6, 0.8], [3e-300, 4e-300]]
    )


def test_bad_input():
    with pytest.raises(InvalidInputError, match="at least 20 rows"):
        certify(np.zeros((19, 1)), 1.0)
    with pytest.raises(InvalidInputError, match="noise_level must be"):
        certify(np.zeros((30, 1)), 0.0)
    with pytest.raises(InvalidInputError, match="noise_level must lie in"):
        certify(np.zeros((30, 1)), 1e-200)
    with pytest.raises(InvalidInputError, match="level must lie"):
        certify(np.zeros((30, 1)), 1.0, level=1.0)


def test_clipped_rows_are_told_and_nothing_is_said_of_them():
    z = np.random.default_rng(3).standard_normal((4000, 1))
    far = z.copy()
    far[:3] = 1e6
    plain, found = certify(z, 1.0, radius=5.0), certify(far, 1.0, radius=5.0)
    assert plain.clipped == 0
    assert "KL(clip_R(f(X))+Z ‖ noisy prior) ≤" in str(plain)
    assert "R = 5, 0 rows clipped)" in str(plain)
    assert found.clipped == 3
    assert "3 rows clipped): it certifies the clipped embedding" in str(found)
    assert certify(np.random.default_rng(4).random((3000, 1)), 0.25, prior="uniform").clipped == 0


@pytest.mark.parametrize(("dim", "noise", "rows"), [(2, 1.0, 500), (4, 1.0, 1000), (8, 1.0, 1000)])
def test_the_example_of_the_command_succeeds_on_a_perfect_match_and_not_on_too_few_rows(dim, noise, rows):
    z = np.random.default_rng(7).standard_normal((rows, dim))
    assert certify(z, noise).certified
    assert not certify(z[: rows // 4], noise).certified
