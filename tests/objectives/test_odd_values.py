"""Zero rows, equal rows, large rows and half precision, for every method of the table; Epps–Pulley against its pairs."""

import math

import pytest
import torch

from noisedim.channel import NoisyChannel
from noisedim.errors import InvalidInputError
from noisedim.objectives import METHODS, SIGReg
from noisedim.objectives.methods.sigreg import epps_pulley, epps_pulley_error
from noisedim.objectives.methods.variational import gaussian_kl
from noisedim.priors import GaussianPrior
from noisedim.training import ObjectiveConfig

N, DIM = 64, 2
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def _zero_row(z):
    z[0] = z[N // 2] = 0
    return z


ROWS = {
    "plain": lambda z: z,
    "a zero row": _zero_row,
    "all zeros": lambda z: 0 * z,
    "near 300": lambda z: 300 + z,
    "as large as 300": lambda z: 300 * z / z.abs().max(),
    "one repeated row": lambda z: z[:1].repeat(N, 1),
    "rows on a line": lambda z: z[:, :1].repeat(1, z.shape[1]),
}


def outputs(width, seed=0):
    return torch.randn(N, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def value(objective, channel, raw):
    images = torch.rand(N, 1, 8, 8, generator=torch.Generator().manual_seed(1)).to(raw.dtype)
    return objective.on_batch(raw, images, channel, generator=torch.Generator().manual_seed(2))


def built(name, dtype, **options):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        objective = ObjectiveConfig(name=name, features=0, **options).build(DIM, (1, 8, 8)).to(dtype)
    channel = NoisyChannel(GaussianPrior(DIM), sigma=0.5).to(dtype)
    # A fresh channel refuses a constant batch in words; later batches may become one.
    value(objective, channel, outputs(DIM * objective.outputs_a_dimension, seed=5).to(dtype))
    return objective, channel


NOISY = [(name, {"noise_on": "one"}) for name in METHODS if METHODS[name].takes_noise]
FORMS = [(name, {}) for name in METHODS] + NOISY


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("name", "options"), FORMS, ids=lambda part: part if isinstance(part, str) else " ".join(part))
def test_no_nan_from_odd_rows(name, options, dtype):
    objective, channel = built(name, dtype, **options)
    for words, change in ROWS.items():
        raw = change(outputs(DIM * objective.outputs_a_dimension)).to(dtype).requires_grad_()
        found = value(objective, channel, raw)
        assert math.isfinite(found.loss.item()), words
        assert not math.isinf(found.bound.item()), words
        found.loss.backward()
        assert not raw.grad.isnan().any(), words
        # A slope above 65,504 has no float16; every other is finite.
        assert dtype is torch.float16 or raw.grad.isfinite().all(), words


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", METHODS)
def test_half_precision_is_the_value_of_the_rounded_rows(name, dtype):
    single, half = built(name, torch.float32)[0], built(name, dtype)[0]
    width = DIM * single.outputs_a_dimension
    raw = outputs(width).to(dtype)
    channels = [NoisyChannel(GaussianPrior(DIM), sigma=0.5) for _ in range(2)]
    torch.manual_seed(0)
    exact = value(single, channels[0], raw.float()).loss.item()
    # What is left is the rounding of heads, noise and draws in half precision.
    assert value(half, channels[1], raw).loss.item() == pytest.approx(exact, rel=0.15, abs=0.05)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("bad", [1.0, math.inf, math.nan], ids=["largest", "inf", "nan"])
def test_values_whose_powers_overflow_are_refused_alike(name, dtype, bad):
    objective = ObjectiveConfig(name=name, features=0).build(DIM, (1, 8, 8)).to(dtype)
    raw = outputs(DIM * objective.outputs_a_dimension).to(dtype)
    raw[3, 1] = 0.99 * torch.finfo(dtype).max if bad == 1 else bad
    with pytest.raises(InvalidInputError, match=r"input must be finite"):
        value(objective, NoisyChannel(GaussianPrior(DIM), sigma=0.5), raw)


def test_doubles_pass_a_channel_in_single_precision():
    raw = outputs(DIM)
    single, double = NoisyChannel(GaussianPrior(DIM), sigma=0.5), NoisyChannel(GaussianPrior(DIM), sigma=0.5).double()
    for _ in range(3):
        torch.testing.assert_close(single.normalise(raw), double.normalise(raw), rtol=1e-12, atol=1e-12)
    assert single.normalisation.num_batches_tracked == double.normalisation.num_batches_tracked == 3
    torch.testing.assert_close(single.eval()(raw), double.eval()(raw), rtol=1e-6, atol=1e-6)


def test_running_statistics_of_a_channel_in_half_precision_are_finite():
    channel = NoisyChannel(GaussianPrior(DIM), sigma=0.5).half()
    for _ in range(100):
        channel((1000 * outputs(DIM)).half())
    assert channel.eval()((1000 * outputs(DIM)).half()).std().item() == pytest.approx(1, rel=0.05)


def pairs(x):
    """The statistic by its three Gaussian integrals, over all pairs."""
    gaps = x[:, None] - x[None]
    within = torch.exp(-(gaps**2) / 2).mean((0, 1))
    across = torch.exp(-x * x / 4).mean(0) / math.sqrt(2)
    return len(x) * math.sqrt(2 * math.pi) * (within - 2 * across + 1 / math.sqrt(3))


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("n", [100, 2000])
def test_epps_pulley_to_a_deviation_of_ten(scale, n):
    x = scale * torch.randn(n, 3, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
    exact = pairs(x)
    torch.testing.assert_close(epps_pulley(x), exact, rtol=1e-6, atol=0)
    # SIGReg(knots=257); at the prior the statistic is least, and what is beyond the reach a larger share of it.
    torch.testing.assert_close(epps_pulley(x, knots=257, reach=5.0), exact, rtol=5e-5 if scale == 1 else 1e-6, atol=0)
    for rule in ({}, {"knots": 17, "reach": 5.0}, {"knots": 65}):
        error = (epps_pulley(x, **rule) - exact).abs()
        assert (error <= epps_pulley_error(x, **rule) + 1e-9 * exact).all()
    assert (epps_pulley_error(x) < 1e-6 * exact).all()


def test_the_rule_of_the_authors_takes_two_distances_for_one():
    period = 2 * math.pi / (5 / 8)
    x = torch.tensor([[0.0], [period]], dtype=torch.float64).repeat(50, 1)
    coarse = {"knots": 17, "reach": 5.0}
    torch.testing.assert_close(epps_pulley(x, **coarse), epps_pulley(0 * x, **coarse))
    assert epps_pulley_error(x, **coarse).item() > (epps_pulley(x, **coarse) - pairs(x)).abs().item() > 10
    assert epps_pulley_error(1e12 * x).item() == math.inf
    views = [x.repeat(1, 2), x.repeat(1, 2)]
    channel = NoisyChannel(GaussianPrior(2), sigma=0.5)
    losses = [
        SIGReg(knots=knots)(*views, channel, generator=torch.Generator().manual_seed(0)).loss.item()
        for knots in (17, 257, 1025)
    ]
    assert losses[1] == pytest.approx(losses[2], rel=1e-6)
    assert losses[0] != pytest.approx(losses[2], rel=1e-2)


def test_many_values_are_taken_in_parts(monkeypatch):
    x = torch.randn(200, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    whole = epps_pulley(x)
    monkeypatch.setattr("noisedim.objectives.methods.sigreg._MOST_VALUES", 200 * 5 * 20)
    torch.testing.assert_close(epps_pulley(x), whole)


def test_the_divergence_of_a_huge_variance_goes_on_along_its_tangent():
    v = torch.tensor([[29.0], [30.0], [31.0], [1000.0]], dtype=torch.float64, requires_grad=True)
    found = gaussian_kl(torch.zeros_like(v), v)
    torch.testing.assert_close(found[:2], (torch.exp(v[:2, 0]) - 1 - v[:2, 0]) / 2)
    torch.testing.assert_close(found[2:], (math.exp(30) * (v[2:, 0] - 29) - 1 - v[2:, 0]) / 2)
    found.sum().backward()
    assert v.grad.isfinite().all()
