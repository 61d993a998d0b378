"""Noise that stays on spheres and tori: its law, its gradients, what it trains, and what is refused."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from sklearn.base import clone
from sklearn.datasets import load_digits
from torch import nn

from noisedim import NoisyChannel, dual_bound
from noisedim.assessment import assess
from noisedim.errors import InvalidInputError
from noisedim.estimator import DistributionMatcher
from noisedim.objectives import METHODS, AdaptiveDual, Dual, LinearDual, RowDual
from noisedim.priors import SpherePrior, TorusPrior, load_prior, prior_from_spec
from noisedim.runs import RunStore, make_run
from noisedim.training import NoiseConfig, ObjectiveConfig, TrainConfig, embed, train
from noisedim.training.loop import load_model

ALPHA = 1e-6
SPHERE, TORUS = SpherePrior(2, noise="von-mises-fisher"), TorusPrior(2)
PRIORS = [SPHERE, TORUS, SpherePrior(4, radius=2.0, noise="von-mises-fisher"), TorusPrior(1)]


def reference(prior):
    return json.dumps(prior.spec())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _cosine_law(dim, k):
    """Distribution function of ⟨x, y⟩ by quadrature of its density ∝ e^(ku)(1−u²)^((d−2)/2), through u = cos θ."""
    angles = np.linspace(0, min(math.pi, (12 + 6 * math.sqrt(dim)) / math.sqrt(k)), 40_001)
    density = np.exp(k * (np.cos(angles) - 1)) * np.sin(angles) ** (dim - 1)
    parts = integrate.cumulative_trapezoid(density, angles, initial=0.0)
    return lambda u: 1 - np.interp(np.arccos(np.clip(u, -1, 1)), angles, parts / parts[-1])


@pytest.mark.parametrize("dim", [1, 2, 3, 12])
@pytest.mark.parametrize("sigma", [0.02, 0.3, 1.0, 5.0])
def test_noise_has_von_mises_and_fishers_law_about_each_point(dim, sigma):
    prior = SpherePrior(dim, noise="von-mises-fisher")
    x = prior.channel_prior.sample(1, generator=generator(5), dtype=torch.float64).expand(4000, dim + 1)
    y = x + prior.noise(x, sigma, generator=generator(1))
    assert float((y.norm(dim=1) - 1).abs().max()) < 1e-12
    cosine = (x * y).sum(1)
    assert stats.kstest(cosine.numpy(), _cosine_law(dim, sigma**-2)).pvalue > ALPHA
    # Negative control: a tenth more noise is another law.
    if sigma < 1:
        other = (x * (x + prior.noise(x, 1.1 * sigma, generator=generator(1)))).sum(1)
        assert stats.kstest(other.numpy(), _cosine_law(dim, sigma**-2)).pvalue < ALPHA
    # Across, no direction is favoured, nor tied to how far away the point is.
    across = y - cosine[:, None] * x
    across = across / across.norm(dim=1, keepdim=True)
    error = float(across.mean(0).norm()) * math.sqrt(4000)
    assert stats.chi2.sf(error**2 * dim, dim) > ALPHA
    halves = cosine < cosine.median()
    assert float((across[halves].mean(0) - across[~halves].mean(0)).norm()) < 0.15


def test_the_circles_noise_is_scipys_von_mises():
    x = torch.tensor([[math.cos(2.0), math.sin(2.0)]], dtype=torch.float64).expand(5000, 2)
    y = x + TorusPrior(1).noise(x, 0.5, generator=generator())
    angles = torch.atan2(y[:, 1], y[:, 0]).numpy() - 2.0
    angles = (angles + math.pi) % (2 * math.pi) - math.pi
    assert stats.kstest(angles, stats.vonmises(4.0).cdf).pvalue > ALPHA


def test_the_angles_of_a_torus_have_noise_of_their_own():
    x = TORUS.sample(1, generator=generator(2), dtype=torch.float64).expand(4000, 4)
    y = x + TORUS.noise(x, 0.4, generator=generator(3))
    turns = [
        torch.atan2(x[:, i] * y[:, i + 1] - x[:, i + 1] * y[:, i], x[:, i] * y[:, i] + x[:, i + 1] * y[:, i + 1])
        for i in (0, 2)
    ]
    for turn in turns:
        assert stats.kstest(turn.numpy(), stats.vonmises(0.4**-2).cdf).pvalue > ALPHA
    assert abs(float(torch.corrcoef(torch.stack(turns))[0, 1])) < 0.08


def test_gradients_pass_through_the_noise_to_the_point():
    """E⟨v, y⟩ = A(k)⟨v, x⟩: along the sphere its derivative at x is A(k) times that of ⟨v, x⟩."""
    x = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64).requires_grad_()
    raw = x.expand(40_000, 3)
    y = raw + SPHERE.noise(raw, 0.7, generator=generator())
    v = torch.tensor([0.3, 0.9, -0.2], dtype=torch.float64)
    (gradient,) = torch.autograd.grad((y @ v).mean(), x)
    k = 0.7**-2
    resultant = 1 / math.tanh(k) - 1 / k
    torch.testing.assert_close(gradient[0, 1:], resultant * v[1:], atol=0.02, rtol=0)
    # Noise that was merely added would have passed the whole of it.
    assert resultant < 0.8


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_the_channel_stays_on_the_support(prior):
    channel = NoisyChannel(prior, capacity=2.0)
    assert channel.capacity == pytest.approx(2.0, rel=1e-9)
    raw = torch.randn(64, prior.channel_dim, generator=generator())
    noisy = channel(raw, generator=generator(1))
    clean = channel.normalise(raw)
    unit = prior.channel_prior
    assert not unit.outside(noisy.detach()).any()
    assert not unit.outside(clean.detach()).any()
    assert float((noisy - clean).norm(dim=1).median()) > 0.1
    channel.normalisation.set_statistics(raw)
    embedded = channel.eval()(raw)
    assert embedded.shape == (64, prior.ambient_dim)
    assert not prior.outside(embedded).any()
    assert prior.information(channel.level) == prior.noise_divergence(channel.level, 1.0) == channel.capacity


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_whole_turns_and_rotations_change_nothing(prior):
    unit = prior.channel_prior
    a, b = (unit.sample(6, generator=generator(s), dtype=torch.float64) for s in (0, 1))
    if isinstance(prior, TorusPrior):
        c, s = math.cos(1.2), math.sin(1.2)
        rotation = torch.block_diag(*[torch.tensor([[c, -s], [s, c]], dtype=torch.float64)] * prior.dim)
    else:
        rotation = torch.linalg.qr(torch.randn(a.shape[1], a.shape[1], generator=generator(2), dtype=torch.float64))[0]
    for level in (0.1, 1.0):
        torch.testing.assert_close(
            prior.log_dual_kernel(a @ rotation, b @ rotation, level), prior.log_dual_kernel(a, b, level)
        )
        torch.testing.assert_close(prior.alignment(a @ rotation, b @ rotation, level), prior.alignment(a, b, level))


@pytest.mark.slow
@given(
    prior=st.sampled_from(PRIORS),
    level=st.floats(1e-3, 10.0),
    rows=st.integers(2, 20),
    apart=st.sampled_from([0.0, 1e-3, 0.3, 30.0]),
    repeated=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_what_is_reported_is_at_most_the_log_of_the_rows(prior, level, rows, apart, repeated, seed):
    g = generator(seed)
    unit = prior.channel_prior
    z = unit.sample(rows, generator=g, dtype=torch.float64)
    if repeated:
        z = z[:1].expand(rows, -1)
    moved = z + apart * torch.randn(z.shape, generator=g, dtype=torch.float64)
    width = 2 if isinstance(prior, TorusPrior) else z.shape[1]
    z_prime = nn.functional.normalize(moved.unflatten(1, (-1, width)), dim=2).flatten(1)
    channel = NoisyChannel(prior, sigma=level, warn=False)
    rounding = 1e-13 / level**2
    for objective in (Dual(), RowDual(), RowDual(adaptive=True), LinearDual(), AdaptiveDual()):
        value = objective(z, z_prime, channel)
        assert math.isfinite(float(value.bound))
        assert float(value.bound) <= math.log(rows) + 1e-9 + rounding


@pytest.mark.parametrize("prior", [SPHERE, TORUS], ids=repr)
def test_of_the_prior_itself_the_bound_is_the_capacity(prior):
    z = prior.channel_prior.sample(1000, generator=generator(), dtype=torch.float64)
    value = dual_bound(z, z, prior, 0.5)
    capacity = prior.capacity(0.5)
    # E J_row is C less a second-order term, about (E κ² − 1)/2n.
    assert float(value.bound) == pytest.approx(capacity, abs=0.01)
    assert -float(value.loss) == pytest.approx(capacity, abs=0.03)
    # Rows that lie in one half of the support send less.
    half = z * torch.where(z[:, :1] < 0, -1.0, 1.0) if prior is SPHERE else z * torch.tensor([1.0, 1, 1, 1])
    if prior is SPHERE:
        assert float(dual_bound(half, half, prior, 0.5).bound) < capacity - 0.3


@pytest.mark.parametrize("prior", [SPHERE, TORUS], ids=repr)
@pytest.mark.parametrize("sigma", [1e-3, 0.05, 5.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_and_gradients_are_finite_at_any_level(prior, sigma, dtype):
    channel = NoisyChannel(prior, sigma=sigma, warn=False)
    z = prior.channel_prior.sample(16, generator=generator(), dtype=dtype)
    for z_prime in (z, z.flip(0), -z):
        own = z.clone().requires_grad_()
        for objective in (Dual(), Dual(pairs="cross"), RowDual(), RowDual(adaptive=True), AdaptiveDual()):
            value = objective(own, z_prime, channel)
            (gradient,) = torch.autograd.grad(value.loss, own)
            assert torch.isfinite(value.loss)
            assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("prior", [SPHERE, TORUS], ids=repr)
def test_a_fitted_critic_sees_more_of_views_that_are_not_equal(prior):
    z = prior.channel_prior.sample(800, generator=generator(), dtype=torch.float64)
    z_prime = z + prior.noise(z, 0.5, generator=generator(1))
    channel = NoisyChannel(prior, sigma=0.05)
    plain, fitted = (RowDual(adaptive=adaptive)(z, z_prime, channel) for adaptive in (False, True))
    assert float(plain.bound) < -10
    # With hardly any noise of its own the channel sends what the views share: the capacity at their noise.
    assert float(fitted.bound) == pytest.approx(prior.capacity(0.5), abs=0.15)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("prior", [SPHERE, TORUS], ids=repr)
def test_training_a_map_reaches_the_prior(prior):
    """From points about one direction, equal views: the law goes to the uniform one, which a battery then passes."""
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Linear(prior.channel_dim, 64), nn.Tanh(), nn.Linear(64, prior.channel_dim))
    channel = NoisyChannel(prior, sigma=0.3)

    def net(x):
        # From the identity: a random map may wind each circle another number of times, which no training undoes.
        return x + layers(x)

    optimizer = torch.optim.Adam(layers.parameters(), lr=3e-3)
    g = generator()

    def inputs(n):
        # Uniform on the support, pulled to one side: what the map must undo.
        x = prior.channel_prior.sample(n, generator=g)
        return x + torch.tensor([0.8] + [0.0] * (prior.channel_dim - 1))

    def divergence():
        with torch.no_grad():
            z = channel.normalise(net(inputs(2000)))
            return float(dual_bound(z, z, prior, 0.3).bound) - prior.capacity(0.3)

    before = divergence()
    for _ in range(300):
        z = channel.normalise(net(inputs(256)))
        value = Dual()(z, z, channel)
        optimizer.zero_grad()
        value.loss.backward()
        optimizer.step()
    after = divergence()
    assert before < -0.02
    assert after > -0.03
    assert after > 0.3 * before


@pytest.fixture(scope="module")
def images():
    return torch.rand(200, 1, 8, 8, generator=generator())


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("prior", PRIORS, ids=repr)
@pytest.mark.parametrize("objective", ["dual", "adaptive-row-dual", "infonce"])
def test_a_run_trains_checkpoints_and_embeds(prior, objective, images, tmp_path):
    config = TrainConfig(
        steps=4,
        batch_size=32,
        dim=prior.dim,
        prior=reference(prior),
        noise=NoiseConfig(sigma=0.5),
        objective=ObjectiveConfig(name=objective),
    )
    path = tmp_path / "checkpoint.safetensors"
    result = train(config, images, device="cpu", checkpoint=path)
    assert np.isfinite(result.metrics[:, 1]).all()
    z = embed(result.model, images)
    assert z.shape == (200, prior.ambient_dim)
    assert not prior.outside(z).any()
    model, loaded = load_model(path)
    assert loaded == config == TrainConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert model.channel.prior == prior
    torch.testing.assert_close(embed(model, images), z, rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_run_is_measured_and_assessed(tmp_path):
    config = TrainConfig(
        steps=20, batch_size=64, prior=reference(TORUS), noise=NoiseConfig(capacity=2.0), objective=ObjectiveConfig()
    )
    result = make_run(config, RunStore(tmp_path / "runs"), device="cpu").read_result()
    assert result["assessment"]["prior"] == "torus"
    assert result["assessment"]["dim"] == 2
    assert result["capacity"] == pytest.approx(2.0)
    assert result["information"]["bound"] <= 2.0
    assert result["information"]["evaluated_at_sigma"] == pytest.approx(TORUS.level_for_capacity(2.0))


def test_the_estimator_embeds_on_the_support():
    rows = load_digits(return_X_y=True)[0][:200]
    for prior in (SpherePrior(2, radius=2.0, noise="von-mises-fisher"), TORUS):
        model = clone(DistributionMatcher(prior, steps=3, device="cpu"))
        z = model.fit_transform(rows)
        assert z.shape == (200, prior.ambient_dim)
        assert len(model.get_feature_names_out()) == prior.ambient_dim
        assert not prior.outside(torch.from_numpy(z)).any()


def test_assessment_tells_the_prior_from_a_law_of_the_same_support():
    for prior in (SPHERE, TORUS):
        z = prior.sample(500, generator=generator(4), dtype=torch.float64)
        assert not assess(z.numpy(), prior=prior, n_star=False).rejected
        gathered = nn.functional.normalize((z + 0.4 * z[:1]).unflatten(1, (-1, 2 if prior is TORUS else 3)), dim=2)
        assert assess(gathered.flatten(1).numpy(), prior=prior, n_star=False).rejected


def test_specifications_and_refusals(tmp_path):
    prior = SpherePrior(3, radius=2.0, noise="von-mises-fisher")
    assert prior.spec() == {"prior": "sphere", "dim": 3, "radius": 2.0, "noise": "von-mises-fisher"}
    assert prior_from_spec(prior.spec()) == prior != SpherePrior(3, radius=2.0)
    assert "noise" not in SpherePrior(3).spec()  # what was stored before stays what it was
    TORUS.save(tmp_path / "torus.json")
    assert load_prior(tmp_path / "torus.json") == TORUS
    with pytest.raises(InvalidInputError, match="noise must be one of 'normal', 'von-mises-fisher'; got 'cauchy'"):
        SpherePrior(2, noise="cauchy")
    with pytest.raises(InvalidInputError, match=r"the channel's input must have shape \(n, 3\)"):
        NoisyChannel(SPHERE, sigma=0.3)(torch.randn(8, 2))
    with pytest.raises(InvalidInputError, match=r"z must have shape \(n, 4\)"):
        dual_bound(torch.randn(8, 2), torch.randn(8, 2), TORUS, 0.3)
    with pytest.raises(InvalidInputError, match="takes sigma or capacity; got epsilon"):
        NoisyChannel(TORUS, epsilon=0.1)
    base = TrainConfig(prior=reference(TORUS))
    with pytest.raises(InvalidInputError, match="gaussian-dual.* is for prior='normal' and what it is mapped to"):
        replace(base, objective=ObjectiveConfig(name="infonce", critic="gaussian-dual"))
    with pytest.raises(InvalidInputError, match="is for prior='normal'"):
        replace(base, objective=ObjectiveConfig(name=next(n for n, m in METHODS.items() if not m.injects_noise)))
