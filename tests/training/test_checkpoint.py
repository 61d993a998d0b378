"""Checkpoints: what goes in comes out, and what is damaged does not come in."""

import json
import math

import pytest
import torch
from safetensors.torch import save_file

from noisedim.errors import CheckpointError
from noisedim.training.checkpoint import flatten_state, load_checkpoint, save_checkpoint, unflatten_state


def optimizer_after_steps():
    torch.manual_seed(0)
    layer = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        layer(torch.ones(1, 3)).sum().backward()
        optimizer.step()
    return layer, optimizer


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


def test_optimizer_state_survives_the_file(tmp_path):
    layer, optimizer = optimizer_after_steps()
    tensors, metadata = flatten_state("optimizer", optimizer.state_dict())
    save_checkpoint(tmp_path / "c.safetensors", tensors, {**metadata, "steps_done": 3, "config_digest": "abc"})
    saved = load_checkpoint(tmp_path / "c.safetensors", expected_config_digest="abc")
    state = unflatten_state("optimizer", saved.tensors, saved.metadata)
    assert same(state, optimizer.state_dict())
    torch.optim.Adam(layer.parameters()).load_state_dict(state)
    assert saved.metadata["steps_done"] == 3


def test_generator_state_survives_the_file(tmp_path):
    generator = torch.Generator().manual_seed(5)
    torch.rand(3, generator=generator)
    save_checkpoint(tmp_path / "c.safetensors", {"generator": generator.get_state()}, {})
    wanted = torch.rand(4, generator=generator)
    again = torch.Generator()
    again.set_state(load_checkpoint(tmp_path / "c.safetensors").tensors["generator"])
    assert torch.equal(torch.rand(4, generator=again), wanted)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_truncated_file(tmp_path, share):
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, {"a": torch.randn(100)}, {"config_digest": "abc"})
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match="is damaged or no safetensors file"):
        load_checkpoint(path)


def test_other_configuration_format_and_kind(tmp_path):
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, {"a": torch.zeros(1)}, {"config_digest": "abc"})
    with pytest.raises(CheckpointError, match=r"expected a checkpoint of run def; .* is of abc"):
        load_checkpoint(path, expected_config_digest="def")
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, str(path))
    with pytest.raises(CheckpointError, match=r"expected format noisedim-checkpoint-1; .* has none"):
        load_checkpoint(path)
    path.write_text("hello")
    with pytest.raises(CheckpointError, match="damaged or no safetensors file"):
        load_checkpoint(path)
    with pytest.raises(CheckpointError, match="there is no file"):
        load_checkpoint(tmp_path / "missing")


def test_missing_part_is_named():
    tensors, metadata = flatten_state("model", {"weight": torch.zeros(1)})
    with pytest.raises(CheckpointError, match="lacks 'model/weight' of 'model'"):
        unflatten_state("model", {}, metadata)
    with pytest.raises(CheckpointError, match="lacks"):
        unflatten_state("optimizer", tensors, metadata)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_a_flipped_bit_is_refused(tmp_path, kind):
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, {"a": torch.ones(5, dtype=kind), "b": torch.tensor(1.0), "empty": torch.empty(0)}, {})
    assert torch.equal(load_checkpoint(path).tensors["a"], torch.ones(5, dtype=kind))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"c\.safetensors is damaged: its content is not what was written"):
        load_checkpoint(path)


def old_checkpoint(path, tensors, metadata):
    """A file as versions before the digest wrote it."""
    save_file(tensors, path, {"format": "noisedim-checkpoint-1", "metadata": json.dumps(metadata)})


def test_a_checkpoint_of_before_the_digest_loads(tmp_path):
    old_checkpoint(tmp_path / "c.safetensors", {"a": torch.ones(2)}, {"steps_done": 3})
    assert load_checkpoint(tmp_path / "c.safetensors").metadata == {"steps_done": 3}


def test_an_objectives_running_mean_has_no_value_before_the_first_batch(tmp_path):
    save_checkpoint(tmp_path / "c.safetensors", {"objective/log_normaliser": torch.tensor(math.nan)}, {})
    assert torch.isnan(load_checkpoint(tmp_path / "c.safetensors").tensors["objective/log_normaliser"])


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["model/level", "objective/critic", "optimizer/state"])
def test_values_that_are_not_finite_are_refused(tmp_path, name, value):
    save_checkpoint(tmp_path / "c.safetensors", {name: torch.tensor([1.0, value])}, {})
    with pytest.raises(CheckpointError, match=rf"c\.safetensors is damaged: {name} holds values that are not finite"):
        load_checkpoint(tmp_path / "c.safetensors")


@pytest.mark.parametrize(
    ("name", "value"),
    [("steps_done", -5), ("steps_done", 1.5), ("steps_done", "3"), ("seconds", -1.0), ("seconds", math.nan)],
)
def test_impossible_counts_are_refused(tmp_path, name, value):
    save_checkpoint(tmp_path / "c.safetensors", {"a": torch.ones(2)}, {name: value})
    with pytest.raises(CheckpointError, match=rf"c\.safetensors is damaged: {name} must be"):
        load_checkpoint(tmp_path / "c.safetensors")


@pytest.mark.parametrize("metadata", ["[]", "3", "{", "9" * 5000, "[" * 100_000])
def test_metadata_that_is_no_object_is_refused(tmp_path, metadata):
    save_file(
        {"a": torch.ones(2)}, tmp_path / "c.safetensors", {"format": "noisedim-checkpoint-1", "metadata": metadata}
    )
    with pytest.raises(CheckpointError, match=r"c\.safetensors is damaged"):
        load_checkpoint(tmp_path / "c.safetensors")
