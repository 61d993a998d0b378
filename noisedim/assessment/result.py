"""The result of an assessment, as data; tables, pages and pictures of it are made in other modules."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.normality.effects import PRIOR_SAMPLES
from noisedim.normality.p_values import Origin
from noisedim.normality.sample_size import PowerPoint
from noisedim.priors import PRIORS
from noisedim.statistics.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from noisedim.assessment.equivalence import Equivalence

__all__ = ["Assessment", "Provenance", "TestResult"]


@dataclass(frozen=True)
class TestResult:
    """One test of the battery.

    Attributes:
        name: name of the test.
        null: ``simple`` (the law is N(0, I)), ``composite`` (it is some normal law) or ``uniform`` (it is U[0, 1]^d).
        statistic: the test statistic; large values indicate a departure. Calibrated statistics are standardised: minus
            their null mean, divided by their null standard deviation, in closed form or in the limit.
        p_value: exact, or calibrated by null tables or simulation.
        adjusted_p_value: p-value adjusted for all tests of the battery, by Holm's procedure with as many tests as they amount
            to (:mod:`noisedim.normality.family`).
        words: what a small p-value means.
        calibrated_by: where the p-value comes from, and how accurate it is.
        effect: name in :attr:`Assessment.effects` of the effect size that measures such a departure; ``None`` if there is
            none.
    """

    __test__ = False  # despite its name, not a test case for pytest to collect

    name: str
    null: str
    statistic: float
    p_value: float
    adjusted_p_value: float
    words: str
    calibrated_by: Origin
    effect: str | None = None


@dataclass(frozen=True)
class Provenance:
    """What an assessment was made of and by.

    Attributes:
        seed: of its random projections and parts.
        version: of noisedim.
        date: when, in ISO format, UTC, to the second.
        file: that the rows were read from; ``None`` if they were given as an array.
        used: columns or arrays of the file that were taken; empty for a file of one matrix.
        left_out: of the file's columns or arrays, why the others were not taken.
        rows: what part of the file's rows was taken; ``None`` for all.
    """

    seed: int
    version: str
    date: str
    file: str | None = None
    used: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    rows: str | None = None

    @classmethod
    def now(cls, seed: int) -> "Provenance":
        """Of rows that are assessed now."""
        # By name: an import of the package from inside it would be a circle to type checkers.
        version = import_module("noisedim").__version__
        return cls(seed, version, datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def words(self) -> str:
        """File, date, version and seed in one line."""
        day = self.date.replace("T", " ").replace("+00:00", " UTC")
        parts = [self.file, self.rows, day, f"noisedim {self.version}", f"seed {self.seed}"]
        return ", ".join(part for part in parts if part is not None)


@dataclass(frozen=True)
class Assessment:
    """Whether an embedding follows its prior: tests with p-values, effect sizes with intervals.

    Attributes:
        prior: name of the prior: ``normal``, ``uniform`` or another kind.
        law: the prior in words. For any prior, the rows are mapped to N(0, I); all effect sizes, and all tests but those
            with null ``uniform``, are of the mapped rows.
        null: ``simple``: the prior itself; ``composite``: any normal law.
        n, dim: rows and coordinates.
        alpha: family-wise error rate of the battery.
        results: the tests.
        effects: effect sizes with intervals, by name: see :data:`noisedim.normality.effects.EFFECT_WORDS`; tables and pages
            show their :attr:`differences`.
        at_prior: expected effect sizes of a sample of the prior with this n and d, where they are not 0.
        index: the paper's averaged p-values with intervals; empty if there are too few rows. These are not tests.
        n_star: the sample size at which the battery would reject half of the time; ``None`` if not asked for.
        power: the rejection rates that ``n_star`` was computed from.
        left_out: tests that are not possible at this n and d, with the reason.
        downstream: cross-validated accuracies by probe and the ``silhouette`` of the classes; empty without labels.
        made: file, date, version and seed; not compared. ``None`` for assessments that were read from older files.

    >>> from noisedim import assess
    >>> report = assess(np.random.default_rng(0).standard_normal((200, 2)), n_star=False)
    >>> report.rejected, report.n, report.dim
    (False, 200, 2)
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
    made: Provenance | None = field(default=None, compare=False)
    _points: np.ndarray = field(default_factory=lambda: np.empty((0, 0)), repr=False, compare=False)

    @property
    def is_mapped(self) -> bool:
        """Whether rows were mapped to N(0, I) before they were tested."""
        law = PRIORS.get(self.prior)  # none for a class of the user's own
        return law is None or not law.is_standard_normal

    @property
    def p_value(self) -> float:
        """The smallest adjusted p-value; a departure was found if it is at most alpha."""
        return min(result.adjusted_p_value for result in self.results)

    @property
    def rejected(self) -> bool:
        """Whether a departure from the prior was found at family-wise level alpha."""
        return self.p_value <= self.alpha

    @property
    def worst(self) -> TestResult:
        """The test with the smallest adjusted p-value."""
        return min(self.results, key=lambda result: (result.adjusted_p_value, result.p_value))

    @property
    def differences(self) -> dict[str, Interval]:
        """Effect sizes less their values at the prior, so that 0 is the prior."""
        # The value of knn_kl at the prior is a mean of few samples, which scatter as the embedding's own value does.
        wider = {"knn_kl": math.sqrt(1 + 1 / PRIOR_SAMPLES)}
        return {
            name: _less(effect, self.at_prior.get(name, 0.0), wider.get(name, 1.0))
            for name, effect in self.effects.items()
        }

    def equivalence(self, within: float | Mapping[str, float] = 0.05, *, alpha: float = 0.05) -> "Equivalence":
        """Whether the embedding is within a margin of its prior, beyond it, or undecided.

        See :func:`noisedim.equivalence`; of the same rows, mapped to N(0, I), and with the same seed.

        Raises: InvalidInputError: for an assessment that was read from a file, which holds no rows.
        """
        if not self._points.size:
            raise InvalidInputError("this assessment was read from a file and holds no rows; use noisedim.equivalence")
        # Here, because equivalence needs much that results do not.
        from noisedim.assessment.equivalence import equivalence

        return equivalence(self._points, within, alpha=alpha, seed=0 if self.made is None else self.made.seed)

    @property
    def tests(self) -> "pd.DataFrame":
        """The battery as a table: one row per test, with its effect size."""
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
        """Plain nested data for JSON; infinite values and NaN are ``None``."""
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
            "differences": {
                name: _plain({end: getattr(own, end) for end in ("estimate", "lower", "upper")})
                for name, own in self.differences.items()
            },
            "index": {name: dataclasses.asdict(interval) for name, interval in self.index.items()},
            "n_star": None if self.n_star is None else _plain(dataclasses.asdict(self.n_star)),
            "power": [dataclasses.asdict(point) for point in self.power],
            "left_out": dict(self.left_out),
            "downstream": dict(self.downstream),
            "made": None if self.made is None else dataclasses.asdict(self.made),
        }

    def to_json(self) -> str:
        """The whole assessment as JSON."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def summary(self) -> str:
        """Verdict, the three most telling tests and effects, and where more is, in at most twenty lines."""
        from noisedim.assessment.summary import summary

        return summary(self)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        from noisedim.assessment.words import verdict_words

        return f"<Assessment: {verdict_words(self)}>"

    def _repr_html_(self) -> str:
        from noisedim.assessment.summary import summary_html

        return summary_html(self)

    def plot(self) -> "dict[str, Figure]":
        """Figures by name; see :mod:`noisedim.assessment.pictures`."""
        from noisedim.assessment.pictures import assessment_figures

        return assessment_figures(self, self._points)

    def to_html(self, path: str | Path | None = None) -> str:
        """One HTML page with verdict, tests, effect sizes and pictures; also written to ``path`` if given."""
        from noisedim.assessment.page import assessment_page
        from noisedim.files import write_text_atomically

        page = assessment_page(self, self._points)
        if path is not None:
            write_text_atomically(Path(path), page)
        return page


def _less(effect: Interval, value: float, wider: float) -> Interval:
    lower, upper = (end - value + (wider - 1) * (end - effect.estimate) for end in (effect.lower, effect.upper))
    return dataclasses.replace(effect, estimate=effect.estimate - value, lower=lower, upper=upper)


def _as_json(result: TestResult) -> dict[str, Any]:
    plain = _plain(dataclasses.asdict(result))
    plain["calibrated_by"]["words"] = result.calibrated_by.words
    return plain


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
