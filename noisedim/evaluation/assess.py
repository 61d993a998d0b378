"""Does an embedding follow its prior? A battery of tests with one family-wise error, effect sizes, the paper's index."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from noisedim.checks import embedding_matrix, one_of, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.evaluation.battery import NULLS, run_battery
from noisedim.evaluation.clustering import label_silhouette
from noisedim.evaluation.effects import effect_sizes, effects_at_prior
from noisedim.evaluation.mapping import mapped_to_normal, prior_of_rows
from noisedim.evaluation.probes import cross_validated_scores
from noisedim.evaluation.sample_size import PowerPoint, sample_size
from noisedim.priors import GaussianPrior, Prior
from noisedim.statistics.calibration import simulations_for
from noisedim.statistics.distances import LARGEST
from noisedim.statistics.intervals import Interval
from noisedim.statistics.null_quantiles import table_reaches
from noisedim.statistics.origins import Origin
from noisedim.statistics.projections import paper_indices

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["INDEX_WORDS", "MAPPED_WORDS", "Assessment", "TestResult", "assess"]

MINIMUM_ROWS = 20

INDEX_WORDS = (
    "The index averages p-values of parts of some 50 rows: about 0.5 for a normal sample, and also for laws whose departure "
    "50 rows do not show, so a high index is no evidence; the battery tests all rows at once."
)
MAPPED_WORDS = (
    "Tests and effect sizes are those of the rows after the bijection that takes this prior to N(0, I): units are the "
    "normal's, divergences are the same on both sides."
)
# Which effect size says how large the departure is that a test is about.
_EFFECT_OF = {
    "mean": "mean_error",
    "variances": "variance_error",
    "correlations": "correlation_error",
    "hermite": "kurtosis_error",
    "hermite_composite": "kurtosis_error",
    "mehler": "d2",
    "covariance": "effective_rank",
    "mardia_skewness": "skewness_error",
    "mardia_kurtosis": "kurtosis_error",
    "dagostino_projections": "max_sliced_w2",
    "shapiro_projections": "max_sliced_w2",
    "henze_zirkler": "knn_kl",
    "bhep": "sliced_w2",
    "energy": "sliced_w2",
}


@dataclass(frozen=True)
class TestResult:
    """One test of the battery.

    Attributes:
        name: what is tested.
        null: ``simple`` (the law is N(0, I)), ``composite`` (it is some normal law) or ``uniform`` (it is U[0, 1]^d).
        statistic: what was measured; large values depart from the null. Calibrated statistics are scaled: less their
            null mean, over their null standard deviation, which is closed form or its limit.
        p_value: exact, or calibrated by null tables or simulation.
        adjusted_p_value: after Holm over the battery.
        words: what a small p means.
        calibrated_by: where the p-value comes from, and how exact that is.
        effect: name of the effect size, in :attr:`Assessment.effects`, that says how large such a departure is; ``None``
            where there is none.
    """

    __test__ = False  # not a test case, whatever pytest thinks of the name

    name: str
    null: str
    statistic: float
    p_value: float
    adjusted_p_value: float
    words: str
    calibrated_by: Origin
    effect: str | None = None


@dataclass(frozen=True)
class Assessment:
    """Whether an embedding follows its prior, how sure that is, and how far off it is.

    Attributes:
        prior: name of the prior: ``normal``, ``uniform`` or another kind.
        law: the prior in words. Tests other than those of null ``uniform``, and all effect sizes, are of the rows mapped
            to N(0, I), for any prior.
        null: ``simple``: the prior itself; ``composite``: any normal law.
        n, dim: rows and coordinates.
        alpha: family-wise error rate of the battery.
        results: the tests.
        effects: effect sizes with intervals, by name: see :data:`noisedim.evaluation.effects.EFFECT_WORDS`.
        at_prior: what the biased ones among them come to for a sample of the prior of this n and d.
        index: the paper's averaged p-values with intervals; empty if there are too few rows. Not tests.
        n_star: the sample size at which the battery would reject half of the time; ``None`` if not asked for.
        power: the measured rejections that ``n_star`` rests on.
        left_out: tests that this n and d do not allow, with the reason.
        downstream: with labels, cross-validated accuracies by probe and the ``silhouette`` of the classes; else empty.
    """

    prior: str
    law: str
    null: str
    n: int
    dim: int
    alpha: float
    results: tuple[TestResult, ...]
    effects: dict[str, Interval]
    at_prior: dict[str, float]
    index: dict[str, Interval]
    n_star: Interval | None = None
    power: tuple[PowerPoint, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    downstream: dict[str, float] = field(default_factory=dict)
    _points: np.ndarray = field(default_factory=lambda: np.empty((0, 0)), repr=False, compare=False)

    @property
    def is_mapped(self) -> bool:
        """Whether rows were brought to N(0, I) before they were tested."""
        return self.prior != GaussianPrior.name

    @property
    def p_value(self) -> float:
        """The least adjusted p: at or below alpha, some departure was found."""
        return min(result.adjusted_p_value for result in self.results)

    @property
    def rejected(self) -> bool:
        """Whether a departure from the prior was found at family-wise level alpha."""
        return self.p_value <= self.alpha

    @property
    def worst(self) -> TestResult:
        """The test with the least adjusted p."""
        return min(self.results, key=lambda result: (result.adjusted_p_value, result.p_value))

    @property
    def tests(self) -> "pd.DataFrame":
        """The battery as a table, one row a test, with the effect size beside it."""
        import pandas as pd

        rows = []
        for result in self.results:
            row = {**dataclasses.asdict(result), "calibrated_by": result.calibrated_by.words}
            effect = self.effects.get(result.effect) if result.effect else None
            row["effect_size"] = math.nan if effect is None else effect.estimate
            row["effect_lower"] = math.nan if effect is None else effect.lower
            row["effect_upper"] = math.nan if effect is None else effect.upper
            rows.append(row)
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as JSON holds it; what is infinite or no number is ``None``."""
        return {
            "prior": self.prior,
            "law": self.law,
            "null": self.null,
            "n": self.n,
            "dim": self.dim,
            "alpha": self.alpha,
            "p_value": self.p_value,
            "rejected": self.rejected,
            "tests": {result.name: _as_json(result) for result in self.results},
            "effects": {name: _plain(dataclasses.asdict(effect)) for name, effect in self.effects.items()},
            "at_prior": _plain(self.at_prior),
            "index": {name: dataclasses.asdict(interval) for name, interval in self.index.items()},
            "n_star": None if self.n_star is None else _plain(dataclasses.asdict(self.n_star)),
            "power": [dataclasses.asdict(point) for point in self.power],
            "left_out": dict(self.left_out),
            "downstream": dict(self.downstream),
        }

    def to_json(self) -> str:
        """JSON with everything."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def plot(self) -> "dict[str, Figure]":
        """Pictures by name: see :mod:`noisedim.evaluation.pictures`."""
        from noisedim.evaluation.pictures import assessment_figures

        return assessment_figures(self, self._points)

    def to_html(self, path: str | Path | None = None) -> str:
        """One page with verdict, tests, effect sizes and pictures; also written to ``path`` if given."""
        from noisedim.evaluation.page import assessment_page
        from noisedim.files import write_text_atomically

        page = assessment_page(self, self._points)
        if path is not None:
            write_text_atomically(Path(path), page)
        return page


def _as_json(result: TestResult) -> dict[str, Any]:
    plain = _plain(dataclasses.asdict(result))
    plain["calibrated_by"]["words"] = result.calibrated_by.words
    return plain


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}


def assess(
    z: Any,
    *,
    prior: Prior | str | Path = "normal",
    null: str = "simple",
    alpha: float = 0.05,
    seed: int = 0,
    labels: Any = None,
    simulations: int | None = None,
    n_star: bool = True,
) -> Assessment:
    """Test an embedding against its prior.

    Args:
        z: (n, d) numbers from NumPy, torch or pandas, n >= 20; every row in the prior's support.
        prior: ``normal`` for N(0, I), ``uniform`` for U[0, 1]^d, any :class:`~noisedim.priors.Prior`, or the path of a
            prior file. Rows go through the prior's bijection to N(0, I) and are tested there: they follow the prior
            exactly if what comes out follows N(0, I), and effect sizes are of what comes out (divergences are the same on
            both sides; distances and moments are in units of the normal). Uniform laws on the cube or a box are tested
            directly as well.
        null: ``simple``: the prior itself; ``composite``: any normal law, whatever its mean and covariance.
        alpha: family-wise error rate: a sample of the prior is rejected at most this often. Below about 2e-5 only tests
            with exact laws can reject: null tables say no p below 1e-6.
        seed: >= 0, of random projections, of the index's parts and of folds.
        labels: integers, (n,): also measure what the embedding is worth to classifiers.
        simulations: calibrate by so many null samples of exactly this shape, cached, instead of by the shipped null
            tables.
        n_star: also look for the sample size at which the battery would reject half of the time.

    Returns: an :class:`Assessment`. Constant or linearly dependent coordinates are a departure, with its cause.

    Raises: InvalidInputError: for NaN, fewer than 20 rows, values beyond 1e100, or outside [0, 1] for the uniform
        prior, the composite null with n <= d, labels that do not match, ``alpha`` not strictly between 0 and 1, or fewer
        simulations than a rejection at ``alpha`` takes.

    >>> assess(np.random.default_rng(0).standard_normal((100, 2)), n_star=False).rejected
    False
    """
    one_of("null", null, NULLS)
    seed = positive_integer("seed", seed, minimum=0)
    z = embedding_matrix("z", z, minimum_rows=MINIMUM_ROWS)
    law = prior_of_rows(prior, z.shape[1])
    n, dim = len(z), law.dim
    if null == "composite":
        if law.name != GaussianPrior.name:
            raise InvalidInputError(f"null='composite' means any normal law and needs prior='normal'; got {law.name!r}")
        if n <= dim:
            raise InvalidInputError(f"null='composite' needs more rows than coordinates; got n={n}, d={dim}")
    _check_simulations(alpha, simulations)
    points, uniform = mapped_to_normal(law, z)
    if (largest := float(np.abs(points).max())) > LARGEST:
        raise InvalidInputError(f"z must lie within ±{LARGEST:g}, so that squares are finite; got {largest:g}")
    # Before the battery: labels that do not fit are refused at once.
    downstream = {}
    if labels is not None:
        downstream = {**cross_validated_scores(z, labels, seed=seed), "silhouette": label_silhouette(z, labels)}
    battery = run_battery(points, null=null, uniform=uniform, seed=seed, simulations=simulations)
    results = tuple(
        TestResult(
            *(row.name, row.null, row.outcome.statistic, row.outcome.p_value, float(adjusted), row.words),
            calibrated_by=row.calibrated_by,
            effect=_EFFECT_OF.get(row.name),
        )
        for row, adjusted in zip(battery.rows, battery.adjusted(), strict=True)
    )
    found, power = (
        sample_size(points, battery, alpha=alpha, null=null, uniform=uniform, seed=seed) if n_star else (None, ())
    )
    return Assessment(
        prior=law.name,
        law=law.law,
        null=null,
        n=n,
        dim=dim,
        alpha=float(alpha),
        results=results,
        effects=effect_sizes(points, seed=seed),
        at_prior=effects_at_prior(n, dim),
        index=_index(points, seed),
        n_star=found,
        power=power,
        left_out=battery.left_out,
        downstream=downstream,
        # A copy: callers fill their arrays anew, and pictures are drawn later.
        _points=points.copy(),
    )


def _check_simulations(alpha: float, simulations: int | None) -> None:
    # No battery has more tests than this.
    tests = 20
    needed = simulations_for(alpha, tests) - 1
    if simulations is not None and positive_integer("simulations", simulations) < needed:
        raise InvalidInputError(
            f"{tests} tests at alpha={alpha:g} need at least {needed} simulations to reject anything; got {simulations}"
        )


def _index(points: np.ndarray, seed: int) -> dict[str, Interval]:
    n, dim = points.shape
    part = max(50, 2 * dim)
    if n < 2 * part or part > 5000:
        return {}
    return paper_indices(points, part_size=part, seed=seed, joint=table_reaches("henze_zirkler", part, dim))
