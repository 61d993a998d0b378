"""What every objective answers with, and how the training loop and others call one."""

import math
from abc import abstractmethod
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any, ClassVar, NamedTuple, ParamSpec, Self, TypeVar

import torch
from torch import nn

from noisedim.channel import NoisyChannel
from noisedim.checks import bounded_tensor
from noisedim.precision import at_least_single

__all__ = ["BatchObjective", "Objective", "ObjectiveValue", "in_single"]

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def in_single(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """``function`` on tensors of at least single precision, outside of the caller's autocast.

    In half precision sums of squares overflow from 256 on, a length of zero is divided by zero, and a kernel's products
    would be most of what is measured.
    """

    @wraps(function)
    def computed(*args: Given.args, **options: Given.kwargs) -> Answer:
        tensors = [value for value in (*args, *options.values()) if isinstance(value, torch.Tensor)]
        if not tensors:
            return function(*args, **options)  # which refuses it
        given: list[Any] = [at_least_single(value) if isinstance(value, torch.Tensor) else value for value in args]
        named: dict[str, Any] = {
            name: at_least_single(value) if isinstance(value, torch.Tensor) else value
            for name, value in options.items()
        }
        kind = tensors[0].device.type
        with torch.autocast(kind, enabled=False) if torch.amp.is_autocast_available(kind) else nullcontext():
            return function(*given, **named)

    return computed


def _examine_first(objective: nn.Module, given: tuple[Any, ...]) -> None:
    """Refuse NaN, infinities and sizes that overflow in the first batch that an objective trains on."""
    if not (objective.training and objective._unexamined) or torch.compiler.is_compiling():
        return
    for value in given:
        if isinstance(value, torch.Tensor):
            bounded_tensor("the objective's input", value)
    objective._unexamined = False  # type: ignore[assignment]


class ObjectiveValue(NamedTuple):
    """A loss to minimise, and what it says about information.

    Attributes:
        loss: 0-d tensor with gradients; minimise it.
        bound: 0-d tensor without gradients: the estimate of a lower bound on I(f(X′); f(X)+Z), nats. An estimate from
            one batch is noisy, and close to ``ceiling`` it means nothing.
        ceiling: the largest value, in nats, that ``bound`` can be trusted to show with this many samples. Do not
            compare ``bound`` with a capacity above it.

    >>> loss, bound, ceiling = ObjectiveValue.without_bound(torch.tensor(2.0))
    >>> float(loss), float(bound), ceiling
    (2.0, nan, inf)
    """

    loss: torch.Tensor
    bound: torch.Tensor
    ceiling: float

    @classmethod
    def without_bound(cls, loss: torch.Tensor) -> Self:
        """The value of an objective that estimates no information: bound NaN, no ceiling."""
        return cls(loss, torch.full_like(loss, math.nan, requires_grad=False), math.inf)


class BatchObjective(nn.Module):
    """What the training loop asks of an objective: its value on one batch of the encoder's raw output."""

    reconstructs: ClassVar[bool] = False
    """Whether it sees one view of each image, and the image itself, instead of two views."""
    normalised: ClassVar[bool] = False
    """Whether it sees the channel's normalised output, so that offset and scale of coordinates do not matter."""
    outputs_a_dimension: ClassVar[int] = 1
    """What the encoder puts out for each coordinate of the embedding; the embedding comes first."""

    def __init__(self) -> None:
        super().__init__()
        # Later batches are not read back from the device; there the loss says it.
        self._unexamined = True
        self.register_forward_pre_hook(_examine_first)

    @abstractmethod
    def on_batch(
        self,
        raw: torch.Tensor,
        images: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        """Loss, bound and ceiling for one batch.

        Args:
            raw: the encoder's output, (views · n, d · ``outputs_a_dimension``), the first views of all images first.
            images: what was encoded, (views · n, *shape), in [0, 1].
            channel: gives prior, normalisation and noise.
            generator: draws what is random.
            estimate: without it the bound may be NaN where it costs extra.
        """


class Objective(BatchObjective):
    """An objective on two views' clean embeddings: ``objective(z, z_prime, channel)``.

    ``z`` is f(X), ``z_prime`` f(X′), both normalised, shape (n, d), row i of each from one image. The channel gives the
    prior and the noise level; objectives on samples also draw its noise. Where :attr:`normalised` is false, both are
    the encoder's raw output instead: such an objective has its own way to fix the scale.
    """

    normalised: ClassVar[bool] = True

    @abstractmethod
    def forward(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        """Loss, bound and ceiling for one batch; without ``estimate`` the bound may be NaN where it costs extra."""

    def on_batch(
        self,
        raw: torch.Tensor,
        images: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        z, z_prime = (channel.normalise(raw) if self.normalised else raw).chunk(2)
        value: ObjectiveValue = self(z, z_prime, channel, generator=generator, estimate=estimate)
        return value
