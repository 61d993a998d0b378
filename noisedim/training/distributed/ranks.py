"""Several processes that train as one: who takes part, how they are started, and what each does of a step.

Every rank holds all images and draws the batch, its views and its noise from a generator in one state. It encodes its own
share of the rows; the objective is evaluated on the outputs of all ranks, by every rank. So normalisation, negatives and
partition functions are those of the global batch for every objective, and gradients are the single process's own, whatever
the number of ranks: a run can change it at any checkpoint. (But for dropout inside an encoder, which each rank draws for its
own rows; none of our encoders has any.)
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import nn

from noisedim.checks import one_of, positive_integer
from noisedim.errors import InvalidInputError, NoisedimError, RankLostError
from noisedim.training.distributed.exchange import rows_of_all_ranks, with_global_statistics
from noisedim.training.execution import Execution

__all__ = ["Ranks", "check_shares", "disconnect", "explaining_lost_rank", "is_printing_rank", "launch", "world_size"]

T = TypeVar("T")
_AS_IT_IS = Execution()


class Ranks:
    """This process among those that train together: the ``rank``-th of ``size``, or the only one.

    With more than one, PyTorch's default process group must be there (:func:`launch` makes it).
    """

    def __init__(self) -> None:
        there = dist.is_available() and dist.is_initialized()
        self.rank = dist.get_rank() if there else 0
        self.size = dist.get_world_size() if there else 1

    @classmethod
    def alone(cls) -> "Ranks":
        """One process, whatever process group there is."""
        ranks = cls()
        ranks.rank, ranks.size = 0, 1
        return ranks

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def sharing(
        self, encoder: nn.Module, device: torch.device, *, execution: Execution = _AS_IT_IS
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        """``encoder`` as a function of this rank's share of the rows that returns its output for all ranks' rows.

        Args:
            encoder: on ``device``, in ``train()`` mode; its weights and buffers are used and trained.
            device: of this rank.
            execution: how it is computed.

        Returns: a function of (n, …), n the same on all ranks, that returns (n·ranks, …), rank 0's rows first.
        """
        if self.size == 1:
            return execution.applied(encoder)
        share = nn.parallel.DistributedDataParallel(
            with_global_statistics(encoder, device), device_ids=[device] if device.type == "cuda" else None
        )

        run = execution.applied(share)
        return lambda own: rows_of_all_ranks(run(own))

    def share(self, rows: int) -> slice:
        """Which of so many rows are this rank's; their number must be divisible by that of ranks."""
        own = rows // self.size
        return slice(own * self.rank, own * (self.rank + 1))

    def rows_of_all(self, own: torch.Tensor) -> torch.Tensor:
        """The rows of all ranks, the first rank's first, from this rank's ``own``."""
        return own if self.size == 1 else rows_of_all_ranks(own)

    @torch.no_grad()
    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Gradients that every rank has computed whole: their mean, so that rounding never draws ranks apart."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if not gradients:
            return
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    def agree(self, value: T) -> T:
        """The first rank's ``value``, on all ranks."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def first(self, work: Callable[[], T]) -> T:
        """What ``work()`` returns on the first rank, the only one that does it; an error of ours is raised on all."""
        result: T | None = None
        error: NoisedimError | None = None
        if self.is_first:
            try:
                result = work()
            except NoisedimError as raised:
                error = raised
        result, error = self.agree((result, error))
        if error is not None:
            raise error
        return result  # type: ignore[return-value]

    def leave(self) -> None:
        """Disconnects the ranks once each of them has come here: the last call of a program whose ranks end together.

        Raises: RankLostError: where another rank ended before.
        """
        if self.size > 1:
            with explaining_lost_rank(self):
                dist.barrier()
            disconnect()

    @contextlib.contextmanager
    def first_holds(self, context: Callable[[], contextlib.AbstractContextManager[Any]]) -> Iterator[None]:
        """The first rank enters ``context()`` and leaves it at the end; where it can't, no rank goes on."""
        with contextlib.ExitStack() as stack:

            def enter() -> None:
                stack.enter_context(context())

            self.first(enter)
            yield


@contextlib.contextmanager
def explaining_lost_rank(ranks: Ranks) -> Iterator[None]:
    """Around a step: that another rank is gone becomes one sentence.

    Raises: RankLostError: where the connection to another rank broke.
    """
    try:
        yield
    except RuntimeError as error:
        # Gloo has no exception of its own.
        if ranks.size == 1 or not (isinstance(error, dist.DistError) or "Connection" in str(error)):
            raise
        raise RankLostError(
            f"rank {ranks.rank} of {ranks.size} cannot go on: another one has ended, and says why if it could. The last "
            "checkpoint is intact; the same command goes on, with any number of ranks"
        ) from error


def check_shares(batch_size: int, size: int) -> None:
    """Every rank has an equal share of a batch.

    Raises: InvalidInputError: for more ranks than images, or a batch that they cannot share equally.
    """
    if size > batch_size:
        raise InvalidInputError(f"every rank needs images; got {size} ranks and batch_size={batch_size}")
    if batch_size % size:
        raise InvalidInputError(
            f"batch_size must be divisible by the number of ranks; got batch_size={batch_size} and {size} ranks"
        )


def is_printing_rank() -> bool:
    """Whether this process is the first of those that train, connected already or not: the one that prints."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank() == 0
    return "TORCHELASTIC_RUN_ID" not in os.environ or os.environ.get("RANK", "0") == "0"


def world_size(devices: int = 1, nodes: int = 1) -> int:
    """How many ranks there will be: those that ``torchrun`` started, or ``devices`` on each of ``nodes``."""
    started = os.environ.get("WORLD_SIZE") if "TORCHELASTIC_RUN_ID" in os.environ else None
    devices, nodes = positive_integer("devices", devices), positive_integer("num_nodes", nodes)
    return int(started) if started else devices * nodes


def launch(devices: int = 1, nodes: int = 1, *, device: str = "auto") -> tuple[Ranks, torch.device]:
    """Starts the other ranks (each runs this program from its beginning), or joins those that a launcher started.

    By Lightning Fabric: on one machine without more ado, under ``torchrun`` or Slurm, which start all ranks themselves.

    Args:
        devices: ranks on a machine; what ``torchrun`` says, if it started this process.
        nodes: machines.
        device: ``auto``, ``cpu`` or ``cuda``: NCCL connects GPUs, Gloo connects CPUs.

    Returns: the ranks, and this one's device.

    Raises: InvalidInputError: without Lightning, with fewer GPUs than ranks, or where Slurm started another number.
    """
    try:
        from lightning.fabric import Fabric
        from lightning.fabric.strategies import DDPStrategy
    except ImportError:
        raise InvalidInputError("several ranks need Lightning: pip install 'noisedim[distributed]'") from None
    if "TORCHELASTIC_RUN_ID" in os.environ:
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = world_size() // devices
    one_of("device of several ranks", device, ("auto", "cpu", "cuda"))
    accelerator = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if accelerator == "cuda" and torch.cuda.device_count() < devices:
        raise InvalidInputError(
            f"every rank needs a GPU of its own; got {devices} and {torch.cuda.device_count()} here"
        )
    fabric = Fabric(accelerator=accelerator, devices=devices, num_nodes=nodes, strategy=DDPStrategy())
    try:
        fabric.launch()
    except ValueError as error:  # Fabric's word for a launcher that started another number of processes
        raise InvalidInputError(f"{devices} devices on {nodes} nodes are not what was started: {error}") from None
    return Ranks(), fabric.device


def disconnect() -> None:
    """Leaves the process group, if there is one, once the work with it is done.

    Connections that outlive the interpreter are torn down beside its ending threads, and a process whose work is done may
    abort. Not for a rank that ends in an error: Gloo would wait for what others have not answered.
    """
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
