"""What a file of Table 1 holds: one record per run, effects by method and level, and the protocol."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.files import read_json, write_json_atomically
from noisedim.report.table_1.verdicts import NoiseEffect
from noisedim.runs.store import RunFolder
from noisedim.runs.studies.block_scores import packed_bits, unpacked_bits
from noisedim.schema import SCHEMAS, refusing, structured

__all__ = ["FailedTableRun", "NoiseTable", "TableRecord"]

_QUESTION = "noise in other methods"


@dataclass(frozen=True, kw_only=True)
class TableRecord:
    """One run: accuracies of the probes on the test images, and the law of its embeddings.

    Attributes:
        method, sigma, seed: which run.
        run: its folder.
        data: the images' name.
        n: test images.
        top1, top5: of the linear probe on the backbone's features; None where there are few classes.
        knn: of nearest neighbours there.
        embedding_top1: of the linear probe on the embedding.
        penalty: the probe's, as chosen on a tenth of the training images.
        rank_embedding, rank_features: effective ranks.
        d2_embedding, kurtosis_error_embedding, sliced_w2_embedding: distance of the embedding's law from N(0, I).
        loss, spread: the last of training.
        train_seconds: how long it trained.
        config: digest of its configuration; empty in tables written before records held it.
        correct: which test images the probe on the features classifies rightly, packed
            (:func:`~noisedim.runs.studies.block_scores.unpacked_bits`); empty as ``config``.
        environment: where it was made.
    """

    method: str
    sigma: float
    seed: int
    run: str
    data: str
    n: int
    top1: float
    top5: float | None
    knn: float
    embedding_top1: float
    penalty: float
    rank_embedding: float
    rank_features: float
    d2_embedding: float
    kurtosis_error_embedding: float
    sliced_w2_embedding: float
    loss: float
    spread: float
    train_seconds: float
    config: str
    correct: str
    environment: Mapping[str, Any]

    @classmethod
    def of(cls, folder: RunFolder, *, method: str, sigma: float, seed: int) -> Self:
        """From a complete run.

        Raises: InvalidInputError: for a run whose backbone was not probed.
        """
        record, metrics, arrays = folder.read_record(), folder.read_metrics()[-1], folder.read_embeddings()
        found = record.pretraining
        if found is None or not found.probes:
            raise InvalidInputError(f"expected a run with probes of a backbone; {folder.path.name} has none")
        features, effects = found.probes["features"], record.assessment.effects
        return cls(
            method=method,
            sigma=sigma,
            seed=seed,
            run=record.run,
            data=record.data or record.config.data.name,
            n=record.n,
            top1=features.top1,
            top5=features.top5,
            knn=features.knn,
            embedding_top1=found.probes["embedding"].top1,
            penalty=features.penalty,
            rank_embedding=found.effective_rank["embedding"],
            rank_features=found.effective_rank["features"],
            d2_embedding=effects["d2"].estimate,
            kurtosis_error_embedding=effects["kurtosis_error"].estimate,
            sliced_w2_embedding=effects["sliced_w2"].estimate,
            loss=metrics["loss"],
            spread=metrics["spread"],
            train_seconds=record.train_seconds,
            config=record.config.digest(),
            correct=packed_bits(arrays["predictions"] == arrays["prediction_labels"]),
            environment=folder.read_environment(),
        )

    @property
    def hits(self) -> np.ndarray:
        """Which test images the probe on the features classifies rightly, (n,) of bool."""
        return unpacked_bits(self.correct, self.n)


@dataclass(frozen=True)
class FailedTableRun:
    """A run that ended in an error."""

    method: str
    seed: int
    error: str


@dataclass(frozen=True, kw_only=True)
class NoiseTable:
    """One table, as its file holds it.

    Attributes:
        profile: key of :data:`~noisedim.report.table_1.plan.PROFILES`.
        protocol: in one sentence.
        comparable: whether its figures may stand next to the paper's.
        data: the images' name.
        n_test: test images; None before any run is complete.
        margin: of equivalence.
        alpha: family-wise error rate.
        methods, sigmas: rows of the table.
        steps: of each run.
        records: one per complete run.
        effects: by method, one per level other than 0.
        missing: how many runs are not complete, those that failed among them.
        failed: runs that ended in an error.
        settings: by method, a configuration.
    """

    profile: str
    protocol: str
    comparable: bool
    data: str
    n_test: int | None
    margin: float
    alpha: float
    methods: tuple[str, ...]
    sigmas: tuple[float, ...]
    steps: int
    records: tuple[TableRecord, ...]
    effects: Mapping[str, tuple[NoiseEffect, ...]]
    missing: int
    failed: tuple[FailedTableRun, ...]
    settings: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Self:
        """From its file.

        Raises: InvalidInputError: if the file is something else.
        """
        data = read_json(path)
        if not isinstance(data, dict) or data.get("question") != _QUESTION:
            raise InvalidInputError(f"expected a table written by noisedim table-1; {path} is something else")
        table = structured(SCHEMAS["table-1"].current(data, str(path)), cls, where=str(path), surplus="ignored")
        with refusing(str(path)):
            for record in table.records:
                if record.correct:
                    unpacked_bits(record.correct, table.n_test or record.n)
        return table

    def write(self, path: Path) -> None:
        """To its file.

        Raises: StorageError: if it cannot be written; the old file is intact.
        """
        write_json_atomically(path, SCHEMAS["table-1"].stamped({"question": _QUESTION, **asdict(self)}))

    def of(self, method: str, sigma: float) -> list[TableRecord]:
        """The records of one cell."""
        return [record for record in self.records if (record.method, record.sigma) == (method, sigma)]

    def effect(self, method: str, sigma: float) -> NoiseEffect | None:
        """What noise does in one cell; None at σ = 0 and with fewer than two seeds."""
        return next((effect for effect in self.effects.get(method, ()) if effect.sigma == sigma), None)

    @property
    def planned_effects(self) -> int:
        """How many levels other than 0 all methods have together."""
        return len(self.methods) * (len(self.sigmas) - 1)

    @property
    def planned_seeds(self) -> int:
        """Of each cell."""
        return (len(self.records) + self.missing) // (len(self.methods) * len(self.sigmas))

    @property
    def hours_left(self) -> float | None:
        """Hours that the missing runs would train, as long each as those that are there; None without any."""
        if not self.records or not self.missing:
            return None
        return self.missing * sum(record.train_seconds for record in self.records) / len(self.records) / 3600

    @property
    def trains_on(self) -> str:
        """Name of the data set, as configurations have it."""
        return self.settings[self.methods[0]]["data"]["name"]
