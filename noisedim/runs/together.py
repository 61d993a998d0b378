"""Makes many small runs together: those that differ in seed, noise and fold train as one ensemble.

For a GPU, which one small run does not keep busy. On a CPU :func:`~noisedim.runs.sweep.make_runs` uses the cores better.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import torch

from noisedim.checks import positive_integer
from noisedim.errors import TrainingDivergedError
from noisedim.runs.environment import environment
from noisedim.runs.make import split_images, store_trained
from noisedim.runs.store import RunStore
from noisedim.runs.sweep import SweepOutcome, make_runs
from noisedim.training import TrainConfig
from noisedim.training.ensemble import common_part, train_ensemble

__all__ = ["make_runs_together"]


def make_runs_together(
    configs: Sequence[TrainConfig],
    store: RunStore,
    *,
    data_root: str | None = None,
    device: str = "auto",
    most: int = 40,
    on_finished: Callable[[SweepOutcome], None] | None = None,
) -> list[SweepOutcome]:
    """Make what is missing of ``configs``, ensemble by ensemble, and return one outcome a configuration, in order.

    If a member diverges, its ensemble is made one by one, so that the others are there and the one is named.

    Args:
        configs: the runs; equal ones are made once.
        store: where they are kept.
        data_root: folder of the data sets.
        device: ``auto``, ``cpu`` or ``cuda``.
        most: members of an ensemble, at most.
        on_finished: called as each run ends.
    """
    positive_integer("most", most)
    unique = {config.digest(): config for config in configs}
    groups: dict[str, list[TrainConfig]] = defaultdict(list)
    for config in unique.values():
        # A map after training is fitted run by run.
        if not store.open(config).is_complete and config.gaussianise == "none":
            groups[common_part(config).digest()].append(config)
    for group in groups.values():
        for start in range(0, len(group), most):
            try:
                _make_ensemble(group[start : start + most], store, data_root, device)
            except TrainingDivergedError:
                continue  # below, one by one: whichever does not diverge is made, and the one that does is named
    return make_runs(configs, store, data_root=data_root, device=device, jobs=1, on_finished=on_finished)


def _make_ensemble(configs: Sequence[TrainConfig], store: RunStore, data_root: str | None, device: str) -> None:
    with ExitStack() as held:
        # In one order everywhere: two processes that want the same folders wait for each other, and never both.
        folders = sorted((store.open(config) for config in configs), key=lambda folder: folder.path.name)
        for folder in folders:
            held.enter_context(folder.lock())
        missing = [config for config in configs if not store.open(config).is_complete]
        if not missing:
            return
        splits = [split_images(config, data_root) for config in missing]
        results = train_ensemble(
            missing,
            [split.images.images[torch.from_numpy(split.train)] for split in splits],
            device=device,
            checkpoints=[store.open(config).checkpoint_path for config in missing],
        )
        for config, split, result in zip(missing, splits, results, strict=True):
            folder = store.open(config)
            folder.write_environment(environment())
            store_trained(folder, config, split, result)
