"""The battery: family-wise level, power on negative controls, refusal of bad input."""

import json
import re
from importlib import import_module

import numpy as np
import pandas as pd
import pingouin
import pytest
import torch
from scipy import stats

from noisedim.assessment import assess
from noisedim.checks import embedding_matrix
from noisedim.downstream import clustering, probes
from noisedim.errors import InvalidInputError
from noisedim.normality.battery import run_battery


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def sample(name, n=600, d=2):
    rng = np.random.default_rng(0)
    normal = rng.standard_normal((n, d))
    return {
        "uniform": rng.uniform(-np.sqrt(3), np.sqrt(3), (n, d)),
        "rademacher": rng.choice([-1.0, 1.0], (n, d)) + 1e-3 * normal,
        "t3": rng.standard_t(3, (n, d)) / np.sqrt(3),
        "correlated": normal @ np.array([[1, 0.3], [0, np.sqrt(1 - 0.09)]]),
        "marginals-only": np.column_stack([normal[:, 0], normal[:, 0] * rng.choice([-1, 1], n)]),
        "scale": 1.25 * normal,
        "shift": normal + 0.25,
        "far": 3 * normal + 5,
        "very far": normal + 100,
        "at 1e9": normal + 1e9,
        "times 1e9": 1e9 * normal,
        "times 1e-200": 1e-200 * normal,
        "outlier": np.vstack([normal[1:], np.full((1, d), 40.0)]),
        "two outliers": np.vstack([normal[2:], np.full((2, d), 1e3)]),
        "sparse": normal * np.column_stack([np.ones(n), rng.random((n, d - 1)) < 0.03]),
    }[name]


NAMES = ["uniform", "rademacher", "t3", "correlated", "marginals-only", "scale", "shift", "far"]
# Samples extremely far from the prior are rejected with finite numbers, like samples that are far from it.
ABSURD = ["very far", "at 1e9", "times 1e9", "times 1e-200", "outlier", "two outliers", "sparse"]


@pytest.mark.parametrize("name", NAMES + ABSURD)
def test_negative_controls_are_found(name):
    assessment = assess(sample(name), n_star=False)
    assert assessment.rejected
    assert assessment.p_value <= 0.05
    json.dumps(assessment.to_dict(), allow_nan=False)


@pytest.mark.parametrize("spoil", ["t10", "sigma off by 5%"])
def test_small_departures_are_found_in_large_samples(spoil):
    n, rng = 4000, np.random.default_rng(7)
    if spoil == "t10":
        z = rng.standard_t(10, (n, 2)) / np.sqrt(10 / 8)
        finder = "dagostino_projections"
    else:
        z = 1.05 * rng.standard_normal((n, 2))
        finder = "variances"
    assessment = assess(z, n_star=False)
    assert assessment.rejected
    assert finder in set(assessment.tests.query("adjusted_p_value <= 0.05").name)


def test_affine_invariant_tests_alone_would_pass_another_normal_law():
    tests = assess(sample("far"), n_star=False).tests.set_index("name")
    for name in ("henze_zirkler", "mardia_skewness", "mardia_kurtosis", "shapiro_projections"):
        assert tests.loc[name, "p_value"] > 1e-3
    for name in ("bhep", "energy", "covariance", "mean"):
        assert tests.loc[name, "p_value"] <= 1e-6
    composite = assess(sample("far"), null="composite", n_star=False)
    assert composite.p_value > 1e-4
    assert set(composite.tests["null"]) == {"composite"}
    assert assess(sample("uniform"), null="composite", n_star=False).rejected


@pytest.mark.slow
@pytest.mark.parametrize(("n", "d", "null"), [(60, 2, "simple"), (40, 12, "simple"), (60, 2, "composite")])
def test_family_wise_level(n, d, null):
    # 400 samples of the null at α = 0.05; a battery at its level fails this with probability 1e-6. The audit
    # (python -m noisedim.normality.audit) has more samples and more shapes.
    rng = np.random.default_rng(1)
    place = 0.0 if null == "simple" else 5.0
    rejected = 0
    for i in range(400):
        battery = run_battery(rng.standard_normal((n, d)) * (1 + place) + place, null=null, seed=i)
        rejected += bool((battery.adjusted() <= 0.05).any())
    assert stats.binomtest(rejected, 400, 0.05, alternative="greater").pvalue > 1e-6


BLIND_SLICES = {
    "uniform": lambda rng, z: rng.uniform(-np.sqrt(3), np.sqrt(3), z.shape),
    "rademacher": lambda rng, z: rng.choice([-1.0, 1.0], z.shape),
    "sphere": lambda rng, z: z / np.linalg.norm(z, axis=1, keepdims=True) * np.sqrt(z.shape[1]),
    "t10": lambda rng, z: rng.standard_t(10, z.shape) / np.sqrt(1.25),
    "one correlated pair": lambda rng, z: np.column_stack([z[:, :-1], 0.3 * z[:, 0] + np.sqrt(0.91) * z[:, -1]]),
    "dead coordinate": lambda rng, z: z * (np.arange(z.shape[1]) > 0),
    "collapsed coordinates": lambda rng, z: np.column_stack([z[:, :-1], z[:, 0]]),
    "outliers": lambda rng, z: z * np.where(rng.random((len(z), 1)) < 0.05, 3.0, 1.0),
}


@pytest.mark.parametrize("name", BLIND_SLICES)
def test_power_where_slices_are_blind(name):
    # d = 128, n = 1024: at 95% power, 8 of 8 rejections have probability 2/3; the audit measures the power itself.
    rng = np.random.default_rng(14)
    for trial in range(4):
        z = BLIND_SLICES[name](rng, rng.standard_normal((1024, 128)))
        assert (run_battery(z, seed=trial).adjusted() <= 0.05).any()


def test_dependent_coordinates_are_a_departure_with_its_cause():
    rng = np.random.default_rng(15)
    z = rng.standard_normal((200, 4))
    for spoiled, cause in (
        (np.column_stack([z, z[:, 1]]), "5 coordinates have rank 4; coordinate 4 repeats coordinate 1"),
        (z * [1, 1, 0, 1], "1 of 4 coordinates are constant, the first is 2"),
        (np.vstack([z, np.full((1, 4), 1e8)]), "row 200 is so far out that all other rows look like a single point"),
    ):
        assessment = assess(spoiled, n_star=False)
        assert assessment.rejected
        assert assessment.worst.name == "rank"
        assert assessment.p_value == 0.0
        assert cause in assessment.worst.words
    few = assess(rng.standard_normal((30, 40)), n_star=False)  # n <= d: the prior's tests that need no whitening
    assert not few.rejected
    assert {"bhep", "energy", "norms"} <= set(few.tests["name"])
    assert "needs more rows than coordinates; got n=30, d=40" in few.left_out["henze_zirkler"]


@pytest.mark.slow
def test_n_star():
    rng = np.random.default_rng(16)
    far = assess(rng.uniform(-1.7, 1.7, (600, 2)))
    assert far.n_star.method == "subsamples"
    assert 20 <= far.n_star.lower <= far.n_star.estimate <= far.n_star.upper < 300
    assert [point.n for point in far.power] == sorted(point.n for point in far.power)
    # n* of a law does not depend on the number of rows.
    more = assess(rng.uniform(-1.7, 1.7, (2000, 2)))
    assert more.n_star.lower <= far.n_star.upper
    assert far.n_star.lower <= more.n_star.upper
    near = assess(rng.standard_normal((600, 2))).n_star
    assert near.method == "extrapolated"
    assert near.estimate >= 600
    assert near.upper == np.inf


@pytest.mark.parametrize(
    ("options", "runs"),
    [({"budget": 1e-9}, {"energy": False}), ({"simulations": 999}, {"energy": True}), ({}, {"energy": True})],
)
def test_n_star_is_of_the_battery_that_was_run(monkeypatch, options, runs):
    module = import_module("noisedim.normality.sample_size")
    batteries = []

    def watched(rows, **given):
        batteries.append(run_battery(rows, **given))
        return batteries[-1]

    monkeypatch.setattr(module, "run_battery", watched)
    monkeypatch.setattr(module, "_TRIALS", 1)
    found = assess(np.random.default_rng(3).uniform(-1.7, 1.7, (100, 2)), n_star=True, **options)
    whole = {result.name: result.calibrated_by.method == "simulation" for result in found.results}
    assert batteries
    # Few rows can't be halved for a search: a subsample may have fewer tests, none that was left out, and p-values made alike.
    for each in batteries:
        assert {row.name: row.calibrated_by.method == "simulation" for row in each.rows}.items() <= whole.items()
    assert {"energy": "energy" in whole} == runs


def test_uniform_prior_by_the_probability_integral_transform():
    rng = np.random.default_rng(2)
    # For samples of the prior, the family-wise p-value is this small with probability 1e-6.
    flat = assess(rng.random((500, 2)), prior="uniform", n_star=False)
    assert flat.p_value > 1e-6
    assert {"smooth", "smooth_pairs"} <= set(flat.tests.query("null == 'uniform'").name)
    assert assess(rng.beta(2, 2, (500, 2)), prior="uniform", n_star=False).rejected
    u = rng.random(2000)
    tent = np.column_stack([u, np.abs(2 * u - 1)])  # uniform, uncorrelated, dependent
    pairs = assess(tent, prior="uniform", n_star=False).tests.set_index("name").loc["smooth_pairs"]
    assert pairs["p_value"] <= 1e-6
    outside = rng.random((100, 2))
    outside[3, 0] = 1.5
    with pytest.raises(InvalidInputError, match=r"values in \[0, 1\]; 1 of 100 rows are outside, the first is row 3"):
        assess(outside, prior="uniform")
    edges = np.where(rng.random((500, 2)) < 0.2, 1.0, rng.random((500, 2)))
    assert assess(edges, prior="uniform").rejected  # atoms on the boundary are a departure, not an error


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_uniform_values_that_were_rounded_to_the_edge(dtype):
    draw = torch.Generator().manual_seed(0)
    rejected = 0
    for seed in range(12):
        z = torch.rand(300, 4, generator=draw, dtype=torch.float64).to(dtype)
        assert bool((z == 1).any()) or dtype == torch.float16
        rejected += assess(z, prior="uniform", n_star=False, seed=seed).rejected
    assert stats.binomtest(rejected, 12, 0.05, alternative="greater").pvalue > 1e-3
    # More values at the edges than rounding explains are still a departure.
    assert assess(z.round(), prior="uniform", n_star=False).rejected
    assert assess((1.1 * z.double() - 0.05).clamp(0, 1), prior="uniform", n_star=False).rejected


@pytest.mark.slow
def test_everything_is_in_the_json():
    data = json.loads(assess(sample("uniform")).to_json())
    assert data["rejected"] is True
    assert set(data["tests"]) >= {"henze_zirkler", "bhep", "mehler", "norms"}
    assert data["effects"]["d2"]["lower"] <= data["effects"]["d2"]["estimate"]
    assert data["index"]["shapiro"]["n"] == 12


def test_labels_add_the_accuracy_of_probes():
    rng = np.random.default_rng(5)
    z = rng.standard_normal((300, 2))
    labels = (z[:, 0] > 0).astype(int)
    assert assess(z, n_star=False).downstream == {}
    downstream = assess(z, labels=labels, n_star=False).to_dict()["downstream"]
    assert downstream["linear"] > 0.9
    assert downstream["knn"] > 0.9
    assert 0 < downstream["silhouette"] < 1
    with pytest.raises(InvalidInputError, match="labels must be 300 integers"):
        assess(z, labels=labels[:-1])


def test_rows_hold_statistics_and_their_p_values():
    z = np.random.default_rng(6).standard_normal((200, 2)) + 0.1
    rows = assess(z).tests.set_index("name")
    assert rows.loc["mean", "statistic"] == pytest.approx(200 * (z.mean(0) ** 2).sum())
    p_value = pingouin.multivariate_normality(z - z.mean(0)).pval  # by the log-normal approximation
    assert rows.loc["henze_zirkler", "p_value"] == pytest.approx(p_value, abs=0.05)
    assert (rows["p_value"] <= rows["adjusted_p_value"]).all()
    assert set(rows["null"]) == {"simple", "composite"}


@pytest.mark.slow
def test_calibration_by_simulation_agrees_with_the_tables():
    z = np.random.default_rng(0).standard_normal((100, 2)) * 1.1
    tables, simulated = (
        assess(z, simulations=b, n_star=False).tests.set_index("name")["p_value"] for b in (None, 1999)
    )
    # Binomial noise of 1,999 draws and the tables' error; five standard deviations.
    np.testing.assert_allclose(simulated, tables, atol=0.07)
    with pytest.raises(InvalidInputError, match=r"\d\d tests at alpha=0.05 need at least \d+ simulations"):
        assess(z, simulations=198)
    with pytest.raises(InvalidInputError, match="alpha must lie strictly between 0 and 1; got 0"):
        assess(z, alpha=0)


def test_one_dimension_and_seeds():
    z = np.random.default_rng(3).standard_normal((100, 1))
    first, again = assess(z), assess(z)
    assert first == again
    assert "correlations" not in set(first.tests["name"])


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros((10, 2)), "at least 20 rows; got 10"),
        (np.full((30, 2), np.inf), "30 of 30 rows hold NaN or infinity"),
        (np.array([["a"] * 2] * 30), "real numbers"),
        (np.zeros((0, 2)), "at least 20 rows; got 0"),
        (np.zeros(30), r"shape \(n, d\)"),
        (np.ones((30, 2), dtype=bool), "real numbers"),
        (np.ones((30, 2), dtype=complex), "real numbers"),
        (
            np.full((30, 2), 2**60 + 1),
            "integers that float64 tells apart, up to 2\\^53; got 1152921504606846977 in int64",
        ),
        (np.full((30, 2), 2**64 - 1, dtype=np.uint64), "float64 tells apart.*uint64"),
        (pd.DataFrame({"a": [1.0] * 30, "who": ["x"] * 30}), "these columns do not: who"),
    ],
)
def test_bad_input(z, message):
    with pytest.raises(InvalidInputError, match=message):
        assess(z)
    composite = np.random.default_rng(0).standard_normal((30, 40))
    with pytest.raises(InvalidInputError, match="needs more rows than coordinates; got n=30, d=40"):
        assess(composite, null="composite")
    with pytest.raises(InvalidInputError, match="needs prior='normal'"):
        assess(np.random.default_rng(0).random((30, 2)), prior="uniform", null="composite")


def test_rows_of_any_kind_are_the_same_rows():
    z = np.random.default_rng(17).standard_normal((60, 3)).astype(np.float32)
    plain = assess(z.astype(np.float64), n_star=False)
    for other in (z, torch.from_numpy(z), pd.DataFrame(z), z.tolist()):
        assert assess(other, n_star=False) == plain


def test_the_array_is_checked_once_on_its_way_through_assessment_and_downstream(monkeypatch):
    checked = []

    def counted(name, *args, **options):
        checked.append(name)
        return embedding_matrix(name, *args, **options)

    for module in (import_module("noisedim.assessment.assess"), clustering, probes):
        monkeypatch.setattr(module, "embedding_matrix", counted)
    z = np.random.default_rng(8).standard_normal((60, 2))
    assess(z, labels=np.arange(60) % 2, n_star=False)
    assert checked == ["z"]


@pytest.mark.parametrize(("prior", "dim"), [("normal", 8), ("normal", 2), ("uniform", 3), ("uniform", 1)])
def test_simulations_are_asked_for_by_as_many_tests_as_the_battery_holds(prior, dim):
    # Drawn from the prior; every test is there, but for those that can't raise a false alarm.
    z = np.random.default_rng(5).random((500, dim))
    rows = assess(z if prior == "uniform" else stats.norm.ppf(z), prior=prior, n_star=False).results
    with pytest.raises(InvalidInputError) as refused:
        assess(z, prior=prior, simulations=10)
    tests, needed = (int(word) for word in re.findall(r"\d+", str(refused.value).replace("0.05", "alpha"))[:2])
    assert tests == len([row for row in rows if row.calibrated_by.method != "certain"])
    assert needed == 20 * tests - 1
