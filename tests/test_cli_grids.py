"""Options that a grid or a recipe also sets: each changes the runs or is refused, none is lost."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import tyro

from noisedim.cli import main
from noisedim.cli.sweep import Sweep
from noisedim.cli.train import Train
from noisedim.errors import InvalidInputError
from noisedim.runs.presets import PRESETS
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig

# Where the kind of the field does not say what another valid value is.
_OTHER_VALUES: dict[str, Any] = {
    "augmentation_probability": 0.25,
    "data.name": "mnist",
    "data.fold": 1,
    "data.limit": 100,
    "data.size": 6,
    "data.without_class": 3,
    "encoder": "mlp",
    "head": (8,),
    "pixel_mean": (0.5,),
    "pixel_deviation": (0.5,),
    "prior": "uniform",
    "noise.sigma": 0.2,
    "noise.epsilon": 0.2,
    "noise.capacity": 2.0,
    "noise.start": 3.0,
    "objective.negatives": 3,
    "optimiser.clip_norm": 2.0,
    "optimiser.reference_batch": 128,
}


def _leaves(config: Any, path: str = "") -> list[tuple[str, Any]]:
    """Paths of all options of a configuration, each with another value."""
    found = []
    hints = get_type_hints(type(config))
    for field in fields(config):
        own, name = getattr(config, field.name), f"{path}{field.name}"
        if is_dataclass(own):
            found += _leaves(own, f"{name}.")
            continue
        kind = hints[field.name]
        if name in _OTHER_VALUES:
            other = _OTHER_VALUES[name]
        elif get_origin(kind) is Literal:
            other = next(value for value in get_args(kind) if value != own)
        elif isinstance(own, bool):
            other = not own
        elif isinstance(own, int):
            other = own + 2
        elif isinstance(own, float):
            other = own / 2 if own else 0.125
        else:
            continue
        found.append((name, other))
    return found


def _with(config: Any, path: str, value: Any) -> Any:
    first, _, rest = path.partition(".")
    return replace(config, **{first: _with(getattr(config, first), rest, value) if rest else value})


@pytest.mark.parametrize("method", ["dual", "infonce", "sigreg"])
def test_every_option_of_a_sweeps_base_counts_or_is_refused(method):
    plain = {config.digest() for config in Sweep(methods=(method,), seeds=(0, 1)).configs()}
    refused, counted = set(), set()
    for path, value in _leaves(TrainConfig()):
        try:
            base = _with(TrainConfig(), path, value)
        except InvalidInputError:  # only valid beside other options
            continue
        try:
            found = {config.digest() for config in Sweep(methods=(method,), seeds=(0, 1), base=base).configs()}
        except InvalidInputError:
            refused.add(path)
        else:
            assert found.isdisjoint(plain), path
            counted.add(path)
    assert {"seed", "data.name", "prior", "objective.name", "noise.sigma", "noise.capacity", "gaussianise"} <= refused
    assert {"noise.start", "noise.anneal", "objective.loss_scale", "steps", "dim", "data.fold"} <= counted
    assert len(counted) > 30


def test_a_sweeps_base_does_not_overrule_its_methods():
    base = replace(TrainConfig(), objective=ObjectiveConfig(critic="separable"))
    assert Sweep(methods=("dual",), base=base).configs()[0].objective.critic == "separable"
    with pytest.raises(InvalidInputError, match="--base.objective.critic is 'gaussian-dual' in method 'theorem-4.1'"):
        Sweep(methods=("dual", "theorem-4.1"), base=base).configs()


def test_capacities_keep_where_the_noise_starts():
    base = replace(TrainConfig(), noise=NoiseConfig(start=3.0, anneal=0.25))
    found = Sweep(methods=("dual",), capacities=(1.0, 2.0), base=base).configs()
    assert [config.noise for config in found] == [
        NoiseConfig(capacity=capacity, start=3.0, anneal=0.25) for capacity in (1.0, 2.0)
    ]


def test_without_options_a_sweep_makes_the_presets_runs():
    for name, (method, preset) in PRESETS.items():
        (own,) = Sweep(methods=(name,)).configs()
        assert own.objective == ObjectiveConfig(name=method.name, **preset.options)
        assert (own.data, own.prior, own.gaussianise) == (DataConfig(name="digits"), preset.prior, preset.gaussianise)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--steps", "100", "--epochs", "3"], "--epochs and --steps are one option; got 3 epochs and 100 steps"),
        (["--epochs", "3", "--optimiser.warmup", "7"], "with epochs say --warmup-epochs; got 7"),
        (
            ["--method", "simclr", "--dataset", "digits", "--steps", "100", "--epochs", "3"],
            "got 3 epochs and 100 steps",
        ),
        (["--method", "simclr", "--dataset", "digits", "--optimiser.warmup", "7"], "say --warmup-epochs; got 7"),
    ],
)
def test_steps_beside_epochs_are_refused_and_not_lost(options, words, tmp_path, capsys):
    assert main(["train", *options, "--runs", str(tmp_path), "--device", "cpu"]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("error") == 1
    assert list(tmp_path.iterdir()) == []


def test_epochs_alone_and_steps_alone_are_counted():
    own = tyro.cli(Train, args=["--epochs", "2", "--warmup-epochs", "1"])._resolved()
    assert (own.steps, own.optimiser.warmup) == (2 * (1797 // 256), 1797 // 256)
    assert tyro.cli(Train, args=["--steps", "7"])._resolved().steps == 7
