"""Independent coordinates, each of any continuous law of scipy.stats: the probability integral transform."""

import math
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
import torch

from noisedim.checks import shown
from noisedim.errors import InvalidInputError, words_of
from noisedim.priors.arrays import check_sizes, off_edges, rounding_tolerance
from noisedim.priors.mapped import MappedPrior
from noisedim.priors.special import LOG_ROOT_TAU, attach, log_normal_density, normal_quantile_of_tails
from noisedim.streams import numpy_stream

__all__ = ["ProductPrior"]

# Normal quantiles at which a law's own functions must agree with each other.
_GRID = np.linspace(-3, 3, 13)
_AGREE = 1e-6
# A quantile function that is a root search with a coarse stopping rule is followed by steps of Newton's method.
_POLISH = 12
# Processor time of the grid. The slowest of scipy's laws that is not refused, levy_stable, takes 0.7 s; a busy machine may
# take several times that, and must not refuse it.
_MOST_SECONDS = 5.0
# Of a file: beyond float64's whole numbers of 64 bits, scipy is given objects.
_LARGEST_PARAMETER = 1e18


@final
class ProductPrior(MappedPrior):
    """A product of continuous laws, one a coordinate.

    Each coordinate goes through its distribution function and the normal's quantile function, on the side of the nearer
    tail, so that both tails keep all digits. The laws' functions are scipy's and run on the CPU in float64.

    Args:
        laws: frozen continuous laws of ``scipy.stats``, such as ``stats.gamma(2.0)``.

    Raises: InvalidInputError: for a discrete law, one that is not frozen, one with arrays for parameters, and one whose
        distribution function is not continuous and increasing (it has no density, or its parameters are out of range).

    Source: arXiv 2410.06993, Section 3.3.

    >>> from scipy import stats
    >>> prior = ProductPrior([stats.gamma(2.0), stats.beta(2.0, 3.0)])
    >>> prior.law
    'gamma(2.0) × beta(2.0, 3.0)'
    """

    name = "product"
    fields = ("laws",)

    def __init__(self, laws: Sequence[Any]) -> None:
        try:
            laws = list(laws)
        except TypeError:
            raise InvalidInputError(
                f"laws must be a list of frozen laws, one a coordinate; got {type(laws).__name__}"
            ) from None
        super().__init__(len(laws))
        self.laws = tuple(_checked(i, law) for i, law in enumerate(laws))
        self.support_words = "coordinates inside " + ", ".join(
            f"[{low:g}, {high:g}]" for low, high in (law.support() for law in self.laws)
        )

    def __repr__(self) -> str:
        return f"ProductPrior({self.law})"

    @property
    def law(self) -> str:
        return " × ".join(_words(law) for law in self.laws)

    def outside(self, z: torch.Tensor) -> torch.Tensor:
        low, high = (torch.from_numpy(edge).to(z.device) for edge in self._edges())
        tolerance = rounding_tolerance(z)
        inside = torch.isfinite(z)
        z = z.double()
        inside &= (z >= low - tolerance * low.abs()) & (z <= high + tolerance * high.abs())
        return ~inside.all(1)

    def off_the_edges(self, z: np.ndarray) -> np.ndarray:
        return off_edges(z, *self._edges())

    def _edges(self) -> tuple[np.ndarray, np.ndarray]:
        low, high = np.array([law.support() for law in self.laws], dtype=np.float64).T
        return low, high

    def _to_normal(self, z: torch.Tensor) -> torch.Tensor:
        return torch.stack([self._one_to_normal(law, column) for law, column in zip(self.laws, z.T, strict=True)], 1)

    @staticmethod
    def _one_to_normal(law: Any, x: torch.Tensor) -> torch.Tensor:
        points = _inside(law, x.detach().cpu().numpy())
        with np.errstate(all="ignore"):
            tails = [torch.from_numpy(_log_tail(law, points, upper)).to(x.device) for upper in (False, True)]
            log_density = torch.from_numpy(np.asarray(law.logpdf(points))).to(x.device)
        z = normal_quantile_of_tails(*tails)
        # dz/dx = p(x)/φ(z), in logarithms: both are tiny far out.
        return attach(x, z, torch.exp(log_density - log_normal_density(z)))

    def _from_normal(self, z: torch.Tensor) -> torch.Tensor:
        columns = [self._one_from_normal(law, column) for law, column in zip(self.laws, z.T, strict=True)]
        return torch.stack(columns, 1)

    @staticmethod
    def _one_from_normal(law: Any, z: torch.Tensor) -> torch.Tensor:
        x = _quantiles(law, z.detach().cpu().numpy())
        with np.errstate(all="ignore"):
            log_density = torch.from_numpy(np.asarray(law.logpdf(x))).to(z.device)
        return attach(z, torch.from_numpy(x).to(z.device), torch.exp(log_normal_density(z.detach()) - log_density))

    def _log_prob(self, z: torch.Tensor) -> torch.Tensor:
        return torch.stack([self._one_log_prob(law, column) for law, column in zip(self.laws, z.T, strict=True)]).sum(0)

    @staticmethod
    def _one_log_prob(law: Any, x: torch.Tensor) -> torch.Tensor:
        points = x.detach().cpu().numpy()
        low, high = law.support()
        with np.errstate(all="ignore"):
            value = np.asarray(law.logpdf(points), dtype=np.float64)
            if not x.requires_grad:
                return torch.from_numpy(value).to(x.device)
            # scipy has no derivatives of densities: a central difference, inside the support.
            step = np.cbrt(np.finfo(np.float64).eps) * np.maximum(np.abs(points), 1e-3)
            step = np.minimum(step, np.maximum(np.minimum(points - low, high - points), 0) / 2)
            slope = np.asarray((law.logpdf(points + step) - law.logpdf(points - step)) / (2 * step))
        slope[~np.isfinite(slope)] = 0.0
        return attach(x, torch.from_numpy(value).to(x.device), torch.from_numpy(slope).to(x.device))

    def _sample(self, n: int, generator: torch.Generator | None, device: torch.device) -> torch.Tensor:
        # scipy's own generators, each seeded by one number of torch's: not through the map.
        seed = int(torch.randint(2**62, (), generator=generator, device=device))
        rng = numpy_stream(seed, "product prior")
        columns = [np.asarray(law.rvs(n, random_state=rng), dtype=np.float64) for law in self.laws]
        return torch.from_numpy(np.stack(columns, 1)).to(device)

    def spec(self) -> dict[str, Any]:
        return {"prior": self.name, "laws": [_law_spec(law) for law in self.laws]}

    @classmethod
    def from_spec(cls, **fields: Any) -> "ProductPrior":
        if not isinstance(fields["laws"], list):
            raise InvalidInputError(f"laws must be a list; got {shown(fields['laws'])}")
        return cls.from_laws(fields["laws"])

    @classmethod
    def from_laws(cls, laws: Sequence[dict[str, Any]]) -> "ProductPrior":
        """From the entries of a prior file: ``{"name": "gamma", "args": [2.0], "kwds": {"scale": 3.0}}`` each.

        Raises: InvalidInputError: for a name that is no continuous law of ``scipy.stats``, or parameters out of range.
        """
        return cls([_law_from_spec(i, entry) for i, entry in enumerate(laws)])


def _checked(position: int, law: Any) -> Any:
    from scipy import stats
    from scipy.stats._distn_infrastructure import rv_continuous_frozen, rv_discrete_frozen

    name = f"law {position}"
    if isinstance(law, rv_discrete_frozen | stats.rv_discrete):
        raise InvalidInputError(
            f"{name} must be absolutely continuous, to be a map of N(0, 1); got a discrete law, {_words(law)}"
        )
    if isinstance(law, stats.rv_continuous):
        raise InvalidInputError(
            f"{name} must be frozen, with its parameters, such as stats.gamma(2.0); got {law.name!r}"
        )
    if not isinstance(law, rv_continuous_frozen):
        raise InvalidInputError(f"{name} must be a frozen law of scipy.stats; got {type(law).__name__}")
    parameters = [np.asarray(value, dtype=object) for value in (*law.args, *law.kwds.values())]
    if any(value.ndim for value in parameters):
        raise InvalidInputError(f"{name} must have one number a parameter: one law a coordinate; got {_words(law)}")
    with np.errstate(all="ignore"), warnings.catch_warnings():
        # Integrals that give up say so; what came of them is judged below.
        warnings.simplefilter("ignore")
        low, high = law.support()
        if math.isnan(low) or math.isnan(high):
            raise InvalidInputError(f"the parameters of {name} are out of range: {_words(law)}")
        timed = _Timed(law, name)
        x = _quantiles(timed, _GRID)
        back = _normal_of(timed, x)
        density = np.asarray(timed.pdf(x))
    if not (np.isfinite(x).all() and np.abs(back - _GRID).max() < _AGREE and (np.diff(x) > 0).all()):
        raise InvalidInputError(
            f"{name} must have a continuous, increasing distribution function; that of {_words(law)} does not agree with "
            "its quantiles in float64"
        )
    if not (np.isfinite(density).all() and (density > 0).all()):
        raise InvalidInputError(f"{name} must have a density; that of {_words(law)} is not positive and finite")
    # The grid spans six deviations.
    check_sizes(name, location=x, scale=x[-1] / 6 - x[0] / 6)
    return law


class _Timed:
    """A law whose functions are evaluated one value at a time, and refused when they have taken too long together."""

    def __init__(self, law: Any, name: str) -> None:
        self._law, self._name = law, name
        self._until = time.thread_time() + _MOST_SECONDS

    def support(self) -> tuple[float, float]:
        low, high = self._law.support()
        return float(low), float(high)

    def __getattr__(self, function: str) -> Callable[[Any], np.ndarray]:
        evaluate = getattr(self._law, function)

        def one_by_one(values: Any) -> np.ndarray:
            found = []
            for value in np.atleast_1d(values):
                try:
                    found.append(float(evaluate(value)))
                except ArithmeticError:  # some of scipy's functions raise where others answer with NaN
                    found.append(math.nan)
                if time.thread_time() > self._until:
                    raise InvalidInputError(
                        f"{self._name} must have functions that are fast to compute; {len(_GRID)} quantiles and densities "
                        f"of {_words(self._law)} take more than {_MOST_SECONDS:g} s"
                    )
            return np.array(found)

        return one_by_one


def _words(law: Any) -> str:
    name = law.dist.name if hasattr(law, "dist") else law.name
    if not hasattr(law, "args"):
        return str(name)
    listed = [*(str(value) for value in law.args), *(f"{key}={value}" for key, value in law.kwds.items())]
    return f"{name}({', '.join(listed)})"


def _law_spec(law: Any) -> dict[str, Any]:
    from scipy import stats

    name = law.dist.name
    if not isinstance(getattr(stats, name or "", None), stats.rv_continuous):
        raise InvalidInputError(f"only the laws of scipy.stats can be written to a file; got {_words(law)}")
    return {
        "name": name,
        "args": [float(value) for value in law.args],
        "kwds": {key: float(value) for key, value in law.kwds.items()},
    }


def _law_from_spec(position: int, entry: Any) -> Any:
    from scipy import stats

    if not isinstance(entry, dict) or not {"name"} <= set(entry) <= {"name", "args", "kwds"}:
        raise InvalidInputError(f"law {position} must be an object with name, args and kwds; got {shown(entry)}")
    family = getattr(stats, entry["name"], None) if isinstance(entry["name"], str) else None
    if isinstance(family, stats.rv_discrete):
        raise InvalidInputError(
            f"law {position} must be absolutely continuous; got the discrete law {shown(entry['name'])}"
        )
    if not isinstance(family, stats.rv_continuous):
        raise InvalidInputError(f"law {position} must be a continuous law of scipy.stats; got {shown(entry['name'])}")
    args, kwds = entry.get("args", []), entry.get("kwds", {})
    if not isinstance(args, list) or not isinstance(kwds, dict):
        raise InvalidInputError(
            f"args of law {position} must be a list and kwds an object; got {shown(args)} and {shown(kwds)}"
        )
    for value in (*args, *kwds.values()):
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST_PARAMETER:
            raise InvalidInputError(
                f"parameters of law {position} must be numbers within ±{_LARGEST_PARAMETER:g}; got {shown(value)}"
            )
    try:
        return family(*args, **kwds)
    except TypeError as error:
        raise InvalidInputError(
            f"the parameters of law {position} do not fit {entry['name']}: {words_of(error)}"
        ) from None


def _inside(law: Any, x: np.ndarray) -> np.ndarray:
    """Values at the edge of the support one float inside: an edge has an infinite quantile."""
    low, high = law.support()
    return np.clip(x, np.nextafter(low, high), np.nextafter(high, low))


def _log_tail(law: Any, x: np.ndarray, upper: bool) -> np.ndarray:
    """log P(X <= x), or log P(X > x): of the probability itself where it is in float64's range."""
    tail = np.asarray((law.sf if upper else law.cdf)(x), dtype=np.float64)
    logs = np.log(tail)
    tiny = tail < 1e-300
    if tiny.any():
        logs[tiny] = np.asarray((law.logsf if upper else law.logcdf)(x[tiny]))
    return np.where(np.isnan(logs), -np.inf, logs)


def _normal_of(law: Any, x: np.ndarray) -> np.ndarray:
    lower, upper = (torch.from_numpy(_log_tail(law, x, side)) for side in (False, True))
    return np.asarray(normal_quantile_of_tails(lower, upper))


def _quantiles(law: Any, z: np.ndarray) -> np.ndarray:
    """x with P(X <= x) = Φ(z), from the side of the nearer tail."""
    from scipy.special import ndtr

    with np.errstate(all="ignore"), warnings.catch_warnings():
        # Root searches that give up say so; what they leave undone is done below.
        warnings.simplefilter("ignore", RuntimeWarning)
        tail = np.maximum(ndtr(-np.abs(z)), 1e-300)
        x = _inside(law, np.where(z <= 0, law.ppf(tail), law.isf(tail)).astype(np.float64))
        error = _normal_of(law, x) - z
        for _ in range(_POLISH):
            wrong = np.abs(error) > 1e-13 * np.maximum(1, np.abs(z))
            if not wrong.any():
                break
            x[wrong], error[wrong] = _closer(law, x[wrong], error[wrong], z[wrong])
    return x


def _closer(law: Any, x: np.ndarray, error: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One step of Newton's method on z, on the line and in logarithms of the distance to either end; the best counts."""
    low, high = law.support()
    # dx/dz = φ(z)/p(x)
    step = -error * np.exp(-((z + error) ** 2) / 2 - LOG_ROOT_TAU - law.logpdf(x))
    tries = [x + step]
    if math.isfinite(low):
        tries.append(low + (x - low) * np.exp(step / (x - low)))
    if math.isfinite(high):
        tries.append(high - (high - x) * np.exp(-step / (high - x)))
    for candidate in tries:
        candidate = _inside(law, candidate)
        found = _normal_of(law, candidate) - z
        take = np.abs(found) < np.abs(error)
        x, error = np.where(take, candidate, x), np.where(take, found, error)
    return x, error
