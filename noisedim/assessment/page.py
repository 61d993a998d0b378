"""An assessment as one self-contained page: the verdict, spectrum, worst directions, radial law, what to do; then tables."""

import base64
import io
import math
from typing import TYPE_CHECKING

import numpy as np

from noisedim.assessment.advice import advice
from noisedim.assessment.words import (
    DIFFERENCE_WORDS,
    INDEX_WORDS,
    MAPPED_WORDS,
    effects_in_words,
    n_star_words,
    p_words,
    verdict_words,
)
from noisedim.normality.effects import BIAS_WORDS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from noisedim.assessment.result import Assessment

__all__ = ["assessment_page"]

# Alternative text, and what to look for.
_PICTURES = {
    "spectrum": (
        "Eigenvalues of the covariance by rank, with the law of Marchenko and Pastur and the band of the prior",
        "Eigenvalues of the covariance, largest first. Normal rows have theirs on the black line, all within the band.",
    ),
    "directions": (
        "Histograms along the worst directions found, with the standard normal density",
        "Directions are found on one half of the rows and shown on the other, so that chance is not shown as a departure.",
    ),
    "norms": (
        "Q–Q plot of squared norms against the chi-square law, detrended, with its band",
        "The radial law: squared norms minus what the prior gives. Within the band they follow it.",
    ),
    "quantiles": (
        "Q–Q plot of the values against the standard normal law, detrended, with its band",
        "Quantiles minus the normal's. Within the band they follow it.",
    ),
    "pairs": (
        "Scatter plots of pairs of coordinates with circles of radius 1, 2 and 3",
        "All pairs of coordinates.",
    ),
    "correlations": (
        "Heat map of the correlations between coordinates",
        "On this colour scale, chance correlations are pale.",
    ),
    "power": (
        "Share of subsamples rejected by the battery, against subsample size",
        "n*: where half of the subsamples are rejected.",
    ),
}
_FIRST = ("spectrum", "directions", "norms", "quantiles")


def assessment_page(assessment: "Assessment", points: np.ndarray) -> str:
    """The assessment of ``points``, (n, d), as self-contained HTML without scripts or links to a network."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("noisedim.assessment"), autoescape=True, trim_blocks=True)
    pictures = [
        {"name": name, "alt": _PICTURES[name][0], "words": _PICTURES[name][1], "source": _data_uri(figure)}
        for name, figure in (assessment.plot().items() if len(points) else ())
    ]
    tests = [
        {
            "test": result.name,
            "null": result.null,
            "statistic": ""
            if math.isnan(result.statistic)
            else f"{result.statistic + 0.0:.4g}",  # no minus before a zero
            "p": p_words(result.p_value),
            "adjusted p": p_words(result.adjusted_p_value),
            "a small p means": result.words,
            "p comes from": result.calibrated_by.words,
            "verdict": "departs" if result.adjusted_p_value <= assessment.alpha else "",
        }
        for result in assessment.results
    ]
    effects = [
        {
            "effect size": own.name,
            DIFFERENCE_WORDS: own.difference,
            "rows": f"{assessment.effects[own.name].n:,}",
            "what it is": own.told,
            "interval": assessment.effects[own.name].method,
        }
        for own in effects_in_words(assessment)
    ]
    return environment.get_template("assessment.html.jinja").render(
        verdict=verdict_words(assessment).replace(" = ", "\u00a0=\u00a0"),  # no line ends between symbol and value
        mapped_words=MAPPED_WORDS if assessment.is_mapped else None,
        rejected=assessment.rejected,
        made=assessment.made,
        advice=advice(assessment),
        pictures=[picture for picture in pictures if picture["name"] in _FIRST],
        others=[picture for picture in pictures if picture["name"] not in _FIRST],
        tests=tests,
        effects=effects,
        bias_words=BIAS_WORDS,
        index=[
            {"index": name, "mean p [99%]": str(interval), "parts": interval.n}
            for name, interval in assessment.index.items()
        ],
        index_words=INDEX_WORDS,
        n_star=None if assessment.n_star is None else n_star_words(assessment.n_star),
        left_out=assessment.left_out,
        downstream=assessment.downstream,
    )


def _data_uri(figure: "Figure") -> str:
    png = io.BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
