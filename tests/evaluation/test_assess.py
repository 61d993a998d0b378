"""The battery: family-wise level, power on negative controls, plain refusals."""

import json

import numpy as np
import pingouin
import pytest
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.evaluation import assess


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
# What is absurdly far from the prior gets the same answer as what is far: rejected, in finite numbers.
ABSURD = ["very far", "at 1e9", "times 1e9", "times 1e-200", "outlier", "two outliers", "sparse"]


@pytest.mark.parametrize("name", NAMES + ABSURD)
def test_negative_controls_are_found(name):
    assessment = assess(sample(name))
    assert assessment.rejected
    assert assessment.p_value <= 0.05
    json.dumps(assessment.to_dict(), allow_nan=False)


@pytest.mark.slow
@pytest.mark.parametrize("spoil", ["t10", "sigma off by 5%"])
def test_small_departures_are_found_in_large_samples(spoil):
    n, rng = 4000, np.random.default_rng(7)
    if spoil == "t10":
        z = rng.standard_t(10, (n, 2)) / np.sqrt(10 / 8)
        finder = "dagostino_projections"
    else:
        z = 1.05 * rng.standard_normal((n, 2))
        finder = "variances"
    assessment = assess(z, simulations=199)
    assert assessment.rejected
    assert finder in set(assessment.tests.query("adjusted_p_value <= 0.05").name)


def test_affine_invariant_tests_alone_would_pass_another_normal_law():
    tests = assess(sample("far")).tests.set_index("name")
    assert tests.loc["henze_zirkler", "p_value"] > 1e-3
    assert tests.loc["bhep", "p_value"] == 1e-3


@pytest.mark.slow
def test_family_wise_level():
    # 400 samples of the prior at α = 0.05; a battery above its level by chance fails this once in a million.
    rng = np.random.default_rng(1)
    rejected = sum(assess(rng.standard_normal((200, 2)), seed=i).rejected for i in range(400))
    assert stats.binomtest(rejected, 400, 0.05, alternative="greater").pvalue > 1e-6


def test_uniform_prior_by_the_probability_integral_transform():
    rng = np.random.default_rng(2)
    # A family-wise p-value is this small for one sample of the prior in a million.
    assert assess(rng.random((500, 2)), prior="uniform").p_value > 1e-6
    assert assess(rng.beta(2, 2, (500, 2)), prior="uniform").rejected
    outside = rng.random((100, 2))
    outside[3, 0] = 1.5
    with pytest.raises(InvalidInputError, match=r"values in \[0, 1\]; 1 are outside, the first in row 3"):
        assess(outside, prior="uniform")
    edges = np.where(rng.random((500, 2)) < 0.2, 1.0, rng.random((500, 2)))
    assert assess(edges, prior="uniform").rejected  # atoms on the boundary are a departure, not an error


def test_everything_is_in_the_json():
    data = json.loads(assess(sample("uniform")).to_json())
    assert data["rejected"] is True
    assert set(data["tests"]) >= {"henze_zirkler", "bhep", "mehler", "norms"}
    assert data["effects"]["d2"]["lower"] <= data["effects"]["d2"]["estimate"]
    assert data["index"]["shapiro"]["n"] == 12


def test_labels_add_what_the_embedding_is_worth():
    rng = np.random.default_rng(5)
    z = rng.standard_normal((300, 2))
    labels = (z[:, 0] > 0).astype(int)
    assert assess(z).downstream == {}
    downstream = assess(z, labels=labels).to_dict()["downstream"]
    assert downstream["linear"] > 0.9
    assert downstream["knn"] > 0.9
    assert 0 < downstream["silhouette"] < 1
    with pytest.raises(InvalidInputError, match="labels must be 300 integers"):
        assess(z, labels=labels[:-1])


def test_rows_hold_statistics_and_their_p_values():
    z = np.random.default_rng(6).standard_normal((200, 2)) + 0.1
    rows = assess(z).tests.set_index("name")
    assert rows.loc["mean", "statistic"] == pytest.approx(200 * (z.mean(0) ** 2).sum())
    assert rows.loc["henze_zirkler", "statistic"] == pytest.approx(pingouin.multivariate_normality(z - z.mean(0)).hz)
    assert (rows["p_value"] <= rows["adjusted_p_value"]).all()
    assert set(rows["null"]) == {"simple", "composite"}


def test_a_small_alpha_gets_the_simulations_that_it_needs():
    z = np.random.default_rng(0).standard_t(1, (100, 2))
    # Least calibrated p: 1/(B+1). Rejection by a calibrated test at 0.005 takes B + 1 >= 10 / 0.005.
    assert assess(z, alpha=0.005).tests.set_index("name").loc["henze_zirkler", "p_value"] <= 0.0005
    with pytest.raises(InvalidInputError, match="10 tests at alpha=0.05 need at least 199 simulations"):
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
        (np.column_stack([np.arange(30.0), np.zeros(30)]), "1 of 2 are constant, the first is 1"),
        (np.random.default_rng(0).standard_normal((30, 40)), "more rows than coordinates; got n=30, d=40"),
        (np.array([["a"] * 2] * 30), "real numbers"),
    ],
)
def test_bad_input(z, message):
    with pytest.raises(InvalidInputError, match=message):
        assess(z)
