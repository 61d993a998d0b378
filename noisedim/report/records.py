"""From run folders to one row of numbers per run: the only reader of results in the report."""

from collections.abc import Iterable
from typing import Any

from noisedim.runs.make_generator import AnyConfig
from noisedim.runs.store import RunFolder, RunStore
from noisedim.training import TrainConfig

__all__ = ["distinct", "environments", "run_row", "run_rows"]


def run_row(config: TrainConfig, folder: RunFolder) -> dict[str, Any]:
    """The result of one complete run in one flat row: information in nats, scores as accuracies."""
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


def run_rows(configs: Iterable[AnyConfig], store: RunStore) -> list[dict[str, Any]]:
    """One row per complete run of an encoder in ``configs``, in their order."""
    folders = ((config, store.open(config)) for config in configs if isinstance(config, TrainConfig))
    return [run_row(config, folder) for config, folder in folders if folder.is_complete]


def distinct(configs: Iterable[AnyConfig]) -> list[AnyConfig]:
    """Each configuration once, in the order of first appearance."""
    return list({config.digest(): config for config in configs}.values())


def environments(configs: Iterable[AnyConfig], store: RunStore) -> list[dict[str, Any]]:
    """The machines and versions that made the complete runs of ``configs``, with the number of runs each (``runs``)."""
    found: dict[str, dict[str, Any]] = {}
    for config in distinct(configs):
        folder = store.open(config)
        if folder.is_complete:
            environment = folder.read_environment()
            entry = found.setdefault(str(sorted(environment.items())), {**environment, "runs": 0})
            entry["runs"] += 1
    return list(found.values())
