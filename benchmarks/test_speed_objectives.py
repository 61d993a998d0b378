"""What does each objective cost against batch and dimension? Value and gradient alone, one thread.

No power is fitted: overheads hide the formula's law in small batches, pairs that outgrow the caches in large ones.
"""

import statistics
import time
from collections.abc import Callable

import pytest
import torch

from noisedim.channel import NoisyChannel
from noisedim.critics import GaussianDualCritic, MLPCritic, SeparableCritic
from noisedim.nets import discriminator
from noisedim.objectives import (
    AdaptiveDual,
    Adversarial,
    Dual,
    InfoMax,
    Objective,
    RowDual,
    Siamese,
    SIGReg,
    align_uniform,
    barlow_twins,
    nt_xent,
    vicreg,
    whitening_mse,
)
from noisedim.objectives.directions import unit_directions
from noisedim.objectives.methods.wasserstein import imq_mmd, sliced_w2
from noisedim.priors import GaussianPrior

# What a step costs does not depend on whether its noise can be seen.
pytestmark = pytest.mark.filterwarnings("ignore:the channel's capacity of")

DIM, BATCH = 8, 512
BATCHES = (256, 512, 1024, 2048, 4096)
DIMS = (2, 8, 32, 128, 512)
NEGATIVES = 15


def _mmd(a: torch.Tensor, b: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    return imq_mmd(a, torch.randn(a.shape, generator=generator))


def _sliced(a: torch.Tensor, b: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    return sliced_w2(a, torch.randn(a.shape, generator=generator), unit_directions(a.shape[1], 50, a, generator))


# Name: how it is made for a dimension, and how its work grows with batch B and dimension d as its formula says.
OBJECTIVES: dict[str, tuple[Callable[[int], Objective], str]] = {
    "adaptive-dual": (lambda d: AdaptiveDual(), "B² d"),
    "dual": (lambda d: Dual(), "B² d"),
    "row-dual": (lambda d: RowDual(), "B² d"),
    "theorem-4.1": (lambda d: InfoMax(GaussianDualCritic()), "B² d"),
    "infonce, perceptron, K = 15": (lambda d: InfoMax(MLPCritic(d), negatives=NEGATIVES), "B K"),
    "infonce, separable": (lambda d: InfoMax(SeparableCritic(d)), "B²"),
    "adversarial, K = 15": (
        lambda d: Adversarial(InfoMax(MLPCritic(d), negatives=NEGATIVES, noisy=False), discriminator(d)),
        "B K",
    ),
    "sigreg": (lambda d: SIGReg(), "B d"),
    "mmd": (lambda d: Siamese(_mmd), "B² d"),
    "sliced W2": (lambda d: Siamese(_sliced), "B d"),
    "vicreg": (lambda d: Siamese(lambda a, b, _: vicreg(a, b)), "B d²"),
    "barlow-twins": (lambda d: Siamese(lambda a, b, _: barlow_twins(a, b)), "B d²"),
    "simclr": (lambda d: Siamese(lambda a, b, _: nt_xent(a, b)), "B² d"),
    "align-uniform": (lambda d: Siamese(lambda a, b, _: align_uniform(a, b)), "B² d"),
    "w-mse": (lambda d: Siamese(lambda a, b, g: whitening_mse(a, b, generator=g)), "B d²"),
}


def step(objective: Objective, batch: int, dim: int) -> Callable[[], None]:
    channel = NoisyChannel(GaussianPrior(dim), sigma=0.5)
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(batch, dim, generator=generator)
    views = torch.stack([z, 0.9 * z + 0.4 * torch.randn(batch, dim, generator=generator)]).requires_grad_()

    def run() -> None:
        views.grad = None
        objective(views[0], views[1], channel, generator=generator, estimate=False).loss.backward()

    return run


def seconds(work: Callable[[], None]) -> float:
    work()
    taken = []
    while len(taken) < 3 or (sum(taken) < 0.05 and len(taken) < 50):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.benchmark(group="objectives")
def test_cost_against_batch_and_dimension(benchmark, one_thread, profile, name):
    make, law = OBJECTIVES[name]
    torch.manual_seed(0)
    benchmark.pedantic(step(make(DIM), BATCH, DIM), rounds=10, warmup_rounds=2)
    if benchmark.disabled:
        return
    batches = tuple(batch for batch in BATCHES if batch <= profile.most_rows)
    against_batch = [(batch, seconds(step(make(DIM), batch, DIM))) for batch in batches]
    # Whitening takes groups of 2d images, so the largest dimension needs a batch of twice that.
    against_dim = [(dim, seconds(step(make(dim), 2 * BATCH, dim))) for dim in DIMS]
    benchmark.extra_info |= {
        "question": "objective cost",
        "objective": name,
        "law": law,
        "batch": BATCH,
        "dim": DIM,
        "against_batch": against_batch,
        "against_dim": against_dim,
    }
