"""Batches: each item once an epoch, resumable at any step."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisedim.data import BatchSampler, SameKey, resident
from noisedim.errors import CheckpointError, InvalidInputError


@given(st.integers(1, 40), st.data())
@settings(max_examples=25, deadline=None)
def test_an_epoch_repeats_nothing(n, data):
    size = data.draw(st.integers(1, n))
    sampler = BatchSampler(n, generator=torch.Generator().manual_seed(0))
    for _ in range(3):
        epoch = torch.cat([sampler.next_indices(size) for _ in range(n // size)])
        assert len(set(epoch.tolist())) == len(epoch)
        assert epoch.max() < n


@pytest.mark.parametrize("steps", [0, 1, 4, 9])
def test_resumes_where_it_stopped(steps):
    first, second = (BatchSampler(10, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    for _ in range(steps):
        first.next_indices(3)
    saved = first.state_dict()
    wanted = [first.next_indices(3).tolist() for _ in range(7)]
    second.load_state_dict(saved)
    assert [second.next_indices(3).tolist() for _ in range(7)] == wanted


def test_bad_input():
    sampler = BatchSampler(4, generator=torch.Generator())
    with pytest.raises(InvalidInputError, match="from 1 to the number of items, 4; got 5"):
        sampler.next_indices(5)
    with pytest.raises(CheckpointError, match="saved epoch is of 3 items; this data set has 4"):
        sampler.load_state_dict({"order": torch.arange(3), "next": torch.tensor(0)})


def test_images_stay_on_the_host_where_the_device_has_no_room(monkeypatch):
    images = torch.zeros(10, 3, 4, 4, dtype=torch.uint8)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2 * images.numel() - 1, 10**9))
    assert resident(images, torch.device("cuda")) is images
    # With one byte more they would go there.
    moved = []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2 * images.numel(), 10**9))
    monkeypatch.setattr(torch.Tensor, "to", lambda self, device: moved.append(device))
    resident(images, torch.device("cuda"))
    assert moved == [torch.device("cuda")]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 2**31))
@settings(max_examples=100, deadline=None)
def test_partners_share_the_key_and_are_others_where_there_are_any(keys, seed):
    keys = torch.tensor(keys)
    same = SameKey(keys, generator=torch.Generator().manual_seed(seed))
    indices = torch.arange(len(keys))
    partners = same.partners(indices)
    assert (keys[partners] == keys).all()
    alone = torch.bincount(keys, minlength=5)[keys] == 1
    assert ((partners == indices) == alone).all()


def test_partners_are_uniform_over_the_others_of_the_key():
    keys = torch.tensor([7, 3, 7, 7, 3, 7])
    same = SameKey(keys, generator=torch.Generator().manual_seed(0))
    drawn = same.partners(torch.full((6000,), 2))
    counts = torch.bincount(drawn, minlength=6)
    assert counts[[1, 2, 4]].sum() == 0
    # Binomial(6000, 1/3): a deviation of 150 is more than four standard deviations.
    assert (counts[[0, 3, 5]] - 2000).abs().max() < 150
    with pytest.raises(InvalidInputError, match="keys must be integers"):
        SameKey(torch.tensor([0.5]), generator=torch.Generator())
