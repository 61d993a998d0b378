"""Rows of a prior that were rounded to half precision are rows of it still: none is off the support, none at infinity."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from noisedim import NoisyChannel
from noisedim.assessment import assess
from noisedim.priors import BallPrior, BoxPrior, ProductPrior, SpherePrior, TorusPrior, UniformPrior
from noisedim.priors.arrays import off_edges

ALPHA = 1e-6
DTYPES = {"bfloat16": (torch.bfloat16, 8), "float16": (torch.float16, 11)}
PRIORS = {
    "box": BoxPrior([0.0] * 8, [1.0] * 8),
    "box-between-floats": BoxPrior([-0.7] * 8, [0.7] * 8),
    "product": ProductPrior([stats.beta(2, 1)] * 8),
    "ball": BallPrior(8),
}
# Of these, too, no rows are refused, and none is farther out than the law has rows.
MORE = {
    "uniform": UniformPrior(8),
    "box-ending-at-0": BoxPrior([-1.0, 5.0, -3.0, 0.1], [0.5, 25.0, 0.0, 1.000001]),
    "bounded-product": ProductPrior([stats.beta(0.5, 3.0), stats.arcsine(), stats.truncnorm(-1.0, 2.0)]),
    "half-line-product": ProductPrior(
        [stats.gamma(0.3), stats.pareto(2.0), stats.expon(loc=-3.3), stats.weibull_max(1.0)]
    ),
    "segment": BallPrior(1, radius=3.0),
    "ball-300": BallPrior(300, radius=0.3),
    "sphere": SpherePrior(4, radius=0.3),
    "torus": TorusPrior(3),
}


def _rows(prior, n, dtype, seed):
    return prior.sample(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("prior", PRIORS)
def test_samples_in_half_precision_pass_at_the_nominal_rate(prior, dtype):
    trials, law = 12, PRIORS[prior]
    rejected = sum(
        assess(_rows(law, 500, DTYPES[dtype][0], seed), prior=law, n_star=False, budget=1e-9).rejected
        for seed in range(trials)
    )
    assert rejected <= stats.binom.ppf(1 - ALPHA, trials, 0.05)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("prior", PRIORS | MORE)
def test_rounding_takes_no_row_off_the_support_or_too_far_out(prior, dtype):
    law, n = (PRIORS | MORE)[prior], 20_000 if "300" not in prior else 2000
    rows = _rows(law, n, DTYPES[dtype][0], 0)
    assert not law.outside(rows).any()
    z = rows.double().numpy()
    moved = torch.from_numpy(law.off_the_edges(z))
    assert not law.outside(moved).any()
    normal = law.to_normal(moved)
    farthest = float(normal.abs().max())
    # The largest of so many normal values is beyond this with a chance of 1e-6.
    assert farthest < stats.norm.isf(ALPHA / (2 * normal.numel()))
    # A row that rounding took to no edge stays what it is.
    same = (moved.numpy() == z).all(1)
    assert same.mean() > 0.1
    torch.testing.assert_close(normal[same], law.to_normal(rows.double())[same], rtol=0, atol=0)
    # Double precision moves nothing.
    exact = _rows(law, 200, torch.float64, 1).numpy()
    np.testing.assert_array_equal(law.off_the_edges(exact), exact)


@given(
    size=st.floats(0.01, 1000.0),
    below_zero=st.booleans(),
    upper=st.booleans(),
    dtype=st.sampled_from(sorted(DTYPES)),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_value_at_an_edge_goes_to_the_middle_of_what_rounds_to_it(size, below_zero, upper, dtype):
    half, digits = DTYPES[dtype]
    edge = -size if below_zero else size
    step = 2.0 ** (math.frexp(size)[1] - digits)
    # Values of a law that ends at the edge, rounded by torch itself.
    inside = edge + np.linspace(0, 2, 4001) * (-step if upper else step)
    rounded = torch.from_numpy(inside).to(half).double().numpy()
    first = rounded[0]
    middle = (edge + inside[rounded == first][-1]) / 2
    low, high = (-math.inf, edge) if upper else (edge, math.inf)
    found, kept = off_edges(np.array([[first], [rounded[-1]]]), np.array([low]), np.array([high]))[:, 0]
    assert kept == rounded[-1]
    assert low <= found <= high
    if low <= first <= high:
        assert found == pytest.approx(middle, abs=step / 1000)
    else:
        # Of what lies over the edge little may round there: it goes as far inside as if half a step did, or less.
        assert abs(middle - edge) - step / 1000 <= abs(found - edge) <= step / 4


@given(
    low=st.floats(-1000, 1000),
    width=st.floats(1e-3, 1e4),
    seed=st.integers(0, 1000),
    dtype=st.sampled_from(sorted(DTYPES)),
)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_any_box_takes_its_own_rows_in_half_precision(low, width, seed, dtype):
    box = BoxPrior([low], [low + width])
    half, digits = DTYPES[dtype]
    unit = torch.cat([torch.rand(50, generator=torch.Generator().manual_seed(seed)), torch.tensor([0.0, 1.0])])
    rows = box.from_channel(unit.double()[:, None]).to(half)
    assert not box.outside(rows).any()
    cube = box.in_unit_cube(rows.double())
    assert bool(((cube >= 0) & (cube <= 1)).all())
    normal = box.to_normal(torch.from_numpy(box.off_the_edges(rows.double().numpy())))
    assert bool(torch.isfinite(normal).all())
    # A squash in half precision rounds so much of the cube to 0 and 1, of which the middle is half as far in.
    assert float(normal[-2:].abs().max()) <= stats.norm.isf(2.0 ** -(digits + 2)) + 1e-4


def test_edges_by_hand():
    for digits, above_zero in ((8, 0.5), (11, 1 + 2.0**-10)):
        z = np.array([[0.0, 1.0], [above_zero / 2, 0.25]])
        expected = [[2.0 ** -(digits + 2), 1 - 2.0 ** -(digits + 2)], [above_zero / 2, 0.25]]
        np.testing.assert_array_equal(UniformPrior(2).off_the_edges(z), expected)
        np.testing.assert_array_equal(BoxPrior([0, 0], [1, 1]).off_the_edges(z), expected)
        np.testing.assert_array_equal(ProductPrior([stats.uniform()] * 2).off_the_edges(z), expected)
    # float16 has 2^-24 and no smaller number: what is below half of it is 0.
    gamma = ProductPrior([stats.gamma(0.3)])
    np.testing.assert_array_equal(gamma.off_the_edges(np.array([[0.0], [1 + 2.0**-10]])), [[2.0**-26], [1 + 2.0**-10]])
    # A box between two floats has one middle.
    np.testing.assert_allclose(BoxPrior([0.999], [1.001]).off_the_edges(np.array([[1.0]])), [[1.0]], rtol=1e-12)
    # Rounded, a row of a disc is over its edge; its norm has an error of a third of the two half steps, squared.
    row = np.array([[0.75, 0.6640625], [0.5, 0.25]])
    moved = BallPrior(2).off_the_edges(row)
    spread = math.sqrt((0.75**2 + 0.6640625**2) * 2.0**-18 / 3) / math.hypot(0.75, 0.6640625)
    np.testing.assert_allclose(np.linalg.norm(moved[0]), 1 - spread, rtol=1e-12)
    np.testing.assert_array_equal(moved[1], row[1])


def test_tolerance_is_that_of_the_format():
    box = BoxPrior([-0.7], [0.7])
    for dtype, digits in DTYPES.values():
        edge = float(torch.tensor(0.7).to(dtype))
        # What 0.7 is rounded to; two floats farther, to which nothing in the box is.
        over = torch.tensor([[edge], [edge + 2 * 2.0**-digits], [0.5]], dtype=torch.float64).to(dtype)
        assert box.outside(over).tolist() == [False, True, False]
        # A row that is no number has no digits.
        assert box.outside(torch.cat([over, torch.tensor([[math.nan], [math.inf]])])).tolist()[3:] == [True, True]
    # In double precision the same values are off the support.
    assert box.outside(torch.tensor([[0.7002], [0.1]], dtype=torch.float64)).tolist() == [True, False]


@pytest.mark.parametrize("prior", ["box-between-floats", "box-ending-at-0", "product", "ball"])
def test_a_channel_in_half_precision_takes_its_own_output(prior):
    law = (PRIORS | MORE)[prior]
    level = {"epsilon": 0.1} if isinstance(law, BoxPrior) else {"sigma": 0.5}
    channel = NoisyChannel(law, **level, warn=False).half()
    raw = torch.randn(4000, law.dim, generator=torch.Generator().manual_seed(0)).half()
    channel(raw)
    z = channel.eval()(raw)
    assert z.dtype is torch.float16
    assert (
        not assess(z, prior=law, n_star=False, budget=1e-9).tests.set_index("name").loc["extremes", "p_value"] < ALPHA
    )


def test_the_seam_of_a_sphere_is_no_farther_out_than_float16_is_fine():
    # Of float16 values only those within 2^-25 of the seam round to it: the middle is 2^-26 of an angle of 2π away.
    farthest = -stats.norm.ppf(2.0**-26 / (2 * math.pi))
    for prior in (TorusPrior(1), SpherePrior(1), SpherePrior(1, noise="von-mises-fisher")):
        rows = np.array([[-1.0, 0.0], [1.0, 0.0], [1 - 2.0**-11, 0.0]])
        normal = prior.to_normal(torch.from_numpy(prior.off_the_edges(rows)))[:, 0]
        np.testing.assert_allclose(normal.abs().numpy(), [farthest, 0.0, 0.0], rtol=1e-6, atol=1e-9)
