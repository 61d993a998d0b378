"""The certificate: it covers the true divergence, tightens with n, and says when it is trivial."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from noisedim.assessment.certificate import certify, clip_norms
from noisedim.errors import InvalidInputError
from noisedim.priors import BoxPrior, FullGaussianPrior, SpherePrior, TorusPrior


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


@pytest.mark.slow
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


def atoms_divergence(points, weights, sigma):
    """D₂ of a law of atoms with noise σ from N(0, 1+σ²), by quadrature of p²/q: no kernel."""
    q = stats.norm(0, math.sqrt(1 + sigma**2))
    y = np.linspace(-40, 40, 80_001)
    p = stats.norm(np.array(points)[:, None], sigma).pdf(y) * np.array(weights)[:, None]
    return math.log(integrate.simpson(p.sum(0) ** 2 / q.pdf(y), x=y))


@pytest.mark.parametrize(
    ("points", "weights"),
    [
        ((-1.0, 1.0), (0.5, 0.5)),
        ((-1.7, 0.0, 1.7), (1 / 6, 2 / 3, 1 / 6)),  # near the prior
        ((0.0, 3.2), (0.985, 0.015)),  # a far atom that half of the samples hardly see
        ((0.1, 3.2), (0.997, 0.003)),
    ],
)
def test_it_covers_laws_whose_far_atoms_are_rare(points, weights):
    rng = np.random.default_rng(5)
    truth = atoms_divergence(points, weights, 1.0)
    trials, n = 80, 80
    bounds = [certify(rng.choice(points, size=(n, 1), p=weights), 1.0, level=0.8).bound for _ in range(trials)]
    # Of 80 certificates at 80%, more than 34 misses have a chance below 1e-5.
    assert sum(bound < truth for bound in bounds) <= stats.binom.ppf(1 - 1e-5, trials, 0.2)
    assert min(bounds) < 30 * truth + 1


def test_its_width_falls_as_one_over_n():
    z = np.random.default_rng(6).standard_normal((1600, 1))
    few, many = certify(z[:400], 1.0).bound, certify(z, 1.0).bound
    # 1/n is what ‖ḡ‖² has at the prior; a bound over all directions was 0.16 and 0.025.
    assert 1 / 400 < few < 0.08
    assert 1 / 1600 < many < 0.014


def test_spheres_and_the_torus_have_no_radius():
    sphere, torus = SpherePrior(2, radius=2.0, noise="von-mises-fisher"), TorusPrior(2)
    for prior in (sphere, torus):
        z = prior.sample(900, generator=torch.Generator().manual_seed(0), dtype=torch.float64).numpy()
        certificate = certify(z, 0.7, prior=prior)
        assert certificate.certified
        assert certificate.radius is None
        assert certificate.clipped == 0
        assert (certificate.prior, certificate.dim) == (prior.name, 2)
        assert 1 / 900 < certificate.bound < 0.1
        # Gathered in one place: D₂ is what the kernel is there, and no bound may lie below.
        gathered = certify(np.tile(z[:1], (900, 1)), 0.7, prior=prior)
        assert not gathered.certified
        assert gathered.estimate > prior.capacity(0.7)
        assert gathered.bound == pytest.approx(gathered.estimate, rel=1e-9)
        with pytest.raises(InvalidInputError, match=r"norm.* 0\.0001.* and no radius"):
            certify(z, 0.7, prior=prior, radius=1.0)
        with pytest.raises(InvalidInputError, match=r"norm.* 0\.0001.* and no radius"):
            certify(1.1 * z, 0.7, prior=prior)


@pytest.mark.slow
def test_on_the_circle_by_quadrature():
    """Two thirds of a circle's points at one place: D₂ of the noisy law from von Mises' densities."""
    prior = TorusPrior(1)
    rng = np.random.default_rng(8)
    angles = np.where(rng.random(2000) < 2 / 3, 1.0, rng.uniform(0, 2 * math.pi, 2000))
    z = np.stack([np.cos(angles), np.sin(angles)], 1)
    y = np.linspace(0, 2 * math.pi, 2000, endpoint=False)
    density = 2 / 3 * stats.vonmises(1 / 0.8**2, loc=1.0).pdf(y) + 1 / 3 / (2 * math.pi)
    renyi = math.log(float(np.mean(density**2)) * (2 * math.pi) ** 2)
    certificate = certify(z, 0.8, prior=prior)
    assert certificate.estimate == pytest.approx(renyi, abs=0.03)
    assert renyi < certificate.bound < renyi + 0.2


def test_a_mapped_law_is_certified_before_its_map():
    u = np.random.default_rng(9).standard_normal((500, 2))
    plain = certify(u, 1.0)
    law = FullGaussianPrior([1.0, -2.0], [[2.0, 0.5], [0.5, 1.0]])
    mapped = certify(law.from_normal(torch.from_numpy(u)).numpy(), 1.0, prior=law)
    assert mapped.bound == pytest.approx(plain.bound, rel=1e-9)
    assert mapped.prior == law.name
    cube = np.random.default_rng(10).random((500, 2))
    box = BoxPrior([0.0, -1.0], [2.0, 1.0])
    boxed = certify(box.from_channel(torch.from_numpy(cube)).numpy(), 0.25, prior=box)
    assert boxed.bound == pytest.approx(certify(cube, 0.25, prior="uniform").bound, rel=1e-9)


@pytest.mark.slow
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


@pytest.mark.slow
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
    assert not certify(z[: rows // 10], noise).certified
