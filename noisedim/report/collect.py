"""From run folders to rows of numbers. Draws and renders nothing."""

from collections.abc import Iterable
from typing import Any

from noisedim.report.profiles import Plan
from noisedim.runs.make_generator import AnyConfig
from noisedim.runs.store import RunFolder, RunStore
from noisedim.training import TrainConfig

__all__ = ["environments", "missing_runs", "run_row", "run_rows"]


def run_row(config: TrainConfig, folder: RunFolder) -> dict[str, Any]:
    """What one complete run found, flat: informations in nats, scores as accuracies."""
    result = folder.read_result()
    assessment = result["assessment"]
    information = result["information"] or {"bound": None, "ceiling": None}
    row = {
        "run": folder.path.name,
        "seed": config.seed,
        "prior": config.prior,
        "squash": config.squash if config.prior == "uniform" else None,
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
        "p_henze_zirkler": assessment["tests"].get("henze_zirkler", {"p_value": float("nan")})["p_value"],
        "d2": assessment["effects"]["d2"]["estimate"],
        "sliced_w2": assessment["effects"]["sliced_w2"]["estimate"],
        "silhouette": result.get("silhouette"),
        "train_seconds": result["train_seconds"],
        **result.get("scores", {}),
    }
    for name, index in assessment["index"].items():
        row[f"index_{name}"] = index["estimate"]
    return row


def run_rows(configs: Iterable[TrainConfig], store: RunStore) -> list[dict[str, Any]]:
    """One row a complete run of ``configs``, in their order."""
    folders = ((config, store.open(config)) for config in configs)
    return [run_row(config, folder) for config, folder in folders if folder.is_complete]


def _distinct(plan: Plan) -> list[AnyConfig]:
    return list({config.digest(): config for config in plan.configs}.values())


def missing_runs(plan: Plan, store: RunStore) -> int:
    """How many runs of ``plan`` are not there."""
    return sum(not store.open(config).is_complete for config in _distinct(plan))


def environments(plan: Plan, store: RunStore) -> list[dict[str, Any]]:
    """The distinct machines and versions that made the runs of ``plan``, with how many runs each made (``runs``)."""
    found: dict[str, dict[str, Any]] = {}
    for config in _distinct(plan):
        folder = store.open(config)
        if folder.is_complete:
            environment = folder.read_environment()
            entry = found.setdefault(str(sorted(environment.items())), {**environment, "runs": 0})
            entry["runs"] += 1
    return list(found.values())
