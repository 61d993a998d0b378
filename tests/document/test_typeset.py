"""Typesetting: numbers get real minus signs and powers of ten; names, options and code keep their hyphens."""

import pytest

from noisedim.document.typeset import anchor, typeset


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("-0.5 [-1, +2]", "−0.5 [−1, +2]"),
        ("(-.5)", "(−.5)"),
        ("mnist-2, 2-D, x-1, --jobs 2, 2024-11-25", "mnist-2, 2-D, x-1, --jobs 2, 2024-11-25"),
        ("1e-09 and 2.5e-10, -3e+05", "10⁻⁹ and 2.5·10⁻¹⁰, −3·10⁵"),
        ("run 76e-2a, the1e-9", "run 76e-2a, the1e-9"),
        ("`f -1 1e-9` is -1", "`f -1 1e-9` is −1"),
    ],
)
def test_numbers_are_typeset_and_names_are_not(given, wanted):
    assert typeset(given) == wanted


def test_anchors_are_of_ascii_letters_digits_and_hyphens():
    assert anchor("Seed by seed, σ = 0.3: “D₂”!") == "seed-by-seed-0-3-d"
