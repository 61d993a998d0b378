"""What does one look at an embedding cost? Peer: the statistic of sketched isotropic Gaussian regularisation, by itself."""

import math

import numpy as np
import pytest

import noisedim as nd

SLICES, KNOTS, REACH = 256, 17, 5.0


def sliced_epps_pulley(z: np.ndarray, rng: np.random.Generator) -> float:
    """Mean over random slices of n ∫ |φ_n(t) − e^{−t²/2}|² e^{−t²/2} dt, by the trapezoid rule, as LeJEPA trains with it."""
    unit = rng.standard_normal((z.shape[1], SLICES))
    projected = z @ (unit / np.linalg.norm(unit, axis=0))
    knots = np.linspace(-REACH, REACH, KNOTS)
    values = []
    for t in knots:
        angle = t * projected
        real, imaginary = np.cos(angle).mean(0) - math.exp(-t * t / 2), np.sin(angle).mean(0)
        values.append((real**2 + imaginary**2) * math.exp(-t * t / 2))
    return float(len(z) * np.trapezoid(np.array(values), knots, axis=0).mean())


@pytest.mark.parametrize(("n", "dim"), [(2000, 128), (10_000, 128)])
@pytest.mark.benchmark(group="track")
def test_against_sliced_epps_pulley(paired, benchmark, profile, n, dim):
    """Eleven numbers with scores, against one statistic."""
    n = profile.rows(n)
    z = np.random.default_rng(0).standard_normal((n, dim))
    benchmark.extra_info |= {"n": n, "dim": dim}
    rng = np.random.default_rng(1)
    paired(
        lambda: nd.track(z),
        lambda: sliced_epps_pulley(z, rng),
        subject="noisedim.track",
        peer_name="Epps–Pulley on 256 random slices",
        rounds=7,
    )
