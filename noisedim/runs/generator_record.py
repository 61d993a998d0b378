"""What the runs of generators, and of the classifiers that judge them, found, as data.

The counterpart of :class:`~noisedim.runs.record.RunRecord`; both are stored with the same schema version.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from noisedim.generation.classifier import ClassifierConfig
from noisedim.generation.config import GanConfig
from noisedim.generation.sample_distances import ClassCoverage
from noisedim.runs.record import reading
from noisedim.schema import SCHEMAS, plain, structured

__all__ = ["ClassifierRecord", "GeneratorRecord", "ImageFigures", "ImageQuality", "Judge"]


@dataclass(frozen=True, kw_only=True)
class ClassifierRecord:
    """What one complete run of a classifier found.

    Attributes:
        run: name of its folder.
        config: its configuration.
        measured_on: which images judge: ``held-out`` or ``training``.
        n: how many images judge.
        accuracy: on those images.
        train_seconds: time spent in training.
    """

    run: str
    config: ClassifierConfig
    measured_on: str
    n: int
    accuracy: float
    train_seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``result.json`` holds it."""
        return {"schema": SCHEMAS["result"].version, **plain(self, without=("run", "config"))}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, run: str, config: ClassifierConfig) -> "ClassifierRecord":
        """The inverse of :meth:`to_dict`.

        Raises: InvalidInputError: for the layout of a newer version, or a missing field.
        """
        with reading(data, run, "a classifier's run") as (own, where):
            return structured(own, cls, where=where, given={"run": run, "config": config})

    def row(self) -> dict[str, Any]:
        """The record flat."""
        own = {name: value for name, value in self.to_dict().items() if name != "schema"}
        return {"run": self.run, "seed": self.config.seed, **own}


@dataclass(frozen=True, kw_only=True)
class ImageFigures:
    """Images made with conditions of one law, compared with real ones.

    Attributes:
        kid: unbiased kernel distance, in the kernel's own units.
        frechet: Fréchet distance.
        precision, recall: of the generated images.
        coverage: which classes they hold.
        consistency: E‖f(G(c, z)) − c‖².
        same_class: share of images made from f(x) that have x's class; None for other laws.
        gap: kernel distance minus that of images from encoded conditions; None for the encoded conditions themselves.
        gap_in_lost_classes: the gap in units of the distance that lacking one class makes.
    """

    kid: float
    frechet: float
    precision: float
    recall: float
    coverage: ClassCoverage
    consistency: float
    same_class: float | None = None
    gap: float | None = None
    gap_in_lost_classes: float | None = None


@dataclass(frozen=True, kw_only=True)
class Judge:
    """The classifier whose features judge a generator's images.

    Attributes:
        features: what they are, in words.
        accuracy: of the classifier, on ``accuracy_on`` images.
    """

    features: str
    accuracy: float
    accuracy_on: str


@dataclass(frozen=True, kw_only=True)
class ImageQuality:
    """How good a generator's images are.

    Attributes:
        n: how many real images judge.
        repeats: images made for each of them.
        lost_class_distance: kernel distance that lacking one class makes, averaged over classes: the unit of gaps.
        laws: figures by law of the conditions; ``encoded`` and ``prior`` among them.
    """

    n: int
    repeats: int
    lost_class_distance: float
    laws: dict[str, ImageFigures] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as JSON holds it."""
        laws = {law: plain(figures, leave_out_none=True) for law, figures in self.laws.items()}
        return {"n": self.n, "repeats": self.repeats, "lost_class_distance": self.lost_class_distance, **laws}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ImageQuality":
        """The inverse of :meth:`to_dict`."""
        laws = {law: own for law, own in data.items() if isinstance(own, Mapping)}
        own = {name: value for name, value in data.items() if name not in laws}
        return structured({**own, "laws": laws}, cls, where="generation")


@dataclass(frozen=True, kw_only=True)
class GeneratorRecord:
    """What one complete run of a generator found.

    Attributes:
        run: name of its folder.
        config: its configuration.
        measured_on: which images judge: ``held-out`` or ``training``; None where the data have no labels and nothing
            is measured, ``judge`` and ``quality`` likewise.
        judge: whose features judge.
        quality: how good the images are.
        train_seconds: time spent in training.
    """

    run: str
    config: GanConfig
    train_seconds: float
    measured_on: str | None = None
    judge: Judge | None = None
    quality: ImageQuality | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as ``result.json`` holds it."""
        plain = {
            "schema": SCHEMAS["result"].version,
            "train_seconds": self.train_seconds,
            "encoder": self.config.encoder.digest(),
            "measured_on": self.measured_on,
        }
        if self.judge is not None and self.quality is not None:
            plain |= {"judge": asdict(self.judge), "generation": self.quality.to_dict()}
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, run: str, config: GanConfig) -> "GeneratorRecord":
        """The inverse of :meth:`to_dict`.

        Raises: InvalidInputError: for the layout of a newer version, or a missing field.
        """
        with reading(data, run, "a generator's run") as (own, where):
            own.pop("encoder", None)  # the configuration says it, too
            quality = own.pop("generation", None)
            given = {
                "run": run,
                "config": config,
                "quality": None if quality is None else ImageQuality.from_dict(quality),
            }
            return structured(own, cls, where=where, given=given)

    def row(self) -> dict[str, Any]:
        """The record flat: figures of each law as ``law.figure``; empty of them where nothing was measured."""
        row: dict[str, Any] = {"run": self.run, "seed": self.config.seed, "measured_on": self.measured_on}
        if self.quality is not None:
            row |= {"n": self.quality.n, "lost_class_distance": self.quality.lost_class_distance}
            for law, figures in self.quality.laws.items():
                own = {
                    name: value
                    for name, value in plain(figures, leave_out_none=True).items()
                    if isinstance(value, float)
                }
                row |= {f"{law}.{name}": value for name, value in own.items()}
                row[f"{law}.class_distance"] = figures.coverage.distance
        return {**row, "train_seconds": self.train_seconds}
