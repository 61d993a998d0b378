"""Entropies, divergences, informations: scipy's closed forms, mpmath's integrals, laws by hypothesis."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.theory.entropy import (
    channel_information,
    differential_entropy,
    gaussian_entropy,
    gaussian_information,
    gaussian_kl_divergence,
    gaussian_renyi_2_divergence,
    kl_divergence,
    noise_information,
    renyi_2_divergence,
)
from noisedim.theory.laws import Atoms, Laplace, Mixture, Normal, StudentT, Uniform
from noisedim.theory.quadrature import QuadratureError
from noisedim.theory.sums import add

levels = st.floats(0.05, 5.0)


@pytest.mark.parametrize(
    ("law", "reference"),
    [
        (Normal(1, 2), stats.norm(1, 2)),
        (Uniform(-1, 3), stats.uniform(-1, 4)),
        (Laplace(0.5, 2), stats.laplace(0.5, 2)),
        (StudentT(4, 1.0, 2.0), stats.t(4, 1.0, 2.0)),
    ],
)
def test_entropy_against_scipy(law, reference) -> None:
    assert differential_entropy(law) == pytest.approx(float(reference.entropy()), abs=1e-9)


@pytest.mark.slow
def test_entropy_of_a_mixture_against_mpmath() -> None:
    law = Mixture((Normal(-1, 0.3), Normal(1, 0.5)), (0.3, 0.7))

    def integrand(x):
        p = 0.3 * mpmath.npdf(x, -1, 0.3) + 0.7 * mpmath.npdf(x, 1, 0.5)
        return -p * mpmath.log(p) if p > 1e-200 else mpmath.mpf(0)

    exact = mpmath.quad(integrand, np.linspace(-5, 7, 49).tolist())
    assert differential_entropy(law) == pytest.approx(float(exact), abs=1e-11)


def test_atoms_have_no_density() -> None:
    assert differential_entropy(Atoms((0.0, 1.0))) == -math.inf
    assert kl_divergence(Atoms((0.0,)), Normal()) == math.inf
    assert renyi_2_divergence(Atoms((0.0,)), Normal()) == math.inf
    with pytest.raises(InvalidInputError, match="the reference must have a density"):
        kl_divergence(Normal(), Atoms((0.0,)))


@given(st.floats(-2, 2), levels, levels)
@settings(max_examples=40, deadline=None)
def test_normal_divergences(mean: float, first: float, second: float) -> None:
    kl = math.log(second / first) + (first**2 + mean**2) / (2 * second**2) - 0.5
    assert kl_divergence(Normal(mean, first), Normal(0, second)) == pytest.approx(kl, rel=1e-9, abs=1e-10)
    matrices = [mean], [[first**2]], [0.0], [[second**2]]
    assert gaussian_kl_divergence(*matrices) == pytest.approx(kl, rel=1e-9, abs=1e-10)
    blend = 2 * second**2 - first**2
    if blend > 0.2 * second**2:
        renyi = mean**2 / blend - math.log(blend * first**2 / second**4) / 2
        assert gaussian_renyi_2_divergence(*matrices) == pytest.approx(renyi, rel=1e-9, abs=1e-10)
        assert renyi >= kl - 1e-10
    elif blend <= 0:
        assert gaussian_renyi_2_divergence(*matrices) == math.inf


@pytest.mark.parametrize("scale", [1e-24, 1e-16, 1e-8, 0.4, 1 - 1e-9, 1.0, 1.6, 1e8, 1e16])
def test_divergences_of_scales_far_apart_and_near(scale: float) -> None:
    # One coordinate of three, turned into all of them, is wider or narrower than the reference.
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    for frame, reference in ((np.eye(3), np.diag([1.0, 1.0, 1e-12])), (turn, np.eye(3))):
        if frame is turn and scale < 1e-8:
            continue  # the turned matrix does not hold the digits
        law = np.diag([1.0, 1.0, scale * reference[2, 2]])
        law, wide = (frame @ matrix @ frame.T for matrix in (law, reference))
        ratio = mpmath.mpf(scale)
        exact = (ratio - 1 - mpmath.log(ratio)) / 2
        found = gaussian_kl_divergence(np.zeros(3), (law + law.T) / 2, np.zeros(3), (wide + wide.T) / 2)
        assert found == pytest.approx(float(exact), rel=1e-9, abs=1e-15 if frame is not turn else 1e-7)


def test_mass_outside_is_infinite() -> None:
    assert kl_divergence(Uniform(0, 2), Uniform(0, 1)) == math.inf
    assert renyi_2_divergence(Uniform(-1, 1), Uniform(0, 1)) == math.inf
    assert kl_divergence(Uniform(0, 0.5), Uniform(0, 1)) == pytest.approx(math.log(2))
    assert renyi_2_divergence(Uniform(0, 0.5), Uniform(0, 1)) == pytest.approx(math.log(2))


def test_an_infinite_renyi_divergence_is_not_a_number() -> None:
    with pytest.raises(QuadratureError, match="does not die out"):
        renyi_2_divergence(Normal(0, 2), Normal(0, 1))


@given(levels)
@settings(max_examples=25, deadline=None)
def test_information_of_the_normal_channel(sigma: float) -> None:
    assert channel_information(Normal(), Normal(0, sigma)) == pytest.approx(math.log1p(sigma**-2) / 2, abs=1e-10)
    assert noise_information(Normal(), Normal(0, sigma)) == pytest.approx(math.log1p(sigma**2) / 2, abs=1e-10)


@pytest.mark.parametrize("law", [Uniform(-1, 1), Laplace(), Mixture((Normal(-1, 0.2), Normal(1, 0.4)))])
def test_more_noise_less_information(law) -> None:
    values = [channel_information(law, Normal(0, sigma)) for sigma in (0.1, 0.3, 1.0, 3.0)]
    assert values == sorted(values, reverse=True)
    assert noise_information(law, Normal(0, 0.3)) == pytest.approx(
        differential_entropy(add(law, Normal(0, 0.3))) - differential_entropy(law)
    )


def test_gaussian_vectors_against_scipy_and_slogdet() -> None:
    rng = np.random.default_rng(0)
    for dim in (1, 3, 20):
        root = rng.standard_normal((2 * dim, 3 * dim))
        joint = root @ root.T / (3 * dim)
        joint = (joint + joint.T) / 2
        assert gaussian_entropy(joint) == pytest.approx(stats.multivariate_normal(cov=joint).entropy(), rel=1e-10)
        parts = joint[:dim, :dim], joint[dim:, dim:]
        expected = sum(np.linalg.slogdet(part)[1] for part in parts) - np.linalg.slogdet(joint)[1]
        assert gaussian_information(joint, dim) == pytest.approx(expected / 2, rel=1e-9)
        mean = rng.standard_normal(dim)
        inverse = np.linalg.inv(parts[1])
        kl = np.trace(inverse @ parts[0]) - dim + mean @ inverse @ mean
        kl += np.linalg.slogdet(parts[1])[1] - np.linalg.slogdet(parts[0])[1]
        assert gaussian_kl_divergence(mean, parts[0], np.zeros(dim), parts[1]) == pytest.approx(kl / 2, rel=1e-8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gaussian_entropy([[1.0, 2.0]]), "must be a finite square matrix"),
        (lambda: gaussian_entropy([[1.0, 0.5], [0.2, 1.0]]), "must be symmetric"),
        (lambda: gaussian_entropy([[1.0, 2.0], [2.0, 1.0]]), "must be positive definite; its least eigenvalue is -1"),
        (lambda: gaussian_information(np.eye(3), 3), "first must lie between 1 and 2; got 3"),
        (lambda: gaussian_kl_divergence([0.0], np.eye(3), np.zeros(3), np.eye(3)[:2, :2]), r"of shape \(d,\)"),
        (lambda: gaussian_kl_divergence(0.0, np.eye(3), 0.0, np.eye(3)), r"got \(\), \(3, 3\)"),
        (lambda: gaussian_renyi_2_divergence([math.nan], [[1.0]], [0.0], [[1.0]]), "expected finite means"),
    ],
)
def test_bad_matrices_are_refused(call, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        call()
