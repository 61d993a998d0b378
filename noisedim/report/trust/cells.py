"""The audit that ships with the package, one typed cell per law and shape of sample."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from noisedim.normality.audit.measure import LEVELS, TAIL_LEVELS, read_audit
from noisedim.normality.audit.peers import PEERS as _PEERS
from noisedim.statistics.intervals import Interval, clopper_pearson

__all__ = ["LEVELS", "PEERS", "PRIOR", "SLICED", "TAIL_LEVELS", "Cell", "audit_cells", "package_versions"]

SLICED = "sliced Epps–Pulley"
PRIOR = "prior"
"""The law N(0, I) among others: what rejects it is a false alarm."""
PEERS = tuple(peer.name for peer in _PEERS)
_PACKAGED = tuple(peer.name for peer in _PEERS if peer.package)
# Not p-values of single tests: the whole battery after Holm, and the check of the rank.
_COMBINED = ("battery", "rank")


@dataclass(frozen=True)
class Cell:
    """How often each test rejected samples of one law and shape.

    Attributes:
        kind: samples of the null itself, or of another law; ``tails``: of the null, for tests by themselves.
        law: which null, or which other law; ``prior`` is N(0, I).
        n: rows of a sample.
        dim: its dimension.
        trials: number of samples.
        counts: rejections by test, one per level of :data:`LEVELS`, for ``tails`` of :data:`TAIL_LEVELS`.
        null: of the battery that looks at another law.
        has_peers: whether peers were run on the samples.
        times: by peer, how many times as long as the battery it took for a sample.
    """

    kind: Literal["calibration", "power", "tails"]
    law: str
    n: int
    dim: int
    trials: int
    counts: Mapping[str, tuple[int, ...]]
    null: str = "simple"
    has_peers: bool = True
    times: Mapping[str, float] = field(default_factory=dict)

    @property
    def single_tests(self) -> dict[str, tuple[int, ...]]:
        """The counts of the battery's tests, each by itself."""
        return {name: counts for name, counts in self.counts.items() if name not in (*_COMBINED, *PEERS)}

    @property
    def peers(self) -> tuple[str, ...]:
        """The peers that were run on its samples, but for those of R's packages."""
        return tuple(name for name in PEERS if name in self.counts and name not in _PACKAGED)

    @property
    def packages(self) -> tuple[str, ...]:
        """The tests of R's packages that were run on its samples."""
        return tuple(name for name in _PACKAGED if name in self.counts)

    def holds_level(self, test: str) -> bool:
        """Of samples of the prior: whether its false alarms are not above 5% beyond doubt (99%)."""
        return self.rate(test, level=0.99).lower <= LEVELS[0]

    def relative_time(self, test: str) -> float | None:
        """How many times as long as the battery a test takes for a sample; ``None`` where none was timed."""
        return 1.0 if test == "battery" and self.times else self.times.get(test)

    def rate(self, test: str, *, at: int = 0, level: float = 0.95) -> Interval:
        """The rate of rejections by ``test`` at the level number ``at``, with its Clopper–Pearson interval."""
        return clopper_pearson(self.counts[test][at], self.trials, level=level)

    def most_frequent(self, *, at: int) -> tuple[str, float]:
        """The single test that rejects most often at ``LEVELS[at]``, and its rate."""
        counts = self.single_tests
        name = max(counts, key=lambda name: counts[name][at])
        return name, counts[name][at] / self.trials


def audit_cells(*, family: bool = False, high: bool = False, tails: bool = False) -> list[Cell]:
    """All cells of the audit.

    Args:
        family: those of whole batteries, on samples of their own.
        high: those of many dimensions, without the tests over pairs of rows.
        tails: those of the null tables.

    Raises: FileNotFoundError: if the package has no audit.
    """
    names = ("kind", "law", "n", "dim", "trials")
    return [
        Cell(
            **{name: cell[name] for name in names},
            counts={k: tuple(v) for k, v in cell["counts"].items()},
            null=cell.get("null", "simple"),
            has_peers=cell.get("peers", True),
            times=cell.get("times", {}),
        )
        for cell in read_audit(family=family, high=high, tails=tails)["cells"]
    ]


def package_versions() -> dict[str, str]:
    """Of R's packages with which the audit was counted, by name."""
    return dict(read_audit().get("packages", {}))
