"""The battery: family-wise level, power on negative controls, plain refusals."""

import json

import numpy as np
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
    }[name]


@pytest.mark.parametrize(
    "name", ["uniform", "rademacher", "t3", "correlated", "marginals-only", "scale", "shift", "far"]
)
def test_negative_controls_are_found(name):
    assessment = assess(sample(name))
    assert assessment.rejected
    assert assessment.p_value <= 0.05


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
    assert not assess(rng.random((500, 2)), prior="uniform", alpha=1e-3).rejected
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
