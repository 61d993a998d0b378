"""What benchmarks of speed say: as pytest-benchmark's JSON holds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from noisedim.schema import refusing, structured

__all__ = ["AssessmentCost", "CriticMemory", "ObjectiveCost", "PeerTiming", "StepCost", "Throughput"]

# With fewer rounds even the least and the greatest ratio do not hold the median with 95%.
_FEWEST_ROUNDS = 6


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """Images per second of a training step, and the share of the measured rate of matrix products that this is."""

    images_per_second: float
    fraction_of_matrix_rate: float
    batch_size: int
    width: int
    precision: str


@dataclass(frozen=True, kw_only=True)
class PeerTiming:
    """Our time over the peer's, timed in turn in one run.

    Attributes:
        subject: what is timed, in words.
        case: its parameters, empty if it has none.
        peer: whom it is compared with.
        ratio: median of the ratios.
        lower, upper: interval of that median.
        level: of the interval.
        rounds: pairs of times.
        n, dim: the size of the data; None where the case says it.
        crop_error, peer_crop_error: largest difference of pixels from torchvision's at equal crops; None elsewhere.
        throughput: None where no images train.
        environment: where it ran; None in files that do not say.
    """

    subject: str
    case: str
    peer: str
    ratio: float
    lower: float
    upper: float
    level: float
    rounds: int
    n: int | None = None
    dim: int | None = None
    crop_error: float | None = None
    peer_crop_error: float | None = None
    throughput: Throughput | None = None
    environment: Mapping[str, Any] | None = None

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Self | None:
        """From a benchmark's entry; None for one without a peer."""
        info = entry["extra_info"]
        # Other methods are no peers: what their steps cost is a table of its own. Nor is what a start costs a kernel's time.
        if "ratio_median" not in info or info.get("question") in ("match", "downstream", "start"):
            return None
        where = f"benchmark {entry.get('name')}"
        with refusing(where):
            test, _, case = entry["name"].partition("[")
            lower, upper = info["ratio_95"]
            rounds = entry["stats"]["rounds"]
            many = rounds >= _FEWEST_ROUNDS
        # Files from before the level was written: the least and the greatest of few ratios hold the median that often.
        level = info.get("ratio_level", 0.95 if many else 1 - 2.0 ** (1 - rounds))
        own = {"case": case.rstrip("]"), "lower": lower, "upper": upper, "level": level, "rounds": rounds}
        own |= {"ratio": info["ratio_median"], "peer_crop_error": info.get("kornia_crop_error")}
        own["throughput"] = info if "images_per_second" in info else None
        # Files from before the subject was written name the benchmark.
        return structured({"subject": test, **info, **own}, cls, where=where, surplus="ignored")


@dataclass(frozen=True, kw_only=True)
class StepCost:
    """A training step of one method, timed in turn with that of the reference method.

    Attributes:
        words: the method's name.
        peer: the reference's.
        median_seconds: of a step.
        ratio: median of the ratios to the reference's, and ``ratio_95`` its interval, at the level ``ratio_level``.
        peak_bytes: of training; None where it cannot be read.
        batch_size: images per step.
        environment: where it ran.
    """

    words: str
    peer: str
    median_seconds: float
    ratio_median: float
    ratio_95: tuple[float, float]
    ratio_level: float
    batch_size: int
    environment: Mapping[str, Any]
    peak_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class ObjectiveCost:
    """Seconds of one objective's value and gradient.

    Attributes:
        objective: which one.
        law: its work by its formula, in words.
        batch, dim: the sizes from which the other is varied.
        against_batch: (size, seconds) at ``dim``.
        against_dim: (size, seconds) at twice ``batch``.
    """

    objective: str
    law: str
    batch: int
    dim: int
    against_batch: tuple[tuple[float, float], ...]
    against_dim: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class AssessmentCost:
    """CPU seconds of an assessment by the size of the embedding.

    Attributes:
        what: is timed, in words.
        sizes: (n, d).
        cpu_seconds: of each, ``start_seconds`` taken off.
        start_seconds: of the command on next to no rows, imports and all; None where no command is run.
        peak_bytes: of the whole process; None where it was not measured.
        environment: where it ran.
    """

    sizes: tuple[tuple[int, int], ...]
    cpu_seconds: tuple[float, ...]
    environment: Mapping[str, Any]
    what: str = "an assessment"
    start_seconds: float | None = None
    peak_bytes: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class CriticMemory:
    """Peak memory of the perceptron critic on all pairs, by rows and at once.

    Attributes:
        rows_at_once: rows in one piece.
        hidden: width.
        batches: sizes, and the peaks of each: ``peak_bytes`` by rows, ``peak_bytes_at_once``.
        batch_power, batch_power_at_once: slopes.
    """

    rows_at_once: int
    hidden: int
    batches: tuple[int, ...]
    peak_bytes: tuple[float, ...]
    peak_bytes_at_once: tuple[float, ...]
    batch_power: float
    batch_power_at_once: float
