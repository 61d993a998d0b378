"""p-values of norms: exact and invariant under the prior, blind to outliers near the centre; fitted detectors."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import noisedim as nd
from noisedim.downstream.outliers import DETECTOR_WORDS, fitted_scores, outlier_p_values, squared_norms
from noisedim.errors import InvalidInputError
from noisedim.statistics.roc import auroc


@pytest.mark.parametrize("dim", [1, 2, 8, 64])
@pytest.mark.parametrize("prior", ["normal", "uniform"])
@pytest.mark.parametrize("tail", ["far", "both"])
def test_rows_of_the_prior_have_uniform_p_values(dim, prior, tail):
    rng = np.random.default_rng([dim, len(prior), len(tail)])
    z = rng.standard_normal((4000, dim)) if prior == "normal" else rng.random((4000, dim))
    p = outlier_p_values(z, prior=prior, tail=tail)
    assert stats.kstest(p, "uniform").pvalue > 1e-6
    # Negative control: an embedding with standard deviations 5% too large is not calibrated in many dimensions.
    if prior == "normal" and dim == 64:
        assert stats.kstest(outlier_p_values(1.05 * z, tail=tail), "uniform").pvalue < 1e-6


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    "prior",
    [
        nd.UniformPrior(64),
        nd.BoxPrior([-0.7] * 64, [0.7] * 64),
        nd.ProductPrior([stats.beta(2, 1)] * 16),
        nd.BallPrior(8, radius=3.0),
    ],
    ids=repr,
)
def test_rows_in_half_precision_are_not_outliers(prior, dtype):
    n = 10_000
    z = prior.sample(n, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(dtype)
    p = outlier_p_values(z, prior=prior)
    for alpha in (1e-3, 1e-2):
        assert stats.binomtest(int((p <= alpha).sum()), n, alpha, alternative="greater").pvalue > 1e-6
    # Rows that are off the support are outliers still.
    far = torch.cat([z[:100], 3 * z[100:200].abs() + 3])
    assert (outlier_p_values(far, prior=prior)[100:] == 0).all()


def test_two_dimensions_by_hand_and_priors_as_objects():
    z = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(outlier_p_values(z), [np.exp(-12.5), 1.0])
    np.testing.assert_allclose(outlier_p_values(z, tail="both"), [2 * np.exp(-12.5), 0.0], atol=1e-15)
    u = np.array([[0.5, 0.5], [0.999, 0.5], [1.0, 0.5], [1.2, 0.5], [-1e-9, 0.5]])
    # Exactly 1 is in the support, and the farthest value there in float64.
    expected = [1.0, stats.chi2.sf(stats.norm.isf(0.001) ** 2, 2), 2.3e-15, 0.0, 0.0]
    np.testing.assert_allclose(outlier_p_values(u, prior=nd.UniformPrior(2)), expected, atol=1e-16, rtol=0.01)


def test_a_sphere_has_one_dimension_less_than_its_rows():
    sphere = nd.SpherePrior(4)
    rows = sphere.sample(3000, generator=torch.Generator().manual_seed(0), dtype=torch.float64).numpy()
    assert stats.kstest(outlier_p_values(rows, prior=sphere), "uniform").pvalue > 1e-6
    assert (outlier_p_values(2 * rows, prior=sphere) == 0).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_a_rotation_changes_nothing_and_farther_is_rarer(seed, dim):
    rng = np.random.default_rng(seed)
    z = 2 * rng.standard_normal((20, dim))
    rotation = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    np.testing.assert_allclose(outlier_p_values(z @ rotation), outlier_p_values(z), rtol=1e-9)
    assert (outlier_p_values(1.1 * z) <= outlier_p_values(z)).all()


def test_the_norm_is_blind_inside_where_neighbours_see():
    # Usual rows on a ring, outliers at its centre.
    rng = np.random.default_rng(0)
    ring = rng.standard_normal((600, 2))
    ring *= np.sqrt(2) / np.linalg.norm(ring, axis=1, keepdims=True)
    inside = 0.1 * rng.standard_normal((60, 2))
    rows = np.concatenate([ring[300:], inside])
    assert (outlier_p_values(inside) > 0.5).all()
    assert auroc(squared_norms(ring[300:]), squared_norms(inside)).upper < 0.5
    neighbours = fitted_scores(ring[:300], rows)["knn"]
    assert auroc(neighbours[:300], neighbours[300:]).lower > 0.95


def test_every_detector_scores_what_is_far_out_higher():
    rng = np.random.default_rng(1)
    reference, usual = rng.standard_normal((300, 3)), rng.standard_normal((200, 3))
    far = rng.standard_normal((50, 3)) + 6
    found = fitted_scores(reference, np.concatenate([usual, far]))
    assert found.keys() == DETECTOR_WORDS.keys()
    for name, scores in found.items():
        assert auroc(scores[:200], scores[200:]).lower > 0.97, name
    again = fitted_scores(reference, usual)
    for name, scores in found.items():
        np.testing.assert_array_equal(again[name], scores[:200])
    # With many rows, the Mahalanobis distance of an embedding approaches its norm under N(0, I).
    many = fitted_scores(rng.standard_normal((4000, 3)), usual)["mahalanobis"]
    np.testing.assert_allclose(many, squared_norms(usual), rtol=0.15, atol=0.15)


def test_constant_pixels_do_no_harm():
    rng = np.random.default_rng(2)
    reference = np.column_stack([rng.standard_normal((100, 2)), np.zeros(100)])
    found = fitted_scores(reference, [[0.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
    assert all(np.isfinite(scores).all() for scores in found.values())
    assert found["mahalanobis"][1] > found["mahalanobis"][0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: outlier_p_values([1.0, 2.0]), r"z must have shape \(n, d\)"),
        (lambda: outlier_p_values([[np.nan, 0.0]]), "1 of 1 rows hold NaN"),
        (lambda: outlier_p_values([[0.0, 0.0]], prior="cauchy"), "prior must be .normal., .uniform., a prior file"),
        (lambda: outlier_p_values([[0.0, 0.0]], tail="near"), "tail must be one of"),
        (lambda: outlier_p_values([[0.0, 0.0]], prior=nd.GaussianPrior(3)), "rows of 3 columns; got 2"),
        (lambda: fitted_scores(np.zeros((5, 2)), np.zeros((5, 2))), "at least 10 rows"),
        (lambda: fitted_scores(np.zeros((50, 2)), np.zeros((5, 3))), r"shape \(n, 2\)"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
