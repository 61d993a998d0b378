"""X + Z: densities against mpmath's convolutions, in the middle and far out; moments, atoms, refusals."""

import itertools
import math

import mpmath
import numpy as np
import pytest

from noisedim.errors import InvalidInputError
from noisedim.theory.laws import Atoms, Laplace, Law, Mixture, Normal, StudentT, Uniform
from noisedim.theory.quadrature import integrate
from noisedim.theory.sums import add


def symbolic(law: Law):
    """Density in mpmath, and where it has a kink or a peak."""
    if isinstance(law, Normal):
        return lambda x: mpmath.npdf(x, law.center, law.deviation), [law.center]
    if isinstance(law, Uniform):
        return lambda x: mpmath.mpf(1) / law.width if law.low <= x <= law.high else mpmath.mpf(0), [law.low, law.high]
    if isinstance(law, Laplace):
        return lambda x: mpmath.exp(-abs(x - law.center) / law.scale) / (2 * law.scale), [law.center]
    nu = mpmath.mpf(law.degrees)
    scale = mpmath.mpf(law._unit)
    height = mpmath.gamma((nu + 1) / 2) / mpmath.gamma(nu / 2) / mpmath.sqrt(nu * mpmath.pi) / scale
    return lambda x: height * (1 + ((x - law.center) / scale) ** 2 / nu) ** (-(nu + 1) / 2), [law.center]


def convolved(law: Law, noise: Law, y: float) -> float:
    p, places = symbolic(law)
    q, noise_places = symbolic(noise)
    spread = 12 * math.sqrt(noise.variance)
    low, high = (
        (noise.low, noise.high) if isinstance(noise, Uniform) else (noise.center - spread, noise.center + spread)
    )
    kinks = [y - place for place in places if low < y - place < high] + [z for z in noise_places if low < z < high]
    steps = np.linspace(low, high, 9).tolist()
    with mpmath.workdps(25):
        return float(mpmath.quad(lambda z: p(y - z) * q(z), sorted({low, high, *kinks, *steps})))


CASES = {
    f"{type(law).__name__}+{type(noise).__name__}{k}": (law, noise)
    for k, (law, noise) in enumerate(
        [
            (Normal(0.5, 1), Normal(-1, 0.3)),
            (Uniform(-1, 2), Normal(0, 0.4)),
            (Laplace(1.0), Normal(0, 0.1)),
            (Laplace(0, 0.2), Normal(0.7, 2.0)),
            (StudentT(5), Normal(0, 0.5)),
            (StudentT(3, 1.0), Normal(0.5, 2.0)),
            (Normal(0, 1), Uniform(-0.5, 0.5)),
            (Uniform(0, 1), Uniform(-0.25, 0.25)),
            (Laplace(), Uniform(-2, 2)),
        ]
    )
}


@pytest.mark.parametrize("name", CASES)
def test_density_is_the_convolution(name: str) -> None:
    law, noise = CASES[name]
    total = add(law, noise)
    deviation = math.sqrt(total.variance)
    places = total.mean + deviation * np.array([-6.0, -2.3, -0.7, 0.0, 0.41, 1.1, 3.0])
    found = total.density(places)
    for y, value in zip(places, found, strict=True):
        assert value == pytest.approx(convolved(law, noise, float(y)), rel=1e-8, abs=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_mass_and_moments(name: str) -> None:
    law, noise = CASES[name]
    total = add(law, noise)
    assert integrate(total.density, total.breakpoints, tolerance=1e-9).value == pytest.approx(1, abs=1e-8)
    assert total.mean == pytest.approx(law.mean + noise.mean)
    assert total.variance == pytest.approx(law.variance + noise.variance)
    moved = total.shifted(2.0)
    np.testing.assert_allclose(moved.density(np.array([2.3])), total.density(np.array([0.3])), rtol=1e-9, atol=1e-15)


def test_atoms_and_mixtures_become_mixtures_of_noise() -> None:
    total = add(Mixture((Atoms((0.0, 1.0)), Normal(0, 1)), (0.4, 0.6)), Normal(0, 0.5))
    x = np.linspace(-2, 2, 9)
    expected = 0.2 * Normal(0, 0.5).density(x) + 0.2 * Normal(1, 0.5).density(x)
    expected = expected + 0.6 * Normal(0, math.hypot(1, 0.5)).density(x)
    np.testing.assert_allclose(total.density(x), expected, rtol=1e-14)
    assert not total.atoms
    assert add(Atoms((3.0,)), Uniform(-1, 1)) == Uniform(2, 4)


def test_samples_follow_the_sum() -> None:
    total = add(Laplace(), Normal(0, 0.5))
    sample = total.sample(20_000, np.random.default_rng(0))
    counts, edges = np.histogram(sample, bins=np.linspace(-2, 2, 9))
    masses = [
        integrate(total.density, [a, 0.0, b] if a < 0 < b else [a, b]).value for a, b in itertools.pairwise(edges)
    ]
    deviations = (counts - 20_000 * np.array(masses)) / np.sqrt(20_000 * np.array(masses))
    assert np.abs(deviations).max() < 5


def test_noise_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="noise must be Normal or Uniform; got Laplace"):
        add(Normal(), Laplace())
