"""What a complete encoder run found, as data: the one typed result that crosses from runs to every reader.

``result.json`` holds :meth:`RunRecord.to_dict`; :meth:`RunRecord.from_dict` reads it, and :func:`records_table` makes rows
of it.
"""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from noisedim.assessment.reconstruction import Reconstruction
from noisedim.assessment.result import Assessment
from noisedim.schema import SCHEMAS, refusing, structured
from noisedim.training.config import TrainConfig

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Information", "Pretraining", "Probe", "RunRecord", "read_assessment", "reading", "records_table"]


@dataclass(frozen=True)
class Information:
    """A lower bound on the information through the noisy channel, in nats.

    Attributes:
        bound: the lower bound.
        ceiling: the largest value the bound can take at this capacity and number of images.
        evaluated_at_sigma: noise level at which the bound was evaluated, at least the channel's own.
    """

    bound: float
    ceiling: float
    evaluated_at_sigma: float


@dataclass(frozen=True)
class Probe:
    """Classifiers on frozen representations of a pre-trained backbone.

    Attributes:
        top1, top5: accuracies of the linear probe; ``top5`` is None with five classes or fewer.
        top1_interval: 95% Clopper–Pearson interval of ``top1``.
        knn: accuracy of the weighted nearest neighbours.
        penalty: weight decay chosen for the linear probe.
        gradient: norm of the probe's gradient at its end.
    """

    top1: float
    top1_interval: tuple[float, float]
    top5: float | None
    knn: float
    penalty: float
    gradient: float


@dataclass(frozen=True)
class Pretraining:
    """What is measured of a backbone with a projection head besides the assessment of its embedding.

    Attributes:
        assessment_features: the battery on the backbone's standardised features.
        effective_rank: by ``embedding`` and ``features``.
        dims: number of coordinates, likewise.
        rows_assessed: rows that the batteries saw.
        probes: likewise; empty without labels or without images to judge on.
        penalty_rule: how the probes' weight decay was chosen; None without probes.
    """

    assessment_features: Assessment
    effective_rank: dict[str, float]
    dims: dict[str, int]
    rows_assessed: int
    probes: dict[str, Probe] = field(default_factory=dict)
    penalty_rule: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as JSON holds it."""
        plain: dict[str, Any] = {
            "assessment_features": _assessment_data(self.assessment_features),
            "effective_rank": dict(self.effective_rank),
            "dims": dict(self.dims),
            "rows_assessed": self.rows_assessed,
        }
        if self.penalty_rule is not None:
            probes = {name: dataclasses.asdict(probe) for name, probe in self.probes.items()}
            plain["probes"] = {"penalty_rule": self.penalty_rule, **probes}
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Pretraining":
        """The inverse of :meth:`to_dict`."""
        own, probes = dict(data), dict(data.get("probes", {}))
        own |= {"penalty_rule": probes.pop("penalty_rule", None), "probes": probes}
        assessment = read_assessment(own.pop("assessment_features"))
        return structured(own, cls, where="pretraining", surplus="ignored", given={"assessment_features": assessment})


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What one complete encoder run found.

    Attributes:
        run: name of its folder.
        config: its configuration.
        measured_on: which images judge: ``held-out``, or ``training`` where all of them trained.
        n: how many images judge.
        level: noise level of the channel, in the prior's units.
        capacity: of the channel, nats; None where no noise bounds the information.
        assessment: whether the embedding of those images follows the prior.
        train_seconds: time spent in training.
        information: None where no bound is computed.
        scores: accuracy by probe; empty without labels.
        not_scored: why there are no accuracies although there are labels; None if there are.
        silhouette: of the classes; None without labels.
        label_curve: accuracy by number of labels per class; None unless held-out images judge.
        reconstruction: of autoencoders only.
        pretraining: of backbones with a projection head only.
        data: name of the image set; None where only the configuration says it.
        n_train: how many images trained; None where it was not stored.
    """

    run: str
    config: TrainConfig
    measured_on: str
    n: int
    level: float
    capacity: float | None
    assessment: Assessment
    train_seconds: float
    information: Information | None = None
    scores: dict[str, float] = field(default_factory=dict)
    silhouette: float | None = None
    label_curve: dict[str, float] | None = None
    reconstruction: Reconstruction | None = None
    pretraining: Pretraining | None = None
    data: str | None = None
    n_train: int | None = None
    not_scored: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as ``result.json`` holds it: without the folder's name and the configuration."""
        optional = {
            "silhouette": self.silhouette,
            "label_curve": self.label_curve,
            "reconstruction": None if self.reconstruction is None else dataclasses.asdict(self.reconstruction),
            "pretraining": None if self.pretraining is None else self.pretraining.to_dict(),
            "data": self.data,
            "n_train": self.n_train,
            "not_scored": self.not_scored,
            # Without labels there are no scores; a backbone's result has the entry all the same.
            "scores": dict(self.scores) if self.scores or self.pretraining is not None else None,
        }
        return {
            "schema": SCHEMAS["result"].version,
            "measured_on": self.measured_on,
            "n": self.n,
            "level": self.level,
            "capacity": self.capacity,
            "assessment": _assessment_data(self.assessment),
            "information": None if self.information is None else dataclasses.asdict(self.information),
            "train_seconds": self.train_seconds,
            **{name: value for name, value in optional.items() if value is not None},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, run: str, config: TrainConfig) -> "RunRecord":
        """The inverse of :meth:`to_dict`.

        Args:
            data: the content of ``result.json``.
            run: name of the folder.
            config: the run's configuration.

        Raises: InvalidInputError: for the layout of a newer version, or a missing field.
        """
        with reading(data, run, "an encoder's run") as (own, where):
            assessment, pretraining = read_assessment(own.pop("assessment")), own.pop("pretraining", None)
            given = {
                "run": run,
                "config": config,
                "assessment": assessment,
                "pretraining": None if pretraining is None else Pretraining.from_dict(pretraining),
            }
            return structured(own, cls, where=where, given=given)

    @property
    def p_henze_zirkler(self) -> float:
        """Henze–Zirkler's p-value before Holm's correction; NaN where the battery left it out."""
        p_values = (test.p_value for test in self.assessment.results if test.name == "henze_zirkler")
        return next(p_values, math.nan)

    def row(self) -> dict[str, Any]:
        """The record flat: informations in nats, scores as accuracies; what was not measured is None."""
        config, assessment, information = self.config, self.assessment, self.information
        return {
            "run": self.run,
            "seed": config.seed,
            "prior": config.prior,
            "squash": config.squash if config.prior == "uniform" else None,
            "dim": config.dim,
            "objective": config.objective.name,
            "level": self.level,
            "capacity": self.capacity,
            "n": self.n,
            "measured_on": self.measured_on,
            "information": None if information is None else information.bound,
            "information_ceiling": None if information is None else information.ceiling,
            "p_value": assessment.p_value,
            "rejected": assessment.rejected,
            "p_henze_zirkler": self.p_henze_zirkler,
            "n_star": None if assessment.n_star is None else _finite(assessment.n_star.estimate),
            "d2": assessment.effects["d2"].estimate,
            "sliced_w2": assessment.effects["sliced_w2"].estimate,
            **{f"index_{name}": interval.estimate for name, interval in assessment.index.items()},
            **self.scores,
            "silhouette": self.silhouette,
            "label_curve": self.label_curve,
            "train_seconds": self.train_seconds,
        }


@contextmanager
def reading(data: Mapping[str, Any], run: str, what: str) -> Iterator[tuple[dict[str, Any], str]]:
    """While open, turns whatever is wrong with ``data``, the result of ``what``, into one clear error.

    Yields: a copy of the data without the layout's version, and what a refusal calls it.

    Raises: InvalidInputError: also for the layout of a newer version.
    """
    own = SCHEMAS["result"].current(data, f"run {run}")
    where = f"the result of run {run} is not that of {what}"
    with refusing(where):
        yield own, where


def records_table(records: Iterable[RunRecord]) -> "pd.DataFrame":
    """Records as a table, one row per run in their order: see :meth:`RunRecord.row`."""
    import pandas as pd

    return pd.DataFrame([record.row() for record in records])


def _assessment_data(assessment: Assessment) -> dict[str, Any]:
    """For a result, which is the same whenever the run is made: the run's environment says with what, not the assessment.

    Differences follow from effects and their values at the prior.
    """
    return {name: value for name, value in assessment.to_dict().items() if name not in ("made", "differences")}


def read_assessment(data: Mapping[str, Any]) -> Assessment:
    """The inverse of :meth:`Assessment.to_dict <noisedim.assessment.result.Assessment.to_dict>`, but for pictures and date.

    JSON has no infinity: a missing bound of an interval, or a missing n*, is infinite; other missing numbers are NaN.
    """
    own = {name: value for name, value in data.items() if name not in ("tests", "p_value", "rejected", "differences")}
    own["results"] = [
        {**test, "calibrated_by": {k: v for k, v in test["calibrated_by"].items() if k != "words"}}
        for test in data["tests"].values()
    ]
    for name in ("effects", "index"):
        own[name] = {effect: _bounded(interval) for effect, interval in data[name].items()}
    own["n_star"] = None if data["n_star"] is None else _bounded(data["n_star"], missing=math.inf)
    return structured(own, Assessment, where="the assessment")


def _bounded(interval: Mapping[str, Any], *, missing: float = math.nan) -> dict[str, Any]:
    replaced = {"estimate": missing, "lower": -math.inf, "upper": math.inf}
    return {name: replaced.get(name) if value is None else value for name, value in interval.items()}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
