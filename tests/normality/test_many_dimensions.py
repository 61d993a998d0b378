"""What the battery sees in many dimensions, where it must not depend on tables or on pairs of rows."""

import numpy as np
import pytest
import torch
from scipy import stats

from noisedim.assessment import assess
from noisedim.normality.audit.laws import HIGH_LAWS, NEAR_THE_LIMIT
from noisedim.normality.audit.measure import read_audit
from noisedim.normality.battery import pair_seconds, run_battery
from noisedim.normality.summaries.directions import extreme_eigenvectors, extreme_variances, third_and_fourth_order
from noisedim.normality.tests.atoms import atoms, scaled_atoms
from noisedim.normality.tests.base import float_digits
from noisedim.normality.tests.near_duplicates import find_near_duplicates, near_duplicates, whitened_near_duplicates
from noisedim.normality.tests.worst_directions import worst_variance

N, DIM = 3000, 96
SMALL = 1e-9  # a budget that no test over pairs fits


@pytest.fixture(scope="module")
def normal():
    return np.random.default_rng(5).standard_normal((N, DIM))


@pytest.mark.parametrize("law", [law for law in HIGH_LAWS if law not in NEAR_THE_LIMIT] + ["ten clusters, whitened"])
def test_every_departure_of_the_list_is_seen_without_pairs(normal, law):
    if law == "rank 700 and 1e-3 of the rest":
        z = normal * np.where(np.arange(DIM) < 80, 1, 1e-3) @ np.linalg.qr(normal[:DIM])[0]
    elif law == "scale 1.01":
        z = 1.02 * normal  # at these fewer values
    else:
        z = HIGH_LAWS[law](np.random.default_rng(6), normal)
    battery = run_battery(z, budget=SMALL)
    assert battery.adjusted().min() <= 0.05
    assert not any(row.name in {"bhep", "mehler", "energy", "henze_zirkler"} for row in battery.rows)


def test_the_prior_is_not_rejected(normal):
    for null in ("simple", "composite"):
        assert run_battery(normal, null=null, budget=SMALL).adjusted().min() > 0.01


@pytest.mark.parametrize("law", ["relu", "cube", "unit norm", "t5"])
def test_composite_null_beyond_the_tables(law):
    rng = np.random.default_rng(7)
    z = rng.standard_normal((2000, 200))
    z = {
        "relu": lambda: np.maximum(z, 0),
        "cube": lambda: rng.uniform(size=z.shape),
        "unit norm": lambda: z / np.linalg.norm(z, axis=1, keepdims=True),
        "t5": lambda: rng.standard_t(5, z.shape),
    }[law]()
    assert assess(z, null="composite", n_star=False).rejected


def test_composite_null_takes_any_normal_law():
    rng = np.random.default_rng(8)
    mixing = rng.standard_normal((40, 40)) * np.geomspace(1e-3, 1e3, 40)
    z = rng.standard_normal((1500, 40)) @ mixing + 7
    assert run_battery(z, null="composite").adjusted().min() > 0.01


def test_a_verdict_says_what_was_left_out(normal):
    found = assess(normal, budget=SMALL, n_star=False)
    assert "bhep" in found.left_out
    assert "more than the budget" in found.left_out["bhep"]
    assert "bhep" in found.summary().splitlines()[0] or "not among them" in found.summary()
    whole = assess(normal[:200, :2], n_star=False)
    assert "bhep" in {result.name for result in whole.results}


def test_the_time_of_pairs_grows_with_both():
    assert pair_seconds(20_000, 16) == pytest.approx(4 * pair_seconds(10_000, 16))
    assert pair_seconds(10_000, 768) > 3 * pair_seconds(10_000, 16)


# --- near duplicates


def test_the_closest_pair_is_found_and_bounded():
    rng = np.random.default_rng(9)
    z = rng.standard_normal((500, 8))
    z[40] = z[3] + 1e-6 * rng.standard_normal(8)
    found = find_near_duplicates(z, rng)
    assert {found.first, found.second} == {3, 40}
    # The union bound, computed another way.
    bound = 500 * 499 / 2 * stats.chi2.cdf(found.distance**2 / 2, 8)
    # As logarithms: the values themselves are below any absolute tolerance.
    assert found.log_p_value == pytest.approx(np.log(bound), rel=1e-6)
    outcome = near_duplicates(z)
    assert outcome.p_value < 1e-20
    assert "rows 3 and 40" in outcome.note


def test_duplicates_hold_their_level():
    rates = [
        near_duplicates(np.random.default_rng([10, i]).standard_normal((60, 2))).p_value <= 0.05 for i in range(400)
    ]
    assert np.mean(rates) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize("kind", [np.float16, np.float32, "bfloat16"])
def test_rounded_rows_are_no_duplicates(kind):
    z = np.random.default_rng(11).standard_normal((5000, 2))
    if kind == "bfloat16":
        z = torch.from_numpy(z).bfloat16().double().numpy()
    else:
        z = z.astype(kind).astype(np.float64)
    assert near_duplicates(z).p_value > 0.05
    assert atoms(z).p_value > 0.05
    assert float_digits(z) == {"bfloat16": 8}.get(kind, {np.float16: 11, np.float32: 24}.get(kind))


def test_whitened_duplicates_of_a_flat_law():
    rng = np.random.default_rng(12)
    flat = rng.standard_normal((800, 1)) @ rng.standard_normal((1, 5)) + 1e-4 * rng.standard_normal((800, 5))
    assert whitened_near_duplicates(flat).p_value > 0.01
    assert whitened_near_duplicates(np.concatenate([flat, flat[:3]])).p_value < 1e-6


# --- atoms


def test_atoms_are_named():
    z = np.random.default_rng(13).standard_normal((300, 4))
    z[:8, 2] = 0.0
    for outcome in (atoms(z), scaled_atoms(z)):
        assert outcome.p_value < 1e-12
        assert "8 values of coordinate 2 are exactly 0: clipped or rectified?" in outcome.note
    assert scaled_atoms(1e-9 * np.random.default_rng(14).standard_normal((300, 4))).p_value > 0.05


# --- directions


def test_searches_find_a_planted_direction():
    rng = np.random.default_rng(15)
    z = rng.standard_normal((4000, 30))
    planted = np.linalg.qr(rng.standard_normal((30, 30)))[0][0]
    z += (rng.exponential(size=4000) - 1 - z @ planted)[:, None] * planted
    found = third_and_fourth_order(z, rng)
    assert np.abs(found @ planted).max() > 0.95
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-10)
    z = rng.standard_normal((4000, 30))
    z -= 0.9 * (z @ planted)[:, None] * planted
    assert abs(extreme_variances(z)[0] @ planted) > 0.95


@pytest.mark.parametrize(("dim", "count"), [(1, 1), (3, 4), (64, 4), (65, 1), (200, 4)])
def test_extreme_eigenvectors_are_those_of_the_whole_decomposition(dim, count):
    matrix = np.random.default_rng(18).standard_normal((dim, dim))
    matrix = matrix + matrix.T
    values = np.linalg.eigvalsh(matrix)
    ends = np.r_[values[: min(count, dim)], values[max(count, dim - count) :]]
    found = extreme_eigenvectors(matrix, count)
    np.testing.assert_allclose(found @ found.T, np.eye(len(ends)), atol=1e-10)
    np.testing.assert_allclose(found @ matrix, ends[:, None] * found, atol=1e-10 * dim)


def test_fewer_rows_than_coordinates_leave_no_choice_to_rounding():
    rng = np.random.default_rng(5)
    rows = rng.standard_normal((40, 100))
    rows[3] = rows[2]
    found = extreme_variances(rows)
    np.testing.assert_allclose(found @ found.T, np.eye(2), atol=1e-12)
    assert np.abs(rows @ found[0]).max() < 1e-12
    assert np.linalg.norm(rows @ found[1]) == pytest.approx(np.linalg.norm(rows, 2))
    # The same rows in another order, and rounded: the same directions, up to sign.
    other = extreme_variances((rows * (1 + 1e-13 * rng.standard_normal(rows.shape)))[rng.permutation(40)])
    np.testing.assert_allclose(np.abs((found * other).sum(1)), 1, atol=1e-9)
    assert extreme_variances(np.zeros((4, 9))).shape == (2, 9)


def test_a_collapse_is_seen_with_fewer_rows_than_coordinates():
    rng = np.random.default_rng(6)
    z = rng.standard_normal((100, 200)) * np.where(np.arange(200) < 120, 0.2, 1)
    z = z @ np.linalg.qr(rng.standard_normal((200, 200)))[0]
    outcome = worst_variance(z)
    assert outcome.p_value < 1e-4
    assert "variance 0." in outcome.note
    p_values = [worst_variance(rng.standard_normal((60, 90))).p_value for _ in range(400)]
    assert stats.kstest(p_values, "uniform").pvalue > 1e-4


def test_a_found_direction_is_kept_with_its_row():
    z = np.random.default_rng(16).standard_normal((2000, 6))
    z[:, 1] = np.random.default_rng(17).exponential(size=2000) - 1
    for null, name in (("simple", "worst_direction"), ("composite", "worst_direction_composite")):
        (row,) = [row for row in run_battery(z, null=null).rows if row.name == name]
        assert row.outcome.p_value < 1e-5
        assert abs(row.outcome.direction[1]) > 0.95


def test_the_shipped_audit_of_many_dimensions_holds_its_level():
    for cell in read_audit(high=True)["cells"]:
        if cell["kind"] == "calibration":
            # A rate above the level would have to be explained by chance at 1 in 10,000.
            assert stats.binom.sf(cell["counts"]["battery"][0] - 1, cell["trials"], 0.05) > 1e-4, cell
