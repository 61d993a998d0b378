"""What every check rests on: the primitives, which of them a case calls, and each of them made wrong.

A case that compares a formula with itself stays verified when the formula is wrong. So each primitive is perturbed, and
every claim must lose a case to every primitive that its cases call.
"""

import contextlib
import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from noisedim.verification.planting import replaced

__all__ = ["PRIMITIVES", "perturbed", "traced"]

_ENTROPY = "noisedim.theory.entropy."
_SOURCES = "noisedim.theory.sources."
_KINDS = ("products.LazySource", "products.DiscreteSource", "GaussianSource", "PlanarMixture", "BlockSource")
_PLANE = ("PlanarMixture", "BlockSource")


def _wrong(value: Any) -> Any:
    """Off by 1% and by a hundredth of a nat: neither a difference nor a ratio of two such hides it."""
    if isinstance(value, float) and not math.isfinite(value):
        return value
    return 1.01 * value + 0.013


def _returns(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def wrong(*arguments: Any, **keywords: Any) -> Any:
        return _wrong(original(*arguments, **keywords))

    return wrong


def _integral(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def wrong(*arguments: Any, **keywords: Any) -> Any:
        found = original(*arguments, **keywords)
        return dataclasses.replace(found, value=1.003 * found.value + 1e-4)

    return wrong


Targets = Mapping[str, Callable[[Any], Any]]

PRIMITIVES: Mapping[str, Targets] = MappingProxyType(
    {
        "entropy": {
            _ENTROPY + "differential_entropy": _returns,
            _ENTROPY + "gaussian_entropy": _returns,
            **{f"{_SOURCES}{kind}.{name}": _returns for kind in _PLANE for name in ("entropy", "noisy_entropy")},
        },
        "KL": {
            _ENTROPY + "kl_divergence": _returns,
            _ENTROPY + "gaussian_kl_divergence": _returns,
            **{f"{_SOURCES}{kind}.{name}": _returns for kind in _PLANE for name in ("divergence", "noisy_divergence")},
        },
        "D₂": {
            _ENTROPY + "renyi_2_divergence": _returns,
            _ENTROPY + "gaussian_renyi_2_divergence": _returns,
            **{f"{_SOURCES}{kind}.noisy_renyi_2": _returns for kind in _PLANE},
        },
        "quadrature": {
            "noisedim.theory.quadrature.integrate": _integral,
            "noisedim.theory.quadrature.integrate_plane": _integral,
        },
        "log-sum-exp": {
            "noisedim.theory.bounds._softplus": _returns,
            "torch.logsumexp": _returns,
            "scipy.special.logsumexp": _returns,
        },
        "h(Z)": {_SOURCES + "Source.noise_entropy": _returns},
        "I(Z; Y)": {
            _ENTROPY + "noise_information": _returns,
            _SOURCES + "products._ProductSource.noise_information": _returns,
            **{f"{_SOURCES}{kind}.noise_information": _returns for kind in ("GaussianSource", *_PLANE)},
        },
        "I(f(X′); Y)": {
            _ENTROPY + "channel_information": _returns,
            _ENTROPY + "gaussian_information": _returns,
            **{f"{_SOURCES}{kind}.information": _returns for kind in _KINDS},
        },
        "I(Y; f(X) | f(X′))": {f"{_SOURCES}{kind}.residual_information": _returns for kind in _KINDS},
    }
)


@contextlib.contextmanager
def perturbed(primitive: str) -> Iterator[None]:
    """Within the block every function of that primitive is off by about 1%."""
    with replaced(PRIMITIVES[primitive]):
        yield


@contextlib.contextmanager
def traced() -> Iterator[set[str]]:
    """Gives the set of primitives that are called within the block."""
    called: set[str] = set()

    def watch(primitive: str) -> Callable[[Any], Any]:
        def change(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def watched(*arguments: Any, **keywords: Any) -> Any:
                called.add(primitive)
                return original(*arguments, **keywords)

            return watched

        return change

    changes = {target: watch(primitive) for primitive, targets in PRIMITIVES.items() for target in targets}
    with replaced(changes):
        yield called
