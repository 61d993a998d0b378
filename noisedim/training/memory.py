"""Out of memory, in words: what a step takes an image, and how many images would fit."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from noisedim.errors import InvalidInputError, OutOfMemoryError

if TYPE_CHECKING:
    from noisedim.training.loop import Trainer

__all__ = ["StepMemory", "bytes_free", "bytes_kept", "explaining_memory", "is_out_of_memory", "measure_step"]

_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")
# What the backward pass holds beside the tensors that were kept for it. With that, the advice of the tests' examples is
# true, and not by much too careful.
_ROOM = 1.5
# Images of which a step is measured first.
_FEW = 32


def is_out_of_memory(error: BaseException) -> bool:
    """Whether PyTorch, its allocators or Python say that there is no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


def bytes_kept(compute: Callable[[], torch.Tensor], *, but: Iterator[torch.Tensor]) -> int:
    """How much ``compute()`` keeps for its backward pass, views of one storage once, without that of ``but``."""
    seen = {tensor.untyped_storage().data_ptr() for tensor in but}
    sizes = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in seen:
            seen.add(storage.data_ptr())
            sizes.append(storage.nbytes())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        # The result holds the graph, which holds what was kept: no address is used twice meanwhile.
        result = compute()
    del result
    return sum(sizes)


class StepMemory:
    """What a step keeps for its backward pass on one rank, as a quadratic in the images of a batch.

    Args:
        encoder: bytes an image, of the encoder, which ranks share.
        linear, square: bytes of the objective, an image and a pair of images, on every rank.
        size: number of ranks.
    """

    def __init__(self, encoder: float, linear: float, square: float, size: int = 1) -> None:
        self.linear = encoder / size + linear
        self.square = square
        self.size = size

    def __call__(self, images: int) -> float:
        """Bytes for a batch of so many images."""
        return images * (self.linear + images * self.square)

    def most_images(self, room: float) -> int:
        """The largest batch that takes at most ``room`` bytes and that all ranks share equally; 0 if none does."""
        if room <= 0:
            return 0
        # a·n + b·n² = room, in the form that does not cancel.
        images = 2 * room / (self.linear + (self.linear**2 + 4 * self.square * room) ** 0.5)
        return int(images) // self.size * self.size


def measure_step(trainer: "Trainer") -> StepMemory:
    """Measures forward passes of small parts of a batch; the trainer's random state goes on.

    Raises: InvalidInputError: if the objective takes no batches that are small. RuntimeError: if not even two images fit.
    """
    inputs = trainer.next_inputs()
    images = trainer.config.batch_size // trainer.ranks.size
    few = max(2, min(_FEW, images // 4))
    least = 2
    while True:
        try:
            return _measured(trainer, inputs, few)
        except InvalidInputError:  # whitening, for one, needs more images than features
            least = few = 2 * few
            if 2 * few > images:
                raise
        except (RuntimeError, MemoryError) as error:
            # Libraries below PyTorch have their own words for no memory; it is known to be short here.
            if few // 2 < least:
                raise
            traceback.clear_frames(error.__traceback__)
            few //= 2


def _measured(trainer: "Trainer", inputs: torch.Tensor, few: int) -> StepMemory:
    # Rows of both views, or of the one that autoencoders see.
    views = len(inputs) * trainer.ranks.size // trainer.config.batch_size

    def weights() -> Iterator[torch.Tensor]:
        for module in (trainer.model, trainer.objective):
            yield from (*module.parameters(), *module.buffers())

    def kept(images: int, *, objective: bool) -> float:
        # A storage of their own: the whole batch's would be counted.
        rows = inputs[: views * images].clone()

        def compute() -> torch.Tensor:
            raw = trainer.model.encoder(rows)
            return trainer.evaluate(raw, rows, estimate=False).loss if objective else raw

        return bytes_kept(compute, but=weights()) / images

    encoder = kept(few, objective=False)
    small, large = (kept(images, objective=True) - encoder for images in (few, 2 * few))
    square = max(0.0, (large - small) / few)
    return StepMemory(encoder, max(0.0, small - few * square), square, trainer.ranks.size)


def bytes_free(device: torch.device) -> int | None:
    """What can still be allocated; None where the system does not say."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        return torch.cuda.mem_get_info(device)[0]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, StopIteration):
        return None
    import resource  # where there is /proc, there is this, and not everywhere

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return free if limit == resource.RLIM_INFINITY else min(free, limit - pages * resource.getpagesize())


def _advice(trainer: Any) -> str:
    """What would fit, measured; why that is not known, if it is not."""
    if not hasattr(trainer, "next_inputs"):
        return "a smaller batch_size takes less"
    try:
        step = measure_step(trainer)
        free = bytes_free(trainer.device)
    except (InvalidInputError, RuntimeError, MemoryError) as error:
        return f"a smaller batch_size takes less (how much, could not be measured: {error})"
    images = trainer.config.batch_size
    own = f"a step keeps about {step(images) / images / 2**20:.3g} MiB an image for its backward pass"
    if free is None:
        return own
    weights = sum(parameter.nbytes for parameter in trainer.parameters)
    # Gradients and the optimiser's two moments, unless they are there already.
    to_come = weights * (3 if not trainer.optimizer.state else 0)
    fits = step.most_images((free - to_come) / _ROOM)
    where = f"{free / 2**30:.3g} GiB of {trainer.device.type} memory are free now"
    if fits >= images:
        return f"{own}, and {where}, which would be enough: something else took it meanwhile"
    if fits < 2:
        return f"{own}, and {where}: no batch fits"
    return f"{own}, and {where}: batch_size={fits} would fit"


@contextmanager
def explaining_memory(trainer: Any) -> Iterator[None]:
    """Around a step of ``trainer``: running out of memory becomes one sentence.

    Raises: OutOfMemoryError: with the batch size and, for encoders, what would fit. Checkpoints are as they were.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        # What the step had allocated hangs on its frames.
        traceback.clear_frames(error.__traceback__)
        what = f"batch_size={trainer.run.batch_size}" if hasattr(trainer.run, "batch_size") else "a step"
        raise OutOfMemoryError(
            f"{what} does not fit into the memory of {trainer.device.type} at step {trainer.steps_done + 1}: "
            f"{_advice(trainer)}. The last checkpoint is intact"
        ) from error
