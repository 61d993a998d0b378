"""From run folders to what the report says: tables, verdicts in words, provenance. Draws and renders nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from noisedim.report.profiles import Plan
from noisedim.runs.store import RunFolder, RunStore
from noisedim.runs.sweep import SweepOutcome
from noisedim.statistics.intervals import Interval, student_t
from noisedim.training import TrainConfig

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Embedding", "Findings", "Verdict", "collect"]


@dataclass(frozen=True)
class Embedding:
    """One picture of Figure 2."""

    title: str
    prior: str
    z: np.ndarray
    labels: np.ndarray | None
    words: str


@dataclass(frozen=True)
class Verdict:
    """A question, the answer in a word (``yes``, ``no``, ``in part``, ``not measured``), and the figures behind it."""

    question: str
    answer: str
    words: str


@dataclass(frozen=True)
class Findings:
    """All that a report says.

    Attributes:
        plan: which runs it rests on.
        rows: one dictionary a complete run, with its role.
        embeddings: for Figure 2; two-dimensional ones only.
        metrics: what the runs of Figure 2 logged in training, by title.
        verdicts: plain words first.
        environments: distinct machines and versions, with how many runs each made.
        missing: number of runs that are not there.
        failed: runs that ended in an error, in words.
    """

    plan: Plan
    rows: list[dict[str, Any]]
    embeddings: list[Embedding]
    metrics: dict[str, list[dict[str, float]]]
    verdicts: list[Verdict]
    environments: list[dict[str, Any]]
    missing: int
    failed: list[str] = field(default_factory=list)

    def frame(self, role: str) -> "pd.DataFrame":
        """The rows of one role (``headline`` or ``figure_1``) as a table."""
        import pandas as pd

        return pd.DataFrame([row for row in self.rows if row["role"] == role])


def _row(role: str, config: TrainConfig, folder: RunFolder) -> dict[str, Any]:
    result = folder.read_result()
    assessment = result["assessment"]
    information = result["information"] or {"bound": None, "ceiling": None}
    row = {
        "role": role,
        "run": folder.path.name,
        "seed": config.seed,
        "prior": config.prior,
        "dim": config.dim,
        "objective": config.objective.name,
        "level": result["level"],
        "capacity": round(result["capacity"], 6),
        "n": result["n"],
        "measured_on": result["measured_on"],
        "information": information["bound"],
        "ceiling": information["ceiling"],
        "p_value": assessment["p_value"],
        "rejected": assessment["rejected"],
        "p_henze_zirkler": assessment["tests"]["henze_zirkler"]["p_value"],
        "d2": assessment["effects"]["d2"]["estimate"],
        "sliced_w2": assessment["effects"]["sliced_w2"],
        "silhouette": result.get("silhouette"),
        "train_seconds": result["train_seconds"],
        **result.get("scores", {}),
    }
    for name, index in assessment["index"].items():
        row[f"index_{name}"] = index["estimate"]
    return row


def collect(plan: Plan, store: RunStore, failed: Sequence[SweepOutcome]) -> Findings:
    """Read the runs of ``plan`` that are complete.

    Args:
        plan: the runs.
        store: where they are.
        failed: outcomes of runs that ended in an error just now.
    """
    roles = {"headline": plan.headline, "figure_1": plan.figure_1}
    rows: list[dict[str, Any]] = []
    environments: dict[str, dict[str, Any]] = {}
    absent: set[str] = set()
    counted: set[str] = set()
    for role, configs in [*roles.items(), ("figure_2", plan.figure_2)]:
        for config in configs:
            folder = store.open(config)
            if not folder.is_complete:
                absent.add(config.digest())
                continue
            if role in roles:
                rows.append(_row(role, config, folder))
            if config.digest() not in counted:
                counted.add(config.digest())
                environment = folder.read_environment()
                entry = environments.setdefault(str(sorted(environment.items())), {**environment, "runs": 0})
                entry["runs"] += 1
    embeddings, metrics = [], {}
    for config in plan.figure_2:
        folder = store.open(config)
        if folder.is_complete and config.dim == 2:
            embedding = _embedding(config, folder)
            embeddings.append(embedding)
            metrics[embedding.title] = folder.read_metrics()
            rows.append(_row("figure_2", config, folder))
    words = [f"seed {outcome.config.seed}, {outcome.config.noise}: {outcome.error}" for outcome in failed]
    return Findings(plan, rows, embeddings, metrics, _verdicts(rows), list(environments.values()), len(absent), words)


def _embedding(config: TrainConfig, folder: RunFolder) -> Embedding:
    arrays, result = folder.read_embeddings(), folder.read_result()
    prior = config.build_prior()
    symbol = {"sigma": "σ", "epsilon": "ε"}[prior.level_name]
    law = {"normal": "N(0, I)", "uniform": "U[0, 1]²"}[config.prior]
    assessment = result["assessment"]
    found = "departs from" if assessment["rejected"] else "shows no departure from"
    words = (
        f"{config.objective.name}, seed {config.seed}; the battery on all {result['n']:,} images (which trained) "
        f"{found} {law}: family-wise p = {assessment['p_value']:.2g}; 5-NN accuracy {result['scores']['knn']:.3f}"
        if "scores" in result
        else ""
    )
    title = f"{law}, {symbol} = {config.noise.target(prior):g}"
    return Embedding(title, config.prior, arrays["z"], arrays.get("labels"), words)


def _interval_words(values: Sequence[float], *, level: float = 0.95, digits: int = 3) -> str:
    interval = student_t(values, level=level)
    return (
        f"{interval.estimate:.{digits}f} [{interval.lower:.{digits}f}, {interval.upper:.{digits}f}] "
        f"({level:.0%} t-interval, {interval.n} seeds)"
    )


def _verdicts(rows: list[dict[str, Any]]) -> list[Verdict]:
    return [*_headline_verdicts([r for r in rows if r["role"] == "headline"]), *_figure_1_verdicts(rows)]


def _headline_verdicts(rows: list[dict[str, Any]]) -> list[Verdict]:
    if not rows:
        return [Verdict("Does the embedding follow its prior?", "not measured", "the runs are not there")]
    passed_hz = sum(row["p_henze_zirkler"] > 0.05 for row in rows)
    passed = sum(not row["rejected"] for row in rows)
    p_values = ", ".join(f"{row['p_henze_zirkler']:.2g}" for row in rows)
    n = rows[0]["n"]
    first = Verdict(
        f"Do embeddings of the images that trained follow N(0, I)? (d = {rows[0]['dim']}, σ = {rows[0]['level']:g})",
        _share_word(passed, len(rows)),
        f"calibrated Henze–Zirkler does not reject {passed_hz} of {len(rows)} seeds at 5% (p = {p_values}; "
        f"n = {n:,}); "
        f"the whole battery, family-wise, does not reject {passed} of {len(rows)}. "
        "Training makes these very images match, so a p near 1 is closer than chance; "
        "held-out images are the honest test",
    )
    verdicts = [first]
    if "knn" in rows[0]:
        knn = [row["knn"] for row in rows]
        verdicts.append(
            Verdict(
                "Do the classes survive, though no label was used?",
                "in part" if np.mean(knn) < 0.95 else "yes",
                f"5-NN accuracy, 5-fold on embeddings of all images: {_interval_words(knn)}; "
                f"worst seed {min(knn):.3f}, best {max(knn):.3f}",
            )
        )
    return verdicts


def _share_word(part: int, whole: int) -> str:
    return "yes" if part == whole else "no" if part == 0 else "in part"


def _figure_1_verdicts(rows: list[dict[str, Any]]) -> list[Verdict]:
    rows = [row for row in rows if row["role"] == "figure_1"]
    if not rows:
        return [Verdict("Does Figure 1 of the paper come out?", "not measured", "the runs are not there")]
    capacities = sorted({row["capacity"] for row in rows})
    by_capacity = {c: [row for row in rows if row["capacity"] == c] for c in capacities}
    verdicts = []

    def column(capacity: float, name: str) -> list[float]:
        return [row[name] for row in by_capacity[capacity] if row.get(name) is not None]

    passed = {c: sum(not row["rejected"] for row in by_capacity[c]) for c in capacities}
    listed = ", ".join(f"{passed[c]}/{len(by_capacity[c])} at {c:g}" for c in capacities)
    total, runs = sum(passed.values()), len(rows)
    verdicts.append(
        Verdict(
            "Do embeddings of images that did not train follow N(0, I)?",
            _share_word(total, runs),
            f"seeds that the battery does not reject, by capacity in nats: {listed} "
            f"(n = {rows[0]['n']:,} held-out images)",
        )
    )
    informed = [c for c in capacities if column(c, "information")]
    if informed:
        over = [c for c in informed if _lower(column(c, "information")) > c]
        gaps = ", ".join(f"{np.mean(column(c, 'information')):.2f} at {c:g}" for c in informed)
        verdicts.append(
            Verdict(
                "Does the information stay below the capacity (5)?",
                "no" if over else "yes",
                f"mean lower bound on information, nats, by capacity: {gaps}",
            )
        )
    if "knn" in rows[0]:
        low, high = capacities[0], capacities[-1]
        paired = [b["knn"] - a["knn"] for a in by_capacity[low] for b in by_capacity[high] if a["seed"] == b["seed"]]
        interval = student_t(paired)
        answer = "yes" if interval.lower > 0 else "no" if interval.upper < 0 else "not decided"
        verdicts.append(
            Verdict(
                "Does a small capacity cost accuracy downstream?",
                answer,
                f"held-out 5-NN accuracy, {high:g} minus {low:g} nats, paired by seed: "
                f"{_interval_words(paired)}; at the capacities {', '.join(f'{c:g}' for c in capacities)}: "
                + ", ".join(f"{np.mean(column(c, 'knn')):.3f}" for c in capacities),
            )
        )
    return verdicts


def _lower(values: list[float]) -> float:
    interval: Interval = student_t(values)
    return interval.lower
