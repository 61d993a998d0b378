"""Priors from names, files and their JSON: validated, versioned, nothing unpickled."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.priors.affine import BoxPrior, FullGaussianPrior
from noisedim.priors.flow import FILE_FORMAT, FlowPrior
from noisedim.priors.gaussian import GaussianPrior
from noisedim.priors.interface import Prior
from noisedim.priors.mixture import GaussianMixturePrior
from noisedim.priors.product import ProductPrior
from noisedim.priors.spheres import BallPrior, SpherePrior
from noisedim.priors.uniform import UniformPrior

__all__ = ["PRIOR_NAMES", "as_prior", "load_prior", "make_prior", "prior_from_spec", "prior_reference"]

# The laws that dimension alone makes, without a file.
PRIOR_NAMES = (GaussianPrior.name, UniformPrior.name)
_SUFFIXES = (".json", ".safetensors")


def make_prior(name: str, dim: int, *, squash: str = "normal-cdf") -> Prior:
    """The prior called ``name`` (``"normal"`` or ``"uniform"``) in ``dim`` dimensions."""
    if one_of("prior", name, PRIOR_NAMES) == UniformPrior.name:
        return UniformPrior(dim, squash=squash)
    return GaussianPrior(dim)


def _flow(*, path: str, sha256: str | None = None, dim: int | None = None) -> FlowPrior:
    prior = FlowPrior.load(path)
    if sha256 is not None and prior.digest != sha256:
        raise InvalidInputError(f"expected the flow {sha256[:8]}; {path} now holds another one, {prior.digest[:8]}")
    return prior


# Which fields a specification has besides its name: what the constructors take.
_MAKERS: dict[str, tuple[Callable[..., Prior], tuple[str, ...], tuple[str, ...]]] = {
    "normal": (GaussianPrior, ("dim",), ()),
    "uniform": (UniformPrior, ("dim",), ("squash",)),
    "gaussian": (FullGaussianPrior, ("mean", "covariance"), ()),
    "box": (BoxPrior, ("low", "high"), ("squash",)),
    "ball": (BallPrior, ("dim",), ("radius",)),
    "sphere": (SpherePrior, ("dim",), ("radius",)),
    "mixture": (GaussianMixturePrior, ("weights", "means", "covariances"), ()),
    "product": (ProductPrior.from_laws, ("laws",), ()),
    "flow": (_flow, ("path",), ("sha256", "dim")),
}


def prior_from_spec(spec: Any) -> Prior:
    """The prior that a specification says, the inverse of ``prior.spec()``.

    Args:
        spec: an object such as ``{"prior": "ball", "dim": 2, "radius": 1.0}``. Its ``prior`` is one of normal, uniform,
            gaussian, box, ball, sphere, mixture, product, flow; the other fields are what the class of that name takes.

    Raises: InvalidInputError: for another name, a missing or unknown field, and whatever the class refuses.

    >>> prior_from_spec({"prior": "product", "laws": [{"name": "gamma", "args": [2.0]}]})
    ProductPrior(gamma(2.0))
    """
    if not isinstance(spec, dict) or not isinstance(spec.get("prior"), str):
        raise InvalidInputError(f"a prior must be an object with its name in the field 'prior'; got {spec!r}")
    fields = dict(spec)
    name = one_of("the field 'prior'", fields.pop("prior"), tuple(_MAKERS))
    version = fields.pop("format", FILE_FORMAT)
    if version != FILE_FORMAT:
        raise InvalidInputError(f"expected a prior of format {FILE_FORMAT}; got {version!r}")
    make, needed, optional = _MAKERS[name]
    missing = [field for field in needed if field not in fields]
    unknown = [field for field in fields if field not in (*needed, *optional)]
    if missing or unknown:
        raise InvalidInputError(
            f"the prior {name!r} has the fields {', '.join((*needed, *optional))}; "
            + "; ".join(
                f"{what} {', '.join(names)}" for what, names in (("missing", missing), ("unknown", unknown)) if names
            )
        )
    if name == "product" and not isinstance(fields["laws"], list):
        raise InvalidInputError(f"laws must be a list; got {fields['laws']!r}")
    return make(**fields)


def load_prior(path: str | Path) -> Prior:
    """The prior of a file: .json of a specification (see :func:`prior_from_spec`), or .safetensors of a flow.

    Raises: InvalidInputError: if the file is missing, damaged, of another kind or version, or describes no prior.
    """
    from noisedim.files import read_json

    path = Path(path)
    if path.suffix not in _SUFFIXES:
        raise InvalidInputError(f"a prior file ends in {' or '.join(_SUFFIXES)}; got {path}")
    if path.suffix == ".safetensors":
        return FlowPrior.load(path)
    try:
        return prior_from_spec(read_json(path))
    except InvalidInputError as error:
        if str(path) in str(error):
            raise
        raise InvalidInputError(f"{path}: {error}") from None


def as_prior(value: Any, dim: int | None = None, *, squash: str = "normal-cdf") -> Prior:
    """A prior from a prior, the name of one, the path of its file, or its JSON.

    Args:
        value: ``"normal"``, ``"uniform"``, a path ending in .json or .safetensors, the text of a specification, or a
            prior.
        dim: its dimension, which a name needs and all others must have.
        squash: of the uniform prior.

    Raises: InvalidInputError: for anything else, and for a prior of another dimension.
    """
    if isinstance(value, str) and value in PRIOR_NAMES:
        if dim is None:
            raise InvalidInputError(f"the prior {value!r} needs a dimension; got none")
        return make_prior(value, dim, squash=squash)
    if isinstance(value, Prior):
        prior = value
    elif isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            prior = prior_from_spec(json.loads(value))
        except json.JSONDecodeError as error:
            raise InvalidInputError(f"a prior's text must be JSON: {error}") from None
    elif isinstance(value, str | Path) and Path(value).suffix in _SUFFIXES:
        prior = load_prior(value)
    else:
        names = ", ".join(repr(name) for name in PRIOR_NAMES)
        raise InvalidInputError(
            f"prior must be {names}, a prior file (.json or .safetensors) or a prior; got {value!r}"
        )
    if dim is not None and prior.dim != dim:
        raise InvalidInputError(f"expected a prior of dimension {dim}; got {prior!r}")
    return prior


def prior_reference(value: Any) -> str:
    """What a configuration keeps of a prior: a name as it is, anything else as JSON that makes the same prior again.

    A flow is named by its file and the digest of its content: a file that was changed is refused.
    """
    if isinstance(value, str) and value in PRIOR_NAMES:
        return value
    return json.dumps(as_prior(value).reference(), sort_keys=True, separators=(",", ":"), allow_nan=False)
