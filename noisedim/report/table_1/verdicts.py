"""Does noise help, harm, or neither? Decided from hits on the test images; nothing here phrases or reads files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.statistics.combining import holm
from noisedim.statistics.equivalence import crossed_mean, more_images_needed, seeds_needed

__all__ = [
    "ALPHA",
    "EffectVerdict",
    "MethodVerdict",
    "NoiseEffect",
    "SeedsPlan",
    "method_verdict",
    "noise_effects",
    "seeds_plan",
]

ALPHA = 0.05
EffectVerdict = Literal["helps", "harms", "neither", "not decided"]


@dataclass(frozen=True)
class NoiseEffect:
    """What noise of one level does to a method's top-1 accuracy: σ minus σ = 0, on the same seeds.

    Attributes:
        sigma: the level.
        difference: mean over seeds.
        seed_error: standard error of that mean by the scatter over seeds, the test images given.
        image_error: standard error by the test images, the trained encoders given: of the mean over images of the
            difference of hits, averaged over seeds. For one accuracy it is the binomial error.
        lower, upper: 95% interval with both errors, that of :func:`~noisedim.statistics.equivalence.crossed_mean`.
        p_value: two-sided, of no difference; by the same tails.
        adjusted_p_value: after Holm over the levels of all methods, those that are still to be made among them.
        equivalence_p_value: of a difference of the margin or more; two one-sided tests.
        adjusted_equivalence_p_value: likewise.
        verdict: ``neither`` where the difference is decided to be smaller than the margin (it may be real all the same),
            else ``helps`` or ``harms`` where it is decided not to be zero, else ``not decided``; also while seeds are missing,
            as a verdict that is looked for seed by seed would be wrong more often.
        seeds: how many pairs.
    """

    sigma: float
    difference: float
    seed_error: float
    image_error: float
    lower: float
    upper: float
    p_value: float
    adjusted_p_value: float
    equivalence_p_value: float
    adjusted_equivalence_p_value: float
    verdict: EffectVerdict
    seeds: int


@dataclass(frozen=True)
class MethodVerdict:
    """All noise levels of one method together."""

    effects: tuple[NoiseEffect, ...]

    @property
    def outcome(self) -> Literal["helps", "harms", "neither", "not decided", "differs by level"]:
        """What all levels say; not decided where some levels are and the others show no effect."""
        said = {effect.verdict for effect in self.effects}
        if len(said) == 1:
            return said.pop()
        return "not decided" if said == {"neither", "not decided"} else "differs by level"


def method_verdict(effects: Sequence[NoiseEffect]) -> MethodVerdict | None:
    """One method's levels together; None where no level has two seeds."""
    return MethodVerdict(tuple(effects)) if effects else None


@dataclass(frozen=True)
class SeedsPlan:
    """What would find a difference of zero to be within the margin at every level.

    Attributes:
        needed: seeds; None if no number would.
        images: then, how many test images would, at the least.
    """

    needed: int | None
    images: int | None = None


def seeds_plan(
    effects: Sequence[NoiseEffect], *, margin: float, alpha: float, planned: int, seeds: int, n_test: int
) -> SeedsPlan | None:
    """What would settle the levels that are not decided.

    Args:
        effects: those that are there.
        margin, alpha: of equivalence, and the family-wise error rate.
        planned: how many effects the whole table is to have.
        seeds: of the plan.
        n_test: test images.

    Returns: None where all are decided or where there is only one, and while seeds of the plan are missing.
    """
    open_ones = [effect for effect in effects if effect.verdict == "not decided"]
    if len(effects) < 2 or not open_ones or any(effect.seeds < seeds for effect in effects):
        return None
    image_errors = [effect.image_error for effect in effects]
    share = alpha * len(effects) / max(planned, len(effects))
    needed = seeds_needed(
        # Of one seed: levels may have different numbers of them.
        [effect.seed_error * effect.seeds**0.5 for effect in effects],
        image_errors,
        1,
        margin=margin,
        alpha=share,
        image_degrees=n_test - 1,
    )
    if needed is not None:
        return SeedsPlan(needed)
    times = more_images_needed(image_errors, margin=margin, alpha=share, image_degrees=n_test - 1)
    return SeedsPlan(None, ceil(times * n_test))


def noise_effects(
    hits: Mapping[str, Mapping[float, Mapping[int, np.ndarray]]], *, margin: float, planned: int = 0, seeds: int = 2
) -> dict[str, list[NoiseEffect]]:
    """The effect of each noise level in each method, all of them one family.

    Args:
        hits: by method, σ (0 among them) and seed: whether each test image was classified right, (n,) of 0 and 1, in one
            order for all.
        margin: differences smaller than this count as none; stated before the data are seen.
        planned: how many effects the whole table is to have, those without runs included: adjusted p-values of the first
            ones can only fall as the others come.
        seeds: of the plan: nothing is decided with fewer.

    Returns: by method, one entry per level other than 0 that shares two seeds or more with it.

    Raises: InvalidInputError: if a method has no σ = 0, or runs were not judged by the same number of images.
    """
    found: list[tuple[str, float, dict[str, float]]] = []
    for method, by_sigma in hits.items():
        if 0.0 not in by_sigma:
            raise InvalidInputError(f"{method} needs runs at sigma = 0 to compare with; got {sorted(by_sigma)}")
        plain = by_sigma[0.0]
        for sigma, noisy in sorted(by_sigma.items()):
            shared = sorted(noisy.keys() & plain.keys())
            if sigma == 0 or len(shared) < 2:
                continue
            sizes = {len(own[seed]) for own in (noisy, plain) for seed in shared}
            if len(sizes) != 1:
                raise InvalidInputError(f"runs must be judged by the same images; got {sorted(sizes)} of them")
            changes = np.stack([noisy[seed].astype(float) - plain[seed] for seed in shared])
            found.append((method, sigma, _compared(changes, margin)))
    # A level without runs can't have been decided.
    open_ones = [1.0] * max(0, planned - len(found))
    adjusted, adjusted_equivalence = (
        [] if not found else holm([*(row[name] for *_, row in found), *open_ones])[: len(found)].tolist()
        for name in ("p_value", "equivalence_p_value")
    )
    effects: dict[str, list[NoiseEffect]] = {method: [] for method in hits}
    for (method, sigma, row), p, q in zip(found, adjusted, adjusted_equivalence, strict=True):
        differs, equal = p <= ALPHA, q <= ALPHA
        verdict: EffectVerdict = "not decided"
        if row["seeds"] < seeds:
            pass
        elif equal:
            # A difference may be real and too small to matter.
            verdict = "neither"
        elif differs:
            verdict = "helps" if row["difference"] > 0 else "harms"
        effects[method].append(
            NoiseEffect(
                sigma=sigma,
                adjusted_p_value=float(p),
                adjusted_equivalence_p_value=float(q),
                verdict=verdict,
                seeds=int(row.pop("seeds")),
                **row,
            )
        )
    return effects


def _compared(changes: np.ndarray, margin: float) -> dict[str, float]:
    """Of (seeds, images) differences of hits: the mean, its two errors, interval and p-values."""
    mean = crossed_mean(changes.mean(1), changes)
    interval = mean.interval(level=1 - ALPHA)
    return {
        "difference": mean.estimate,
        "seed_error": mean.seed_error,
        "image_error": mean.image_error,
        "lower": interval.lower,
        "upper": interval.upper,
        "p_value": mean.p_different(),
        "equivalence_p_value": mean.p_equivalent(margin),
        "seeds": mean.n,
    }
