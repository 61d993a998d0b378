"""Sums over all pairs of rows, where kernel tests spend their time: blocked to fit the cache."""

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch

from noisedim.normality.summaries.frequencies import Frequencies, frequencies_of

__all__ = [
    "BLOCK",
    "batched_distance_sums",
    "batched_pair_sums",
    "computing_on",
    "distance_sum",
    "each_sample",
    "one_blas_thread",
    "pair_sum",
    "row_sums",
]

# A block of 512² doubles is 2 MiB: it stays in the second-level cache between the product and the exponential.
BLOCK = 512
_DEVICE_BLOCK = 8192
# With fewer rows per thread, starting it costs more than it saves.
_ROWS_A_THREAD = 2048
# Where a caller allows single precision, twice as fast, sums on cores are in it for numbers of rows and of coordinates in
# these ranges: beyond them rounding moves BHEP's statistic by more than about a thousandth of its deviation, and in one or
# two dimensions rounded data have so many equal rows that their distances of 3e-4 instead of 0 count.
_SINGLE_ROWS, _SINGLE_DIMS = (2048, 12_288), (3, 128)
# No row may be further from the origin than the root of the first, no exponent beyond the second: a block of 512² terms of
# e^75 is finite in single precision.
_SINGLE_SQUARES, _SINGLE_EXPONENT = 512.0, 75.0


class _BlasThreads:
    """Counts the blocks of code that want BLAS single-threaded: the first to enter limits it, the last to leave restores it.

    With threadpoolctl alone, the limit would stay behind where two threads enter and leave in turn.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._controller: Any = None
        self._limit: Any = None

    def enter(self) -> None:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

        with self._lock:
            if self._inside == 0:
                # Looking for the loaded libraries takes milliseconds: once.
                self._controller = self._controller or ThreadpoolController()
                self._limit = self._controller.limit(limits=1, user_api="blas")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.restore_original_limits()


_blas = _BlasThreads()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread.

    Products here are many and small, between exponentials or in threads of our own. Waking BLAS's threads for each, which
    then compete with ours, made pair sums of 10,000 rows 2.5 times slower on two cores.
    """
    _blas.enter()
    try:
        yield
    finally:
        _blas.leave()


def each_sample(batch: np.ndarray, statistic: Callable[[np.ndarray], float]) -> np.ndarray:
    """``statistic`` of each of (m, n, d) samples, (m,), on as many threads as torch may use.

    A sample of a few thousand rows is too small to split between threads, so each thread takes whole samples.
    """
    with one_blas_thread(), ThreadPoolExecutor(torch.get_num_threads()) as pool:
        return np.array(list(pool.map(statistic, batch)))


_device: ContextVar[torch.device | None] = ContextVar("_device", default=None)


@contextmanager
def computing_on(device: torch.device) -> Iterator[None]:
    """Compute sums over pairs on ``device``, in float64, wherever their rows are."""
    token = _device.set(device)
    try:
        yield
    finally:
        _device.reset(token)


def pair_sum(points: torch.Tensor, weights: torch.Tensor, *, single: bool = False) -> float:
    """Sum over all ordered pairs of different rows (a, b) of exp(⟨a, b⟩ + w_a + w_b).

    A row with itself is left out, not subtracted: in many dimensions it outweighs all pairs, whose digits would be lost.

    Args:
        points: (n, d) float64.
        weights: (n,) float64.
        single: allow single precision, whose rounding is about 1e-8 of the sum: for statistics that vary by much more.

    The sum is symmetric: only blocks on and above the diagonal are computed, n²/2 exponentials. Besides the input it
    takes memory for 2(d+2)·n numbers and one block per thread. In one or two dimensions frequencies cost less than many
    pairs (:mod:`~noisedim.normality.summaries.frequencies`).
    """
    if (found := _frequencies(points, weights)) is not None and (total := found.pair_sum()) is not None:
        return total
    own = weights[:, None]
    ones = torch.ones_like(own)
    # One product of (d+2)-vectors gives the exponent, without separate passes for the weights.
    left = torch.cat([points, own, ones], 1)
    right = torch.cat([points, ones, own], 1)
    squares = points.square().sum(1)
    # By Cauchy–Schwarz no exponent exceeds the greatest of a row with itself.
    single = single and _is_moderate(points, squares) and float((squares + 2 * weights).max()) < _SINGLE_EXPONENT
    return _blocked(left, right, -math.inf, _exponential, torch.exp, single=single)


def row_sums(points: torch.Tensor, weights: torch.Tensor) -> np.ndarray:
    """For each row a, the sum over the other rows b of exp(⟨a, b⟩ + w_a + w_b), (n,); arguments as :func:`pair_sum`."""
    if (found := _frequencies(points, weights)) is not None and (each := found.row_sums()) is not None:
        return each
    own = weights[:, None]
    ones = torch.ones_like(own)
    left, right = torch.cat([points, own, ones], 1).numpy(), torch.cat([points, ones, own], 1).numpy()
    sums = np.zeros(len(left))
    buffer = np.empty(BLOCK * BLOCK)
    for rows, columns, factor in _blocks(len(left), BLOCK):
        a, b = left[rows], right[columns]
        block = buffer[: len(a) * len(b)].reshape(len(a), len(b))
        np.matmul(a, b.T, out=block)
        if factor == 1:
            np.fill_diagonal(block, -np.inf)
        np.exp(block, out=block)
        sums[rows] += block.sum(1)
        if factor == 2:
            sums[columns] += block.sum(0)
    return sums


def _frequencies(points: torch.Tensor, weights: torch.Tensor) -> Frequencies | None:
    # ⟨a, b⟩ = (‖a‖² + ‖b‖² − ‖a − b‖²)/2.
    return frequencies_of(points.cpu().numpy(), (weights + points.square().sum(1) / 2).cpu().numpy())


def distance_sum(points: torch.Tensor, *, single: bool = False) -> float:
    """Sum over all ordered pairs of rows of ‖a − b‖, (n, d) float64 with rows not far from the origin; :func:`pair_sum`."""
    squares = points.square().sum(1)[:, None]
    ones = torch.ones_like(squares)
    left = torch.cat([points, squares, ones], 1)
    left[:, : points.shape[1]] *= -2  # without a copy of the points
    right = torch.cat([points, ones, squares], 1)
    single = single and _is_moderate(points, squares)
    return _blocked(left, right, 0.0, _root, lambda block: block.clamp_min_(0).sqrt_(), single=single)


def _is_moderate(points: torch.Tensor, squares: torch.Tensor) -> bool:
    """Whether rows, with their squared norms, are of the number, dimension and size that single precision is for."""
    (fewest, most), (least, largest) = _SINGLE_ROWS, _SINGLE_DIMS
    n, dim = points.shape
    return fewest <= n <= most and least <= dim <= largest and float(squares.max()) <= _SINGLE_SQUARES


def batched_pair_sums(
    points: torch.Tensor, scale: float, weights: torch.Tensor, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Of each sample, the sum over pairs of different rows of exp(scale·⟨a, b⟩ + w_a + w_b), (m, n, d) to (m,) float64."""
    right, own = points.to(dtype), weights.to(dtype)[:, :, None]
    ones = torch.ones_like(own)
    exponents = torch.bmm(torch.cat([right * scale, own, ones], 2), torch.cat([right, ones, own], 2).transpose(1, 2))
    exponents.diagonal(dim1=1, dim2=2).fill_(-torch.inf)
    return exponents.exp_().sum((1, 2)).double()


def batched_distance_sums(points: torch.Tensor, squared_norms: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Of each sample, the sum over pairs of rows of ‖a − b‖, (m, n, d) to (m,) float64."""
    low, own = points.to(dtype), squared_norms.to(dtype)[:, :, None]
    ones = torch.ones_like(own)
    squares = torch.bmm(torch.cat([-2 * low, own, ones], 2), torch.cat([low, ones, own], 2).transpose(1, 2))
    squares.diagonal(dim1=1, dim2=2).zero_()
    return squares.clamp_min_(0).sqrt_().sum((1, 2)).double()


def _exponential(block: np.ndarray) -> None:
    np.exp(block, out=block)


def _root(block: np.ndarray) -> None:
    np.maximum(block, 0, out=block)
    np.sqrt(block, out=block)


def _blocks(n: int, size: int) -> Iterator[tuple[slice, slice, int]]:
    """Blocks on and above the diagonal, with how often each counts."""
    for i in range(0, n, size):
        for j in range(i, n, size):
            yield slice(i, i + size), slice(j, j + size), 1 if i == j else 2


def _blocked(
    left: torch.Tensor,
    right: torch.Tensor,
    diagonal: float,
    on_cores: Callable[[np.ndarray], None],
    on_device: Callable[[torch.Tensor], torch.Tensor],
    *,
    single: bool,
) -> float:
    """Sum of a function of ⟨left_a, right_b⟩ over all (a, b), the product of a row with itself set to ``diagonal``."""
    if (device := _device.get()) is not None:
        left, right = left.to(device), right.to(device)
    if left.device.type == "cpu":
        dtype = np.float32 if single else np.float64
        return _on_cores(
            left.numpy().astype(dtype, copy=False), right.numpy().astype(dtype, copy=False), diagonal, on_cores
        )
    total = torch.zeros((), dtype=left.dtype, device=left.device)
    for rows, columns, factor in _blocks(len(left), _DEVICE_BLOCK):
        block = left[rows] @ right[columns].T
        if factor == 1:
            block.diagonal().fill_(diagonal)
        total += factor * on_device(block).sum()
    return float(total)


def _on_cores(left: np.ndarray, right: np.ndarray, diagonal: float, function: Callable[[np.ndarray], None]) -> float:
    # NumPy releases the interpreter in products and exponentials, so plain threads share the blocks. A thread pool per
    # block, as inside torch or BLAS, would spend more on waking threads than on 512² exponentials.
    workers = min(torch.get_num_threads(), max(1, len(left) // _ROWS_A_THREAD))

    def share(first: int) -> float:
        buffer = np.empty(BLOCK * BLOCK, dtype=left.dtype)
        sums = []
        for index, (rows, columns, factor) in enumerate(_blocks(len(left), BLOCK)):
            if index % workers != first:
                continue
            a, b = left[rows], right[columns]
            block = buffer[: len(a) * len(b)].reshape(len(a), len(b))
            np.matmul(a, b.T, out=block)
            if factor == 1:
                np.fill_diagonal(block, diagonal)
            function(block)
            sums.append(factor * float(block.sum()))
        return math.fsum(sums)

    if workers == 1:
        return share(0)
    with ThreadPoolExecutor(workers) as pool:
        return math.fsum(pool.map(share, range(workers)))
