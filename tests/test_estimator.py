"""DistributionMatcher is a scikit-learn transformer according to scikit-learn's own checks."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from noisedim.errors import InvalidInputError
from noisedim.estimator import DistributionMatcher
from noisedim.normality.henze_zirkler import henze_zirkler_statistic

# The checks fit about a hundred times; they do not depend on the number of steps.
CHECKED = [
    DistributionMatcher(steps=3, device="cpu"),
    DistributionMatcher("uniform", steps=3, objective="dual", device="cpu"),
    DistributionMatcher(steps=3, objective="infonce", capacity=2.0, device="cpu"),
]


@parametrize_with_checks(CHECKED)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)[0]


@pytest.mark.slow
def test_matches_the_prior_on_real_data(digits):
    z = DistributionMatcher(sigma=0.4, steps=400, device="cpu").fit_transform(digits)
    # A normal sample of 1,797 exceeds 3 with probability far below 1e-6; the first two pixels that vary are above 100.
    assert henze_zirkler_statistic(z) < 3
    assert henze_zirkler_statistic(digits[:, 2:4]) > 30


def test_uniform_embeddings_lie_in_the_unit_square(digits):
    z = DistributionMatcher("uniform", steps=20, device="cpu").fit_transform(digits)
    assert z.min() >= 0
    assert z.max() <= 1


def test_clone_pickle_pandas_and_pipeline(digits):
    pd = pytest.importorskip("pandas")
    model = DistributionMatcher(dim=3, steps=5, device="cpu").set_output(transform="pandas")
    table = pd.DataFrame(digits[:100], columns=[f"pixel{i}" for i in range(64)])
    z = model.fit(table).transform(table)
    assert list(z.columns) == ["distributionmatcher0", "distributionmatcher1", "distributionmatcher2"]
    again = pickle.loads(pickle.dumps(model)).transform(table)
    np.testing.assert_array_equal(again, z)
    np.testing.assert_array_equal(clone(model).fit(table).transform(table), z)
    assert make_pipeline(StandardScaler(), clone(model)).fit_transform(table).shape == (100, 3)


@pytest.mark.parametrize(
    ("options", "rows", "message"),
    [
        ({"dim": 0}, 50, "dim must be an integer >= 1; got 0"),
        ({"dim": 50}, 50, "fit needs more rows than dim=50; got n_samples=50"),
        ({"sigma": 0.1, "capacity": 1.0}, 50, "got sigma=0.1 and capacity=1.0"),
        ({"sigma": -1}, 50, "sigma must be a finite number > 0"),
        ({"epsilon": 0.1}, 50, "takes sigma or capacity"),
        ({"prior": "cauchy"}, 50, "prior must be 'normal', 'uniform', a prior file"),
        ({"objective": "mine"}, 50, "objective.name must be one of"),
        ({"augmentation_noise": 0}, 50, "augmentation_noise must be a finite number > 0"),
        ({"batch_size": 1}, 50, "batch_size must be an integer >= 2"),
    ],
)
def test_bad_parameters(digits, options, rows, message):
    with pytest.raises(InvalidInputError, match=message):
        DistributionMatcher(**{"steps": 2, **options}).fit(digits[:rows])


def test_equal_rows_are_refused():
    with pytest.raises(InvalidInputError, match="rows must differ in at least one feature; got 30 equal rows"):
        DistributionMatcher(steps=2).fit(np.ones((30, 4)))


def test_nan_is_refused(digits):
    spoilt = digits[:50].copy()
    spoilt[3, 3] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        DistributionMatcher(steps=2).fit(spoilt)


def test_random_state_is_as_in_scikit_learn(digits):
    rows = digits[:100]

    def fitted(**options):
        return DistributionMatcher(steps=3, device="cpu", **options).fit_transform(rows)

    np.testing.assert_array_equal(fitted(random_state=3), fitted(random_state=np.int64(3)))
    np.testing.assert_array_equal(fitted(random_state=3), fitted(seed=3))  # its former name
    assert not np.array_equal(fitted(random_state=3), fitted(random_state=4))
    states = [np.random.RandomState(0) for _ in range(2)]
    first = fitted(random_state=states[0])
    np.testing.assert_array_equal(first, fitted(random_state=states[1]))
    assert not np.array_equal(first, fitted(random_state=states[0]))  # which has moved on
    with pytest.raises(ValueError, match="seed"):
        fitted(random_state="nothing")


def test_inverse_transform_and_sample(digits):
    rows = digits[:200]
    model = DistributionMatcher(steps=30, device="cpu", fit_inverse_transform=True).fit(rows)
    z = model.transform(rows)
    np.testing.assert_allclose(model.inverse_transform(z), rows, atol=1e-9)
    # Between two embeddings: within the range of what trained, and not one of its rows.
    between = model.inverse_transform((z[:1] + z[1:2]) / 2)
    assert between.shape == (1, 64)
    assert (between >= rows.min(0)).all()
    assert (between <= rows.max(0)).all()
    draws, made = model.sample(4000, random_state=0)
    assert made.shape == (4000, 64)
    # Standard errors of 1/sqrt(4000) = 0.016: five of them.
    np.testing.assert_allclose(draws.mean(0), 0, atol=0.08)
    np.testing.assert_allclose(np.cov(draws.T), np.eye(2), atol=0.12)
    np.testing.assert_array_equal(model.sample(3, random_state=1)[0], model.sample(3, random_state=1)[0])
    assert not np.array_equal(model.sample(3)[0], model.sample(3)[0])


def test_without_an_inverse_it_is_refused_by_its_parameter(digits):
    model = DistributionMatcher("uniform", steps=3, device="cpu", fit_inverse_transform=True).fit(digits[:100])
    draws, _ = model.sample(50)
    assert ((draws >= 0) & (draws <= 1)).all()
    model.set_params(fit_inverse_transform=False).fit(digits[:100])
    assert model.sample(2)[1] is None
    with pytest.raises(InvalidInputError, match="fit_inverse_transform=True"):
        model.inverse_transform(draws)
