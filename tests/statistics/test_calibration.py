"""Calibrated p-values: exact in level, cached, robust to a damaged cache."""

import numpy as np
import pytest
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.statistics import calibration
from noisedim.statistics.calibration import CALIBRATED_TESTS, calibrated_p_value, null_statistics


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path))
    monkeypatch.setattr(calibration, "_memory", {})
    return tmp_path


@pytest.mark.parametrize("test", CALIBRATED_TESTS)
def test_level_is_exact(test):
    # Null statistics of another seed are fresh samples of the null: their p-values are uniform on {1..B+1}/(B+1).
    fresh = null_statistics(test, 60, 2, simulations=500, seed=1)
    p = [calibrated_p_value(test, s, 60, 2, simulations=999) for s in fresh]
    # 500 p-values; against 999 shared null draws the discrepancy has the two-sample law: alpha 1e-6.
    assert stats.ks_2samp(fresh, null_statistics(test, 60, 2, simulations=999)).pvalue > 1e-6
    for level in (0.05, 0.2):
        rejected = sum(value <= level for value in p)
        # Binomial noise of 500 and of 999 draws; seven standard deviations.
        deviation = np.sqrt(level * (1 - level) * (1 / 500 + 1 / 999))
        assert abs(rejected / 500 - level) < 7 * deviation


def test_extremes():
    assert calibrated_p_value("bhep", np.inf, 30, 2, simulations=99) == 1 / 100
    assert calibrated_p_value("bhep", -1.0, 30, 2, simulations=99) == 1.0
    with pytest.raises(InvalidInputError, match="must be a number; got NaN"):
        calibrated_p_value("bhep", float("nan"), 30, 2)
    with pytest.raises(InvalidInputError, match="test must be one of"):
        calibrated_p_value("magic", 1.0, 30, 2)


def test_cache_is_used_and_a_damaged_one_is_made_anew(cache, monkeypatch):
    first = null_statistics("bhep", 30, 2, simulations=99)
    (file,) = cache.glob("*.npy")
    monkeypatch.setattr(calibration, "_memory", {})
    with monkeypatch.context() as context:
        context.setattr(calibration, "_simulate", lambda *a: pytest.fail("simulated again"))
        np.testing.assert_array_equal(null_statistics("bhep", 30, 2, simulations=99), first)
    for damage in (b"", b"nonsense", file.read_bytes()[:-8]):
        file.write_bytes(damage)
        monkeypatch.setattr(calibration, "_memory", {})
        np.testing.assert_array_equal(null_statistics("bhep", 30, 2, simulations=99), first)


def test_seeds_and_tests_have_streams_of_their_own():
    a = null_statistics("bhep", 30, 2, simulations=99)
    assert not np.array_equal(a, null_statistics("bhep", 30, 2, simulations=99, seed=1))
    assert np.all(np.diff(a) >= 0)
