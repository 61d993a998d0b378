"""Configurations: validated, hashed by what matters, read back as they were."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisedim.data import ViewsConfig
from noisedim.errors import InvalidInputError
from noisedim.generation.classifier import ClassifierConfig
from noisedim.generation.config import GanConfig
from noisedim.priors import FullGaussianPrior, GaussianPrior, SpherePrior, UniformPrior
from noisedim.runs.presets import configure
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, OptimiserConfig, TrainConfig
from noisedim.training.optimizers import learning_rate
from noisedim.training.recipes import pretraining


def test_round_trip_and_digest():
    config = TrainConfig(dim=3, noise=NoiseConfig(capacity=4.0), data=DataConfig(fold=2), seed=7)
    again = TrainConfig.from_dict(config.to_dict())
    assert again == config
    assert again.digest() == config.digest()
    assert len(config.digest()) == 16
    with pytest.raises(InvalidInputError, match="not a training configuration of this version"):
        TrainConfig.from_dict({**config.to_dict(), "colour": "red"})


def test_every_field_changes_the_digest():
    base = TrainConfig()
    changed = {
        "data": DataConfig(limit=100),
        "augmentation": dataclasses.replace(base.augmentation, noise=0.1),
        "augmentation_probability": 0.9,
        "pairs_by": "label",
        "prior": "uniform",
        "dim": 3,
        "noise": NoiseConfig(sigma=0.4),
        "objective": ObjectiveConfig(pairs="cross"),
        "views": ViewsConfig(both=True),
        "encoder": "mlp",
        "optimiser": OptimiserConfig(warmup=0),
        "steps": 10,
        "batch_size": 32,
        "precision": "bfloat16",
        "gaussianise": "rank",
        "seed": 1,
    }
    backbone = {
        "width": 16,
        "head": (64,),
        "head_normalisation": False,
        "pixel_mean": (0.5, 0.5, 0.5),
        "pixel_deviation": (0.2, 0.2, 0.2),
    }
    assert {*changed, *backbone, "squash"} == {field.name for field in dataclasses.fields(TrainConfig)}
    with_backbone = dataclasses.replace(base, encoder="resnet18", pixel_mean=(0.0,) * 3, pixel_deviation=(1.0,) * 3)
    others = {dataclasses.replace(with_backbone, **{name: value}).digest() for name, value in backbone.items()}
    assert len(others | {with_backbone.digest()}) == len(backbone) + 1
    digests = {dataclasses.replace(base, **{name: value}).digest() for name, value in changed.items()}
    assert len(digests | {base.digest()}) == len(changed) + 1
    assert TrainConfig(prior="uniform", squash="clip").digest() != TrainConfig(prior="uniform").digest()


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 3))
@settings(max_examples=50, deadline=None)
def test_noise_falls_monotonically_to_its_target(a, b, sigma):
    noise, prior = NoiseConfig(sigma=sigma), GaussianPrior(2)
    low, high = sorted((a, b))
    assert noise.level(prior, high) <= noise.level(prior, low) * (1 + 1e-12)
    assert noise.level(prior, 1.0) == sigma
    assert noise.level(prior, 0.0) == pytest.approx(max(sigma, 1.0))


@pytest.mark.parametrize("kind", [TrainConfig, GanConfig, ClassifierConfig])
def test_numbers_of_numpy_name_the_same_run(kind):
    ours, theirs = kind(seed=3, steps=10), kind(seed=np.arange(4)[3], steps=np.int32(10))
    assert ours.digest() == theirs.digest()
    assert json.loads(json.dumps(theirs.to_dict())) == json.loads(json.dumps(ours.to_dict()))
    assert (
        TrainConfig(noise=NoiseConfig(sigma=np.float32(0.25))).digest()
        == TrainConfig(noise=NoiseConfig(sigma=0.25)).digest()
    )


def test_default_levels_by_prior():
    assert NoiseConfig().target(GaussianPrior(2)) == pytest.approx(0.3, rel=1e-12)
    # As much information in every dimension and for every shape of noise: ½ d log(1 + 1/σ²) = log(1 + 1/0.09).
    assert NoiseConfig().target(GaussianPrior(8)) == pytest.approx((((1 + 1 / 0.09) ** 0.25) - 1) ** -0.5)
    assert NoiseConfig().target(FullGaussianPrior([0.0] * 8, np.diag([2.0] * 8))) == NoiseConfig().target(
        GaussianPrior(8)
    )
    sphere = SpherePrior(4)
    assert sphere.capacity(NoiseConfig().target(sphere)) == pytest.approx(GaussianPrior(2).capacity(0.3))
    assert NoiseConfig().target(UniformPrior(2)) == 0.1
    assert NoiseConfig(start=2.0, sigma=0.5).level(GaussianPrior(2), 0.0) == 2.0


def test_learning_rate_warms_up_and_decays():
    config = OptimiserConfig(learning_rate=1.0, warmup=10)
    rates = [learning_rate(config, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) > 0.95
    assert rates[-1] < 0.001
    assert learning_rate(OptimiserConfig(learning_rate=1.0, warmup=0, cosine=False), 99, 100) == 1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TrainConfig(dim=256), "batch_size must exceed dim.*got batch_size=256, dim=256"),
        (lambda: TrainConfig(noise=NoiseConfig(sigma=0.1, capacity=2.0)), "got sigma=0.1 and capacity=2.0"),
        (lambda: TrainConfig(noise=NoiseConfig(epsilon=0.1)), "takes sigma or capacity; got epsilon"),
        (lambda: NoiseConfig(sigma=0), "noise.sigma must be a finite number > 0; got 0"),
        (lambda: NoiseConfig(anneal=2), r"noise.anneal must be a number in \[0, 1\]"),
        (lambda: TrainConfig(steps=0), "steps must be an integer >= 1"),
        (lambda: TrainConfig(prior="cauchy"), "prior must be 'normal'"),
        (lambda: TrainConfig(squash="clip"), "squash=.clip. is for prior=.uniform.; got .normal."),
        (lambda: TrainConfig(seed=-1), "seed must be an integer >= 0"),
        (lambda: TrainConfig(seed=2**32), "seed must be an integer from 0 to 4294967295; got 4294967296"),
        (lambda: DataConfig(fold=5), "data.fold must be from 0 to 4; got 5"),
        (lambda: ObjectiveConfig(unbiased_gradient=True), "is for dv; got 'adaptive-dual'"),
        (lambda: OptimiserConfig(weight_decay=float("nan")), "weight_decay must be >= 0; got nan"),
        (
            lambda: TrainConfig(prior="uniform", objective=ObjectiveConfig(name="infonce", critic="gaussian-dual")),
            "is for prior='normal'",
        ),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(InvalidInputError, match=message):
        make()


BALL = '{"dim":2,"prior":"ball","radius":1.0}'
# The default objective when these were stored.
DUAL = ObjectiveConfig(name="dual")
# Computed by the code of before the configurations were split into files: stored runs must still be found.
STORED_DIGESTS = {
    "0c79d3c229937298": TrainConfig(objective=DUAL),
    "fa53ad2221261c6b": TrainConfig(
        objective=ObjectiveConfig(name="vicreg", noise_on="one", features=16),
        data=DataConfig(fold=2, validate=True),
        noise=NoiseConfig(capacity=2.0),
    ),
    "7cba9603ed655f92": TrainConfig(prior=BALL, objective=DUAL, seed=3),
    "61b73a7c94df3905": TrainConfig(
        prior="uniform", squash="clip", objective=DUAL, noise=NoiseConfig(epsilon=0.2, start=0.3)
    ),
    "31e2fb74de82714b": pretraining(
        "vicreg", DataConfig(name="cifar10", test_split=True), sigma=0.3, steps=100, warmup=10
    ),
    "40bbdb335d3f7a08": configure("infomax-rank", TrainConfig()),
    "d2ffe98dfa6664e6": dataclasses.replace(
        configure("beta-vae", TrainConfig()), objective=ObjectiveConfig(name="vae", strength=12.0)
    ),
    "2e0d8fb512fc9fde": GanConfig(encoder=TrainConfig(objective=DUAL, seed=5), loss="hinge", consistency=0.5),
    "0f6dd52b7f61d378": ClassifierConfig(data=DataConfig(fold=1), steps=10),
}


@pytest.mark.parametrize("digest", STORED_DIGESTS)
def test_digests_are_those_that_stored_runs_have(digest):
    config = STORED_DIGESTS[digest]
    assert config.digest() == digest
    again = type(config).from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert again.digest() == digest
