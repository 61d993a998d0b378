"""Tests of normality from packages of R, run on samples of ours: peers of the battery.

Sources: Székely and Rizzo (2005), A new test for multivariate normality, Journal of Multivariate Analysis 93 (package energy);
Ebner and Henze (2020), Tests for multivariate normality, TEST 29 (package mnt); Korkmaz, Goksuluk and Zararsiz (2014), MVN, The
R Journal 6.
"""

import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, cast

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.streams import numpy_stream

__all__ = ["R_TESTS", "RTest", "r_p_values", "r_values", "r_version"]

_NULL_SAMPLES = 199
# R reads samples from its input, one after the other, and writes a value for each: loading a package takes a second.
_PROGRAM = """
suppressPackageStartupMessages(library({package}))
input <- file("stdin", "rb")
while (length(shape <- readBin(input, "integer", 2)) == 2) {{
  z <- matrix(readBin(input, "double", prod(shape)), shape[1], byrow = TRUE)
  value <- tryCatch(as.numeric({expression}), error = function(e) NA)
  cat(format(value, digits = 15), "\\n", sep = "")
  flush(stdout())
}}
"""
# Of a covariance: below it, R's inverse is rounding.
_LEAST_EIGENVALUE = 1e-10


@dataclass(frozen=True)
class RTest:
    """A test of any normal law.

    Attributes:
        name: in tables.
        package: of R.
        expression: its statistic, large values of which reject, or its p-value, of the matrix z.
        has_p_value: whether the package has a p-value without simulation.
    """

    name: str
    package: str
    expression: str
    has_p_value: bool = False


R_TESTS = (
    RTest("energy (R)", "energy", "energy::mvnorm.e(z)"),
    RTest("Henze–Visagie (mnt)", "mnt", "mnt::HV(z)"),
    RTest("Henze–Jiménez-Gamero (mnt)", "mnt", "mnt::HJG(z)"),
    RTest("Dörr–Ebner–Henze (mnt)", "mnt", "mnt::DEHT(z)"),
    RTest("Ebner–Henze–Strieder (mnt)", "mnt", "mnt::EHS(z)"),
    RTest("Pudelko (mnt)", "mnt", "mnt::PU(z)"),
    RTest("Mardia (MVN)", "MVN", "min(1, 2 * min(MVN::mardia(z)$p.value))", has_p_value=True),
    RTest("Henze–Zirkler (MVN)", "MVN", "MVN::hz(z)$p.value", has_p_value=True),
    RTest("Royston (MVN)", "MVN", "MVN::royston(z)$p.value", has_p_value=True),
    RTest("Doornik–Hansen (MVN)", "MVN", "MVN::doornik_hansen(z)$p.value", has_p_value=True),
)


def r_values(test: RTest, samples: Iterable[np.ndarray]) -> Iterator[float]:
    """What R computes of each sample of (n, d) rows: NaN where it answers "not available" or ends in an error.

    Raises: InvalidInputError: without R or the package, or where R itself ends.
    """
    if shutil.which("Rscript") is None:
        raise InvalidInputError(f"this peer needs R with its package {test.package}; there is no Rscript here")
    program = _PROGRAM.format(package=test.package, expression=test.expression)
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            ["Rscript", "-e", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        into, out = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        try:
            for z in samples:
                into.write(np.array(z.shape, dtype=np.int32).tobytes())
                into.write(np.ascontiguousarray(z, dtype=np.float64).tobytes())
                into.flush()
                word = out.readline().decode().strip()
                if not word:
                    raise BrokenPipeError
                yield math.nan if word == "NA" else float(word)
        except BrokenPipeError:
            process.wait()
            errors.seek(0)
            said = errors.read().decode().strip()
            raise InvalidInputError(f"R ended before it computed {test.name}: {said}") from None
        finally:
            process.kill()


def r_version(package: str) -> str:
    """Of a package of R.

    Raises: InvalidInputError: without R or the package.
    """
    command = ["Rscript", "-e", f'cat(as.character(packageVersion("{package}")))']
    done = None if shutil.which("Rscript") is None else subprocess.run(command, capture_output=True)
    if done is None or done.returncode:
        raise InvalidInputError(
            f"this peer needs R with its package {package}; got {'no R' if done is None else 'R alone'}"
        )
    return done.stdout.decode()


@lru_cache(maxsize=len(R_TESTS))
def _null(test: RTest, n: int, dim: int) -> np.ndarray:
    rng = numpy_stream(n, f"audit, null of {test.name}, d = {dim}")
    samples = (rng.standard_normal((n, dim)) for _ in range(_NULL_SAMPLES))
    return np.array(list(r_values(test, samples)))


def r_p_values(test: RTest, samples: Iterable[np.ndarray]) -> list[float]:
    """One per sample; of a statistic without a p-value of its own, by simulation: that of standardised rows has one null law.

    An error or "not available" is no rejection; nor is a singular covariance, of whose inverse R's statistic is rounding.
    """
    singular: list[bool] = []
    shapes: list[tuple[int, ...]] = []

    def regular() -> Iterator[np.ndarray]:
        for z in samples:
            spectrum = np.linalg.eigvalsh(np.cov(z.T).reshape(z.shape[1], -1))
            singular.append(bool(spectrum[0] <= _LEAST_EIGENVALUE * spectrum[-1]))
            if not singular[-1]:
                shapes.append(z.shape)
                yield z

    values = list(r_values(test, regular()))
    found = iter([_p_value(test, value, *shape) for value, shape in zip(values, shapes, strict=True)])
    return [1.0 if is_singular else next(found) for is_singular in singular]


def _p_value(test: RTest, value: float, n: int, dim: int) -> float:
    if math.isnan(value):
        return 1.0
    if test.has_p_value:
        return value
    null = _null(test, n, dim)
    return (1 + int((null >= value).sum())) / (1 + len(null))
