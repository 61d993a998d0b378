"""What to do about a departure, in words: one paragraph for each kind of departure that the tests found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noisedim.assessment.result import Assessment

__all__ = ["advice"]


@dataclass(frozen=True)
class _Kind:
    """A kind of departure: parts of the names of the tests that show it, and what to do."""

    tests: tuple[str, ...]
    words: Callable[["Assessment"], str]


def _effect(assessment: "Assessment", name: str) -> str:
    return f"{assessment.effects[name].estimate:.3g}" if name in assessment.effects else "not measured"


def _cause(assessment: "Assessment") -> str:
    causes = [result.words for result in assessment.results if result.name == "rank"]
    return causes[0] if causes else "coordinates are constant or depend on each other"


# In the order in which they are mended: each of these hides those below it.
_KINDS = (
    _Kind(
        ("rank",),
        lambda found: (
            f"Collapse: {_cause(found)}. Give the term against collapse (variance, covariance or the dual) more "
            "weight, look for dead units and repeated columns in the last layer, or embed in fewer dimensions. Until this is "
            "mended, the other tests say little."
        ),
    ),
    _Kind(
        ("duplicate", "zeros", "atoms", "ties"),
        lambda found: (
            "Repeated values: a continuous law gives no row and no value twice. Look for duplicated inputs, for "
            "batches that were embedded twice, and for a ReLU, a clip or a quantisation after the last layer."
        ),
    ),
    _Kind(
        ("mean",),
        lambda found: (
            f"Mean: a coordinate's is off by {_effect(found, 'mean_error')} standard deviations. Subtract it, or "
            "end the encoder with batch normalisation without learned scale and shift; check that the statistics used in "
            "evaluation are those of training."
        ),
    ),
    _Kind(
        ("scale", "variances"),
        lambda found: (
            f"Scale: a coordinate's variance is off by {_effect(found, 'variance_error')}. Divide by its standard "
            "deviation, or normalise as above. If every coordinate is off by one factor, an L2 normalisation or a temperature "
            "is the usual cause."
        ),
    ),
    _Kind(
        ("correlation", "covariance", "eigen", "spectrum", "worst_variance"),
        lambda found: (
            "Spectrum: eigenvalues outside the band of the picture are directions that carry more than the prior "
            "gives them, or next to nothing. Give the decorrelating term more weight, take larger batches than dimensions, or "
            "whiten afterwards: a linear map mends all of it, and costs a linear probe nothing."
        ),
    ),
    _Kind(
        ("norms", "extremes"),
        lambda found: (
            "Radial law: the norms of the rows are not spread as the prior's. Constant norms mean that rows are "
            "scaled to one length (assess them against a SpherePrior, or leave that out); too wide a spread, that some inputs "
            "are embedded farther out than others: look at the rows with the largest norms."
        ),
    ),
    _Kind(
        ("hermite", "coordinates", "dagostino", "shapiro", "smooth", "kurtosis", "skewness", "shape"),
        lambda found: (
            f"Shape: skewness is up to {_effect(found, 'skewness_error')} and excess kurtosis up to "
            f"{_effect(found, 'kurtosis_error')} in a coordinate. No linear map mends this: train longer, or with more "
            "weight on the objective that matches the law, remove squashing layers after it, or map each coordinate to its "
            "normal quantile afterwards."
        ),
    ),
    _Kind(
        ("bhep", "energy", "henze_zirkler", "mehler", "smooth_pairs", "mardia"),
        lambda found: (
            "Joint law: rows depart together even where each coordinate does not, as clusters and curved "
            "dependence do. Look along the worst direction for more than one mode, colour the rows by class, and prefer an "
            "objective that compares joint laws to one that compares moments."
        ),
    ),
)
_NOTHING = (
    "There is nothing to mend that {n:,} rows show. That is not yet evidence of closeness: more rows see smaller departures, "
    "and the effect sizes with their intervals say how large an undetected departure may still be."
)
_AFFINE = ("mean", "scale", "variances", "correlations", "covariance", "norms", "extremes")


def advice(assessment: "Assessment") -> tuple[str, ...]:
    """What to do, most urgent first; at most four paragraphs."""
    if not assessment.rejected:
        return (_NOTHING.format(n=assessment.n),)
    departing = [result.name for result in assessment.results if result.adjusted_p_value <= assessment.alpha]
    found = [kind for kind in _KINDS if any(part in name for name in departing for part in kind.tests)]
    # What the joint tests see is named by the others, where they see it too.
    found = [kind for kind in found if kind is not _KINDS[-1] or len(found) == 1]
    words = [kind.words(assessment) for kind in found[:4]]
    if (
        assessment.null == "simple"
        and not assessment.is_mapped
        and not any(
            result.null == "composite" and result.adjusted_p_value <= assessment.alpha for result in assessment.results
        )
        and any(name in _AFFINE for name in departing)
    ):
        words.append(
            "No test of any normal law departs: centring and whitening alone may be enough. Assess again after it."
        )
    return tuple(words) or ("Look along the worst directions: what the tests see shows best there.",)
