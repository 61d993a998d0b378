"""An error rate or a level that is no number between 0 and 1 is refused in one sentence, of whatever type it is."""

from fractions import Fraction

import numpy as np
import pytest

from noisedim.assessment import assess
from noisedim.assessment.certificate import certify
from noisedim.assessment.equivalence import equivalence
from noisedim.errors import InvalidInputError
from noisedim.normality.mehler import mehler_divergence
from noisedim.normality.neighbours import neighbour_divergence
from noisedim.normality.p_values import simulations_for
from noisedim.normality.transport import max_sliced_wasserstein, sliced_wasserstein
from noisedim.statistics.design import min_samples
from noisedim.statistics.differences import paired_differences
from noisedim.statistics.equivalence import seeds_needed
from noisedim.statistics.intervals import betting, clopper_pearson, student_t
from noisedim.statistics.roc import auroc

Z = np.random.default_rng(0).normal(size=(60, 2))
TAKERS = {
    "assess": lambda rate: assess(Z, n_star=False, alpha=rate),
    "equivalence": lambda rate: equivalence(Z, alpha=rate),
    "simulations": simulations_for,
    "design, alpha": lambda rate: min_samples(0.1, rate, 0.1, width=1, deviation=1),
    "design, beta": lambda rate: min_samples(0.1, 0.1, rate, width=1, deviation=1),
    "differences": lambda rate: paired_differences({"a": {0: 1.0, 1: 2.0}, "b": {0: 2.0, 1: 2.5}})[0].sign(alpha=rate),
    "seeds, alpha": lambda rate: seeds_needed([0.1], [0.1], 5, margin=1.0, alpha=rate),
    "seeds, power": lambda rate: seeds_needed([0.1], [0.1], 5, margin=1.0, power=rate),
    "certificate": lambda rate: certify(Z, 1.0, level=rate),
    "Student": lambda rate: student_t([1.0, 2.0], level=rate),
    "binomial": lambda rate: clopper_pearson(1, 3, level=rate),
    "betting": lambda rate: betting([0.1, 0.2], 0, 1, level=rate),
    "ROC": lambda rate: auroc([0.1, 0.4], [0.3, 0.9], level=rate),
    "Mehler": lambda rate: mehler_divergence(Z, 1.0, level=rate),
    "neighbours": lambda rate: neighbour_divergence(Z, level=rate),
    "sliced W2": lambda rate: sliced_wasserstein(Z, level=rate),
    "worst slice": lambda rate: max_sliced_wasserstein(Z, level=rate),
}
BAD = ["0.05", b"1", None, True, np.True_, [0.05], np.array([0.05, 0.1]), float("nan"), -0.1, 0, 1, 10**400, 0.05j, {}]


@pytest.mark.parametrize("name", TAKERS)
def test_a_rate_of_any_type_is_checked(name):
    for bad in BAD:
        with pytest.raises(InvalidInputError, match=r"must lie strictly between 0 and \d.*; got "):
            TAKERS[name](bad)


@pytest.mark.parametrize("rate", [Fraction(1, 20), np.float32(0.05), np.array(0.05)], ids=["fraction", "single", "0-d"])
def test_every_kind_of_real_number_is_one(rate):
    for name in ("simulations", "Student", "differences"):
        TAKERS[name](rate)
    assert assess(Z, n_star=False, alpha=rate).alpha == pytest.approx(0.05)
