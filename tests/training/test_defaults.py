"""What torch keeps for the whole process (generators, default dtype, default device) neither shapes results nor is changed."""

import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import torch

import noisedim
from noisedim.downstream import outlier_p_values
from noisedim.downstream.linear_probe import linear_probe, weighted_knn
from noisedim.generation.classifier import ClassifierConfig, load_classifier, train_classifier
from noisedim.generation.config import GanConfig
from noisedim.generation.train import load_generator, train_generator
from noisedim.objectives import METHODS
from noisedim.priors import FlowPrior, GaussianPrior, load_prior
from noisedim.streams import stream
from noisedim.training import ObjectiveConfig, TrainConfig, train
from noisedim.training.loop import load_model

ROWS = np.random.default_rng(0).standard_normal((60, 2))
FEATURES = torch.rand(64, 16, generator=torch.Generator().manual_seed(0))
PICTURES = torch.rand(32, 1, 8, 8, generator=torch.Generator().manual_seed(0))
CLASSES = torch.arange(32) % 4
SHORT = TrainConfig(dim=2, steps=3, batch_size=32)
GAN = GanConfig(encoder=SHORT, steps=2, batch_size=16, width=4)


@pytest.fixture
def seeds(monkeypatch):
    """The seeds that the generators of all CUDA devices are given; there need not be any."""
    given = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", given.append)
    return given


def test_a_seed_given_to_all_devices_is_seen(seeds):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
    assert seeds == [7]


def test_generators_of_devices_are_left_alone(seeds, tmp_path):
    flow, run, gan, classes = (tmp_path / name for name in ("flow.safetensors", "run", "gan", "classes"))
    before = torch.random.get_rng_state()
    FlowPrior.fit(ROWS, steps=1).save(flow)
    load_prior(flow)
    encoder = train(SHORT, PICTURES, device="cpu", checkpoint=run).model
    load_model(run)
    train_generator(GAN, encoder, PICTURES, device="cpu", checkpoint=gan)
    load_generator(gan)
    train_classifier(ClassifierConfig(steps=1, batch_size=16), PICTURES, CLASSES, device="cpu", checkpoint=classes)
    load_classifier(classes)
    assert seeds == []
    assert torch.equal(torch.random.get_rng_state(), before)


def assessed(_folder):
    # Far from the prior, where pairs are compared by their differences.
    spread = [noisedim.assess(scale * ROWS, n_star=False) for scale in (1, 1e6)]
    return [figure for own in spread for figure in (own.p_value, own.effects["knn_kl"].estimate)]


def bounded(_folder):
    rows = np.random.default_rng(1).standard_normal((1000, 2))
    return [noisedim.certify(rows, 1.0).bound, noisedim.equivalence(rows, within=0.5).n]


def embedded(_folder):
    labels = np.arange(60) % 2
    return [
        *outlier_p_values(ROWS, prior="normal"),
        linear_probe(ROWS, labels, ROWS, labels).top1,
        weighted_knn(ROWS, labels, ROWS, labels),
    ]


def trained(folder):
    result = train(SHORT, FEATURES, device="cpu", checkpoint=folder / "run")
    return [*result.metrics.ravel(), *result.model.state_dict().values(), *load_model(folder / "run")[0].parameters()]


def fitted(folder):
    path = folder / "flow.safetensors"
    flow = FlowPrior.fit(ROWS, steps=25)
    flow.save(path)
    assert load_prior(path) == flow
    return [flow.log_prob(torch.from_numpy(ROWS)), flow.sample(5, generator=stream(0, "draws"))]


def fitted_to_a_density(_folder):
    flow = FlowPrior.fit_density(lambda x: -x.square().sum(1) / 2, mean=[0.0, 0.0], scale=[1.0, 1.0], steps=3)
    return [flow.log_prob(torch.from_numpy(ROWS)), flow.learned["effective_share"]]


def matched(_folder):
    return [noisedim.DistributionMatcher(steps=3, device="cpu").fit_transform(ROWS)]


def generated(folder):
    encoder = train(SHORT, PICTURES, device="cpu").model
    model = train_generator(GAN, encoder, PICTURES, device="cpu", checkpoint=folder / "gan").model
    load_generator(folder / "gan")
    return [model.generate(encoder(PICTURES).detach(), generator=stream(0, "latents"))]


def classified(folder):
    options = ClassifierConfig(steps=2, batch_size=16)
    train_classifier(options, PICTURES, CLASSES, device="cpu", checkpoint=folder / "classes")
    return [*load_classifier(folder / "classes")[0].parameters()]


@contextmanager
def torch_defaults(setting):
    """torch's defaults for the whole process: a dtype or a device."""
    try:
        if isinstance(setting, torch.dtype):
            torch.set_default_dtype(setting)
        else:
            torch.set_default_device(setting)
        yield
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)


def compared(work, setting, folder):
    """The figures of ``work`` must not depend on the setting."""
    (folder / "plain").mkdir()
    (folder / "set").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few rows
        plain = work(folder / "plain")
        with torch_defaults(setting):
            found = work(folder / "set")
    assert len(found) == len(plain)
    for own, expected in zip(found, plain, strict=True):
        assert getattr(own, "dtype", None) == getattr(expected, "dtype", None)
        np.testing.assert_array_equal(np.asarray(torch.as_tensor(own).detach()), torch.as_tensor(expected).detach())


# "meta" has no values: a tensor that is made there by mistake is noticed, on a machine without a GPU too.
@pytest.mark.parametrize("setting", [torch.float64, "meta"], ids=str)
@pytest.mark.parametrize(
    "work",
    [assessed, bounded, embedded, trained, fitted, fitted_to_a_density, matched, generated, classified],
    ids=lambda work: work.__name__,
)
def test_defaults_of_torch_change_nothing(work, setting, tmp_path):
    compared(work, setting, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("setting", [torch.float64, "meta"], ids=str)
@pytest.mark.parametrize("name", [name for name in METHODS if name != "w-mse"])
def test_defaults_of_torch_change_no_objective(name, setting, tmp_path):
    config = TrainConfig(dim=2, steps=2, batch_size=32, objective=ObjectiveConfig(name=name), prior="normal")
    compared(lambda _: [*train(config, FEATURES, device="cpu").model.parameters()], setting, tmp_path)


def test_a_channel_takes_single_precision_where_double_is_the_default():
    x = 5 + FEATURES[:, :2]
    with torch_defaults(torch.float64):
        channel = noisedim.NoisyChannel(GaussianPrior(2), sigma=1.0)
        assert channel.normalise(x).dtype is torch.float32
        assert channel.normalisation.running_mean.dtype is torch.float32
