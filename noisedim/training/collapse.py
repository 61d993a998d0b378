"""Has an embedding collapsed? Two figures of a batch, cheap enough to be recorded while training."""

import torch

from noisedim.precision import doubled

__all__ = ["LEAST_SPREAD", "collapse_warning", "least_effective_rank", "spread_and_rank"]

# Rows of one direction have spread 0, rows of all directions alike 1; SimSiam's collapsed runs end at 0.
LEAST_SPREAD = 0.1
_LEAST_SHARE = 0.02


@torch.no_grad()
def spread_and_rank(z: torch.Tensor) -> tuple[float, float]:
    """How far rows point in different directions, in [0, 1], and the effective rank of their covariance.

    The spread is the root mean square over coordinates of the deviation of rows brought to length √d; it does not depend
    on their scale. The effective rank is exp of the entropy of the covariance's normalised spectrum: at most d and n − 1.

    Args:
        z: the objective's input before noise, (n, d).

    Source: Chen & He, arXiv 2011.10566, Section 4.1 (the deviation of normalised rows); Roy & Vetterli (2007), EUSIPCO.
    """
    z = doubled(z.detach())
    rows = torch.nn.functional.normalize(z, dim=1) * z.shape[1] ** 0.5
    spread = float(rows.var(0, unbiased=False).mean().sqrt())
    centred = z - z.mean(0)
    peak = centred.abs().max().clamp(min=1e-300)
    centred = centred / peak
    gram = centred.T @ centred if len(z) > z.shape[1] else centred @ centred.T
    spectrum = torch.linalg.eigvalsh(gram).clamp(min=0)
    shares = spectrum / spectrum.sum().clamp(min=1e-300)
    return spread, float(torch.exp(-torch.special.xlogy(shares, shares).sum()))


def least_effective_rank(n: int, dim: int) -> float:
    """The effective rank below which a batch of ``n`` rows of dimension ``dim`` is called collapsed.

    One direction, and a fiftieth of those that it could have beside that.
    """
    return 1 + _LEAST_SHARE * (min(n - 1, dim) - 1)


def collapse_warning(spread: float, rank: float, n: int, dim: int) -> str | None:
    """What to say of these figures; nothing if the embedding has not collapsed."""
    least = least_effective_rank(n, dim)
    if spread < LEAST_SPREAD:
        return f"collapse: all images point in one direction (spread {spread:.3f}, below {LEAST_SPREAD})"
    if rank < least:
        return f"collapse: effective rank {rank:.2f} of at most {min(n - 1, dim)}, below {least:.2f}"
    return None
