"""MIG and DCI: known values, invariances, and scikit-learn's mutual information as a second source."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from noisedim.downstream.disentanglement import dci, discretised, mutual_information_gap, randomly_rotated
from noisedim.errors import InvalidInputError

LEVELS = (3, 4, 8, 2)


def grid(repeats=4):
    """Every combination of the levels, repeated, in random order."""
    rows = np.tile(np.indices(LEVELS).reshape(len(LEVELS), -1).T, (repeats, 1))
    return np.random.default_rng(0).permutation(rows)


def halves(z, factors):
    middle = len(z) // 2
    return z[:middle], factors[:middle], z[middle:], factors[middle:]


def test_a_perfect_code_is_perfect_and_a_rotated_one_is_not():
    factors = grid()
    perfect = (factors - factors.mean(0)) / factors.std(0)
    rotated = [randomly_rotated(perfect, seed=seed) for seed in range(10)]
    gap = mutual_information_gap(perfect, factors)
    assert gap.value == pytest.approx(1, abs=1e-12)
    assert gap.by_factor == pytest.approx([1] * 4)
    np.testing.assert_allclose(np.diag(gap.information), np.log(LEVELS))
    assert np.mean([mutual_information_gap(z, factors).value for z in rotated]) < 0.35
    found, found_rotated = dci(*halves(perfect, factors)), dci(*halves(rotated[0], factors))
    assert min(found.disentanglement, found.completeness) > 0.99
    assert found.informativeness == 1
    assert found.accuracies == (1.0,) * 4
    assert max(found_rotated.disentanglement, found_rotated.completeness) < 0.6
    # A forest with enough rows predicts factors from rotated coordinates as well.
    assert found_rotated.informativeness > 0.6


def test_information_is_scikit_learns():
    rng = np.random.default_rng(1)
    factors = grid()
    z = factors @ rng.standard_normal((4, 3)) + rng.standard_normal((len(factors), 3))
    found, codes = mutual_information_gap(z, factors, bins=7), discretised(z, 7)
    expected = [[mutual_info_score(code, factor) for factor in factors.T] for code in codes.T]
    np.testing.assert_allclose(found.information, expected, atol=1e-12)
    ordered = np.sort(expected, axis=0)
    np.testing.assert_allclose(found.by_factor, (ordered[-1] - ordered[-2]) / np.log(LEVELS), rtol=1e-9)
    assert np.ptp(np.bincount(codes[:, 0])) <= 1


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_order_sign_and_increasing_maps_of_coordinates_change_nothing(seed):
    rng = np.random.default_rng(seed)
    factors = grid(1)
    z = factors @ rng.standard_normal((4, 5)) + 0.3 * rng.standard_normal((len(factors), 5))
    plain = mutual_information_gap(z, factors)
    order = rng.permutation(5)
    changed = mutual_information_gap(np.arctan(z[:, order]) ** 3, factors[:, rng.permutation(4)])
    assert changed.value == pytest.approx(plain.value, abs=1e-12)
    # The names of levels do not matter, nor the sign of a coordinate for symmetric bins.
    assert mutual_information_gap(z, 7 - 2 * factors).value == pytest.approx(plain.value, abs=1e-12)
    assert mutual_information_gap(-z, factors, bins=16).value == pytest.approx(
        mutual_information_gap(z, factors, bins=16).value, abs=1e-9
    )


def test_dci_follows_its_coordinates():
    factors = grid()
    z = factors + 0.3 * np.random.default_rng(2).standard_normal(factors.shape)
    plain, swapped = dci(*halves(z, factors)), dci(*halves(z[:, ::-1], factors))
    np.testing.assert_allclose(swapped.importances[::-1], plain.importances, atol=0.03)
    np.testing.assert_allclose(plain.importances.sum(0), 1)
    assert swapped.disentanglement == pytest.approx(plain.disentanglement, abs=0.02)


def test_two_factors_in_one_coordinate_and_one_factor_in_two():
    factors = grid()
    rng = np.random.default_rng(3)
    # Coordinate 0 holds factors 0 and 1 together; factor 2 is in coordinates 1 and 2 alike; factor 3 is left out.
    merged = (factors[:, 0] * 4 + factors[:, 1]).astype(float)
    z = np.column_stack([merged, factors[:, 2], factors[:, 2], rng.standard_normal(len(factors))]).astype(float)
    gap = mutual_information_gap(z, factors)
    assert gap.by_factor[:2] == pytest.approx([1, 1], abs=0.05)  # the bias of the noise coordinate
    assert gap.by_factor[2] == pytest.approx(0)
    found = dci(*halves(z, factors))
    # Completeness does not imply disentanglement.
    complete = 1 + (found.importances[:, :2] * np.log(np.maximum(found.importances[:, :2], 1e-300))).sum(0) / np.log(4)
    assert complete.min() > 0.95
    shares = found.importances[0] / found.importances[0].sum()
    assert 1 + (shares * np.log(np.maximum(shares, 1e-300))).sum() / np.log(4) < 0.6


def test_bias_of_counting_is_shown_and_is_the_known_one():
    rng = np.random.default_rng(4)
    n, bins = 2000, 20
    factors = np.column_stack([rng.integers(0, levels, n) for levels in LEVELS])
    z = rng.standard_normal((n, 6))
    found = [mutual_information_gap(z, factors[rng.permutation(n)], bins=bins) for _ in range(10)]
    measured = np.mean([gap.information.mean(0) for gap in found], 0)
    np.testing.assert_allclose(measured, (bins - 1) * (np.array(LEVELS) - 1) / (2 * n), rtol=0.15)
    # Without any information, the gap is that of shuffled rows.
    values = [gap.value for gap in found]
    assert np.mean(values) == pytest.approx(found[0].at_independence, abs=4 * np.std(values) / np.sqrt(10) + 1e-3)
    assert found[0].at_independence > 0
    # With a fifth of the rows, the bias is five times as large.
    few = mutual_information_gap(z[:400], factors[:400], bins=bins)
    assert few.at_independence > 2.5 * found[0].at_independence


@given(st.integers(1, 9), st.integers(0, 1000))
def test_random_rotations_keep_distances(dim, seed):
    z = np.random.default_rng(seed).standard_normal((12, dim))
    turned = randomly_rotated(z, seed=seed)
    np.testing.assert_allclose(turned @ turned.T, z @ z.T, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda z, v: mutual_information_gap(z[:, :1], v), "at least 2 coordinates"),
        (lambda z, v: mutual_information_gap(z, v[:-1]), r"factors must be integers of shape \(768, k\)"),
        (lambda z, v: mutual_information_gap(z, v / 2), "factors must be integers"),
        (lambda z, v: mutual_information_gap(z, np.column_stack([v, 0 * v[:, 0]])), "factor 4 is constant"),
        (lambda z, v: mutual_information_gap(z, v, bins=1), "bins must be an integer >= 2"),
        (lambda z, v: dci(z, v, z[:, :2], v), "same 4 coordinates and 4 factors; got 2 and 4"),
        (lambda z, v: dci(z, v[:, :1], z, v[:, :1]), "2 or more coordinates and factors; got 4 and 1"),
    ],
)
def test_bad_input_is_refused(call, message):
    factors = grid()
    with pytest.raises(InvalidInputError, match=message):
        call(factors.astype(float), factors)
