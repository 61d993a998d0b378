"""Priors from names, files and their JSON: validated, versioned, nothing unpickled."""

import json
from pathlib import Path
from typing import Any

from noisedim.checks import one_of, shown
from noisedim.errors import InvalidInputError, words_of
from noisedim.priors.affine import BoxPrior, FullGaussianPrior
from noisedim.priors.directional.spheres import BallPrior, SpherePrior
from noisedim.priors.directional.torus import TorusPrior
from noisedim.priors.flow import FILE_FORMAT, FlowPrior
from noisedim.priors.gaussian import GaussianPrior
from noisedim.priors.interface import Prior
from noisedim.priors.mixture import GaussianMixturePrior
from noisedim.priors.product import ProductPrior
from noisedim.priors.uniform import UniformPrior

__all__ = [
    "PRIORS",
    "PRIOR_NAMES",
    "as_prior",
    "load_prior",
    "make_prior",
    "prior_from_spec",
    "prior_identity",
    "prior_reference",
]

PRIORS: dict[str, type[Prior]] = {
    law.name: law
    for law in (
        GaussianPrior,
        UniformPrior,
        FullGaussianPrior,
        BoxPrior,
        BallPrior,
        SpherePrior,
        TorusPrior,
        GaussianMixturePrior,
        ProductPrior,
        FlowPrior,
    )
}
"""Every prior by its name: a prior is one file and one line here."""
# The laws that dimension alone makes, without a file.
PRIOR_NAMES = tuple(name for name, law in PRIORS.items() if law.known_by_name)
_SUFFIXES = (".json", ".safetensors")


def make_prior(name: str, dim: int, *, squash: str = "normal-cdf") -> Prior:
    """The prior called ``name`` (``"normal"`` or ``"uniform"``) in ``dim`` dimensions."""
    law = PRIORS[one_of("prior", name, PRIOR_NAMES)]
    return law.from_spec(dim=dim, **({"squash": squash} if "squash" in law.optional_fields else {}))


def prior_from_spec(spec: Any) -> Prior:
    """The prior that a specification says, the inverse of ``prior.spec()``.

    Args:
        spec: an object such as ``{"prior": "ball", "dim": 2, "radius": 1.0}``. Its ``prior`` is a key of
            :data:`PRIORS`; the other fields are what the class of that name takes.

    Raises: InvalidInputError: for another name, a missing or unknown field, and whatever the class refuses.

    >>> prior_from_spec({"prior": "product", "laws": [{"name": "gamma", "args": [2.0]}]})
    ProductPrior(gamma(2.0))
    """
    if not isinstance(spec, dict) or not isinstance(spec.get("prior"), str):
        raise InvalidInputError(f"a prior must be an object with its name in the field 'prior'; got {shown(spec)}")
    fields = dict(spec)
    name = one_of("the field 'prior'", fields.pop("prior"), tuple(PRIORS))
    version = fields.pop("format", FILE_FORMAT)
    if version != FILE_FORMAT:
        raise InvalidInputError(f"expected a prior of format {FILE_FORMAT}; got {shown(version)}")
    law = PRIORS[name]
    needed, optional = law.fields, law.optional_fields
    missing = [field for field in needed if field not in fields]
    unknown = [field for field in fields if field not in (*needed, *optional)]
    if missing or unknown:
        raise InvalidInputError(
            f"the prior {name!r} has the fields {', '.join((*needed, *optional))}; "
            + "; ".join(
                f"{what} {', '.join(names)[:200]}"
                for what, names in (("missing", missing), ("unknown", unknown))
                if names
            )
        )
    return law.from_spec(**fields)


def load_prior(path: str | Path) -> Prior:
    """The prior of a file, the inverse of ``prior.save(path)``.

    Args:
        path: .json of a specification (see :func:`prior_from_spec`), or .safetensors of a flow. Nothing of it is executed.

    Returns: the prior, of the class that the file names, equal to the one that was saved.

    Raises: InvalidInputError: if the file is missing, damaged, of another kind or version, or describes no prior.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     BallPrior(2).save(Path(folder) / "ball.json")
    ...     load_prior(Path(folder) / "ball.json")
    BallPrior(dim=2, radius=1)
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
            raise InvalidInputError(f"a prior's text must be JSON: {words_of(error)}") from None
        except RecursionError:
            raise InvalidInputError("a prior's text must be JSON of a few levels; it is nested too deeply") from None
    elif isinstance(value, str | Path) and Path(value).suffix in _SUFFIXES:
        prior = load_prior(value)
    else:
        names = ", ".join(repr(name) for name in PRIOR_NAMES)
        raise InvalidInputError(
            f"prior must be {names}, a prior file (.json or .safetensors) or a prior; got {shown(value)}"
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


def prior_identity(reference: str) -> Any:
    """What tells a prior from another, as JSON holds it, of a :func:`prior_reference`: where a flow's file lies does not."""
    if reference in PRIOR_NAMES:
        return reference
    return {name: value for name, value in json.loads(reference).items() if name != "path"}
