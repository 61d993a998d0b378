"""How fast are the Henze–Zirkler test and the battery? Peer: pingouin's test, on the same data in the same run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pingouin
import pytest

import noisedim as nd


def sample(n: int, dim: int) -> np.ndarray:
    z = np.random.default_rng(0).standard_normal((n, dim))
    return z - z.mean(0)  # pingouin does not centre


def pingouins(z: np.ndarray) -> Callable[[], Any]:
    return lambda: pingouin.multivariate_normality(z)


@pytest.mark.parametrize(("n", "dim"), [(1797, 2), (10_000, 2), (10_000, 16)])
@pytest.mark.benchmark(group="Henze–Zirkler")
def test_against_pingouin(paired, benchmark, profile, n, dim):
    """Statistic and p-value, both."""
    n = profile.rows(n)
    z = sample(n, dim)
    benchmark.extra_info |= {"n": n, "dim": dim}
    # pingouin takes seconds and 4 GB at n = 10,000; six ratios are the fewest that hold their median with 95%.
    rounds, warmup = (15, 1) if n < 5000 else (6, 0)
    nd.henze_zirkler(z[:100])  # read the tables
    paired(
        lambda: nd.henze_zirkler(z),
        pingouins(z),
        subject="the Henze–Zirkler test",
        peer_name="pingouin",
        rounds=rounds,
        warmup=warmup,
    )


@pytest.mark.benchmark(group="battery")
def test_whole_battery_against_one_test_of_pingouin(paired, benchmark, profile):
    """All tests, effect sizes, index and n*, against pingouin's one test."""
    n = profile.rows(10_000)
    z = sample(n, 16)
    benchmark.extra_info |= {"n": n, "dim": 16}
    paired(
        lambda: nd.assess(z),
        pingouins(z),
        subject="the whole battery",
        peer_name="pingouin's Henze–Zirkler alone",
        rounds=6,
        warmup=0,
    )


@pytest.mark.benchmark(group="Henze–Zirkler")
def test_a_hundred_thousand_rows(benchmark, profile):
    """What no n×n array can do: 100,000 rows in 16 dimensions; its memory is tested in tests/statistics."""
    n = profile.rows(100_000)
    z = np.random.default_rng(0).standard_normal((n, 16))
    benchmark.extra_info |= {"n": n, "dim": 16}
    benchmark.pedantic(lambda: nd.henze_zirkler(z), rounds=1)
