"""Rows against any prior: brought to N(0, I) by the prior's own bijection."""

from pathlib import Path

import numpy as np
import torch

from noisedim.errors import InvalidInputError
from noisedim.priors import PRIOR_NAMES, Prior, as_prior

__all__ = ["mapped_to_normal", "prior_of_rows"]

_MOST_SHOWN = 3


def prior_of_rows(prior: Prior | str | Path, columns: int) -> Prior:
    """The prior that rows of so many columns are assessed against.

    Raises: InvalidInputError: if there is none, or it is a law of rows of another length.
    """
    known = isinstance(prior, str) and prior in PRIOR_NAMES
    law = as_prior(prior, columns if known else None)
    if law.ambient_dim != columns:
        raise InvalidInputError(f"{law!r} is a law of rows of {law.ambient_dim} columns; got {columns}")
    return law


def mapped_to_normal(law: Prior, z: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Rows on the side of N(0, I), and, for a uniform law on a cube or box, in [0, 1]^d.

    Raises: InvalidInputError: for rows off the support, which no bijection of it takes anywhere.
    """
    if law.is_standard_normal:
        return z, None
    rows = torch.from_numpy(z)
    outside = law.outside(rows).numpy()
    if outside.any():
        row = int(outside.argmax())
        raise InvalidInputError(
            f"the {law.name} prior needs {law.support_words}; {int(outside.sum())} of {len(z)} rows are outside, "
            f"the first is row {row}{_shown(z[row])}"
        )
    points = law.to_normal(torch.from_numpy(law.off_the_edges(z))).numpy()
    cube = law.in_unit_cube(rows)
    return points, None if cube is None else cube.numpy()


def _shown(row: np.ndarray) -> str:
    """A row for a message: short ones whole."""
    if len(row) <= _MOST_SHOWN:
        return ": " + ", ".join(f"{value:.17g}" for value in row)
    norm = float(np.linalg.norm(row / max(np.abs(row).max(), 1e-300)) * np.abs(row).max())
    return f": values from {row.min():.17g} to {row.max():.17g}, norm {norm:.6g}"
