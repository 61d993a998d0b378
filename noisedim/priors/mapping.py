"""Rows against any prior: brought to N(0, I) by the prior's own bijection."""

from pathlib import Path

import numpy as np
import torch

from noisedim.errors import InvalidInputError
from noisedim.priors import PRIOR_NAMES, BoxPrior, GaussianPrior, Prior, UniformPrior, as_prior

__all__ = ["mapped_to_normal", "prior_of_rows"]


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
    if isinstance(law, GaussianPrior):
        return z, None
    rows = torch.from_numpy(z)
    outside = law.outside(rows).numpy()
    if outside.any():
        row = int(outside.argmax())
        raise InvalidInputError(
            f"the {law.name} prior needs {law.support_words}; {int(outside.sum())} of {len(z)} rows are outside, "
            f"the first is row {row}: {z[row]}"
        )
    if isinstance(law, UniformPrior):
        return law.to_normal(torch.from_numpy(_off_the_edges(z))).numpy(), z
    points = law.to_normal(rows).numpy()
    return points, law.to_unit(rows).numpy() if isinstance(law, BoxPrior) else None


def _off_the_edges(z: np.ndarray) -> np.ndarray:
    """Values of exactly 0 or 1 as the middle of what rounds there in the shortest float format that holds all of z.

    A uniform law's values never are 0 or 1, but rounded to float16 one in 4,000 is, and N(0, 1) would have them at ±8.
    """
    edges = (z == 0) | (z == 1)
    if not edges.any():
        return z
    mantissas = np.frexp(z)[0]
    # Digits of bfloat16, float16, float32 and float64.
    digits = next((own for own in (8, 11, 24) if bool((np.ldexp(mantissas, own) % 1 == 0).all())), 53)
    return np.where(edges, np.abs(z - 2.0 ** -(digits + 2)), z)
