"""Checks of input: each refuses with one sentence that says what was expected and what was given.

Imports only noisedim's error classes and its reading of tables. Every function returns the value it checked, converted
where that is lossless, so that calls read ``sigma = positive("sigma", sigma)``.
"""

import math
import numbers
import sys
import warnings
from collections.abc import Collection
from typing import Any

import numpy as np
import torch

from noisedim.columns import values_of
from noisedim.errors import InvalidInputError, words_of

__all__ = [
    "bounded_tensor",
    "embedding_matrix",
    "embedding_tensor",
    "exactly_one",
    "one_of",
    "positive",
    "positive_integer",
    "random_seed",
    "rate",
    "real_numbers",
    "shown",
    "tensor_values",
    "unit_interval",
]


def shown(value: Any) -> str:
    """A value of any type for a message, in at most about 100 characters, with its type."""
    if isinstance(value, np.ndarray | torch.Tensor):
        return f"an array of shape {tuple(value.shape)} and dtype {value.dtype}"
    try:
        words = repr(value)
    except ValueError:  # an integer of more digits than Python prints
        words = "one of thousands of digits"
    # A row of 384 numbers would hide what the message says.
    return f"{words if len(words) <= 80 else words[:77] + '…'} ({type(value).__name__})"


def positive(name: str, value: Any) -> float:
    """A finite real number above zero, as ``float``."""
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError, RuntimeError):
        raise InvalidInputError(f"{name} must be a finite number > 0; got {shown(value)}") from None
    if isinstance(value, bool) or not math.isfinite(number) or number <= 0:
        raise InvalidInputError(f"{name} must be a finite number > 0; got {shown(value)}")
    return number


def unit_interval(name: str, value: Any) -> float:
    """A number in [0, 1], as ``float``."""
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError, RuntimeError):
        raise InvalidInputError(f"{name} must be a number in [0, 1]; got {shown(value)}") from None
    if isinstance(value, bool) or not 0 <= number <= 1:
        raise InvalidInputError(f"{name} must be a number in [0, 1]; got {shown(value)}")
    return number


def rate(name: str, value: Any, *, below: float = 1.0) -> float:
    """A real number strictly between 0 and ``below``, such as an error rate, as ``float``."""
    real = isinstance(value, numbers.Real) or (isinstance(value, np.ndarray) and value.ndim == 0)
    if not real or isinstance(value, bool | np.bool_) or not sys.float_info.min <= value < below:
        raise InvalidInputError(f"{name} must lie strictly between 0 and {below:g}; got {shown(value)}")
    return float(value)


def positive_integer(name: str, value: Any, *, minimum: int = 1) -> int:
    """An integer of at least ``minimum``; whole floats are refused, as they often hide a unit mistake."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < minimum:
        raise InvalidInputError(f"{name} must be an integer >= {minimum}; got {shown(value)}")
    if value >= 2**63:
        raise InvalidInputError(f"{name} must be an integer of 64 bits; got {shown(value)}")
    return int(value)


def random_seed(name: str, value: Any) -> int:
    """An integer of 32 bits: PyTorch on a CPU does not tell larger ones apart, and scikit-learn refuses them."""
    if positive_integer(name, value, minimum=0) >= 2**32:
        raise InvalidInputError(f"{name} must be an integer from 0 to {2**32 - 1}; got {shown(value)}")
    return int(value)


def one_of(name: str, value: Any, choices: Collection[str]) -> str:
    """One of the named choices."""
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise InvalidInputError(f"{name} must be one of {listed}; got {shown(value)}")
    return str(value)


def exactly_one(**options: Any) -> tuple[str, Any]:
    """The one option that is not ``None``; refuses none and refuses several."""
    given = {name: value for name, value in options.items() if value is not None}
    if len(given) != 1:
        names = ", ".join(options)
        came = "none" if not given else " and ".join(f"{name}={value!r}" for name, value in given.items())
        raise InvalidInputError(f"exactly one of {names} must be given; got {came}")
    return next(iter(given.items()))


def embedding_tensor(
    name: str, value: Any, *, dim: int | None = None, minimum_rows: int = 1, examine_values: bool = True
) -> torch.Tensor:
    """A real floating tensor of shape (n, d).

    Args:
        name: of the argument, for the message.
        value: the tensor.
        dim: required d, if any.
        minimum_rows: least n.
        examine_values: also refuse NaN and infinities; costs a device synchronisation on a GPU.
    """
    if not isinstance(value, torch.Tensor):
        raise InvalidInputError(f"{name} must be a torch.Tensor of shape (n, d); got {shown(value)}")
    if not value.is_floating_point():
        raise InvalidInputError(f"{name} must be a floating-point tensor; got {shown(value)}")
    expected = f"(n, {'d' if dim is None else dim})"
    if value.ndim != 2 or value.shape[1] < 1 or (dim is not None and value.shape[1] != dim):
        raise InvalidInputError(f"{name} must have shape {expected}; got {shown(value)}")
    if value.shape[0] < minimum_rows:
        raise InvalidInputError(f"{name} must have at least {minimum_rows} rows; got {value.shape[0]}")
    if examine_values and not bool(torch.isfinite(value).all()):
        bad = (~torch.isfinite(value)).any(dim=1).nonzero().flatten()
        raise InvalidInputError(
            f"{name} must be finite; {len(bad)} of {len(value)} rows hold NaN or infinity, "
            f"the first is row {int(bad[0])}"
        )
    return value


def bounded_tensor(name: str, value: torch.Tensor, *, power: int = 4) -> torch.Tensor:
    """A tensor, finite and so small that sums of its values to ``power`` stay finite; waits for the device."""
    wide = value.dtype if value.dtype is torch.float64 else torch.float32
    largest = float(torch.finfo(wide).max) ** (1 / (power + 1))
    peak = float(value.detach().abs().max()) if value.numel() else 0.0
    if not peak <= largest:
        raise InvalidInputError(
            f"{name} must be finite and within ±{largest:.1g}, so that its powers are finite; got {peak:.3g}"
        )
    return value


def tensor_values(name: str, tensor: torch.Tensor) -> np.ndarray:
    """The values of a tensor of any device; floats that NumPy lacks as float64."""
    try:
        tensor = tensor.detach().to("cpu").resolve_conj().resolve_neg()
        lacking = tensor.is_floating_point() and tensor.dtype not in (torch.float32, torch.float64)
        return np.asarray((tensor.double() if lacking else tensor).numpy())
    except (NotImplementedError, RuntimeError, TypeError) as error:  # sparse, quantized, nested, without data
        raise InvalidInputError(
            f"{name} must be a dense tensor of numbers; got one that is not ({words_of(error)})"
        ) from None


def real_numbers(name: str, value: Any) -> np.ndarray:
    """Real numbers from NumPy, torch or nested lists as a float64 array of any shape; NaN and infinities are let through."""
    try:
        array = tensor_values(name, value) if isinstance(value, torch.Tensor) else np.asarray(value)
        if array.dtype.kind == "O" and all(isinstance(item, numbers.Real) for item in array.flat):
            array = array.astype(np.float64)  # integers beyond 64 bits
    except (TypeError, ValueError, ArithmeticError):
        raise InvalidInputError(f"{name} must be real numbers in a rectangular array; got {shown(value)}") from None
    if array.dtype.kind not in "fiu":
        raise InvalidInputError(f"{name} must be real numbers in a rectangular array; got {shown(value)}")
    with np.errstate(over="ignore"):  # a wider float may become infinite
        return np.asarray(array, dtype=np.float64)


def embedding_matrix(name: str, value: Any, *, dim: int | None = None, minimum_rows: int = 1) -> np.ndarray:
    """A finite float64 NumPy matrix of shape (n, d); what is missing is NaN.

    From NumPy, torch, nested lists, or a table of pandas, Arrow or polars. Of a table, labels, ids and row numbers are left
    out, with a warning that names them, and a column of vectors is taken for the matrix.
    """
    if isinstance(value, torch.Tensor):
        array = tensor_values(name, value)
    elif (chosen := values_of(name, value)) is not None:
        array = chosen.values
        if chosen.left_out:
            warnings.warn(f"{name}: {chosen.words}", UserWarning, stacklevel=3)
    elif isinstance(value, np.ma.MaskedArray):
        array = np.ma.filled(value.astype(np.float64), np.nan) if value.dtype.kind in "fiu" else value
    else:
        try:
            array = np.asarray(value)
        except ValueError:  # nested lists of several lengths
            raise InvalidInputError(f"{name} must have shape (n, d); got rows of several lengths") from None
    if array.dtype.kind not in "fiu":
        raise InvalidInputError(f"{name} must hold real numbers; got {shown(array)}")
    expected = f"(n, {'d' if dim is None else dim})"
    if array.ndim != 2 or array.shape[1] < 1 or (dim is not None and array.shape[1] != dim):
        raise InvalidInputError(f"{name} must have shape {expected}; got {shown(array)}")
    if array.shape[0] < minimum_rows:
        raise InvalidInputError(f"{name} must have at least {minimum_rows} rows; got {array.shape[0]}")
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and array.size:
        largest = max(abs(int(array.min())), abs(int(array.max())))
        if largest > 2**53:
            raise InvalidInputError(
                f"{name} must hold integers that float64 tells apart, up to 2^53; got {largest} in {array.dtype}"
            )
    # C order, so that sums round the same for every memory layout of the input.
    with np.errstate(over="ignore"):  # a wider float may become infinite, which is refused below
        array = np.ascontiguousarray(array, dtype=np.float64)
    if not array.flags.writeable:
        array = array.copy()  # torch warns about memory that is not writable
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise InvalidInputError(
            f"{name} must be finite; {len(bad)} of {len(array)} rows hold NaN or infinity, the first is row {bad[0]}"
        )
    return array
