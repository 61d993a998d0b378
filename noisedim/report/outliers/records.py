"""What one encoder that never saw a class finds, and all encoders of one variant: as benchmarks' JSON holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from noisedim.report.benchmarks import FailedRun

__all__ = ["PIXELS", "OutlierRecord", "OutlierVariant"]

PIXELS = "pixels"
"""The variant without an encoder."""


@dataclass(frozen=True, kw_only=True)
class OutlierRecord:
    """One class left out.

    Attributes:
        label: the class.
        n: usual images that judge: of the other classes, held out.
        n_outliers: outliers by task.
        absent: tasks whose data is not there, and why.
        auroc: by task and detector, the area under the ROC curve and its interval: estimate, lower, upper.
        roc: by detector, rates of detection of the class at the study's grid of false alarms.
        run: the run's folder; None without an encoder, as are the next five.
        dim: embedding dimension.
        rejected: whether the battery rejects the prior for the held-out images of this run.
        false_alarms: by p-value, how many usual images are at or below each nominal level.
        detected: by task, how many images are at or below each nominal level.
        mean_square: by task (and ``usual``), the mean of ‖z‖²/d.
    """

    label: int
    n: int
    n_outliers: Mapping[str, int] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    auroc: Mapping[str, Mapping[str, list[float]]]
    roc: Mapping[str, list[float]]
    run: str | None = None
    dim: int | None = None
    rejected: bool | None = None
    false_alarms: Mapping[str, list[int]] | None = None
    detected: Mapping[str, list[int]] | None = None
    mean_square: Mapping[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class OutlierVariant:
    """All classes left out by one way to embed.

    Attributes:
        variant: key of :data:`~noisedim.report.outliers.plan.OUTLIER_METHODS`, or :data:`PIXELS`.
        words: its name in tables.
        data: the data set.
        records: one per class.
        failed: runs that ended in an error; their seed is the class.
        grid: false-alarm rates of the ROC curves.
        nominal: levels of the false alarms; empty without an encoder.
        dim, steps, batch_size: of the encoder; None without one.
    """

    variant: str
    words: str
    data: str
    records: tuple[OutlierRecord, ...]
    failed: tuple[FailedRun, ...]
    grid: tuple[float, ...]
    nominal: tuple[float, ...] = ()
    dim: int | None = None
    steps: int | None = None
    batch_size: int | None = None

    @property
    def is_matched(self) -> bool:
        """Whether it was trained to follow the prior, for two classes or more."""
        return self.variant.startswith("dual") and len(self.records) > 1

    def areas(self, detector: str, task: str = "class") -> dict[int, float]:
        """AUROC by class left out."""
        return {record.label: record.auroc[task][detector][0] for record in self.records}
