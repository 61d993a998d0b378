"""Track: scores of a sample of the prior are those of noise, each departure raises its own, any container is taken."""

import math

import numpy as np
import pytest
import torch

import noisedim as nd
from noisedim.errors import InvalidInputError

SCORES = {
    *("mean_norm", "scale", "norm_spread", "largest_eigenvalue", "smallest_eigenvalue", "d2", "d2_fine"),
    *("worst_variance", "worst_skewness", "worst_kurtosis"),
}


@pytest.mark.slow
def test_scores_of_the_prior_are_those_of_noise():
    rng = np.random.default_rng(11)
    looks = [nd.track(rng.standard_normal((300, 6))) for _ in range(200)]
    for name in SCORES:
        scores = np.array([look.scores[name] for look in looks])
        # Two-sided scores are |N(0, 1)|, or the largest of two to six of them; 200 samples.
        assert -0.4 < scores.mean() < 2.2, name
        assert 0.4 < scores.std() < 1.5, name
        assert np.mean(scores > 4) <= 0.02, name
    values = np.array([look.d2 for look in looks])
    assert abs(values.mean()) < 4 * values.std() / math.sqrt(200)  # without bias


def departures():
    z = np.random.default_rng(12).standard_normal((2000, 8))
    collapsed, skewed, signs = z.copy(), z.copy(), z.copy()
    collapsed[:, :2] = collapsed[:, :1] @ np.array([[0.8, 0.6]])
    skewed[:, 0] = np.random.default_rng(13).exponential(size=2000) - 1
    signs[:, 0] = np.sign(signs[:, 0])
    return {
        "mean_norm": z + 0.2,
        "scale": 1.1 * z,
        "norm_spread": z * np.sqrt(8) / np.linalg.norm(z, axis=1, keepdims=True),
        "largest_eigenvalue": z * np.array([1.4, *[1] * 7]),
        "smallest_eigenvalue": collapsed,
        "worst_variance": z * np.array([0.5, *[1] * 7]),
        "worst_skewness": skewed,
        "worst_kurtosis": signs,
        "d2": 1.3 * z,
        "d2_fine": np.repeat(z[:500], 4, axis=0),
    }


@pytest.mark.parametrize("name", sorted(SCORES))
def test_each_departure_raises_its_score(name):
    prior = nd.track(np.random.default_rng(14).standard_normal((2000, 8)))
    found = nd.track(departures()[name])
    assert set(found.scores) == SCORES
    assert found.scores[name] > 6 > prior.scores[name]
    assert found.distance >= found.scores[name]


def test_values_mean_what_they_say():
    z = np.random.default_rng(15).standard_normal((20_000, 4)) * np.array([0.5, 1, 1, 2.0])
    found = nd.track(z)
    assert found.smallest_eigenvalue == pytest.approx(0.25, rel=0.05)
    assert found.largest_eigenvalue == pytest.approx(4, rel=0.05)
    assert found.scale == pytest.approx(6.25 / 4, rel=0.05)
    assert found.worst_variance == pytest.approx(0.25, rel=0.05) or found.worst_variance == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize("prior", [nd.UniformPrior(3), nd.SpherePrior(3)], ids=lambda prior: prior.name)
def test_other_priors_are_tracked_through_their_map(prior):
    torch.manual_seed(0)
    z = prior.sample(1000)
    assert nd.track(z, prior=prior).distance < 5
    moved = z**2 if prior.name == "uniform" else torch.nn.functional.normalize(z + 0.5, dim=1)
    assert nd.track(moved, prior=prior).distance > 8


class Foreign:
    """An array of another library: it is known by ``__array__`` alone."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


def test_any_container_is_taken():
    z = np.random.default_rng(16).standard_normal((200, 3)).astype(np.float16)
    expected = nd.track(z.astype(np.float64)).to_dict()
    same = {
        "float16": z,
        "float32": torch.from_numpy(z).float().requires_grad_(),
        "half": torch.from_numpy(z),
        "foreign": Foreign(z),
    }
    for name, values in same.items():
        assert nd.track(values).to_dict() == expected, name
    low = torch.from_numpy(z).bfloat16()
    assert nd.track(low).to_dict() == nd.track(low.double()).to_dict()


def test_flat_numbers_for_loggers():
    look = nd.track(np.random.default_rng(17).standard_normal((100, 3)))
    flat = look.to_dict("val/")
    assert all(name.startswith("val/") and type(value) is float for name, value in flat.items())
    assert flat["val/distance"] == look.distance == max(look.scores.values())
    assert flat["val/score/d2"] == look.scores["d2"]


def test_collapse_and_few_coordinates_have_numbers():
    constant = nd.track(np.zeros((50, 4)))
    assert constant.scores["smallest_eigenvalue"] > 30
    assert not any(math.isnan(value) for value in constant.to_dict().values())
    assert nd.track(np.random.default_rng(18).standard_normal((100, 1))).distance < 5
    assert nd.track(1e60 * np.ones((30, 2))).distance > 30


def test_bad_input_is_refused():
    with pytest.raises(InvalidInputError, match="20 rows"):
        nd.track(np.zeros((19, 2)))
    with pytest.raises(InvalidInputError, match="1e100"):
        nd.track(np.full((30, 2), 1e101))
    with pytest.raises(InvalidInputError, match="seed"):
        nd.track(np.zeros((30, 2)), seed=-1)
