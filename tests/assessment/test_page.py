"""The page of an assessment: self-contained, with the verdict, tests and pictures."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

import noisedim
from noisedim.assessment import assess
from noisedim.assessment.advice import advice
from noisedim.assessment.pictures import (
    _eigenvalues,
    _marchenko_pastur,
    _spectrum_band,
    quantile_bands,
    spectrum_figure,
)
from noisedim.assessment.table import p_equals
from noisedim.cli.train import _verdict


@pytest.mark.parametrize(("d", "prior"), [(1, "normal"), (3, "normal"), (2, "uniform")])
def test_page(d, prior, tmp_path):
    rng = np.random.default_rng(0)
    z = rng.random((200, d)) if prior == "uniform" else rng.uniform(-1.7, 1.7, (200, d))
    assessment = assess(z, prior=prior)
    page = assessment.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert "http" not in page
    verdict = re.search(r"<h1>(.*?)</h1>", page).group(1)
    assert ("DEPARTS" in verdict) == assessment.rejected == (prior == "normal")
    # A reader with a keyboard reaches what scrolls, and one with a screen reader the content.
    assert page.count('class="scroll"') == page.count('role="region" tabindex="0" aria-label="') > 0
    assert page.count("<main>") == page.count("</main>") == 1
    pictures = assessment.plot()
    assert page.count("<img") == page.count('alt="') == len(pictures)
    assert ("correlations" in pictures) == ("pairs" in pictures) == ("spectrum" in pictures) == (d > 1)
    assert {"directions", "norms"} <= set(pictures)
    assert ("power" in pictures) == assessment.rejected


@pytest.mark.slow
@pytest.mark.parametrize("shift", [1e9, 1e16])
@pytest.mark.parametrize("scale", [1.0, 1e-308])
def test_pictures_of_samples_extremely_far_from_the_prior(scale, shift):
    z = scale * np.random.default_rng(2).standard_normal((60, 2))
    z[:, 1] += shift
    assert assess(z, n_star=False).to_html().count("<img") == 5


@pytest.mark.slow
def test_many_coordinates_are_shown_by_their_spectrum_not_by_some_of_them(tmp_path):
    rng = np.random.default_rng(5)
    z = rng.standard_normal((600, 60))
    weak = rng.standard_normal(60)
    weak /= np.linalg.norm(weak)
    z -= 0.9 * np.outer(z @ weak, weak)
    assessment = assess(z)
    assert list(assessment.plot())[:3] == ["spectrum", "directions", "norms"]
    assert not {"pairs", "correlations"} & set(assessment.plot())
    page = assessment.to_html()
    assert len(page) < 500_000
    assert "What to do" in page
    assert f"noisedim {noisedim.__version__}, seed 0" in page
    (axes,) = spectrum_figure(z).axes
    assert any(text.get_text().startswith("outside: 1 of 60") for text in axes.get_legend().get_texts())
    (axes,) = spectrum_figure(rng.standard_normal((600, 60))).axes
    assert not any("outside" in text.get_text() for text in axes.get_legend().get_texts())


@pytest.mark.parametrize(("n", "d"), [(2000, 2), (2000, 64), (300, 100), (100, 300)])
def test_eigenvalues_of_normal_rows_lie_on_the_law_and_in_the_band(n, d):
    rng = np.random.default_rng(6)
    outside = 0
    for _ in range(40):
        found = _eigenvalues(rng.standard_normal((n, d)))
        lower, upper = _spectrum_band(n, d)
        outside += bool((found < lower).any() or (found > upper).any())
    assert outside <= 6  # more than 6 of 40 have probability 1e-6 at 2% each
    law = _marchenko_pastur(n, d, len(found))
    assert law.sum() / n == pytest.approx(min(n, d) * max(1, d / n) / n, rel=0.02)  # their mean is known
    assert np.abs(found - law).max() < 0.1 + (upper - lower) / 4


def test_any_normal_law_is_shown_whitened():
    z = 3 * np.random.default_rng(7).standard_normal((200, 4)) + 5
    figures = assess(z, null="composite", n_star=False).plot()
    assert "spectrum" not in figures
    spreads = [float(axes.get_title().rsplit("sd ", 1)[1]) for axes in figures["directions"].axes]
    np.testing.assert_allclose(spreads, 1, atol=0.25)  # of the raw rows 3


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda z: z + np.eye(3)[0], "Mean: a coordinate's is off by"),
        (lambda z: 2 * z, "Scale: a coordinate's variance is off by"),
        (lambda z: z @ np.array([[1, 0.8, 0], [0, 0.6, 0], [0, 0, 1]]), "Spectrum: eigenvalues outside the band"),
        (lambda z: np.column_stack([z[:, :2], z[:, 0]]), "Collapse: 3 coordinates have rank 2"),
        (lambda z: np.sign(z) * np.sqrt(np.abs(z)), "Shape: skewness is up to"),
        (lambda z: z, "There is nothing to mend that 500 rows show"),
    ],
)
def test_advice_is_about_what_departs(spoil, words):
    z = spoil(np.random.default_rng(8).standard_normal((500, 3)))
    found = advice(assess(z, n_star=False))
    assert any(paragraph.startswith(words) for paragraph in found)
    assert len(found) <= 5


@pytest.mark.slow
def test_pictures_are_of_the_rows_that_were_tested():
    z = np.random.default_rng(3).standard_normal((60, 2))
    assessment = assess(z, n_star=False)
    page = assessment.to_html()
    z[:] = 0  # a caller's buffer, reused
    assert assessment.to_html() == page


def test_bands_hold_together():
    # 300 uniform samples and simultaneous 95% bands: 285 samples are expected inside.
    rng = np.random.default_rng(1)
    ranks = np.arange(50)
    lower, upper = quantile_bands(50, ranks)
    inside = sum(bool(((lower <= u) & (u <= upper)).all()) for u in np.sort(rng.random((300, 50)), axis=1))
    assert 270 <= inside <= 299


def test_no_p_value_is_printed_as_zero():
    assert p_equals(0.0) == "p < 1e-15"
    assert p_equals(0.0203) == "p = 0.0203"
    record = SimpleNamespace(assessment=SimpleNamespace(rejected=True, p_value=0.0, n=1797), measured_on="held-out")
    assert _verdict(record) == "departs from it (1,797 held-out images, family-wise p < 1e-15)"
