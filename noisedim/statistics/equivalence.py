"""Means of differences over seeds that share their images: intervals, and tests of equivalence within a stated margin."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.checks import positive, rate
from noisedim.errors import InvalidInputError
from noisedim.statistics.intervals import Interval

__all__ = ["FEW_SEEDS", "CrossedMean", "crossed_mean", "more_images_needed", "seeds_needed"]

FEW_SEEDS = 8
"""With fewer seeds, where the images have an error of their own, tails are the cautious ones of :func:`crossed_mean`."""


@dataclass(frozen=True)
class CrossedMean:
    """A mean over seeds, with an error that may also hold the choice of the images that all seeds share.

    Attributes:
        estimate: the mean.
        error: its standard error.
        degrees: Satterthwaite's degrees of freedom of that error; for few seeds, tails are heavier than these say.
        n: number of seeds.
        seed_error: the part of the error that is the scatter over seeds, the images given.
        image_error: the part that is the choice of the images, the seeds given; 0 where that is not asked.
        image_degrees: degrees of freedom of that part.
    """

    estimate: float
    error: float
    degrees: float
    n: int
    seed_error: float
    image_error: float
    image_degrees: float = math.inf

    @property
    def _mixed(self) -> bool:
        """Whether tails are the cautious ones: without an error of the images they are Student's."""
        return self.n < FEW_SEEDS and self.image_error > 0

    def _tails(self) -> "_Tails":
        if not self._mixed:
            return _Tails(np.array([1.0]), np.array([self.degrees]))
        shares = np.array([self.seed_error, self.image_error]) ** 2
        return _Tails(shares / shares.sum(), np.array([self.n - 1.0, self.image_degrees]))

    def interval(self, *, level: float = 0.95) -> Interval:
        """Student's t interval, or that of the cautious tails: the means that a test of level 1−``level`` does not reject."""
        half = float(self._tails().quantile((1 - rate("level", level)) / 2)) * self.error
        return Interval(
            self.estimate,
            self.estimate - half,
            self.estimate + half,
            level,
            self.n,
            "mixed t" if self._mixed else "Student t",
        )

    def p_different(self) -> float:
        """Two-sided p-value of "the mean is 0"."""
        return float(2 * self._tails().above(abs(self.estimate) / self.error))

    def p_above(self, value: float) -> float:
        """p-value of "the mean is at most ``value``": small if it is above."""
        return float(self._tails().above((self.estimate - value) / self.error))

    def p_equivalent(self, margin: float) -> float:
        """p-value of "the mean is ``margin`` or more away from 0", by two one-sided tests: small if it is within.

        It is at most α exactly when the interval of level 1−2α lies within ±``margin``.

        Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657–680.
        """
        margin = positive("margin", margin)
        return max(self.p_above(-margin), 1 - self.p_above(margin))


@dataclass(frozen=True)
class _Tails:
    """A mixture of Student's laws, by their shares and degrees of freedom: both (parts, ...)."""

    shares: np.ndarray
    degrees: np.ndarray

    def above(self, t: Any) -> Any:
        from scipy import stats

        return (self.shares * stats.t.sf(t, self.degrees)).sum(0)

    def quantile(self, above: float) -> Any:
        """Where the mixture's upper tail is ``above``, less than one half: between those of its parts."""
        from scipy import stats

        ends = stats.t.isf(above, self.degrees)
        low, high = ends.min(0), ends.max(0)
        for _ in range(60):
            middle = (low + high) / 2
            too_low = self.above(middle) > above
            low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
        return (low + high) / 2


def crossed_mean(values: Any, contributions: Any = None) -> CrossedMean:
    """The mean of one value per seed.

    Satterthwaite's degrees of freedom rest on the estimated shares of two variances. Where few seeds make up most of the
    error, tests that are one of a family reject too often: of level .0025, with ten images and a share of .85, 4.3 times
    as often with three seeds, 1.9 times with five. So with fewer than :data:`FEW_SEEDS` seeds tails are the cautious ones:
    the mean of the two laws' own tails, in the shares of their variances, as in Cochran's approximation. With three seeds
    or more they keep the level at all shares (with two, a test of level .0025 rejects up to four times as often), at a
    price: where both shares are alike, intervals of that level are three times as wide with three seeds and half as wide
    again with five. With eight seeds and ten images Satterthwaite's reject at most 1.4 times as often at level .0025 and
    1.9 times at .05/56, and 1.1 times over shares as the methods' study has them, less where seeds and images interact.
    With 10,000 images and eight seeds they reject up to 1.7 times as often at level .0025.

    Args:
        values: (k,) one value per seed, k >= 2.
        contributions: (k, n): the influence of each of the n images that all seeds share on a seed's value. With
            them the error also covers the choice of the images: the variance over images of the seeds' mean
            contribution is added to the variance over seeds. Their common part is counted twice, so the error is, if
            anything, too large. Without them the error is about these images only.

    Raises: InvalidInputError: for fewer than two values, or contributions of another number of seeds.

    Source: degrees of freedom of a sum of two variances: Satterthwaite (1946), Biometrics Bulletin 2, eq. (17). Cochran's
    critical values, weighted by the variances: Cochran (1964), Biometrics 20, 191-195.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise InvalidInputError(f"expected two or more finite values, one per seed; got {values!r}")
    k = len(values)
    parts = [(float(values.var(ddof=1)) / k, k - 1)]
    if contributions is not None:
        contributions = np.asarray(contributions, dtype=np.float64)
        if contributions.ndim != 2 or len(contributions) != k or contributions.shape[1] < 2:
            raise InvalidInputError(f"contributions must have shape ({k}, n); got {contributions.shape}")
        n = contributions.shape[1]
        parts.append((float(contributions.mean(0).var(ddof=1)) / n, n - 1))
    variance = sum(part for part, _ in parts)
    seed_error, image_error = math.sqrt(parts[0][0]), math.sqrt(parts[1][0]) if len(parts) > 1 else 0.0
    degrees = variance**2 / sum(part**2 / degree for part, degree in parts) if variance else k - 1
    return CrossedMean(
        float(values.mean()),
        math.sqrt(variance) if variance else math.ulp(0.0),
        degrees,
        k,
        seed_error,
        image_error,
        image_degrees=parts[1][1] if len(parts) > 1 else math.inf,
    )


def seeds_needed(
    seed_errors: Sequence[float],
    image_errors: Sequence[float],
    seeds: int,
    *,
    margin: float,
    alpha: float = 0.05,
    power: float = 0.9,
    image_degrees: float = math.inf,
) -> int | None:
    """How many seeds would find a difference of zero to be smaller than the margin, with probability ``power``.

    A plan for the next experiment, from the scatter of this one: its single-seed variance is the mean over all levels, as
    few seeds say little of each. At :data:`FEW_SEEDS` tails become lighter, so that plans gather there. Where the images
    have an error, three seeds are the fewest: with two the level is not kept. All levels are decided at once (Bonferroni,
    a little more than Holm asks), each as by :func:`crossed_mean`.

    Args:
        seed_errors, image_errors: standard errors of each level's difference, with ``seeds`` seeds.
        seeds: that they rest on.
        margin: of equivalence.
        alpha: family-wise error rate.
        power: chance of the decision for each level.
        image_degrees: degrees of freedom of ``image_errors``.

    Returns: seeds, at most 1,000; ``None`` if no number of them is enough with these test images.
    """
    rate("alpha", alpha)
    rate("power", power)
    variance = seeds * float(np.mean(np.square(seed_errors)))
    images = float(np.mean(np.square(image_errors)))
    n = np.arange(3 if images > 0 else 2, 1001)
    parts, degrees = (
        np.stack([variance / n, np.full(len(n), images)]),
        np.stack([n - 1.0, np.full(len(n), image_degrees)]),
    )
    total = parts.sum(0)
    if total[0] == 0:
        return 2
    cautious = _Tails(parts / total, degrees)
    with np.errstate(divide="ignore"):  # endless where the images' are and seeds do not scatter
        plain = _Tails(np.ones((1, 1)), total[None] ** 2 / (parts**2 / degrees).sum(0))
    quantiles = sum(
        np.where(n < FEW_SEEDS, cautious.quantile(share), plain.quantile(share))
        for share in (alpha / len(seed_errors), (1 - power) / 2)
    )
    enough = margin >= quantiles * np.sqrt(total)
    return int(n[enough.argmax()]) if enough.any() else None


def more_images_needed(
    image_errors: Sequence[float],
    *,
    margin: float,
    alpha: float = 0.05,
    power: float = 0.9,
    image_degrees: float = math.inf,
) -> float:
    """How many times as many test images would find a difference of zero to be smaller than the margin, with ``power``.

    At the least: with as many seeds as one likes, so that the images' error is the only one. For plans that
    :func:`seeds_needed` finds no number of seeds for.

    Args:
        image_errors, margin, alpha, power: as for :func:`seeds_needed`.
        image_degrees: degrees of freedom of ``image_errors``; those of m times the images are m times as many, as the
            blocks that they are cut into keep their size.

    Returns: the ratio, with a relative error of 1e-9; 1 where these images are enough.
    """
    alpha, power, margin = rate("alpha", alpha), rate("power", power), positive("margin", margin)
    error = math.sqrt(float(np.mean(np.square(image_errors))))

    def lacks(ratio: float) -> float:
        """Log of the smallest margin that can be decided, over the one that is wanted: falls with the images."""
        degrees = (image_degrees + 1) * ratio - 1
        quantiles = sum(_student(share, degrees) for share in (alpha / len(image_errors), (1 - power) / 2))
        return math.log(quantiles * error / (margin * math.sqrt(ratio)))

    if error == 0 or lacks(1.0) <= 0:
        return 1.0
    from scipy import optimize

    most = 2.0
    while lacks(most) > 0:
        most *= 2
    return float(optimize.brentq(lacks, most / 2, most, rtol=1e-9))


def _student(above: float, degrees: float) -> float:
    """Where Student's upper tail is ``above``."""
    from scipy import stats

    return float(stats.t.isf(above, degrees))
