"""Similarities: compared with scipy and with the kernel form, and invariant under rotation, scale and shift."""

import numpy as np
import pytest
from scipy.spatial import procrustes

from noisedim.downstream import linear_cka, procrustes_similarity
from noisedim.errors import InvalidInputError


def pair(n=40, seed=0):
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((n, 3)) @ rng.standard_normal((3, 3)) + 2
    return a, a @ rng.standard_normal((3, 3)) + rng.standard_normal((n, 3))


def test_cka_by_its_kernels():
    a, b = pair()
    n = len(a)
    centring = np.eye(n) - 1 / n
    k, m = (centring @ u @ u.T @ centring for u in (a, b))
    expected = np.trace(k @ m) / np.sqrt(np.trace(k @ k) * np.trace(m @ m))
    assert linear_cka(a, b) == pytest.approx(expected, rel=1e-9)


def test_procrustes_by_scipy():
    a, b = pair()
    assert procrustes_similarity(a, b) == pytest.approx(1 - procrustes(a, b)[2], rel=1e-9)


@pytest.mark.parametrize("similarity", [linear_cka, procrustes_similarity])
def test_rotation_scale_and_shift_are_not_seen(similarity):
    a, b = pair()
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    assert similarity(a, 3 * a @ rotation + 5) == pytest.approx(1)
    assert similarity(a, b @ rotation) == pytest.approx(similarity(a, b))
    assert similarity(a, b) == pytest.approx(similarity(b, a))
    # Negative control: rows that are not paired.
    assert similarity(a, np.random.default_rng(2).permutation(a)) < 0.3


def test_bad_input():
    a, b = pair()
    with pytest.raises(InvalidInputError, match="one row per image; got 40 and 39 rows"):
        linear_cka(a, b[1:])
    with pytest.raises(InvalidInputError, match="must vary"):
        procrustes_similarity(a, np.ones_like(a))
