"""Table 1: does noise help, harm, or neither in methods that are not about noise? Grid, runs and verdicts.

Each method is trained with several noise levels and the same seeds; what is asked is the difference of a level from σ = 0,
seed by seed, in the top-1 accuracy of an offline linear probe on the backbone's features.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.files import write_json_atomically
from noisedim.runs.environment import environment
from noisedim.runs.store import RunFolder, RunStore
from noisedim.runs.sweep import SweepOutcome, make_runs
from noisedim.statistics.combining import holm
from noisedim.statistics.equivalence import crossed_mean
from noisedim.training import DataConfig, TrainConfig
from noisedim.training.loop import resolve_device
from noisedim.training.recipes import pretraining, with_epochs

__all__ = [
    "PROFILES",
    "SIGMAS",
    "NoiseEffect",
    "TableProfile",
    "make_table",
    "noise_effects",
    "table_configs",
]

SIGMAS = (0.0, 0.1, 0.3, 0.5)
ALPHA = 0.05


@dataclass(frozen=True)
class TableProfile:
    """How much is trained.

    Attributes:
        data: which images; the judge is their test split.
        images: how many train, which the epochs are counted in.
        epochs: passes over them.
        seeds: how many.
        methods: by the names of :data:`~noisedim.training.recipes.METHOD_NAMES`.
        margin: of equivalence, as a share of the test images; stated before anything is trained.
        words: the protocol in one sentence.
        changes: what differs from Appendix C, by field of the configuration.
        narrow_head: widths of the head's layers where the backbone is narrow, for all methods; the paper's if 0.
        comparable: whether its figures may stand beside the paper's.
    """

    data: DataConfig
    images: int
    epochs: float
    seeds: int
    methods: tuple[str, ...]
    margin: float
    words: str
    changes: Mapping[str, Any]
    narrow_head: int = 0
    comparable: bool = False


_BOTH = ("simclr", "vicreg")
_NARROW = {"width": 8, "batch_size": 128}
PROFILES: dict[str, TableProfile] = {
    "smoke": TableProfile(
        DataConfig(name="digits", fold=0, limit=400),
        320,
        1,
        2,
        _BOTH,
        0.05,
        "a few steps on digits: does everything work? Its figures mean nothing",
        {"width": 4, "batch_size": 64},
        narrow_head=32,
    ),
    "cifar-short": TableProfile(
        DataConfig(name="cifar10-jpeg", test_split=True, skip=10_000, limit=4_000),
        4_000,
        2,
        3,
        _BOTH,
        0.02,
        "shortened for a CPU: CIFAR-10 (JPEG q75), 4,000 training images (10,001st to 14,000th), 2 epochs of 128, "
        "ResNet-18 of an eighth of the width (8 channels in the first stage, 64 features), heads [256, 64] and "
        "[256, 256, 256], three seeds; all else as Appendix C",
        _NARROW,
        narrow_head=256,
    ),
    "cifar-jpeg": TableProfile(
        DataConfig(name="cifar10-jpeg", test_split=True),
        50_000,
        800,
        5,
        _BOTH,
        0.01,
        "Appendix C on CIFAR-10 (JPEG q75), five seeds: other images than the paper's, not to be set beside its figures",
        {},
    ),
    "cifar10": TableProfile(
        DataConfig(name="cifar10", test_split=True),
        50_000,
        800,
        5,
        _BOTH,
        0.01,
        "Appendix C on CIFAR-10, five seeds",
        {},
        comparable=True,
    ),
    "cifar100": TableProfile(
        DataConfig(name="cifar100", test_split=True),
        50_000,
        800,
        5,
        _BOTH,
        0.01,
        "Appendix C on CIFAR-100, five seeds",
        {},
        comparable=True,
    ),
}


@dataclass(frozen=True)
class NoiseEffect:
    """What noise of one level does to a method's top-1 accuracy, σ less σ = 0 on the same seeds.

    Attributes:
        sigma: the level.
        difference: mean over seeds.
        seed_error: standard error of that mean by the scatter over seeds, the test images given.
        image_error: standard error by the test images, the trained encoders given: of the mean over images of the
            difference of hits, averaged over seeds. For one accuracy it is the binomial error.
        lower, upper: 95% interval with both errors, Student's t with the seeds' degrees of freedom.
        p_value: two-sided, no difference; by the same t.
        adjusted_p_value: after Holm over the levels of all methods.
        equivalence_p_value: one-sided twice, a difference of the margin or more.
        adjusted_equivalence_p_value: after Holm over the levels of all methods.
        verdict: ``neither`` where the difference is decided to be smaller than the margin (it may be real all the same),
            else ``helps`` or ``harms`` where it is decided not to be zero, else ``not decided``.
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
    verdict: str
    seeds: int


def table_configs(
    profile: TableProfile,
    *,
    methods: Sequence[str] | None = None,
    seeds: int | None = None,
    epochs: float | None = None,
) -> dict[str, dict[float, list[TrainConfig]]]:
    """The runs, by method and noise level, one a seed."""
    grid: dict[str, dict[float, list[TrainConfig]]] = {}
    for method in profile.methods if methods is None else methods:
        grid[method] = {}
        for sigma in SIGMAS:
            config = replace(pretraining(method, profile.data, sigma=sigma), **profile.changes)
            if profile.narrow_head:
                wide = profile.narrow_head
                dim = wide // 4 if len(config.head) == 1 else wide
                config = replace(config, head=(wide,) * len(config.head), dim=dim)
            config = with_epochs(config, profile.images, epochs=profile.epochs if epochs is None else epochs)
            grid[method][sigma] = [
                replace(config, seed=seed) for seed in range(profile.seeds if seeds is None else seeds)
            ]
    return grid


def noise_effects(
    hits: Mapping[str, Mapping[float, Mapping[int, np.ndarray]]], *, margin: float
) -> dict[str, list[NoiseEffect]]:
    """The effect of each noise level in each method, all of them one family.

    Args:
        hits: by method, σ (0 among them) and seed: whether each test image was classified right, (n,) of 0 and 1, in one
            order for all.
        margin: differences smaller than this count as none; stated before the data are seen.

    Returns: by method, one entry a level other than 0 that shares two seeds or more with it.

    Raises: InvalidInputError: if a method has no σ = 0, or runs were judged by other numbers of images.
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
    adjusted: Any = holm([row["p_value"] for *_, row in found]) if found else []
    adjusted_equivalence: Any = holm([row["equivalence_p_value"] for *_, row in found]) if found else []
    effects: dict[str, list[NoiseEffect]] = {method: [] for method in hits}
    for (method, sigma, row), p, q in zip(found, adjusted, adjusted_equivalence, strict=True):
        differs, equal = p <= ALPHA, q <= ALPHA
        verdict = "not decided"
        if equal:
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
    # Degrees of freedom are those of the seeds alone, the fewest there can be: this errs on the wide side.
    mean = replace(mean, degrees=mean.n - 1)
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


def make_table(
    name: str,
    store: RunStore,
    output: Path,
    *,
    methods: Sequence[str] | None = None,
    seeds: int | None = None,
    epochs: float | None = None,
    data_root: str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    on_finished: Callable[[SweepOutcome], None] | None = None,
) -> dict[str, Any]:
    """Make what is missing of a table's runs and write what they say to ``output``; killed, it goes on when asked again.

    Args:
        name: of a profile.
        store: where runs are kept.
        output: JSON file to write.
        methods, seeds, epochs: instead of the profile's; the protocol's words then say so.
        data_root: folder of the data sets.
        device: where to train.
        jobs: runs at a time; if omitted one on a GPU, which it keeps busy, and else the number of cores.
        on_finished: called as each run ends.

    Returns: what was written.
    """
    profile = PROFILES[one_of("profile", name, tuple(PROFILES))]
    grid = table_configs(profile, methods=methods, seeds=seeds, epochs=epochs)
    configs = [config for by_sigma in grid.values() for runs in by_sigma.values() for config in runs]
    # Seed by seed, so that a table cut short has whole pairs.
    configs.sort(key=lambda config: config.seed)
    if jobs is None and resolve_device(device).type == "cuda":
        jobs = 1
    made = make_runs(configs, store, data_root=data_root, device=device, jobs=jobs, on_finished=on_finished)
    changed = {"methods": methods, "seeds": seeds, "epochs": epochs}
    named = ", ".join(f"{key} = {value}" for key, value in changed.items() if value is not None)
    words = profile.words + (f"; but changed: {named}" if named else "")
    table = summarise(grid, store, made, margin=profile.margin)
    table |= {
        "question": "noise in other methods",
        "profile": name,
        "protocol": words,
        "comparable": profile.comparable and not named,
        "environment": environment(),
    }
    write_json_atomically(output, table)
    return table


def summarise(
    grid: Mapping[str, Mapping[float, Sequence[TrainConfig]]],
    store: RunStore,
    outcomes: Iterable[SweepOutcome],
    *,
    margin: float,
) -> dict[str, Any]:
    """What complete runs of ``grid`` say: a record each, effects and verdicts, and the failed ones by name."""
    hits: dict[str, dict[float, dict[int, np.ndarray]]] = {}
    records: list[dict[str, Any]] = []
    for method, by_sigma in grid.items():
        for sigma, configs in by_sigma.items():
            for config in configs:
                folder = store.open(config)
                if not folder.is_complete:
                    continue
                records.append({"method": method, "sigma": sigma, "seed": config.seed, **_record(folder)})
                arrays = folder.read_embeddings()
                right = arrays["predictions"] == arrays["prediction_labels"]
                hits.setdefault(method, {}).setdefault(sigma, {})[config.seed] = right
    effects = noise_effects({method: own for method, own in hits.items() if 0.0 in own}, margin=margin)
    first = next(iter(next(iter(grid.values())).values()))[0]
    return {
        "data": records[0]["data"] if records else first.data.name,
        "n_test": records[0]["n"] if records else None,
        "margin": margin,
        "alpha": ALPHA,
        "methods": list(grid),
        "sigmas": list(SIGMAS),
        "steps": first.steps,
        "records": records,
        "effects": {method: [asdict(effect) for effect in own] for method, own in effects.items()},
        "missing": sum(len(configs) for own in grid.values() for configs in own.values()) - len(records),
        "failed": [
            {"method": _method_of(grid, outcome.config), "seed": outcome.config.seed, "error": outcome.error}
            for outcome in outcomes
            if outcome.error is not None
        ],
        "settings": {method: next(iter(own.values()))[0].to_dict() for method, own in grid.items()},
    }


def _method_of(grid: Mapping[str, Mapping[float, Sequence[TrainConfig]]], config: object) -> str:
    return next(method for method, own in grid.items() if any(config in configs for configs in own.values()))


def _record(folder: RunFolder) -> dict[str, Any]:
    """What one run found, flat."""
    result = folder.read_result()
    found, metrics = result["pretraining"], folder.read_metrics()[-1]
    return {
        "run": folder.path.name,
        "data": result["data"],
        "n": result["n"],
        "top1": found["probes"]["features"]["top1"],
        "top5": found["probes"]["features"]["top5"],
        "knn": found["probes"]["features"]["knn"],
        "embedding_top1": found["probes"]["embedding"]["top1"],
        "penalty": found["probes"]["features"]["penalty"],
        "rank_embedding": found["effective_rank"]["embedding"],
        "rank_features": found["effective_rank"]["features"],
        "d2_embedding": result["assessment"]["effects"]["d2"]["estimate"],
        "kurtosis_error_embedding": result["assessment"]["effects"]["kurtosis_error"]["estimate"],
        "sliced_w2_embedding": result["assessment"]["effects"]["sliced_w2"]["estimate"],
        "loss": metrics["loss"],
        "spread": metrics["spread"],
        "train_seconds": result["train_seconds"],
    }
