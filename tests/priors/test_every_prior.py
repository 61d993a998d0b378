"""One suite that every prior passes: bijection, density, samples, precision, gradients, files.

That a density integrates to 1 in any dimension follows from two things checked here: the map to N(0, I) is a bijection,
and the density is the normal's times the Jacobian's determinant, which is taken by automatic differentiation. Up to two
dimensions it is integrated as well.
"""

import functools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from noisedim.assessment import assess
from noisedim.priors import (
    BallPrior,
    BoxPrior,
    FlowPrior,
    FullGaussianPrior,
    GaussianMixturePrior,
    GaussianPrior,
    ProductPrior,
    SpherePrior,
    TorusPrior,
    UniformPrior,
    load_prior,
    prior_from_spec,
)

ALPHA = 1e-6
_FULL = [[2.0, 0.8, -0.3], [0.8, 1.0, 0.2], [-0.3, 0.2, 0.5]]


@functools.cache
def _flow() -> FlowPrior:
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 500), 3 + 0.3 * rng.standard_normal(500)
    return FlowPrior.fit(np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), steps=60)


_MAKERS = {
    "normal": lambda: GaussianPrior(3),
    "uniform": lambda: UniformPrior(3),
    "full-gaussian": lambda: FullGaussianPrior([1.0, -2.0, 0.5], _FULL),
    "box": lambda: BoxPrior([-1.0, 5.0], [0.5, 25.0]),
    "bounded-product": lambda: ProductPrior([stats.beta(0.5, 3.0), stats.arcsine(), stats.truncnorm(-1.0, 2.0)]),
    "half-line-product": lambda: ProductPrior([stats.gamma(0.3), stats.lognorm(1.0), stats.weibull_min(0.7)]),
    "line-product": lambda: ProductPrior([stats.cauchy(), stats.t(3.0, loc=1.0), stats.laplace(), stats.logistic()]),
    "segment": lambda: BallPrior(1),
    "disc": lambda: BallPrior(2, radius=3.0),
    "ball-40": lambda: BallPrior(40),
    "circle": lambda: SpherePrior(1),
    "sphere": lambda: SpherePrior(2, radius=0.5),
    "sphere-20": lambda: SpherePrior(20),
    "sphere-of-directions": lambda: SpherePrior(2, radius=3.0, noise="von-mises-fisher"),
    "sphere-of-directions-9": lambda: SpherePrior(9, noise="von-mises-fisher"),
    "one-angle": lambda: TorusPrior(1),
    "torus": lambda: TorusPrior(3),
    "mixture": lambda: GaussianMixturePrior(
        [0.2, 0.5, 0.3], [[-3, 0], [2, 1], [0, 4]], [[[1, 0.8], [0.8, 1]], [[0.2, 0], [0, 3]], [[2, -1], [-1, 1]]]
    ),
    "far-mixture": lambda: GaussianMixturePrior([1, 3], [[-30.0], [40.0]], [[[1.0]], [[0.25]]]),
    "flow": _flow,
}


@pytest.fixture(params=_MAKERS)
def prior(request):
    return functools.cache(_MAKERS[request.param])()


def _tangent(prior, x):
    """An orthonormal basis (m, k, d) of the directions in which the support extends: all of them, but on spheres."""
    if prior.ambient_dim == prior.dim:
        return torch.eye(prior.dim, dtype=x.dtype).expand(len(x), -1, -1)
    if isinstance(prior, TorusPrior):
        basis = torch.zeros(len(x), prior.ambient_dim, prior.dim, dtype=x.dtype)
        for i in range(prior.dim):
            basis[:, 2 * i, i], basis[:, 2 * i + 1, i] = -x[:, 2 * i + 1], x[:, 2 * i]
        return basis
    unit = x / x.norm(dim=1, keepdim=True)
    return torch.linalg.svd(unit[:, None, :]).Vh[:, 1:, :].transpose(1, 2)


def _jacobians(function, x):
    x = x.detach().requires_grad_()
    z = function(x)
    rows = [torch.autograd.grad(z[:, j].sum(), x, retain_graph=True)[0] for j in range(z.shape[1])]
    return torch.stack(rows, 1)


def _normals(prior, most=8.0, rows=6):
    values = st.floats(-most, most, allow_nan=False, width=64)
    return arrays.arrays(np.float64, (rows, prior.dim), elements=values).map(torch.from_numpy)


def _less_far(z, beyond):
    """Rows shortened to √d + ``beyond``: farther out, a radius of 1 − P(‖N‖ > ‖z‖) has few digits left for the tail."""
    most = math.sqrt(z.shape[1]) + beyond
    return z * (most / z.norm(dim=1, keepdim=True).clamp_min(1e-9)).clamp(max=1)


def _grid(prior, most=8.0):
    """Rows that go out to ``most`` along each axis, the others at 0.3."""
    ends = torch.tensor([-most, -5.0, -1.0, 0.0, 1.0, 5.0, most], dtype=torch.float64)
    z = torch.full((len(ends) * prior.dim, prior.dim), 0.3, dtype=torch.float64)
    for j in range(prior.dim):
        z[len(ends) * j : len(ends) * (j + 1), j] = ends
    return z


@pytest.mark.slow
def test_round_trip_over_the_support_with_its_tails(prior):
    @given(_normals(prior))
    @settings(max_examples=25, deadline=None, derandomize=True)
    def holds(z):
        x = prior.from_normal(z)
        assert not prior.outside(x).any()
        back = prior.to_normal(x)
        torch.testing.assert_close(prior.from_normal(back), x, rtol=1e-6, atol=1e-12)
        if isinstance(prior, BallPrior):
            z = _less_far(z, 5)
            x, back = prior.from_normal(z), prior.to_normal(prior.from_normal(z))
        # The other way round, x has rounded: what units in its last place are worth in z is the error it has then. Where x
        # is as near to the edge of the support as that, moving it moves z no more, and x does not tell how far out z was.
        units = 4 * (1 + prior.dim) * torch.finfo(x.dtype).eps
        near = torch.stack([prior.to_normal(x * (1 - units)), prior.to_normal(x * (1 + units))])
        moved = torch.nan_to_num((near - back).abs(), nan=0.0)
        known = (moved.amin(0) >= 0.01 * moved.amax(0)) | (back.abs() < 5)
        assert bool(((back - z).abs() <= 1e-6 + 2 * moved.amax(0))[known].all()), (z, back)

    holds()


@pytest.mark.slow
def test_density_is_the_normals_times_the_jacobian(prior):
    @given(_normals(prior, most=4.0))
    @settings(max_examples=10, deadline=None, derandomize=True)
    def holds(z):
        if isinstance(prior, BallPrior):
            z = _less_far(z, 3)
        x = prior.from_normal(z)
        forward = _jacobians(prior.to_normal, x) @ _tangent(prior, x)
        expected = torch.from_numpy(stats.norm.logpdf(prior.to_normal(x).numpy()).sum(1)) + forward.slogdet().logabsdet
        torch.testing.assert_close(prior.log_prob(x), expected, rtol=1e-6, atol=1e-6)
        # And the inverse's derivative is the derivative's inverse.
        inverse = _tangent(prior, x).transpose(1, 2) @ _jacobians(prior.from_normal, z)
        unit = torch.eye(prior.dim, dtype=z.dtype).expand(len(z), -1, -1)
        torch.testing.assert_close(forward @ inverse, unit, rtol=0, atol=1e-5)

    holds()


def test_gradients_are_finite_in_the_tails(prior):
    for dtype in (torch.float64, torch.float32):
        z = _grid(prior).to(dtype).requires_grad_()
        x = prior.from_normal(z)
        assert x.dtype == dtype
        assert bool(torch.isfinite(x).all())
        assert bool(torch.isfinite(torch.autograd.grad(x.sum(), z)[0]).all())
        x = x.detach().requires_grad_()
        back = prior.to_normal(x)
        assert back.dtype == dtype
        assert bool(torch.isfinite(back).all())
        assert bool(torch.isfinite(torch.autograd.grad(back.sum(), x)[0]).all())
        density = prior.log_prob(x)
        inside = ~prior.outside(x)
        assert bool(inside.all())
        assert bool(torch.isfinite(torch.autograd.grad(density[torch.isfinite(density)].sum(), x)[0]).all())


def test_farther_out_than_float64_has_probabilities_nothing_breaks(prior):
    z = _grid(prior, most=60.0)
    x = prior.from_normal(z)
    assert bool(torch.isfinite(x).all())
    assert bool(torch.isfinite(prior.to_normal(x)).all())


def test_single_precision_is_double_precision_rounded(prior):
    z = _grid(prior, most=4.0).float()
    torch.testing.assert_close(prior.from_normal(z), prior.from_normal(z.double()).float())
    x = prior.from_normal(z)
    torch.testing.assert_close(prior.to_normal(x), prior.to_normal(x.double()).float())
    assert prior.log_prob(x).dtype is torch.float32
    assert prior.sample(3, generator=torch.Generator().manual_seed(0)).dtype is torch.float32


@pytest.mark.slow
def test_samples_pass_the_battery_at_its_nominal_rate(prior):
    """The family-wise rate is at most 0.05: more rejections than this many have a chance below 1e-6."""
    trials, alpha = 25, 0.05
    generator = torch.Generator().manual_seed(7)
    rejected = 0
    for _ in range(trials):
        z = prior.sample(120, generator=generator, dtype=torch.float64)
        assert z.shape == (120, prior.ambient_dim)
        rejected += assess(z, prior=prior, alpha=alpha, n_star=False).rejected
    assert rejected <= stats.binom.ppf(1 - ALPHA, trials, alpha)
    # Negative control: rows of the same support with another law, N(0, 1.3² I) on the other side.
    other = prior.from_normal(1.3 * torch.randn(1000, prior.dim, generator=generator, dtype=torch.float64))
    assert assess(other, prior=prior, n_star=False).rejected


def test_large_sample_follows_the_law_coordinate_by_coordinate(prior):
    z = prior.to_normal(prior.sample(20_000, generator=torch.Generator().manual_seed(8), dtype=torch.float64))
    for column in z.T.numpy():
        assert stats.kstest(column, "norm").pvalue > ALPHA / prior.dim
    # Independence across coordinates: a correlation of 20,000 pairs exceeds 0.06 with a chance below 1e-16.
    correlations = torch.corrcoef(z.T) if prior.dim > 1 else torch.ones(1, 1)
    assert float((correlations - torch.eye(prior.dim)).abs().max()) < 0.06


def test_capacity_and_dual_are_those_of_its_channel(prior):
    channel = prior.channel_prior
    assert channel.channel_prior is channel
    level = 0.3
    assert prior.capacity(level) == channel.capacity(level)
    assert prior.information(level) == channel.information(level)
    assert prior.level_for_capacity(2.0) == channel.level_for_capacity(2.0)
    g = torch.Generator().manual_seed(3)
    a, b = (channel.sample(5, generator=g, dtype=torch.float64) for _ in range(2))
    assert a.shape == (5, prior.channel_dim)
    torch.testing.assert_close(prior.log_dual_kernel(a, b, level), channel.log_dual_kernel(a, b, level))
    torch.testing.assert_close(prior.alignment(a, b, level), channel.alignment(a, b, level))
    assert prior.noise(a, level).shape == a.shape
    # The channel's own law goes to the prior.
    z = channel.sample(2000, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    embedded = prior.from_channel(z)
    assert not prior.outside(embedded).any()
    assert stats.kstest(prior.to_normal(embedded)[:, 0].numpy(), "norm").pvalue > ALPHA


def test_file_and_specification_give_the_same_prior(prior, tmp_path):
    path = tmp_path / ("prior.safetensors" if isinstance(prior, FlowPrior) else "prior.json")
    prior.save(path)
    again = load_prior(path)
    assert again == prior
    assert hash(again) == hash(prior)
    assert prior_from_spec(prior.reference()) == prior
    z = _grid(prior, most=4.0)
    torch.testing.assert_close(again.from_normal(z), prior.from_normal(z), rtol=0, atol=0)
    assert again != GaussianPrior(prior.dim + 1)


def _plane(prior):
    """Points (m, 2) or (m, 1) and weights of a quadrature over the support: the trapezoidal rule after a substitution."""
    if isinstance(prior, TorusPrior):
        t, p = np.meshgrid(*[np.linspace(0, 2 * np.pi, 50, endpoint=False)] * 2, indexing="ij")
        points = np.stack([np.cos(t), np.sin(t), np.cos(p), np.sin(p)], -1).reshape(-1, 4)
        return points, np.full(2500, (2 * np.pi / 50) ** 2)
    if isinstance(prior, SpherePrior):
        theta, w = np.polynomial.legendre.leggauss(60)
        theta, w = (theta + 1) * np.pi / 2, w * np.pi / 2
        phi = np.linspace(0, 2 * np.pi, 100, endpoint=False)
        t, p = np.meshgrid(theta, phi, indexing="ij")
        points = np.stack([np.cos(t), np.sin(t) * np.cos(p), np.sin(t) * np.sin(p)], -1).reshape(-1, 3)
        weights = (w * np.sin(theta))[:, None] * np.full(100, 2 * np.pi / 100)
        return prior.radius * points, weights.ravel() * prior.radius**2
    if isinstance(prior, BallPrior):
        nodes, w = np.polynomial.legendre.leggauss(60)
        radius, w = (nodes + 1) / 2 * prior.radius, w / 2 * prior.radius
        phi = np.linspace(0, 2 * np.pi, 100, endpoint=False)
        r, p = np.meshgrid(radius, phi, indexing="ij")
        points = np.stack([r * np.cos(p), r * np.sin(p)], -1).reshape(-1, 2)
        return points, ((w * radius)[:, None] * np.full(100, 2 * np.pi / 100)).ravel()
    t = np.linspace(-5, 5, 301)
    line, slope = 3 * np.sinh(t), 3 * np.cosh(t) * (t[1] - t[0])
    x, y = np.meshgrid(line, line, indexing="ij")
    return np.stack([x, y], -1).reshape(-1, 2), np.outer(slope, slope).ravel()


@pytest.mark.parametrize(
    ("case", "tolerance"),
    [
        (FullGaussianPrior([1.0, 0.5], [[2.0, 0.8], [0.8, 1.0]]), 1e-9),
        (ProductPrior([stats.t(5.0), stats.logistic()]), 1e-6),
        (_MAKERS["mixture"](), 1e-9),
        (_MAKERS["sphere"](), 1e-9),
        (_MAKERS["sphere-of-directions"](), 1e-9),
        (TorusPrior(2), 1e-9),
        (_MAKERS["disc"](), 1e-9),
        ("flow", 1e-3),
    ],
    ids=str,
)
def test_density_integrates_to_one(case, tolerance):
    prior = _flow() if case == "flow" else case
    points, weights = _plane(prior)
    values = prior.log_prob(torch.from_numpy(points)).exp().numpy()
    assert float(values @ weights) == pytest.approx(1.0, abs=tolerance)


@pytest.mark.parametrize(
    "law", [stats.gamma(2.0), stats.beta(2.0, 3.0), stats.weibull_min(1.5)], ids=lambda law: law.dist.name
)
def test_density_of_a_product_is_scipys(law):
    x = law.ppf(np.linspace(0.001, 0.999, 50))[:, None]
    prior = ProductPrior([law, law])
    values = prior.log_prob(torch.from_numpy(np.hstack([x, x])))
    np.testing.assert_allclose(values, 2 * law.logpdf(x[:, 0]), rtol=1e-12)
    slope = torch.autograd.functional.jacobian(lambda t: prior.log_prob(t).sum(), torch.from_numpy(np.hstack([x, x])))
    step = 1e-6 * x[:, 0]
    numeric = (law.logpdf(x[:, 0] + step) - law.logpdf(x[:, 0] - step)) / (2 * step)
    np.testing.assert_allclose(slope[:, 1], numeric, rtol=1e-5, atol=1e-5)


def test_support_and_volume():
    """Uniform laws: zero density outside, and inside one over the volume, which draws in a known box measure."""
    generator = torch.Generator().manual_seed(11)
    for prior, side in ((BallPrior(3), 2.0), (BallPrior(5, radius=2.0), 4.0)):
        x = side * (torch.rand(20_000, prior.dim, generator=generator, dtype=torch.float64) - 0.5)
        inside = int(torch.isfinite(prior.log_prob(x)).sum())
        share = math.exp(-float(prior.log_prob(torch.zeros(1, prior.dim)))) / side**prior.dim
        assert stats.binomtest(inside, 20_000, share).pvalue > ALPHA
    box = BoxPrior([0.0, 1.0], [2.0, 4.0])
    assert float(box.log_prob(torch.tensor([[1.0, 2.0]]))) == pytest.approx(-math.log(6))
    assert float(box.log_prob(torch.tensor([[1.0, 5.0]]))) == -math.inf
    assert box.outside(torch.tensor([[1.0, 2.0], [-0.1, 2.0], [math.nan, 2.0]])).tolist() == [False, True, True]
    for prior in (
        box,
        UniformPrior(2),
        BallPrior(2),
        SpherePrior(1),
        ProductPrior([stats.gamma(2.0), stats.beta(2, 2)]),
    ):
        # No number is made up for what no bijection of the support takes anywhere.
        away, good = torch.tensor([[-3.0, 0.5]]), prior.sample(1, generator=generator)
        found = prior.to_normal(torch.cat([away, good]))
        assert torch.isnan(found).all(1).tolist() == [True, False]
        assert bool(torch.isneginf(prior.log_prob(away)).all())
    # What single precision rounded over an edge is at the edge, also where it is read in double precision.
    for prior, edge in (
        (BoxPrior([0.7], [2.3]), 0.7),
        (BallPrior(1, radius=0.3), 0.3),
        (ProductPrior([stats.uniform(-0.3, 0.6)]), 0.3),
    ):
        rounded = torch.tensor([[edge * (1 - 5e-8)], [edge * (1 + 5e-8)]], dtype=torch.float64)
        assert not prior.outside(rounded).any()
        assert bool(torch.isfinite(prior.to_normal(rounded)).all())
        assert prior.outside(torch.tensor([[9.0]])).all()
    assert SpherePrior(1).outside(torch.tensor([[1.0, 0.0], [1.001, 0.0], [0.0, 0.0]])).tolist() == [False, True, True]
    assert ProductPrior([stats.gamma(2.0)]).outside(torch.tensor([[1.0], [-1.0], [math.inf]])).tolist() == [
        False,
        True,
        True,
    ]


def test_ball_commutes_with_rotations_and_sphere_keeps_antipodes():
    generator = torch.Generator().manual_seed(12)
    z = torch.randn(50, 3, generator=generator, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=torch.float64)).Q
    prior = BallPrior(3)
    torch.testing.assert_close(prior.from_normal(z @ turn), prior.from_normal(z) @ turn)
    x = SpherePrior(3).from_normal(z)
    torch.testing.assert_close(x.norm(dim=1), torch.ones(50, dtype=torch.float64))
    # z and −z: the polar angles are mirrored.
    torch.testing.assert_close(SpherePrior(3).from_normal(-z)[:, :2].abs(), x[:, :2].abs())
