"""Rows transformed to mean 0 and covariance I: the input of tests of any normal law, whatever its mean and covariance."""

import numpy as np

from noisedim.errors import InvalidInputError

__all__ = ["DegenerateCoordinatesError", "whiten"]


class DegenerateCoordinatesError(InvalidInputError):
    """Coordinates are constant or linearly dependent.

    Attributes:
        cause: what was found, in words.
    """

    def __init__(self, expected: str, cause: str) -> None:
        super().__init__(f"expected {expected}; {cause}")
        self.cause = cause

    @classmethod
    def constant(cls, coordinates: np.ndarray, dim: int) -> "DegenerateCoordinatesError":
        """The given ones of ``dim`` coordinates are constant."""
        cause = f"{len(coordinates)} of {dim} coordinates are constant, the first is {coordinates[0]}"
        return cls("coordinates that vary", cause)


def whiten(z: np.ndarray) -> np.ndarray:
    """Rows with mean zero and (1/n) covariance I, (n, d), by the Cholesky factor of the covariance.

    Raises:
        DegenerateCoordinatesError: if the covariance is singular; names constant and repeated coordinates.
        InvalidInputError: if n <= d.
    """
    n, dim = z.shape
    if n <= dim:
        raise InvalidInputError(f"expected more rows than coordinates; got n={n}, d={dim}")
    # Twice: the first subtraction of a large common offset rounds.
    centred = z - z.mean(0)
    centred -= centred.mean(0)
    peak = np.abs(centred).max(0)
    constant = np.flatnonzero(peak <= 1e-13 * np.abs(z).max(0))
    if len(constant):
        raise DegenerateCoordinatesError.constant(constant, dim)
    centred /= peak  # so that no square overflows or underflows
    centred /= np.sqrt((centred**2).mean(0))
    correlation = centred.T @ centred / n
    if float(np.linalg.eigvalsh(correlation)[0]) < 1e-10:
        rank = int(np.linalg.matrix_rank(correlation, tol=1e-10, hermitian=True))
        raise DegenerateCoordinatesError(
            "linearly independent coordinates", f"{dim} coordinates have rank {rank}{_cause(centred, correlation)}"
        )
    # By the small inverse factor, not a triangular solve with n right-hand sides: for that BLAS starts its threads, which
    # takes longer than the whole statistic.
    return centred @ np.linalg.inv(np.linalg.cholesky(correlation)).T


def _cause(standardised: np.ndarray, correlation: np.ndarray) -> str:
    """What makes coordinates dependent, if it is obvious."""
    shares = (standardised**2).sum(1) / standardised.size
    if float(shares.max()) > 0.99:
        return f"; row {shares.argmax()} is so far out that all other rows look like a single point"
    pairs = np.argwhere(np.triu(np.abs(correlation), 1) > 1 - 1e-10)
    return f"; coordinate {pairs[0, 1]} repeats coordinate {pairs[0, 0]}" if len(pairs) else ""
