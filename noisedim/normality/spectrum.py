"""The spectrum of a sample's covariance."""

from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix

__all__ = ["effective_rank", "spectral_rank"]


def effective_rank(z: Any) -> float:
    """exp of the entropy of the covariance's normalised spectrum: d for an isotropic law, 1 for one on a line.

    Source: Roy & Vetterli (2007), EUSIPCO, 606–610.

    >>> import numpy as np
    >>> round(effective_rank(np.array([[1.0, 1.0], [-1.0, -1.0]])), 3)
    1.0
    """
    return spectral_rank(embedding_matrix("z", z, minimum_rows=2))


def spectral_rank(z: np.ndarray) -> float:
    """:func:`effective_rank` of checked rows."""
    centred = z - z.mean(0)
    peak = float(np.abs(centred).max())
    if peak == 0:
        return 0.0
    centred /= peak  # so that no square overflows or underflows
    gram = centred.T @ centred if len(z) > z.shape[1] else centred @ centred.T
    spectrum = np.linalg.eigvalsh(gram).clip(min=0)
    shares = spectrum[spectrum > 1e-15 * spectrum.max()] / spectrum.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
