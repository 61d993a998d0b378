"""Effect sizes: near their value at the prior for the prior, far for others, whatever the number of rows."""

import numpy as np

from noisedim.normality.effects import EFFECT_WORDS, effect_sizes, effects_at_prior


def test_the_prior_is_where_it_should_be():
    z = np.random.default_rng(0).standard_normal((1500, 3))
    found, at_prior = effect_sizes(z), effects_at_prior(1500, 3)
    assert list(found) == list(EFFECT_WORDS)
    for name, value in at_prior.items():
        width = found[name].upper - found[name].lower
        assert abs(found[name].estimate - value) < 3 * width + 0.02, name


def test_others_are_farther_by_the_same_whatever_n():
    rng = np.random.default_rng(1)
    few, many = (effect_sizes(1.3 * rng.standard_normal((n, 3))) for n in (1000, 12_000))
    for name in ("d2", "sliced_w2", "variance_error", "max_sliced_w2"):
        assert few[name].lower > 0, name
        assert abs(few[name].estimate - many[name].estimate) < few[name].upper - few[name].lower, name
    assert many["d2"].n == 10_000  # of more rows a part, and said so
    assert many["knn_kl"].n == 2_000
    assert many["mean_error"].n == 12_000
