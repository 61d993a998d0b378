"""Is an embedding close enough to its prior? Two one-sided tests of each effect against a margin that is stated beforehand.

A test of the prior itself rejects every embedding once there are rows enough. Here "within" is what must be shown: with
few rows the answer is "undecided", and how many rows would decide.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from noisedim.checks import embedding_matrix, positive, positive_integer, rate
from noisedim.errors import InvalidInputError
from noisedim.normality.debiased import Measured, divergence, squared_distance
from noisedim.normality.mehler import LARGEST
from noisedim.normality.summaries.directions import random_directions
from noisedim.normality.transport import debiased_wasserstein, max_sliced_wasserstein
from noisedim.priors import Prior
from noisedim.priors.mapping import mapped_to_normal, prior_of_rows
from noisedim.streams import numpy_stream

__all__ = ["EFFECTS", "EffectEquivalence", "Equivalence", "equivalence", "equivalence_words"]

Outcome = Literal["within", "beyond", "undecided"]

EFFECTS = {
    "mean": "largest |mean| of a coordinate, standard deviations of the prior",
    "variance": "largest |variance − 1| of a coordinate",
    "d2": "Rényi divergence of order 2 from the prior, both with noise σ = d^¼, nats",
    "sliced_w2": "sliced Wasserstein distance along 64 directions, standard deviations of the prior",
    "max_sliced_w2": "Wasserstein distance along the worst direction found, standard deviations of the prior",
}

_MINIMUM_ROWS = 20
_MOST_ROWS = 10_000
_DIRECTIONS = 64


@dataclass(frozen=True)
class EffectEquivalence:
    """One effect against its margin.

    Attributes:
        name: key of :data:`EFFECTS`.
        estimate: its size, debiased: about 0 for a sample of the prior.
        lower, upper: "beyond" is decided by ``lower`` at level alpha over the effects asked for (Bonferroni), "within" by
            ``upper``, at level alpha. Together they hold the size with a probability of at least 1 − 2 alpha.
        margin: what counts as close enough.
        outcome: ``within``, ``beyond`` or ``undecided``.
        n: rows it rests on.
        n_needed: rows that would decide it if the size is ``estimate``; ``None`` if it is decided, or no number would.
    """

    name: str
    estimate: float
    lower: float
    upper: float
    margin: float
    outcome: Outcome
    n: int
    n_needed: int | None


@dataclass(frozen=True)
class Equivalence:
    """Whether an embedding is close enough to its prior.

    Attributes:
        n, dim: rows and coordinates.
        alpha: probability, at most, of "within" for an embedding that is beyond, and of "beyond" for one that is within.
        effects: one entry per effect asked for.
    """

    n: int
    dim: int
    alpha: float
    effects: tuple[EffectEquivalence, ...]

    @property
    def outcome(self) -> Outcome:
        """``within`` if every effect is, ``beyond`` if one is, else ``undecided``."""
        outcomes = {effect.outcome for effect in self.effects}
        if "beyond" in outcomes:
            return "beyond"
        return "undecided" if "undecided" in outcomes else "within"

    @property
    def n_needed(self) -> int | None:
        """Rows that would decide every undecided effect; ``None`` if there are none, or no number would."""
        needed = [effect.n_needed for effect in self.effects if effect.outcome == "undecided"]
        return max((n for n in needed if n is not None), default=None) if None not in needed else None

    def __str__(self) -> str:
        return equivalence_words(self)


def equivalence(
    z: Any,
    within: float | Mapping[str, float] = 0.05,
    *,
    prior: Prior | str | Path = "normal",
    alpha: float = 0.05,
    seed: int = 0,
) -> Equivalence:
    """Decide whether an embedding is within a margin of its prior, beyond it, or undecided.

    Each effect is "within" if a one-sided test at level ``alpha`` rejects that it is at least its margin. The embedding is
    within if all effects are, which needs no correction for their number (an intersection–union test); it is beyond if
    one effect is, corrected for their number (Bonferroni).

    Args:
        z: (n, d) numbers from NumPy, torch or pandas, n >= 20; every row in the prior's support.
        within: one margin for all effects, or margins by name; then only the named ones are measured. Names are ``mean``,
            ``variance``, ``d2`` (nats), ``sliced_w2`` and ``max_sliced_w2`` (standard deviations of the prior).
        prior: as for :func:`noisedim.assess`; rows are mapped to N(0, I) and measured there.
        alpha: error rate of "within" and of "beyond", in (0, 1/2).
        seed: of directions, halves and, beyond 10,000 rows, of the part that d2 and the distances are measured on.

    Returns: an :class:`Equivalence`. The interval of ``max_sliced_w2`` is for the direction found, so its "within" says
        that no worse direction was found, not that there is none. Intervals of means and variances rest on the normal
        approximation: with heavy tails and few rows they are too short.

    Raises: InvalidInputError: for NaN, fewer than 20 rows, rows off the prior's support, margins that are not positive or
        not of a known effect, or ``alpha`` outside (0, 1/2).

    Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657–680; Berger (1982), Technometrics
        24, 295–300, for the intersection–union test.

    >>> z = np.random.default_rng(0).standard_normal((2000, 2))
    >>> equivalence(z, 0.2).outcome, equivalence(z + 1, 0.2).outcome, equivalence(z[:50], 0.2).outcome
    ('within', 'beyond', 'undecided')
    """
    margins = _margins(within)
    alpha = rate("alpha", alpha, below=0.5)
    seed = positive_integer("seed", seed, minimum=0)
    z = embedding_matrix("z", z, minimum_rows=_MINIMUM_ROWS)
    points, _ = mapped_to_normal(prior_of_rows(prior, z.shape[1]), z)
    if (largest := float(np.abs(points).max())) > LARGEST:
        raise InvalidInputError(f"z must lie within ±{LARGEST:g}, so that squares are finite; got {largest:g}")
    n, dim = points.shape
    part = points
    if n > _MOST_ROWS:
        part = points[np.sort(numpy_stream(seed, "rows for equivalence").choice(n, _MOST_ROWS, replace=False))]
    levels = alpha / len(margins), alpha
    found = []
    for name, margin in margins.items():
        rows = points if name in ("mean", "variance") else part
        found.append(_decide(name, _measure(name, rows, levels, seed), margin))
    return Equivalence(n, dim, float(alpha), tuple(found))


def _margins(within: float | Mapping[str, float]) -> dict[str, float]:
    margins = dict(within) if isinstance(within, Mapping) else dict.fromkeys(EFFECTS, within)
    unknown = [name for name in margins if name not in EFFECTS]
    if unknown or not margins:
        raise InvalidInputError(f"within must name effects among {', '.join(EFFECTS)}; got {unknown or 'none'}")
    return {name: positive(f"within {name}", margin) for name, margin in margins.items()}


def _measure(name: str, z: np.ndarray, levels: tuple[float, float], seed: int) -> Measured:
    """``levels`` are the error rates of the lower end and of the upper."""
    if name in ("mean", "variance"):
        return _moment(name, z, levels)
    if name == "d2":
        return divergence(z, levels)
    if name == "sliced_w2":
        rng = numpy_stream(seed, "directions for equivalence")
        unit = random_directions(z.shape[1], _DIRECTIONS, rng)
        return squared_distance(debiased_wasserstein(z, unit), len(z), levels)
    worst = max_sliced_wasserstein(z, seed=seed)
    return squared_distance(debiased_wasserstein(z[worst.measured], worst.direction[None]), len(worst.measured), levels)


def _moment(name: str, z: np.ndarray, levels: tuple[float, float]) -> Measured:
    """Of all coordinates: the upper end needs no correction for their number, the lower one does."""
    from scipy.special import ndtri
    from scipy.stats import t

    n, dim = z.shape
    z = z.clip(-1e70, 1e70)
    values = z if name == "mean" else z * z
    least = 1.0 if name == "mean" else math.sqrt(2)
    errors = np.abs(values.mean(0) - (name == "variance"))
    # Of rows that hardly vary, little is known: not below the prior's own deviation.
    deviations = np.maximum(values.std(0, ddof=1), least) / math.sqrt(n)
    below, above = t.ppf(1 - levels[0] / (2 * dim), n - 1), t.ppf(1 - levels[1], n - 1)
    # The largest of so many normal values, at the prior.
    expected = float(ndtri((1 + 0.5 ** (1 / dim)) / 2)) * least / math.sqrt(n)
    largest = float(errors.max())
    value = math.sqrt(max(0.0, largest**2 - expected**2))
    lower, upper = float((errors - below * deviations).max()), float((errors + above * deviations).max())
    return Measured(value, n, (value - lower, upper - value))


def _shown(name: str, value: float) -> float:
    """From the scale of the estimate to that of the margin; sizes are not negative."""
    value = max(0.0, value)
    if name == "d2":
        return math.log1p(value)
    return math.sqrt(value) if name.endswith("w2") else value


def _decide(name: str, found: Measured, margin: float) -> EffectEquivalence:
    inner = math.expm1(min(margin, 700.0)) if name == "d2" else margin**2 if name.endswith("w2") else margin
    if found.value == math.inf:  # beyond doubles
        return EffectEquivalence(name, math.inf, math.inf, math.inf, margin, "beyond", found.n, None)
    lower, upper = found.ends()
    outcome: Outcome = "beyond" if lower > inner else "within" if upper < inner else "undecided"
    needed = found.needed(inner) if outcome == "undecided" else None
    if needed is not None and name == "max_sliced_w2":
        needed *= 2  # half of the rows are measured
    size, low, high = (_shown(name, value) for value in (found.value, lower, upper))
    return EffectEquivalence(name, size, low, high, margin, outcome, found.n, needed)


def equivalence_words(found: Equivalence) -> str:
    """The decision and what it rests on, one line per effect."""
    lines = [_verdict(found)]
    width = max(len(effect.name) for effect in found.effects)
    for effect in found.effects:
        size = f"{effect.estimate:.3g} [{effect.lower:.3g}, {effect.upper:.3g}]"
        needed = f", about {effect.n_needed:,} rows needed" if effect.n_needed is not None else ""
        lines.append(f"  {effect.name:<{width}}  {size}  margin {effect.margin:g}: {effect.outcome}{needed}")
    lines.append(
        "Sizes are differences to the prior's value, with the bias of so few rows removed; "
        f"n = {found.n:,}, d = {found.dim}, alpha = {found.alpha:g}."
    )
    return "\n".join(lines)


def _verdict(found: Equivalence) -> str:
    if found.outcome == "within":
        return "Within the margin of the prior: every effect is."
    names = ", ".join(effect.name for effect in found.effects if effect.outcome == found.outcome)
    if found.outcome == "beyond":
        return f"Beyond the margin of the prior: {names}."
    rows = "" if found.n_needed is None else f"; about {found.n_needed:,} rows would decide, if sizes stay"
    return f"Undecided: {names}{rows}."
