"""Scores by block: unbiased where they should be, the same blocks for all, bits that survive a record."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from noisedim.errors import InvalidInputError
from noisedim.runs.studies.block_scores import block_scores, packed_bits, shuffled_blocks, unpacked_bits


@given(arrays(bool, st.integers(1, 200)))
@settings(max_examples=60, deadline=None)
def test_packed_bits_come_back(bits):
    assert (unpacked_bits(packed_bits(bits), len(bits)) == bits).all()


@pytest.mark.parametrize("text", ["", "no bits", packed_bits(np.ones(7, bool))])
def test_other_text_is_refused_as_bits(text):
    with pytest.raises(InvalidInputError, match="expected 100 packed bits"):
        unpacked_bits(text, 100)


def test_blocks_are_disjoint_equal_and_not_in_the_order_of_the_images():
    assert [len(shuffled_blocks(n)) for n in (359, 1999, 2000, 3000, 12_000)] == [10, 10, 2, 3, 10]
    blocks = shuffled_blocks(1003)
    together = np.concatenate(blocks)
    assert [len(block) for block in blocks] == [100] * 10
    assert len(set(together)) == 1000
    assert abs(np.corrcoef(np.arange(1000), together)[0, 1]) < 0.2
    with pytest.raises(InvalidInputError, match="at least 100 test images"):
        shuffled_blocks(99)


def test_a_sample_of_the_prior_scores_zero_and_a_shift_scores_its_square():
    rng = np.random.default_rng(11)
    labels = rng.integers(0, 3, 4000)
    z = rng.normal(size=(4000, 4))
    probes = ("naive_bayes",)
    perfect = block_scores(z[:1000], labels[:1000], z[1000:], labels[1000:], probes=probes).values
    for score in ("sliced_w2_squared", "d2_coarse"):
        mean, error = np.mean(perfect[score]), np.std(perfect[score], ddof=1) / np.sqrt(10)
        assert abs(mean) < 4 * error + 1e-3, score
    shifted = block_scores(z[:1000], labels[:1000], z[1000:] + 0.5, labels[1000:], probes=probes).values
    # E over directions of (0.5·1ᵀu)² = 0.25·d/d = 0.25, whatever d.
    assert np.mean(shifted["sliced_w2_squared"]) == pytest.approx(0.25, rel=0.25)


def test_accuracy_is_the_mean_over_blocks_and_bits_agree_with_it():
    rng = np.random.default_rng(12)
    labels = rng.integers(0, 2, 2000)
    z = rng.normal(size=(2000, 2)) + 1.5 * labels[:, None]
    found = block_scores(z[:500], labels[:500], z[500:], labels[500:], probes=("linear",))
    right = unpacked_bits(found.correct["linear"], 1500)
    assert np.mean(found.values["linear"]) == pytest.approx(right.mean())
    # Bayes' accuracy of two normals 1.5√2 apart is Φ(1.06) = .855.
    assert right.mean() == pytest.approx(0.855, abs=0.04)
