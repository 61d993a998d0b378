"""Which devices are accepted, what is said where one is absent, and no float64 where a device has none."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from noisedim import precision
from noisedim.channel import NoisyChannel
from noisedim.cli import main
from noisedim.errors import InvalidInputError
from noisedim.objectives import METHODS
from noisedim.priors import BallPrior, GaussianPrior
from noisedim.training import ObjectiveConfig
from noisedim.training.execution import resolve_device


@pytest.mark.parametrize("name", ["tpu", "cuda:", "cuda:-1", "cuda:x", "mps:0", "CPU", "", None])
def test_other_names_are_refused(name):
    with pytest.raises(InvalidInputError, match="device must be 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'; got"):
        resolve_device(name)


def test_a_device_that_is_absent(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device("auto") == resolve_device("cpu") == resolve_device(torch.device("cpu")) == torch.device("cpu")
    for name in ("cuda", "cuda:1", torch.device("cuda")):
        with pytest.raises(InvalidInputError, match=rf"device='{name}' needs a CUDA device and a CUDA build"):
            resolve_device(name)
    for name in ("mps", torch.device("mps")):
        with pytest.raises(InvalidInputError, match="device='mps' needs an Apple GPU"):
            resolve_device(name)


def test_devices_that_are_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == torch.device("cuda")
    assert resolve_device("cuda:1") == torch.device("cuda", 1)
    assert resolve_device("mps") == torch.device("mps")
    with pytest.raises(InvalidInputError, match="device='cuda:2' needs a CUDA device of that number; got 2 here"):
        resolve_device("cuda:2")


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for devices where there are none")
@pytest.mark.parametrize("device", ["cuda:3", "mps", "tpu"])
def test_every_command_says_the_same_of_a_device(device, tmp_path, capsys):
    np.save(tmp_path / "z.npy", np.random.default_rng(0).normal(size=(50, 2)))
    small = ["--steps", "3", "--batch-size", "32", "--data.limit", "200", "--runs", str(tmp_path / "runs")]
    commands = [
        ["train", *small],
        ["train-generator", "--encoder.data.limit", "200", "--runs", str(tmp_path / "runs")],
        ["sweep", "--base.steps", "3", "--base.data.limit", "200", "--runs", str(tmp_path / "runs"), "--jobs", "1"],
        ["table-1", "--profile", "smoke", "--runs", str(tmp_path / "runs"), "--jobs", "1"],
        ["assess", str(tmp_path / "z.npy")],
    ]
    for command in commands:
        code = main([*command, "--device", device])
        said = capsys.readouterr().err
        assert code == 2, said
        assert "device" in said, command
        assert device in said, command
        assert "Traceback" not in said, command


class _NoFloat64(TorchDispatchMode):
    """A device without float64: an operation that makes one on "meta" fails."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is torch.ops.aten._to_copy.default and kwargs.get("device") == torch.device("cpu"):
            return torch.full(
                args[0].shape, 0.5, dtype=kwargs.get("dtype", args[0].dtype)
            )  # "meta" has no value to copy
        found = function(*args, **kwargs)
        for leaf in tree_leaves(found):
            if isinstance(leaf, torch.Tensor) and leaf.device.type == "meta" and leaf.dtype is torch.float64:
                raise TypeError(f"{function} made a float64 tensor")
        return found


@pytest.mark.parametrize("name", [name for name in METHODS if name != "w-mse"])
def test_training_needs_no_float64_of_a_device_that_has_none(name, monkeypatch):
    # "meta" has shapes and types, but no values: nothing is read back from it, as in a later batch.
    monkeypatch.setattr(precision, "SINGLE_ONLY", {"meta"})
    objective = ObjectiveConfig(name=name, features=0).build(2, (1, 8, 8))
    channel = NoisyChannel(GaussianPrior(2), sigma=0.5, warn=False)
    raw, images = torch.randn(64, 2 * objective.outputs_a_dimension), torch.rand(64, 1, 8, 8)
    objective.on_batch(raw, images, channel)
    with _NoFloat64():
        objective, channel = objective.to("meta"), channel.to("meta")
        assert channel.noise_level.dtype is torch.float32
        raw, images = raw.to("meta").requires_grad_(), images.to("meta")
        objective.on_batch(raw, images, channel, estimate=False).loss.backward()
    assert channel.level == 0.5
    assert NoisyChannel(GaussianPrior(2), sigma=0.5).half().noise_level.dtype is torch.float64


def test_the_device_without_float64_can_be_seen():
    with _NoFloat64(), pytest.raises(TypeError, match="float64"):
        torch.zeros(3, device="meta").double()


def test_a_mapped_prior_refuses_rows_on_such_a_device(monkeypatch):
    monkeypatch.setattr("noisedim.priors.mapped.SINGLE_ONLY", {"meta"})
    with pytest.raises(InvalidInputError, match="computed in float64, which meta lacks; move the rows to the CPU"):
        BallPrior(2).to_normal(torch.zeros(3, 2, device="meta"))
