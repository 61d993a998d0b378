"""Batch statistics over ranks are PyTorch's own where there is one rank; two ranks are test_ranks.py's."""

import copy

import pytest
import torch
import torch.distributed as dist
from timm.layers import BatchNormAct2d
from torch import nn

from noisedim.errors import InvalidInputError
from noisedim.training.distributed.exchange import (
    GlobalBatchNorm,
    rows_of_all_ranks,
    sum_over_ranks,
    with_global_statistics,
)

CPU = torch.device("cpu")
KINDS = {
    "1d": (lambda: nn.BatchNorm1d(5), (16, 5)),
    "1d, sequences": (lambda: nn.BatchNorm1d(5), (16, 5, 3)),
    "2d": (lambda: nn.BatchNorm2d(5, eps=1e-3, momentum=0.3), (8, 5, 4, 3)),
    "3d": (lambda: nn.BatchNorm3d(5), (4, 5, 3, 2, 2)),
    "cumulative average": (lambda: nn.BatchNorm1d(5, momentum=None), (16, 5)),
    "no weights": (lambda: nn.BatchNorm1d(5, affine=False), (16, 5)),
    "no running statistics": (lambda: nn.BatchNorm2d(5, track_running_stats=False), (8, 5, 4, 3)),
    "timm's, with an activation": (lambda: BatchNormAct2d(5), (8, 5, 4, 3)),
}


@pytest.fixture
def one_rank():
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def draw(shape, seed):
    # Far from zero: a mean square less a squared mean would lose half of the digits.
    return 1e4 + torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("kind", KINDS)
def test_one_rank_is_torchs_own(one_rank, kind):
    make, shape = KINDS[kind]
    torch.manual_seed(0)
    plain = nn.Sequential(make().double())
    for parameter in plain.parameters():
        nn.init.uniform_(parameter, 0.5, 2.0)
    shared = copy.deepcopy(plain)
    whole = with_global_statistics(shared, CPU)
    for step in range(3):
        x = draw(shape, step)
        inputs = [x.clone().requires_grad_() for _ in range(2)]
        weight = torch.randn(shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
        outputs = [module(own) for module, own in zip((plain, whole), inputs, strict=True)]
        torch.testing.assert_close(outputs[1], outputs[0], rtol=1e-9, atol=1e-9)
        for output in outputs:
            (output * weight).sum().backward()
        torch.testing.assert_close(inputs[1].grad, inputs[0].grad, rtol=1e-8, atol=1e-8)
    for a, b in zip(shared.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-8, atol=1e-8)
    # The module that was converted has learned the same running statistics, and is none the wiser.
    assert shared.state_dict().keys() == plain.state_dict().keys()
    for name, tensor in plain.state_dict().items():
        torch.testing.assert_close(shared.state_dict()[name], tensor, rtol=1e-10, atol=1e-10)
    assert not any(isinstance(module, GlobalBatchNorm) for module in shared.modules())
    torch.testing.assert_close(whole.eval()(x), plain.eval()(x), rtol=1e-9, atol=1e-9)


def test_frozen_normalisations_stay_frozen(one_rank):
    plain = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5)).eval()
    whole = with_global_statistics(plain, CPU)
    x = torch.randn(8, 3)
    assert torch.equal(whole(x), plain(x))
    assert int(plain[1].num_batches_tracked) == 0


def test_exchanges_with_one_rank_change_nothing(one_rank):
    x = torch.randn(4, 3, requires_grad=True)
    for exchange in (rows_of_all_ranks, sum_over_ranks):
        x.grad = None
        y = exchange(x)
        assert torch.equal(y, x)
        (y * torch.arange(12.0).view(4, 3)).sum().backward()
        assert torch.equal(x.grad, torch.arange(12.0).view(4, 3))


@pytest.mark.parametrize("kind", ["2d", "no weights", "no running statistics", "timm's, with an activation"])
def test_for_gpus_it_is_torchs_synchronised_one_with_shared_tensors(kind):
    # It computes on CUDA only; what can be seen here is what it is made of.
    norm = KINDS[kind][0]()
    whole = with_global_statistics(nn.Sequential(norm), torch.device("cuda"))
    (native,) = (module for module in whole.modules() if isinstance(module, nn.SyncBatchNorm))
    assert (native.eps, native.momentum, native.affine) == (norm.eps, norm.momentum, norm.affine)
    assert native.training
    for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
        assert getattr(native, name) is getattr(norm, name)
    assert any(isinstance(module, nn.ReLU) for module in whole.modules()) == ("activation" in kind)


def test_a_batch_normalisation_of_unknown_kind_is_refused():
    class Own(nn.BatchNorm1d):
        pass

    with pytest.raises(InvalidInputError, match=r"batch normalisation of torch\.nn or timm.*got .*Own"):
        with_global_statistics(nn.Sequential(nn.Linear(2, 2), Own(2)), CPU)
