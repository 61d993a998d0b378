"""The page of an assessment: self-contained, with the verdict, tests and pictures."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from noisedim.assessment import assess
from noisedim.assessment.pictures import quantile_bands
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
    pictures = assessment.plot()
    assert page.count("<img") == page.count('alt="') == len(pictures)
    assert ("correlations" in pictures) == (d > 1)
    assert ("power" in pictures) == assessment.rejected


@pytest.mark.parametrize("shift", [1e9, 1e16])
@pytest.mark.parametrize("scale", [1.0, 1e-308])
def test_pictures_of_samples_extremely_far_from_the_prior(scale, shift):
    z = scale * np.random.default_rng(2).standard_normal((60, 2))
    z[:, 1] += shift
    assert assess(z, n_star=False).to_html().count("<img") == 5


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
    certain = SimpleNamespace(rejected=True, p_value=0.0, n=1797)
    record = SimpleNamespace(assessment=certain, measured_on="held-out")
    assert _verdict(record).endswith("family-wise p < 1e-15)")
