"""Streams: one seed, many generators, none of which is another."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import noisedim
from noisedim.errors import InvalidInputError
from noisedim.streams import drawing_weights, numpy_stream, seed_sequence, stream, torch_seed


def test_a_stream_depends_on_its_seed_and_name_alone():
    torch.randn(3, generator=stream(1, "noise"))
    first = torch.randn(8, generator=stream(0, "noise"))
    assert torch.equal(first, torch.randn(8, generator=stream(0, "noise")))
    assert not torch.equal(first, torch.randn(8, generator=stream(0, "batches")))
    assert not torch.equal(first, torch.randn(8, generator=stream(1, "noise")))
    assert seed_sequence(0, "noise").entropy[0] == 0


@pytest.mark.slow
@given(st.sets(st.tuples(st.integers(0, 2**32 - 1), st.text(max_size=8)), min_size=2, max_size=20))
@settings(max_examples=50, deadline=None)
def test_streams_of_other_seeds_or_names_differ_as_pytorch_takes_them(keys):
    # On a CPU PyTorch takes 32 bits of a seed: 0 and 2^32 give one stream there.
    numbers = {float(torch.rand((), generator=stream(seed, name), dtype=torch.float64)) for seed, name in keys}
    assert len(numbers) == len({torch_seed(seed, name) for seed, name in keys}) == len(keys)


def test_why_seeds_are_not_shifted():
    shifted = torch.randn(4, generator=torch.Generator().manual_seed(2**32))
    assert torch.equal(shifted, torch.randn(4, generator=torch.Generator().manual_seed(0)))
    assert not np.array_equal(seed_sequence(2**32, "a").generate_state(4), seed_sequence(0, "a").generate_state(4))


def test_numpy_streams_are_those_of_seed_and_name():
    first = numpy_stream(3, "rows").standard_normal(8)
    np.testing.assert_array_equal(first, numpy_stream(3, "rows").standard_normal(8))
    for other in (numpy_stream(3, "columns"), numpy_stream(4, "rows"), np.random.default_rng(3)):
        assert not np.array_equal(first, other.standard_normal(8))


@pytest.mark.parametrize("make", [seed_sequence, stream, numpy_stream, torch_seed])
@pytest.mark.parametrize("seed", [-1, -(2**70), 0.5, 1.0, "1", None, True, np.float64(1), np.int64(-3)], ids=repr)
def test_no_seed(make, seed):
    with pytest.raises(InvalidInputError, match="seed must be an integer >= 0; got "):
        make(seed, "noise")


def test_seeds_of_any_size_and_of_numpy():
    assert torch_seed(np.uint8(7), "a") == torch_seed(np.int64(7), "a") == torch_seed(7, "a")
    assert len({torch_seed(seed, "a") for seed in (2**32 + 1, 2**64 + 1, 2**200 + 1, 1)}) == 4


@given(st.integers(0, 2**63 - 1), st.sampled_from([torch.float32, torch.float64, torch.bfloat16]))
@settings(max_examples=25, deadline=None)
def test_weights_are_those_of_pytorch_s_seed_whatever_its_defaults(seed, dtype):
    before = torch.random.get_rng_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        expected = torch.nn.Linear(3, 2).weight
    try:
        torch.set_default_dtype(dtype)
        with torch.device("meta"), drawing_weights(seed):
            found = torch.nn.Linear(3, 2).weight
        assert torch.get_default_dtype() is dtype
    finally:
        torch.set_default_dtype(torch.float32)
    assert found.dtype is torch.float32
    assert torch.equal(found, expected)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_an_error_while_weights_are_drawn_leaves_nothing_behind():
    before = torch.random.get_rng_state()
    try:
        torch.set_default_dtype(torch.float64)
        with pytest.raises(KeyError), drawing_weights(3):
            raise KeyError
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.empty(0).device.type == "cpu"


SEEDING = re.compile(r"\b(?:default_rng|manual_seed|RandomState)\((?!torch_seed\(|seed_sequence\()")
# What seeds a generator of its own today, and how often: shipped tables and stored runs hold numbers from these.
SEEDED_ELSEWHERE = {
    "data/views.py": 1,
    "downstream/disentanglement.py": 1,
    "downstream/linear_probe.py": 1,
    "downstream/probes.py": 1,
    "examples/lightly_simclr.py": 1,
    "examples/lightning_module.py": 1,
    "examples/plain_loop.py": 1,
    "normality/nulls/build_tables.py": 1,
    "report/factors/plan.py": 1,
    "report/outliers/plan.py": 1,
    "streams.py": 1,
    "verification/scenarios.py": 2,
}


def seeded(root):
    """Files that seed a generator, and how often; examples in docstrings are the reader's own."""
    found = Counter()
    for path in root.rglob("*.py"):
        lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith(">>>")]
        found[path.relative_to(root).as_posix()] += len(SEEDING.findall("\n".join(lines)))
    return +found


def test_generators_are_seeded_in_one_file():
    found = seeded(Path(noisedim.__file__).parent)
    beyond = {name: count for name, count in found.items() if count > SEEDED_ELSEWHERE.get(name, 0)}
    assert not beyond, "take a generator from noisedim/streams.py instead"


def test_a_seed_of_ones_own_is_found(tmp_path):
    (tmp_path / "own.py").write_text("rng = np.random.default_rng(7)\ng = torch.Generator().manual_seed(seed)\n")
    (tmp_path / "named.py").write_text("torch.manual_seed(torch_seed(seed, 'weights'))\n>>> default_rng(0)\n")
    assert seeded(tmp_path) == {"own.py": 2}
