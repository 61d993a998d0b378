"""Do coordinates hold single factors? Decided from the records; nothing here phrases or reads files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from noisedim.report.factors.records import REFERENCES, FactorVariant, Measure
from noisedim.statistics.differences import Difference, paired_differences

__all__ = [
    "SHIFTED_FACTORS",
    "AxesVerdict",
    "MethodsVerdict",
    "PriorVerdict",
    "ViewsVerdict",
    "axes_verdict",
    "methods_verdict",
    "prior_verdict",
    "views_verdict",
]

Variants = Mapping[str, FactorVariant]
_OURS = ("dual", "uniform-dual", "dual-moved")
_JUDGED: tuple[Measure, ...] = ("mig", "disentanglement")
SHIFTED_FACTORS = ("x", "y")
"""What shifts between the views change."""


def _are_measured(variants: Variants, names: Sequence[str]) -> bool:
    return all(name in variants and variants[name].is_repeated for name in names)


@dataclass(frozen=True)
class AxesVerdict:
    """MIG minus its mean over random rotations, by embedding, paired by seed.

    Attributes:
        ours: of noise-injected embeddings.
        others: of the others.
    """

    ours: Mapping[str, Difference]
    others: Mapping[str, Difference]

    @property
    def outcome(self) -> Literal["all more", "some more", "undecided"]:
        """Of how many noise-injected embeddings the axes hold more than rotated axes do."""
        above = sum(difference.sign() > 0 for difference in self.ours.values())
        return "all more" if above == len(self.ours) else "some more" if above else "undecided"


def axes_verdict(variants: Variants) -> AxesVerdict | None:
    """Whether coordinates hold more of single factors than a random rotation of the embedding; None without records."""
    names = [
        name
        for name, own in variants.items()
        if name not in REFERENCES and own.is_repeated and len(own.values("mig_rotated")) > 1
    ]
    if not any(name in _OURS for name in names):
        return None
    kinds: tuple[Measure, ...] = ("mig", "mig_rotated")
    values = {f"{name} {kind}": variants[name].values(kind) for name in names for kind in kinds}
    pairs = [(f"{name} mig", f"{name} mig_rotated") for name in names]
    found = dict(zip(names, paired_differences(values, pairs), strict=True))
    return AxesVerdict(
        {name: difference for name, difference in found.items() if name in _OURS},
        {name: difference for name, difference in found.items() if name not in _OURS},
    )


@dataclass(frozen=True)
class PriorVerdict:
    """The uniform prior minus the normal one, paired by seed.

    Attributes:
        differences: by measure; Holm over them.
        rotated: MIG of both after random rotations.
        own_axes: MIG of the uniform prior minus that of its own rotations; Holm over it and ``rotated``.
    """

    differences: Mapping[Measure, Difference]
    rotated: Difference
    own_axes: Difference

    @property
    def outcome(self) -> Literal["aligned", "partly aligned", "higher, not aligned", "lower", "undecided"]:
        """A gain that rotations keep is no alignment: some other embedding is better, not its axes."""
        signs = [difference.sign() for difference in self.differences.values()]
        aligned = self.own_axes.sign() > 0
        if min(signs) > 0 and aligned:
            return "aligned"
        if max(signs) > 0:
            return "partly aligned" if aligned else "higher, not aligned"
        return "lower" if min(signs) < 0 else "undecided"


def prior_verdict(variants: Variants) -> PriorVerdict | None:
    """Whether U[0, 1]^d, which has axes, gives more disentangled coordinates than N(0, I), which has none."""
    if not _are_measured(variants, ("dual", "uniform-dual")):
        return None
    measures: tuple[Measure, ...] = (*_JUDGED, "mig_rotated")
    values = {f"{name} {own}": variants[name].values(own) for name in ("uniform-dual", "dual") for own in measures}
    found = paired_differences(values, [(f"uniform-dual {own}", f"dual {own}") for own in _JUDGED])
    rotated, own_axes = paired_differences(
        values,
        [("uniform-dual mig_rotated", "dual mig_rotated"), ("uniform-dual mig", "uniform-dual mig_rotated")],
    )
    return PriorVerdict(dict(zip(_JUDGED, found, strict=True)), rotated, own_axes)


@dataclass(frozen=True)
class MethodsVerdict:
    """The closed-form dual minus each other method, by method and measure, paired by seed; Holm over all of them."""

    differences: Mapping[tuple[str, Measure], Difference]

    @property
    def outcome(self) -> Literal["ahead", "behind", "mixed", "undecided"]:
        """Ahead or behind wherever anything is decided; else mixed."""
        signs = [difference.sign() for difference in self.differences.values()]
        if -1 in signs:
            return "mixed" if 1 in signs else "behind"
        return "ahead" if 1 in signs else "undecided"


def methods_verdict(variants: Variants) -> MethodsVerdict | None:
    """Whether the dual's coordinates are more or less disentangled than those of other methods; None without records."""
    others = [name for name, own in variants.items() if name not in (*_OURS, *REFERENCES) and own.is_repeated]
    if not others or not _are_measured(variants, ("dual",)):
        return None
    values = {f"{name} {own}": variants[name].values(own) for name in ("dual", *others) for own in _JUDGED}
    keys = [(other, own) for other in others for own in _JUDGED]
    found = paired_differences(values, [(f"dual {own}", f"{other} {own}") for other, own in keys])
    return MethodsVerdict(dict(zip(keys, found, strict=True)))


@dataclass(frozen=True)
class ViewsVerdict:
    """Accuracy with which each factor is told, views shifted minus not shifted, paired by seed; Holm over the factors."""

    differences: Mapping[str, Difference]

    @property
    def outcome(self) -> Literal["decides", "decides in part", "undecided"]:
        """Whether what is shifted is lost and more of the rest is kept."""
        shifted = [own.sign() for factor, own in self.differences.items() if factor in SHIFTED_FACTORS]
        rest = [own.sign() for factor, own in self.differences.items() if factor not in SHIFTED_FACTORS]
        lost, kept = max(shifted) < 0, max(rest) > 0 and min(rest) >= 0
        if lost and kept:
            return "decides"
        return "decides in part" if min(shifted) < 0 or kept else "undecided"


def views_verdict(variants: Variants) -> ViewsVerdict | None:
    """Whether an embedding whose views were shifted forgets where a shape is and keeps more of the rest."""
    if not _are_measured(variants, ("dual", "dual-moved")):
        return None
    factors = variants["dual"].factors
    values = {
        f"{name} {factor}": {record.seed: record.accuracies[i] for record in variants[name].records}
        for name in ("dual", "dual-moved")
        for i, factor in enumerate(factors)
    }
    found = paired_differences(values, [(f"dual-moved {factor}", f"dual {factor}") for factor in factors])
    return ViewsVerdict(dict(zip(factors, found, strict=True)))
