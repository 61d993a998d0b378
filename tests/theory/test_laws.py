"""Laws against scipy: density, distribution function, tails, moments, samples, shifts; atoms and mixtures by sums."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.theory.laws import Atoms, Laplace, Law, Mixture, Normal, StudentT, Uniform, expectation

PAIRS = {
    "normal": (Normal(1, 2), stats.norm(1, 2)),
    "uniform": (Uniform(-1, 3), stats.uniform(-1, 4)),
    "laplace": (Laplace(0.5, 2), stats.laplace(0.5, 2)),
    "t4": (StudentT(4, 1.0, 2.0), stats.t(4, 1.0, 2.0)),
    "t5, unit variance": (StudentT(5), stats.t(5, 0, math.sqrt(3 / 5))),
}


@pytest.mark.parametrize("name", PAIRS)
def test_against_scipy(name: str) -> None:
    law, reference = PAIRS[name]
    x = np.concatenate([np.linspace(-6, 8, 57), [-40.0, 40.0]])
    np.testing.assert_allclose(law.density(x), reference.pdf(x), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(law.cdf(x), reference.cdf(x), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(law.survival(x), reference.sf(x), rtol=1e-11, atol=1e-300)
    assert law.mean == pytest.approx(reference.mean())
    assert law.variance == pytest.approx(reference.var())


@pytest.mark.parametrize("name", PAIRS)
def test_samples_follow_the_law(name: str) -> None:
    law, reference = PAIRS[name]
    assert stats.kstest(law.sample(2000, np.random.default_rng(0)), reference.cdf).pvalue > 1e-4


@pytest.mark.parametrize("name", PAIRS)
def test_a_wrong_sampler_would_be_found_out(name: str) -> None:
    law, reference = PAIRS[name]
    sample = law.sample(2000, np.random.default_rng(0)) * 1.2 + 0.2
    assert stats.kstest(sample, reference.cdf).pvalue < 1e-4


MOVED = {name: law for name, (law, _) in PAIRS.items()} | {
    "atoms": Atoms((-0.3, 0.6), (0.9, 0.1)),
    "mixture": Mixture((Normal(-1, 0.5), Uniform(0, 3)), (0.8, 0.2)),
}


@given(st.sampled_from(sorted(MOVED)), st.floats(-5, 5))
@settings(max_examples=60, deadline=None)
def test_shifts(name: str, by: float) -> None:
    law = MOVED[name]
    moved, x = law.shifted(by), np.linspace(-4, 4, 9)
    np.testing.assert_allclose(moved.cdf(x + by), law.cdf(x), rtol=1e-9, atol=1e-12)
    assert moved.mean == pytest.approx(law.mean + by)
    assert moved.variance == pytest.approx(law.variance)


def test_atoms() -> None:
    law = Atoms((0.0, 1.0, 3.0), (0.5, 0.25, 0.25))
    assert (law.mean, law.variance) == (1.0, 1.5)
    np.testing.assert_array_equal(law.cdf(np.array([-1, 0, 0.5, 1, 3])), [0, 0.5, 0.5, 0.75, 1])
    np.testing.assert_array_equal(law.survival(np.array([-1, 0, 3])), [1, 0.5, 0])
    counts = np.unique(law.sample(4000, np.random.default_rng(0)), return_counts=True)[1]
    assert stats.chisquare(counts, [2000, 1000, 1000]).pvalue > 1e-4
    assert Atoms((1.0, 2.0), (1.0, 0.0)).atoms == ((1.0, 1.0),)


def test_mixtures_blend_and_collect_atoms() -> None:
    law = Mixture((Normal(0, 1), Atoms((0.0, 2.0)), Uniform(0, 1)), (0.5, 0.2, 0.3))
    assert law.atoms == ((0.0, 0.1), (2.0, 0.1))
    x = np.array([-1.0, 0.5])
    np.testing.assert_allclose(law.density(x), 0.5 * stats.norm.pdf(x) + 0.3 * stats.uniform.pdf(x))
    mean = 0.2 * 1 + 0.3 * 0.5
    second = 0.5 + 0.2 * 2 + 0.3 / 3
    assert law.mean == pytest.approx(mean)
    assert law.variance == pytest.approx(second - mean**2)
    sample = law.sample(4000, np.random.default_rng(1))
    assert stats.binomtest(int((sample == 2.0).sum()), 4000, 0.1).pvalue > 1e-4


@pytest.mark.parametrize(
    "law", [Normal(1, 2), Uniform(0, 3), Laplace(), Atoms((0.0, 2.0)), Mixture((Normal(), Atoms((3.0,))))]
)
def test_expectations_give_the_moments(law: Law) -> None:
    assert expectation(lambda x: x, law) == pytest.approx(law.mean, abs=1e-10)
    assert expectation(lambda x: (x - law.mean) ** 2, law) == pytest.approx(law.variance, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Normal(0, 0), "deviation must be a finite number > 0"),
        (lambda: Normal(math.nan, 1), "center must be finite"),
        (lambda: Uniform(1, 1), "expected finite low < high; got 1 and 1"),
        (lambda: StudentT(2), "degrees must be finite and >= 3; got 2"),
        (lambda: Atoms(()), "at least one part"),
        (lambda: Atoms((0.0, 1.0), (0.5, 0.6)), "2 weights >= 0 that add up to 1"),
        (lambda: Mixture((Normal(),), (0.5,)), "1 weights >= 0 that add up to 1"),
    ],
)
def test_bad_laws_are_refused(make, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        make()
