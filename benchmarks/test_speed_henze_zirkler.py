"""How fast is the Henze–Zirkler statistic? Peer: pingouin's, on the same centred data in the same run."""

import numpy as np
import pingouin
import pytest

from noisedim.statistics.henze_zirkler import henze_zirkler_statistic


@pytest.mark.parametrize(("n", "dim"), [(1797, 2), (10_000, 2), (10_000, 16)])
@pytest.mark.benchmark(group="Henze–Zirkler")
def test_against_pingouin(paired, benchmark, n, dim):
    z = np.random.default_rng(0).standard_normal((n, dim))
    z -= z.mean(0)  # pingouin does not centre
    benchmark.extra_info |= {"n": n, "dim": dim}
    # pingouin takes some 20 s and 4 GB at n = 10,000.
    paired(
        lambda: henze_zirkler_statistic(z),
        lambda: pingouin.multivariate_normality(z),
        peer_name="pingouin",
        rounds=15 if n < 5000 else 3,
        warmup=1 if n < 5000 else 0,
    )
