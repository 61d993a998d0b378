"""What a study is: a question, the runs that it needs, and the section of the report that answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from noisedim.checks import one_of
from noisedim.document.content import Notice, Section, Statement
from noisedim.report.pages import PAGES
from noisedim.runs.make_generator import AnyConfig
from noisedim.runs.store import RunStore
from noisedim.training import TrainConfig

__all__ = ["Runs", "Sources", "Study", "no_runs", "untested"]


class Runs(Protocol):
    """Which runs a study needs, by profile of the report and name of the data set."""

    def __call__(self, profile: str, data: str) -> tuple[AnyConfig, ...]: ...


@dataclass(frozen=True)
class Sources:
    """Where sections read.

    Attributes:
        profile: ``smoke``, ``quick`` or ``paper``.
        data: name of the data set.
        store: folder of the runs.
        results: folder of theory.json, the benchmarks' files and report.json.
        plans: the runs of each study, by the study's name. A section that discusses another study's runs takes them from
            here, so that studies need not import each other.
    """

    profile: str
    data: str
    store: RunStore
    results: Path
    plans: Mapping[str, tuple[AnyConfig, ...]] = field(default_factory=dict)

    @property
    def configs(self) -> list[AnyConfig]:
        """Each run of all plans once, in the order in which they are made: the first sections' first."""
        every = (config for plan in self.plans.values() for config in plan)
        return list({config.digest(): config for config in every}.values())

    def encoders(self, study: str) -> tuple[TrainConfig, ...]:
        """The runs of ``study`` that train an encoder."""
        return tuple(config for config in self.plans[study] if isinstance(config, TrainConfig))

    @property
    def command(self) -> str:
        """The command that brings this report up to date."""
        return f"python -m noisedim.report --profile {self.profile} --data {self.data}"


def no_runs(profile: str, data: str) -> tuple[AnyConfig, ...]:
    """The runs of a study that only reads files which other commands write."""
    return ()


def untested(title: str, command: str, statements: Mapping[str, int]) -> Section:
    """The section of a study whose records are not there: says which command makes them.

    Args:
        title: of the section.
        command: makes the records.
        statements: what the study would decide, with each statement's rank.
    """
    found = [Statement(text, "not tested", "", "", f"`{command}`", rank) for text, rank in statements.items()]
    return Section(title, [], [Notice(f"Not tested: `{command}` makes what this section reads.")], statements=found)


@dataclass(frozen=True)
class Study:
    """One study of the report.

    Attributes:
        name: its key in :attr:`Sources.plans`: its folder's name, unless the folder has several sections.
        section: makes its section; None if there is nothing to show. It reads files and never trains, and says which
            command makes a file that is missing.
        runs: the runs that it needs.
        page: key of the page that shows the section, in :data:`~noisedim.report.pages.PAGES`.
        is_remade: whether a report makes its runs on the machine where it is made, though records of them are published.
    """

    name: str
    section: Callable[[Sources], Section | None]
    runs: Runs = no_runs
    page: str = field(kw_only=True)
    is_remade: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        one_of("page", self.page, tuple(PAGES))
