"""Rows transformed to mean 0 and covariance I: the input of tests of any normal law, whatever its mean and covariance."""

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.normality.summaries.moments import correlation, standardised_blocks
from noisedim.normality.summaries.sharing import shared

__all__ = ["LEAST_EIGENVALUE", "DegenerateCoordinatesError", "whiten", "whitening_factor"]

# Of a correlation matrix: below it, coordinates are dependent but for rounding.
LEAST_EIGENVALUE = 1e-10


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


@shared
def whiten(z: np.ndarray) -> np.ndarray:
    """Rows with mean zero and (1/n) covariance I, (n, d), by the Cholesky factor of the covariance.

    Raises:
        DegenerateCoordinatesError: if the covariance is singular; names constant and repeated coordinates.
        InvalidInputError: if n <= d.
    """
    from scipy.linalg.blas import dtrmm

    inverse = whitening_factor(z)
    white = np.empty(z.shape)
    # By the small inverse factor, not a triangular solve with n right-hand sides: for that BLAS starts its threads, which
    # takes longer than the whole statistic. Half of the factor is 0, which a triangular product, in place, leaves out.
    for block, rows in standardised_blocks(z):
        white[block] = dtrmm(1.0, inverse, rows.T, lower=1, overwrite_b=1).T
    return white


@shared
def whitening_factor(z: np.ndarray) -> np.ndarray:
    """Inverse of the Cholesky factor of the rows' correlations, (d, d): whitens standardised rows.

    Raises: as :func:`whiten`.
    """
    n, dim = z.shape
    if n <= dim:
        raise InvalidInputError(f"expected more rows than coordinates; got n={n}, d={dim}")
    found = correlation(z)
    if len(found.constant):
        raise DegenerateCoordinatesError.constant(found.constant, dim)
    inverse = _inverse_factor(found.matrix)
    if inverse is None:
        rank = int(np.linalg.matrix_rank(found.matrix, tol=LEAST_EIGENVALUE, hermitian=True))
        raise DegenerateCoordinatesError(
            "linearly independent coordinates", f"{dim} coordinates have rank {rank}{_cause(z, found.matrix)}"
        )
    return inverse


def _inverse_factor(matrix: np.ndarray) -> np.ndarray | None:
    """Inverse of the Cholesky factor of a correlation matrix; ``None`` if its least eigenvalue is below 1e-10."""
    from scipy.linalg.lapack import dtrtri

    try:
        inverse, info = dtrtri(np.linalg.cholesky(matrix), lower=1)
    except np.linalg.LinAlgError:
        return None
    if info:
        return None
    # The trace of the inverse bounds the least eigenvalue from below, without an eigendecomposition.
    if float((inverse**2).sum()) * LEAST_EIGENVALUE < 0.5:
        return np.asarray(inverse)
    return None if float(np.linalg.eigvalsh(matrix)[0]) < LEAST_EIGENVALUE else np.asarray(inverse)


def _cause(z: np.ndarray, matrix: np.ndarray) -> str:
    """What makes coordinates dependent, if it is obvious."""
    shares = np.empty(len(z))
    for block, rows in standardised_blocks(z):
        shares[block] = (rows**2).sum(1) / z.size
    if float(shares.max()) > 0.99:
        return f"; row {shares.argmax()} is so far out that all other rows look like a single point"
    pairs = np.argwhere(np.triu(np.abs(matrix), 1) > 1 - 1e-10)
    return f"; coordinate {pairs[0, 1]} repeats coordinate {pairs[0, 0]}" if len(pairs) else ""
