"""Every public name has a docstring: its own, or for a method that of the interface that it implements.

ruff checks the form of docstrings, but it does not know inheritance, so it would ask every implementation to repeat the
sentence of its interface.
"""

import ast
import dataclasses
import inspect
import itertools
import pkgutil
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

import noisedim
import noisedim.bounds

# Programs run on import; an installed theory_checks is checked by its own tests.
_SKIPPED = ("__main__", "_theory_checks")


def modules() -> list[str]:
    found = pkgutil.walk_packages(noisedim.__path__, "noisedim.")
    return [module.name for module in found if not any(skipped in module.name for skipped in _SKIPPED)]


def undocumented(module: ModuleType) -> Iterator[str]:
    """Public functions, classes and methods that ``module`` defines and that have no docstring."""
    for name, own in vars(module).items():
        if name.startswith("_") or getattr(own, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(own) and not own.__doc__:
            yield name
        if inspect.isclass(own):
            # A dataclass without a docstring gets its signature as one.
            if not own.__doc__ or own.__doc__.startswith(f"{name}("):
                yield name
            for method, value in vars(own).items():
                # The default of a dataclass's field may be a function without a name.
                is_method = inspect.isfunction(value) and value.__name__ != "<lambda>"
                described = isinstance(value, property | classmethod | staticmethod) or is_method
                if described and not method.startswith("_") and not inspect.getdoc(getattr(own, method)):
                    yield f"{name}.{method}"


@pytest.mark.parametrize("name", modules())
def test_every_public_name_has_a_docstring(name):
    module = import_module(name)
    assert module.__doc__
    assert not list(undocumented(module))


# Interfaces, and what needs runs, zuko or Lightning, which the pages of the documentation show.
_WITHOUT_EXAMPLE = ("AssessmentCallback", "FlowPrior", "Objective", "Prior", "train")
# noisedim's own: no publication to name. Classes that name what they rest on in ``references`` need no sentence.
_WITHOUT_SOURCE = (
    *(
        "Assessment",
        "AssessmentCallback",
        "Critic",
        "DistributionMatcher",
        "Objective",
        "ObjectiveValue",
    ),
    *("Prior", "TrainConfig", "assess", "embed", "load_prior", "track", "train"),
    # Laws whose docstring is their definition.
    *("BallPrior", "BoxPrior", "FullGaussianPrior", "SpherePrior", "UniformPrior"),
)
_SOURCE = re.compile(r"Source:|arXiv|Theorem|\(\d{4}\)|Section|Table")


def lacking(name: str, own: Any) -> list[str]:
    """What the docstring of a public function or class does not say; those of fields count, too."""
    constructor = inspect.getdoc(own.__init__) if inspect.isclass(own) else None
    text = "\n".join(filter(None, (inspect.getdoc(own), constructor)))
    taken = [] if _is_bare(own) else [one for one in inspect.signature(own).parameters if not one.startswith("_")]
    below = _described_fields(own) if dataclasses.is_dataclass(own) else set()
    found = [one for one in taken if one not in below and not re.search(rf"(?<!\w){one}(?!\w)", text)]
    found += [] if name in _WITHOUT_EXAMPLE or ">>> " in text else ["an example"]
    cites = _SOURCE.search(text) or getattr(own, "references", ())
    found += [] if name in _WITHOUT_SOURCE or cites else ["a source"]
    return found + [part for part in ("Args:", "Raises:") if inspect.isfunction(own) and part not in text]


def _described_fields(own: Any) -> set[str]:
    """The fields that have a string below them."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(own)).body if isinstance(node, ast.ClassDef))
    return {
        field.target.id
        for field, below in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr)
    }


def _is_bare(own: Any) -> bool:
    """Whether a class has no constructor of its own, so that its arguments are the interpreter's."""
    return inspect.isclass(own) and set(inspect.signature(own).parameters) == {"args", "kwargs"}


@pytest.mark.parametrize("name", sorted(set(noisedim.__all__) - {"bounds", "NoisedimError"}))
def test_public_names_say_what_they_take_and_refuse_with_a_source_and_an_example(name):
    assert lacking(name, getattr(noisedim, name)) == []


@pytest.mark.parametrize("name", sorted(noisedim.bounds.__all__))
def test_bounds_say_it_too(name):
    assert lacking(name, getattr(noisedim.bounds, name)) == []


def test_what_is_lacking_is_listed():
    def norm(z, power):
        """The norm of ``z``.

        Raises: ValueError.
        """

    assert lacking("norm", norm) == ["power", "an example", "a source", "Args:"]


def test_missing_docstrings_are_found(monkeypatch):
    module = ModuleType("made")
    monkeypatch.setitem(sys.modules, "made", module)  # where inspect looks for the classes of methods
    source = '''
from dataclasses import dataclass

def silent(): pass
def _private(): pass
@dataclass
class Data:
    x: int
class Interface:
    """Documented."""
    def method(self):
        """Documented."""
class Implementation(Interface):
    """Documented."""
    def method(self): pass
    def other(self): pass
    @property
    def value(self): pass
'''
    exec(source, vars(module))
    assert list(undocumented(module)) == ["silent", "Data", "Implementation.other", "Implementation.value"]
