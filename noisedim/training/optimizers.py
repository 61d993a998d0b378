"""Optimisers and the learning-rate schedule."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import torch

from noisedim.checks import one_of, positive, positive_integer
from noisedim.errors import InvalidInputError

__all__ = ["LARS", "OptimiserConfig", "clip_gradients", "learning_rate", "make_optimizer"]


@dataclass(frozen=True, kw_only=True)
class OptimiserConfig:
    """Adam, LARS or SGD with linear warm-up, cosine decay and gradient clipping."""

    name: Literal["adam", "lars", "sgd"] = "adam"
    """adam; sgd with momentum; lars: sgd whose step is scaled to each weight's own size."""
    learning_rate: float = 2e-3
    """Peak learning rate."""
    reference_batch: int | None = None
    """The batch size that learning_rate is meant for: another one scales it in proportion. As it is if omitted."""
    warmup: int = 50
    """Steps of linear warm-up."""
    cosine: bool = True
    """Let the learning rate fall to zero along a cosine; otherwise it stays at its peak."""
    weight_decay: float = 0.0
    """L2 penalty's coefficient; lars and sgd: of weights only, not of biases and normalisations."""
    momentum: float = 0.9
    """lars, sgd: momentum."""
    trust: float = 0.02
    """lars: the trust coefficient."""
    trust_clip: bool = True
    """lars: let no weight have a larger step than plain SGD would give it ("LARS with clipping")."""
    clip_norm: float | None = 10.0
    """Largest gradient norm; larger gradients are scaled down to it."""

    def __post_init__(self) -> None:
        one_of("optimiser.name", self.name, ("adam", "lars", "sgd"))
        positive("optimiser.learning_rate", self.learning_rate)
        positive_integer("optimiser.warmup", self.warmup, minimum=0)
        if self.reference_batch is not None:
            positive_integer("optimiser.reference_batch", self.reference_batch)
        if not self.weight_decay >= 0:
            raise InvalidInputError(f"optimiser.weight_decay must be >= 0; got {self.weight_decay!r}")
        if not 0 <= self.momentum < 1:
            raise InvalidInputError(f"optimiser.momentum must lie in [0, 1); got {self.momentum!r}")
        positive("optimiser.trust", self.trust)
        if self.clip_norm is not None:
            positive("optimiser.clip_norm", self.clip_norm)


@final
class LARS(torch.optim.Optimizer):
    r"""SGD with momentum whose gradient is scaled, weight by weight, to the weight's own size.

    .. math:: g \leftarrow r\,(g + \lambda w), \quad r = \frac{\eta\,\|w\|}{\|g\| + \lambda\|w\|}, \quad
        v \leftarrow \mu v + g, \quad w \leftarrow w - \gamma v

    With ``trust_clip`` r is at most the learning rate's part: :math:`\min(r/\gamma, 1)`, so that the step is at most that
    of plain SGD with decay. Groups with ``adapt=False`` take plain SGD's step, and their own ``weight_decay``.

    Args:
        parameters: parameters, or groups of them.
        lr: learning rate γ.
        momentum: μ.
        weight_decay: λ.
        trust: trust coefficient η.
        trust_clip: clip as above.

    Source: You, Gitman & Ginsburg, arXiv 1708.03888, Algorithm 1 (local rates; momentum as in PyTorch's SGD, with the
    global rate outside); clipping as in LARC.
    """

    def __init__(
        self,
        parameters: Iterable[Any],
        *,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust: float = 0.02,
        trust_clip: bool = True,
    ) -> None:
        super().__init__(
            parameters,
            {
                "lr": lr,
                "momentum": momentum,
                "weight_decay": weight_decay,
                "trust": trust,
                "trust_clip": trust_clip,
                "adapt": True,
            },
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; weights without a gradient stay."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if not weights:
                continue
            gradients: list[torch.Tensor] = [weight.grad for weight in weights]
            if group["adapt"]:
                ratios = self._ratios(group, weights, gradients)
                gradients = list(torch._foreach_add(gradients, weights, alpha=group["weight_decay"]))
                torch._foreach_mul_(gradients, ratios)
            elif group["weight_decay"]:
                gradients = list(torch._foreach_add(gradients, weights, alpha=group["weight_decay"]))
            for weight in weights:
                if "momentum_buffer" not in self.state[weight]:
                    self.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
            buffers = [self.state[weight]["momentum_buffer"] for weight in weights]
            torch._foreach_mul_(buffers, group["momentum"])
            torch._foreach_add_(buffers, gradients)
            torch._foreach_add_(weights, buffers, alpha=-group["lr"])
        return loss

    @staticmethod
    def _ratios(
        group: dict[str, Any], weights: list[torch.Tensor], gradients: list[torch.Tensor]
    ) -> list[torch.Tensor]:
        """Factors of the gradients, 0-d each; nothing is read back from the device."""
        sizes, slopes = torch.stack(torch._foreach_norm(weights)), torch.stack(torch._foreach_norm(gradients))
        ratio = group["trust"] * sizes / (slopes + group["weight_decay"] * sizes)
        # A weight of zeros has no size to scale to, and without a gradient there is nothing to scale.
        ratio = torch.where((sizes > 0) & (slopes > 0), ratio, 1.0)
        if group["trust_clip"]:
            ratio = (ratio / group["lr"]).clamp(max=1.0) if group["lr"] > 0 else torch.ones_like(ratio)
        return list(ratio.unbind())


def make_optimizer(config: OptimiserConfig, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser that ``config`` names.

    Adam's fused implementation updates all parameters in one pass. LARS and SGD leave biases and normalisations (all that
    has fewer than two axes) out of decay and adaptation.
    """
    if config.name == "adam":
        return torch.optim.Adam(parameters, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)
    parameters = list(parameters)
    groups: list[dict[str, Any]] = [
        {"params": [weight for weight in parameters if weight.ndim > 1]},
        {"params": [weight for weight in parameters if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    if config.name == "sgd":
        return torch.optim.SGD(
            [group for group in groups if group["params"]],
            lr=config.learning_rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
        )
    groups[1]["adapt"] = False
    return LARS(
        [group for group in groups if group["params"]],
        lr=config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        trust=config.trust,
        trust_clip=config.trust_clip,
    )


def clip_gradients(parameters: Sequence[torch.nn.Parameter], largest: float) -> None:
    """PyTorch's ``clip_grad_norm_`` to the bit; on a CPU, gradients that are small enough are not written once more."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients or not gradients[0].is_cpu:
        # Elsewhere the host would have to wait for the norm.
        torch.nn.utils.clip_grad_norm_(parameters, largest)
        return
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    # Near the largest PyTorch's own rounding decides; a norm that is not a number reaches the weights, as it does there.
    if not norm.item() < 0.999 * largest:
        torch.nn.utils.clip_grads_with_norm_(parameters, largest, norm)


def learning_rate(config: OptimiserConfig, step: int, steps: int, *, batch_size: int | None = None) -> float:
    """The learning rate of step ``step`` (from 0) of ``steps``: linear warm-up, then cosine decay to zero.

    Args:
        config: rate and schedule.
        step: from 0.
        steps: of the run.
        batch_size: scales the rate, where the configuration says for which batch it is meant.
    """
    rate = config.learning_rate
    if config.reference_batch is not None and batch_size is not None:
        rate *= batch_size / config.reference_batch
    if config.warmup:
        rate *= min(1.0, (step + 1) / config.warmup)
    if config.cosine:
        rate *= 0.5 * (1 + math.cos(math.pi * step / steps))
    return rate
