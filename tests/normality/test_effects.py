"""Effect sizes: 0 within the interval for the prior, far for others, whatever the number of rows."""

import numpy as np
import pytest

from noisedim.normality.effects import EFFECT_WORDS, effect_sizes, effects_at_prior


def test_the_prior_is_where_it_should_be():
    z = np.random.default_rng(0).standard_normal((1500, 3))
    found, at_prior = effect_sizes(z), effects_at_prior(1500, 3)
    assert list(found) == list(EFFECT_WORDS)
    assert set(at_prior) == {"effective_rank", "knn_kl"}
    for name, effect in found.items():
        slack = 1e-9 if name != "knn_kl" else effect.upper - effect.lower
        assert effect.lower - slack <= at_prior.get(name, 0.0) <= effect.upper + slack, name


@pytest.mark.slow
@pytest.mark.parametrize("dim", [2, 16, 128])
def test_intervals_hold_at_the_prior(dim):
    rng, missed = np.random.default_rng(dim), dict.fromkeys(EFFECT_WORDS, 0)
    for _ in range(60):
        at_prior = {"effective_rank": dim}
        for name, effect in effect_sizes(rng.standard_normal((150, dim))).items():
            missed[name] += not effect.lower - 1e-9 <= at_prior.get(name, 0.0) <= effect.upper + 1e-9
    missed.pop("knn_kl")
    # At most 5%, and four binomial standard deviations.
    assert {name: count for name, count in missed.items() if count > 3 + 4 * 1.7} == {}


def test_others_are_farther_by_the_same_whatever_n():
    rng = np.random.default_rng(1)
    few, many = (effect_sizes(1.3 * rng.standard_normal((n, 3))) for n in (1000, 12_000))
    for name in ("d2", "sliced_w2", "variance_error", "max_sliced_w2"):
        assert few[name].lower > 0, name
        assert abs(few[name].estimate - many[name].estimate) < few[name].upper - few[name].lower, name
    assert many["d2"].n == 10_000  # of more rows a part, and said so
    assert many["knn_kl"].n == 2_000
    assert many["kurtosis_error"].n == 12_000


def test_sizes_are_those_of_closed_forms():
    z = 1.2 * np.random.default_rng(2).standard_normal((4000, 2))
    found = effect_sizes(z)
    for name in ("sliced_w2", "max_sliced_w2"):
        assert found[name].lower < 0.2 < found[name].upper
    r = 1 / (1 + np.sqrt(2))
    variance = 1 + (1.44 - 1) * r  # of scaled rows with noise, in units of the noisy prior's
    assert found["d2"].lower < -np.log(variance * (2 - variance)) < found["d2"].upper
