"""Checks by claim: registered by decorator, found in a checkout or in the installed package."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.theory.claims import claim as find_claim
from noisedim.verification.budget import assert_within_budget
from noisedim.verification.outcomes import Verdict

__all__ = ["Check", "Role", "all_checks", "check", "checks_of", "find_check"]

Role = Literal["claim", "printed", "corrected", "mutant", "trained"]
_ONLY_CASE = "-"
_registered: dict[str, "Check"] = {}


@dataclass(frozen=True, eq=False)
class Check:
    """One check of a claim.

    Attributes:
        claim: the claim's id.
        name: the function's name.
        function: called with a :class:`~noisedim.verification.trial.Trial`, and with the case where there are several.
        cases: what to call it with, by readable name.
        role: what it is about; ``printed`` checks state a form that is wrong, and must be refuted.
        intervals: how many intervals a case draws; the case's α is split over them. 0: nothing is sampled.
        limit: seconds after which a case is given up.
        source: the file that it came from.
    """

    claim: str
    name: str
    function: Callable[..., None]
    cases: Mapping[str, Any]
    role: Role
    intervals: int
    limit: float
    source: str

    @property
    def id(self) -> str:
        """claim/name."""
        return f"{self.claim}/{self.name}"

    @property
    def expected(self) -> Verdict:
        """The verdict of a check that finds what is true."""
        return Verdict.REFUTED if self.role == "printed" else Verdict.VERIFIED

    @property
    def counts_for_primitives(self) -> bool:
        """Whether it states what is true and samples nothing: what a wrong primitive must refute."""
        return self.role in ("claim", "corrected") and not self.intervals

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (self.function.__doc__ or self.name).strip().splitlines()[0]

    def case_id(self, case: str) -> str:
        """claim/name[case]."""
        return self.id if case == _ONLY_CASE else f"{self.id}[{case}]"

    def case_ids(self) -> list[str]:
        """The ids of all its cases."""
        return [self.case_id(case) for case in self.cases]


def check(
    claim: str,
    *,
    cases: Mapping[str, Any] | None = None,
    role: Role = "claim",
    intervals: int = 0,
    limit: float = 120.0,
) -> Callable[[Callable[..., None]], Check]:
    """Register a function as a check of ``claim``.

    Args:
        claim: id of a claim in :mod:`noisedim.theory.claims`.
        cases: named arguments, one call each; without, the function takes the trial alone.
        role: see :class:`Check`.
        intervals: how many intervals a case draws.
        limit: seconds after which a case is given up.

    Raises: InvalidInputError: for an unknown claim, no cases, or a name that another file has taken.
    """
    claim = find_claim(claim).id
    one_of("role", role, get_args(Role))
    if cases is not None and not cases:
        raise InvalidInputError(f"a check of {claim} must have one or more cases; got none")

    def register(function: Callable[..., None]) -> Check:
        source = Path(function.__code__.co_filename).name
        named = {_ONLY_CASE: None} if cases is None else dict(cases)
        made = Check(claim, function.__name__, function, named, role, intervals, limit, source)
        known = _registered.get(made.id)
        if known is not None and known.source != source:
            raise InvalidInputError(f"{made.id} is registered by {known.source} and by {source}")
        _registered[made.id] = made
        return made

    return register


def takes_case(made: Check) -> bool:
    """Whether the function is called with a case beside the trial."""
    return list(made.cases) != [_ONLY_CASE]


def _checkout() -> Path | None:
    """The folder of the checks beside the package, where this is a checkout."""
    folder = Path(__file__).parents[2] / "theory_checks"
    return folder if (folder / "conftest.py").is_file() and (folder.parent / "pyproject.toml").is_file() else None


def _load(folder: Path, package: str, path: Path) -> ModuleType:
    name = f"{package}.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InvalidInputError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def all_checks() -> dict[str, Check]:
    """Every check by id, sorted; loads all files of checks first.

    Raises:
        InvalidInputError: where the installation has no checks.
        BudgetError: if more is sampled than the false-alarm budget allows for.
    """
    folder, package = _checkout(), "theory_checks"
    if folder is None:
        package = "noisedim._theory_checks"
        spec = importlib.util.find_spec(package)
        places = list(spec.submodule_search_locations or []) if spec is not None else []
        if not places:
            raise InvalidInputError("expected the checks beside noisedim or inside it; this installation has none")
        folder = Path(places[0])
    for path in sorted(folder.glob("test_*.py")):
        _load(folder, package, path)
    assert_within_budget(sum(len(made.cases) for made in _registered.values() if made.intervals))
    return dict(sorted(_registered.items()))


def checks_of(claim: str) -> list[Check]:
    """The checks of one claim, by id.

    Raises: InvalidInputError: for an unknown claim.
    """
    claim_id = find_claim(claim).id
    return [made for made in all_checks().values() if made.claim == claim_id]


def find_check(check_id: str) -> Check:
    """The check called ``claim/name``.

    Raises: InvalidInputError: if there is none.
    """
    found = _registered.get(check_id) or all_checks().get(check_id)
    if found is None:
        raise InvalidInputError(f"there is no check {check_id!r}")
    return found
