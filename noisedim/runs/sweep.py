"""Makes many runs at once with joblib, on this machine or on a cluster.

If a worker is killed, nothing is lost and nothing is made twice: runs are stored by their configuration, a complete one
is not made again, and an incomplete one is resumed from its checkpoint by the worker that takes it next. A run whose worker
is killed twice is a failed run; the others go on.
"""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from noisedim.checks import one_of, positive_integer
from noisedim.errors import InvalidInputError, NoisedimError
from noisedim.runs.make_generator import AnyConfig, make_any_run
from noisedim.runs.store import RunFolder, RunStore
from noisedim.runs.workers import KILLED, in_workers, prepare_worker
from noisedim.training.config import TrainConfig
from noisedim.training.execution import Execution, resolve_device

__all__ = ["Backend", "SweepOutcome", "available_cores", "make_runs"]

Backend = Literal["local", "dask", "ray"]


@dataclass(frozen=True)
class SweepOutcome:
    """One configuration of a sweep, with the folder of its run or the error that ended it."""

    config: AnyConfig
    folder: RunFolder | None
    error: str | None

    @property
    def words(self) -> str:
        """The run in a few words, for a progress display."""
        return f"last {self.config.title}" + ("" if self.error is None else ": FAILED")


def available_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one(
    config: AnyConfig, root: Path, data_root: str | None, device: str, execution: Execution | None
) -> tuple[str, str | None]:
    prepare_worker()
    options = {"execution": execution} if isinstance(config, TrainConfig) else {}
    try:
        with warnings.catch_warnings():
            # A sweep goes over capacities on purpose, and past what a batch can see.
            warnings.filterwarnings("ignore", message="the channel's capacity of")
            make_any_run(config, RunStore(root), data_root=data_root, device=device, **options)
    except NoisedimError as error:
        # A failed run is part of the result: the others continue, and the report names it.
        return config.digest(), f"{type(error).__name__}: {error}"
    return config.digest(), None


def _killed(config: AnyConfig) -> tuple[str, str | None]:
    return config.digest(), KILLED


@contextmanager
def _workers(backend: Backend, address: str | None, jobs: int | None) -> Iterator[int]:
    """Sets joblib's backend up while open; yields how many runs to make at a time."""
    from joblib import parallel_config

    if backend == "local":
        if address is not None:
            raise InvalidInputError(
                f"address is where a cluster's scheduler is; backend 'local' has none, got {address!r}"
            )
        jobs = available_cores() if jobs is None else jobs
        # Many small models train faster with one thread each than one after the other on all cores.
        with parallel_config(backend="loky", inner_max_num_threads=max(1, available_cores() // jobs)):
            yield jobs
    elif backend == "dask":
        distributed = _imported("distributed", "dask")
        if address is None:
            raise InvalidInputError("backend 'dask' needs address, the scheduler's, such as tcp://127.0.0.1:8786")
        with (
            distributed.Client(address, set_as_default=False) as client,
            parallel_config(backend="dask", client=client, retries=3),
        ):
            yield -1 if jobs is None else jobs
    else:
        ray = _imported("ray", "ray")
        from ray.util.joblib import register_ray

        if not ray.is_initialized():
            ray.init(address=address, include_dashboard=False, log_to_driver=False)
        register_ray()
        with parallel_config(backend="ray"):
            yield -1 if jobs is None else jobs


def _imported(module: str, extra: str) -> Any:
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError:
        raise InvalidInputError(
            f"backend {extra!r} needs {module}, which is not installed; pip install 'noisedim[{extra}]' brings it"
        ) from None


def make_runs(
    configs: Sequence[AnyConfig],
    store: RunStore,
    *,
    data_root: str | None = None,
    device: str = "auto",
    execution: Execution | None = None,
    jobs: int | None = None,
    backend: Backend = "local",
    address: str | None = None,
    on_finished: Callable[[SweepOutcome], None] | None = None,
) -> list[SweepOutcome]:
    """Make what is missing of ``configs``, several at a time, and return one outcome per configuration, in order.

    Args:
        configs: the runs; equal ones are made once.
        store: where they are kept; the workers of a cluster must see this folder, too.
        data_root: folder of the data sets.
        device: see :func:`~noisedim.training.execution.resolve_device`.
        execution: how encoders are computed.
        jobs: processes at a time, one thread each; default the number of cores, or all workers of a cluster.
        backend: ``local`` (processes of this machine), ``dask`` or ``ray``.
        address: of the cluster's scheduler.
        on_finished: called as each run ends, in this process.

    Raises: InvalidInputError: if the backend is not installed, or ``address`` is missing or not applicable.
    """
    from joblib import Parallel, delayed

    one_of("backend", backend, get_args(Backend))
    if jobs is not None:
        positive_integer("jobs", jobs)
    if backend == "local":
        resolve_device(device)  # once, instead of in every run
    unique = {config.digest(): config for config in configs}
    outcomes: dict[str, SweepOutcome] = {}

    def finished(digest: str, error: str | None) -> None:
        config = unique[digest]
        outcomes[digest] = SweepOutcome(config, None if error else store.open(config), error)
        if on_finished is not None:
            on_finished(outcomes[digest])

    missing = []
    for digest, config in unique.items():
        if store.open(config).is_complete:
            finished(digest, None)
        else:
            missing.append(config)
    # A map after training needs its plain run, which is then complete.
    missing.sort(key=lambda config: getattr(config, "gaussianise", "none") != "none")
    if missing:
        with _workers(backend, address, jobs) as workers:
            count = min(workers, len(missing)) if workers > 0 else workers
            one = partial(_one, root=store.root.absolute(), data_root=data_root, device=device, execution=execution)
            if backend == "local":
                for _, answer in in_workers(one, missing, jobs=count, failed=_killed):
                    finished(*answer)
                return [outcomes[config.digest()] for config in configs]
            work = (delayed(one)(config) for config in missing)
            # One run per task: runs are long, and the task of a killed worker is tried again.
            # Ray's pool reports results only when all of them are complete.
            answers = "list" if backend == "ray" else "generator_unordered"
            for digest, error in Parallel(n_jobs=count, batch_size=1, return_as=answers)(work):
                finished(digest, error)
    return [outcomes[config.digest()] for config in configs]
