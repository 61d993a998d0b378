"""Calibrated p-values: exact in level, cached, robust to a damaged cache."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import ThreadpoolController, threadpool_limits

from noisedim import files
from noisedim.errors import InvalidInputError, StorageError
from noisedim.normality.nulls import null_samples
from noisedim.normality.nulls.null_samples import null_statistics
from noisedim.normality.nulls.null_surfaces import FLOOR
from noisedim.normality.p_values import calibrated_p_value, simulations_for
from noisedim.normality.summaries.pair_sums import one_blas_thread
from noisedim.normality.tests import calibrated_tests


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path))
    monkeypatch.setattr(null_samples, "_memory", {})
    return tmp_path


@pytest.mark.parametrize("test", [test.name for test in calibrated_tests()])
@pytest.mark.parametrize("simulations", [None, 999])
def test_level(test, simulations):
    # Null statistics of another seed are fresh samples of the null: their p-values are uniform, by the tables up to
    # the error that these state, by simulation on {1..B+1}/(B+1).
    dim = 1 if test in ("dagostino", "shapiro") else 2
    fresh = null_statistics(test, 60, dim, simulations=500, seed=1)
    p = [calibrated_p_value(test, s, 60, dim, simulations=simulations) for s in fresh]
    for level in (0.05, 0.2):
        rejected = sum(value <= level for value in p)
        # Binomial noise of 500 and of 999 draws; seven standard deviations.
        deviation = np.sqrt(level * (1 - level) * (1 / 500 + 1 / 999))
        assert abs(rejected / 500 - level) < 7 * deviation


def test_two_sided_tests_reject_on_both_sides():
    null = null_statistics("mardia_kurtosis", 60, 2, simulations=999)
    for simulations in (None, 999):
        for far in (null[0] - 1, null[-1] + 5):
            assert calibrated_p_value("mardia_kurtosis", far, 60, 2, simulations=simulations) < 0.01
        assert calibrated_p_value("mardia_kurtosis", float(np.median(null)), 60, 2, simulations=simulations) > 0.8


def test_extremes():
    assert calibrated_p_value("bhep", np.inf, 30, 2, simulations=99) == 1 / 100
    assert calibrated_p_value("bhep", -5.0, 30, 2, simulations=99) == 1.0
    assert calibrated_p_value("bhep", np.inf, 30, 2) == FLOOR
    with pytest.raises(InvalidInputError, match="must be a number; got NaN"):
        calibrated_p_value("bhep", float("nan"), 30, 2)
    with pytest.raises(InvalidInputError, match="test must be one of"):
        null_statistics("magic", 30, 2)
    with pytest.raises(InvalidInputError, match="more rows than coordinates; got n=15, d=15"):
        calibrated_p_value("henze_zirkler", 1.0, 15, 15)
    with pytest.raises(InvalidInputError, match="shapiro is not defined in 2 dimensions"):
        null_statistics("shapiro", 30, 2)


def test_cache_is_used_and_a_damaged_one_is_made_anew(cache, tmp_path_factory, monkeypatch):
    first = null_statistics("bhep", 30, 2, simulations=99)
    (file,) = cache.glob("*.npz")
    monkeypatch.setattr(null_samples, "_memory", {})
    with monkeypatch.context() as context:
        context.setattr(null_samples, "_simulate", lambda *a: pytest.fail("simulated again"))
        np.testing.assert_array_equal(null_statistics("bhep", 30, 2, simulations=99), first)
    sound = file.read_bytes()
    flipped = bytes([*sound[:300], sound[300] ^ 1, *sound[301:]])  # in the numbers of the first array
    incomplete = tmp_path_factory.mktemp("other") / "incomplete.npz"
    np.savez(incomplete, mehler=first)  # as before a test was added
    for damage in (b"", b"nonsense", sound[:-8], flipped, incomplete.read_bytes()):
        file.write_bytes(damage)
        monkeypatch.setattr(null_samples, "_memory", {})
        np.testing.assert_array_equal(null_statistics("bhep", 30, 2, simulations=99), first)
        with np.load(file) as loaded:
            np.testing.assert_array_equal(loaded["bhep"], first)


def test_a_folder_that_cannot_be_written_only_costs_time(cache, monkeypatch):
    expected = null_statistics("bhep", 30, 2, simulations=99)
    (cache / "file").touch()
    for broken in (cache / "file", cache / "file" / "below"):
        monkeypatch.setattr(null_samples, "_memory", {})
        np.testing.assert_array_equal(null_statistics("bhep", 30, 2, simulations=99, folder=broken), expected)

    def full(path, write):
        raise StorageError("the disk is full")

    monkeypatch.setattr(null_samples, "_memory", {})
    monkeypatch.setattr(files, "write_atomically", full)
    np.testing.assert_array_equal(null_statistics("bhep", 30, 2, simulations=99, folder=cache / "new"), expected)


def test_the_folder_may_be_given(cache, tmp_path, monkeypatch):
    null_statistics("bhep", 30, 2, simulations=99, folder=tmp_path / "mine")
    assert len(list((tmp_path / "mine").glob("*.npz"))) == 1
    monkeypatch.delenv("NOISEDIM_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert files.cache_folder() == tmp_path / "xdg" / "noisedim"


def test_callers_cannot_spoil_the_samples_of_others():
    with pytest.raises(ValueError, match="read-only"):
        null_statistics("bhep", 30, 2, simulations=99)[0] = 7


@given(st.floats(1e-5, 0.999), st.integers(1, 50))
@settings(max_examples=25, deadline=None)
def test_simulations_suffice_to_reject(alpha, tests):
    fewest = simulations_for(alpha, tests)
    assert tests / (fewest + 1) <= alpha  # Holm's first step with the smallest p-value there is
    assert tests / (fewest - 1) > alpha or fewest == 1


@pytest.mark.parametrize("alpha", [0, 1, -0.1, float("nan")])
def test_alpha_is_examined(alpha):
    with pytest.raises(InvalidInputError, match="strictly between 0 and 1"):
        simulations_for(alpha)


def test_blas_threads_are_given_back_whoever_leaves_last():
    def threads():
        return [library.num_threads for library in ThreadpoolController().select(user_api="blas").lib_controllers]

    with threadpool_limits(2, user_api="blas"):  # whatever the environment says
        before = threads()
        first, second = one_blas_thread(), one_blas_thread()
        first.__enter__()
        assert set(threads()) == {1}
        second.__enter__()
        first.__exit__(None, None, None)  # overlapping, not nested, as threads do
        assert set(threads()) == {1}
        second.__exit__(None, None, None)
        assert threads() == before
        with pytest.raises(ZeroDivisionError), one_blas_thread():
            1 / 0  # noqa: B018
        assert threads() == before


def test_threads_change_nothing(monkeypatch):
    import torch

    found = []
    for workers in (1, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda workers=workers: workers)
        found.append(null_samples._simulate("composite", 2100, 2, 3, 0))  # so many rows are measured one by one
    for name, values in found[0].items():
        np.testing.assert_allclose(values, found[1][name], rtol=1e-12)


def test_seeds_and_tests_have_streams_of_their_own():
    a = null_statistics("bhep", 30, 2, simulations=99)
    assert not np.array_equal(a, null_statistics("bhep", 30, 2, simulations=99, seed=1))
    assert np.all(np.diff(a) >= 0)
