"""Trial: what a check is handed to state relations with and to draw from; it judges and remembers each."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.errors import InvalidInputError, NoisedimError
from noisedim.statistics.design import min_samples, min_samples_chi_square
from noisedim.statistics.intervals import Interval, betting, empirical_bernstein, scale_chi_square
from noisedim.verification.budget import ALPHA_A_CASE, BETA, BudgetError
from noisedim.verification.outcomes import EXACT, Finding, Verdict

__all__ = ["EXACT", "BoundedDesign", "BrokenHypothesisError", "ChiSquareDesign", "Trial"]


class BrokenHypothesisError(NoisedimError):
    """A counterexample does not satisfy a hypothesis of the statement that it is to refute."""


@dataclass(frozen=True)
class BoundedDesign:
    """A mean to be estimated from draws that obey certain bounds: n follows from Δ, α and β.

    Attributes:
        n: how many to draw, at least.
        delta: violation that is seen with probability 1−β.
        alpha, beta: error rates.
        low, high: the bounds.
    """

    n: int
    delta: float
    alpha: float
    beta: float
    low: float
    high: float

    def interval(self, values: np.ndarray) -> Interval:
        """The empirical-Bernstein interval of at least ``n`` draws.

        Raises: InvalidInputError: for fewer.
        """
        if len(values) < self.n:
            raise InvalidInputError(f"Δ={self.delta:g} needs {self.n:,} draws; got {len(values):,}")
        return empirical_bernstein(values, self.low, self.high, level=1 - self.alpha)


@dataclass(frozen=True)
class ChiSquareDesign:
    """A normal scale to be estimated, exactly: ``degrees`` follow from Δ (of log s²), α and β."""

    degrees: int
    delta: float
    alpha: float
    beta: float

    def interval(self, sum_of_squares: float, degrees: int) -> Interval:
        """The exact interval of s² from a sum of at least ``degrees`` squares of independent draws of N(0, s²).

        Raises: InvalidInputError: for fewer.
        """
        if degrees < self.degrees:
            raise InvalidInputError(f"Δ={self.delta:g} needs {self.degrees:,} draws; got {degrees:,}")
        return scale_chi_square(sum_of_squares, degrees, level=1 - self.alpha)


class Trial:
    """Findings of one case, and its random stream.

    Attributes:
        rng: the case's own generator.
        findings: what was examined so far.
        hypotheses: of the paper, found satisfied.
        details: figures for the ledger beside the relations.
        alpha: error rate of each interval of this case.
    """

    def __init__(self, rng: np.random.Generator, *, intervals: int = 0) -> None:
        self.rng = rng
        self.findings: list[Finding] = []
        self.hypotheses: list[str] = []
        self.details: dict[str, Any] = {}
        self._intervals = intervals
        self._drawn = 0

    def satisfies(self, hypothesis: str, condition: bool) -> None:
        """State that the case satisfies a hypothesis of the paper, before any relation: what breaks one refutes nothing.

        Raises: BrokenHypothesisError: if it does not, or if a relation was stated before.
        """
        if self.findings:
            raise BrokenHypothesisError(f"hypotheses come before relations; got {hypothesis!r} after them")
        if not condition:
            raise BrokenHypothesisError(f"the case breaks a hypothesis: {hypothesis}")
        self.hypotheses.append(hypothesis)

    # ------------------------------------------------------------ exact relations

    def equal(
        self, what: str, left: float, right: float, *, tolerance: float = EXACT, floor: float = 1.0, terms: float = 0.0
    ) -> None:
        """State that both sides are one number.

        Args:
            what: in words.
            left, right: computed in two ways.
            tolerance: largest relative error.
            floor: terms smaller than this count as this (1 nat unless a closed form is compared with itself: 0).
            terms: size of the largest term inside either side, where the sides are small differences of large ones.
        """
        left, right = float(left), float(right)
        if left == right:
            gap, error = 0.0, 0.0
        else:
            gap = abs(left - right)
            scale = max(abs(left), abs(right), floor, terms)
            error = gap / scale if math.isfinite(gap) else math.inf
        if math.isnan(left) or math.isnan(right):
            gap = error = math.inf
        held = error <= tolerance
        self._note(what, "=", left, right, 0.0 if held else gap, tolerance, held, error=error)

    def at_most(self, what: str, left: float, right: float, *, slack: float = EXACT) -> None:
        """State left <= right; ``slack`` is for rounding, relative to the larger side and at least 1 nat."""
        left, right = float(left), float(right)
        allowed = slack * max(1.0, abs(right) if math.isfinite(right) else 1.0)
        over = 0.0 if left == right else left - right
        held = over <= allowed
        self._note(what, "<=", left, right, 0.0 if held else over, allowed, held)

    def below(self, what: str, left: float, right: float, *, by: float = 1e-6) -> None:
        """State left < right, by at least ``by``: far more than what rounding or quadrature could make."""
        left, right = float(left), float(right)
        apart = 0.0 if left == right else right - left
        held = apart >= by
        self._note(what, "<", left, right, 0.0 if held else by - apart, by, held)

    def holds(self, what: str, condition: bool) -> None:
        """State a fact that is either so or not."""
        held = bool(condition)
        self._note(what, "holds", float(held), 1.0, 0.0 if held else 1.0, 0.0, held)

    def _note(
        self,
        what: str,
        relation: str,
        left: float,
        right: float,
        gap: float,
        delta: float,
        held: bool,
        error: float = math.nan,
    ) -> None:
        verdict = Verdict.VERIFIED if held else Verdict.REFUTED
        gap = math.inf if math.isnan(gap) else gap
        self.findings.append(
            Finding(
                what=what,
                relation=relation,
                left=float(left),
                right=float(right),
                gap=float(gap),
                delta=delta,
                verdict=verdict,
                error=error,
            )
        )

    # ------------------------------------------------------------ sampled relations

    @property
    def alpha(self) -> float:
        """The share of each declared interval in the case's error rate."""
        if self._intervals < 1:
            raise BudgetError("this check declares no intervals, so it must not sample")
        return ALPHA_A_CASE / self._intervals

    def bounded_design(
        self, *, delta: float, low: float, high: float, deviation: float, beta: float = BETA
    ) -> BoundedDesign:
        """Plan the mean of draws in [low, high] whose standard deviation is at most ``deviation``."""
        self._draw()
        n = min_samples(delta, self.alpha, beta, width=high - low, deviation=deviation)
        return BoundedDesign(n, delta, self.alpha, beta, low, high)

    def chi_square_design(self, *, delta: float, beta: float = BETA) -> ChiSquareDesign:
        """Plan the log of a normal variance, to within ``delta``."""
        self._draw()
        return ChiSquareDesign(min_samples_chi_square(delta, self.alpha, beta), delta, self.alpha, beta)

    def betting_interval(self, values: np.ndarray, low: float, high: float) -> Interval:
        """A betting interval of whatever number of draws there is: for data that cannot be drawn at will."""
        self._draw()
        return betting(values, low, high, level=1 - self.alpha)

    def _draw(self) -> None:
        self._drawn += 1
        if self._drawn > self._intervals:
            raise BudgetError(f"this check declares {self._intervals} intervals a case and draws more")

    def within(
        self, what: str, lower: float, upper: float, target: float, *, delta: float, n: int, power: bool = True
    ) -> None:
        """State that what [lower, upper] covers is ``target``: verified if it lies within Δ, refuted if it misses it."""
        excluded = max(lower - target, target - upper, 0.0)
        inside = max(target - lower, upper - target) <= delta
        verdict = Verdict.REFUTED if excluded > 0 else Verdict.VERIFIED if inside else Verdict.INCONCLUSIVE
        self._sampled(what, "=", lower, upper, target, excluded, delta, verdict, n, power)

    def sampled_at_most(
        self,
        what: str,
        lower: float,
        upper: float,
        bound: float,
        *,
        delta: float,
        n: int,
        power: bool = True,
        reason: str = "",
    ) -> None:
        """State that what [lower, upper] covers is at most ``bound``, give or take Δ; ``reason``: why it may be open."""
        excluded = max(lower - bound, 0.0)
        verdict = (
            Verdict.REFUTED if excluded > 0 else Verdict.VERIFIED if upper <= bound + delta else Verdict.INCONCLUSIVE
        )
        self._sampled(what, "<=", lower, upper, bound, excluded, delta, verdict, n, power, reason)

    def sampled_at_least(
        self, what: str, lower: float, upper: float, bound: float, *, delta: float, n: int, power: bool = True
    ) -> None:
        """State that what [lower, upper] covers is at least ``bound``, give or take Δ."""
        excluded = max(bound - upper, 0.0)
        verdict = (
            Verdict.REFUTED if excluded > 0 else Verdict.VERIFIED if lower >= bound - delta else Verdict.INCONCLUSIVE
        )
        self._sampled(what, ">=", lower, upper, bound, excluded, delta, verdict, n, power)

    def _sampled(
        self,
        what: str,
        relation: str,
        lower: float,
        upper: float,
        right: float,
        gap: float,
        delta: float,
        verdict: Verdict,
        n: int,
        power: bool,
        reason: str = "",
    ) -> None:
        note = ""
        if verdict is Verdict.INCONCLUSIVE:
            note = (
                reason or f"the interval is {upper - lower:.3g} wide at n = {n:,}; deciding within {delta:g} needs less"
            )
        self.findings.append(
            Finding(
                what=what,
                relation=relation,
                left=(lower + upper) / 2,
                right=float(right),
                gap=float(gap),
                delta=delta,
                verdict=verdict,
                n=n,
                alpha=self.alpha * self._intervals,
                beta=BETA if power else None,
                lower=float(lower),
                upper=float(upper),
                note=note,
            )
        )

    def close(self) -> None:
        """Refuse a trial that declared intervals and drew none: its share of the budget would be a fiction."""
        if self._intervals and not self._drawn:
            raise BudgetError(f"this check declares {self._intervals} intervals a case and draws none")
