"""What does an assessment cost, and how does that grow? Without the tests over pairs of rows, on one core."""

import os
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pingouin
import pytest

import noisedim as nd
from noisedim.normality.summaries.pair_sums import one_blas_thread

# From here on, the null tables of Mardia's skewness, which needs n·d³, have ended.
GROWTH = ((10_000, 192), (10_000, 272), (10_000, 384), (10_000, 544), (10_000, 768))
LARGE = ((10_000, 768), (100_000, 128), (1_000_000, 64))
NO_PAIRS = 1e-9


def cpu_seconds(function: Any, *, rounds: int = 2) -> float:
    """The least CPU time of some calls: on a shared machine the others waited for something else."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        function()
        least = min(least, time.process_time() - began)
    return least


def whole_command(path: Any) -> tuple[float, int]:
    """CPU seconds and peak memory in bytes of ``noisedim assess``, imports and all."""
    words = [sys.executable, "-m", "noisedim", "assess", str(path)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(words, env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}, **quiet)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1)
    return used.ru_utime + used.ru_stime, 1024 * used.ru_maxrss


@pytest.mark.benchmark(group="assess")
def test_growth(benchmark, one_thread, profile):
    """CPU seconds over five sizes, beside one product of the rows with a (d, d) matrix, which is 2·n·d² operations."""
    rng = np.random.default_rng(0)
    seconds, products = [], []
    sizes = [(profile.rows(n), dim) for n, dim in GROWTH]
    with one_blas_thread():
        for n, dim in sizes:
            z, square = rng.standard_normal((n, dim)), rng.standard_normal((dim, dim))
            seconds.append(cpu_seconds(lambda z=z: nd.assess(z, n_star=False, budget=NO_PAIRS)))
            products.append(cpu_seconds(lambda z=z, square=square: z @ square))
        power = float(np.polyfit(np.log([n * dim**2 for n, dim in sizes]), np.log(seconds), 1)[0])
        benchmark.extra_info |= {
            "question": "assessment cost",
            "what": "noisedim.assess without pairs of rows",
            "sizes": sizes,
            "cpu_seconds": seconds,
            "product_seconds": products,
            "power": power,
        }
        print(f"\nCPU seconds {np.round(seconds, 2)}, of a product {np.round(products, 3)}: power {power:.2f} of n·d²")
        benchmark.pedantic(lambda: nd.assess(z, n_star=False, budget=NO_PAIRS), rounds=1)
    # Of fewer rows than asked for the time is mostly that of other things.
    assert power < 1.2 or sizes != list(GROWTH)


@pytest.mark.benchmark(group="assess")
def test_large_files(benchmark, profile, tmp_path):
    """The whole command on files of half precision: CPU seconds beyond those of 20 rows of 2 numbers, and peak memory."""
    seconds, peaks = [], []
    sizes = [(n, dim) for n, dim in LARGE if n <= profile.most_rows] or [(profile.most_rows, 64)]
    for n, dim in ((20, 2), *sizes):
        path = tmp_path / f"{n}.npy"
        np.save(path, np.random.default_rng(0).standard_normal((n, dim), dtype=np.float32).astype(np.float16))
        found = benchmark.pedantic(whole_command, (path,), rounds=1) if not seconds else whole_command(path)
        seconds.append(found[0])
        peaks.append(found[1])
        path.unlink()
    benchmark.extra_info |= {
        "question": "assessment cost",
        "what": "noisedim assess, half-precision file",
        "sizes": sizes,
        "cpu_seconds": [own - seconds[0] for own in seconds[1:]],
        "start_seconds": seconds[0],
        "peak_bytes": peaks[1:],
    }
    print(f"\nCPU seconds {np.round(seconds, 1)}, peak memory {np.round(np.array(peaks) / 1e9, 2)} GB")


@pytest.mark.benchmark(group="assess")
def test_assessment_against_one_test_of_pingouin(paired, benchmark, one_thread, profile):
    """All tests that need no pairs of rows and all effect sizes, against pingouin's one test."""
    n, dim = profile.rows(3000), 768
    z = np.random.default_rng(0).standard_normal((n, dim))
    benchmark.extra_info |= {"n": n, "dim": dim}
    with one_blas_thread():
        paired(
            lambda: nd.assess(z, n_star=False, budget=NO_PAIRS),
            lambda: pingouin.multivariate_normality(z - z.mean(0)),
            subject="an assessment without pairs of rows",
            peer_name="pingouin's Henze–Zirkler alone",
            rounds=6,
        )
