"""Runs the checks under pytest and keeps their ledger.

Every registered check is collected, a test a case. The rows travel with the reports, so it is one ledger whether the
tests ran in this process or in workers. A complete run writes ``reports/results/theory.json``; a partial one prints its
rows and leaves the file alone.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from noisedim.verification import Check, Row, Verdict, run_case
from noisedim.verification.ledger import DEFAULT_LEDGER, claim_lines, errata_words, make_ledger, write_ledger
from noisedim.verification.registry import all_checks

_ROW = "noisedim_row"
_ID = "noisedim_case_id"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("noisedim")
    group.addoption("--seed", type=int, default=0, help="root seed of everything that is sampled (default 0)")
    group.addoption("--ledger", type=Path, default=None, help=f"where a complete run writes (default {DEFAULT_LEDGER})")


class CheckFailed(Exception):
    """A row that is not what it should be."""


class CheckItem(pytest.Item):
    """One case of one check."""

    def __init__(self, *, check: Check, case: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.check = check
        self.case = case
        self.user_properties.append((_ID, check.case_id(case)))

    def runtest(self) -> None:
        row = run_case(self.check, self.case, seed=self.config.getoption("--seed"))
        self.user_properties.append((_ROW, json.dumps(row.to_dict())))
        if row.failed:
            raise CheckFailed(_explain(row))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, CheckFailed) else super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        line = self.check.function.__code__.co_firstlineno
        return self.path, line, self.check.case_id(self.case)


def _explain(row: Row) -> str:
    lines = [f"{row.id}: expected {row.expected}, came {row.verdict}", f"  {row.message}" if row.message else ""]
    wrong = [finding for finding in row.findings if finding.verdict is not row.expected]
    lines += [f"  {finding}" for finding in wrong]
    return "\n".join(line for line in lines if line)


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> list[pytest.Item] | None:
    if not isinstance(obj, Check):
        return None
    return [
        CheckItem.from_parent(collector, name=name if case == "-" else f"{name}[{case}]", check=obj, case=case)
        for case in obj.cases
    ]


class _Bookkeeper:
    """Collects rows from reports; lives where reports arrive, which under xdist is the controller."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.rows: dict[str, dict[str, Any]] = {}
        self.note = ""
        self.lines: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties: dict[str, Any] = dict(report.user_properties)
        # A worker that died sends no properties: what it was at is known by its name only.
        case_id = properties.get(_ID) or (_case_id_of(report.nodeid) if report.failed else None)
        if case_id is None:
            return
        if _ROW in properties:
            self.rows[case_id] = json.loads(properties[_ROW])
        elif report.failed or report.skipped:
            # No row came: the process died, or something outside the check went wrong. That shows.
            self.rows[case_id] = _row_without_findings(
                case_id,
                Verdict.SKIPPED if report.skipped else Verdict.ERROR,
                str(report.longrepr).strip().splitlines()[-1],
                self.config.getoption("--seed"),
            )

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not self.rows:
            return
        path = self.config.getoption("--ledger") or self.config.rootpath / DEFAULT_LEDGER
        seed = self.config.getoption("--seed")
        rows = list(self.rows.values())
        ledger = make_ledger(rows, seed=seed)
        self.lines = [*claim_lines(ledger), f"errata: {errata_words(ledger)}", *_primitive_words(ledger)]
        try:
            expected = [case_id for check in all_checks().values() for case_id in check.case_ids()]
        except (
            Exception
        ) as error:  # pytest has shown the file that does not load; the ledger must not pass for complete
            self.note = f"not all checks load ({error}): {path} is left as it is"
            return
        missing = write_ledger(path, rows, expected=expected, seed=seed)
        if missing:
            ran = len(expected) - len(missing)
            self.note = f"partial run, {ran} of {len(expected)} cases: {path} is left as it is"
        else:
            self.note = f"ledger: {path}"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self.rows:
            return
        rows = list(self.rows.values())
        terminalreporter.section("ledger of the theorems")
        for line in self.lines:
            terminalreporter.write_line(line)
        undecided = [row for row in rows if row["verdict"] == Verdict.INCONCLUSIVE]
        for row in undecided:
            reasons = [f["note"] for f in row["findings"] if f["verdict"] == Verdict.INCONCLUSIVE] or [row["message"]]
            terminalreporter.write_line(f"? {row['id']}: {'; '.join(reasons)}")
        mutants = [row for row in rows if row["role"] == "mutant"]
        terminalreporter.write_line(
            f"{len(rows)} cases, {sum(row['relations'] for row in rows)} relations, "
            f"{sum(row['as_expected'] for row in rows)} as expected, {len(undecided)} inconclusive; "
            f"mutants killed: {sum(row['as_expected'] for row in mutants)} of {len(mutants)}; "
            f"seed {self.config.getoption('--seed')}"
        )
        terminalreporter.write_line(self.note)


def _primitive_words(ledger: dict[str, Any]) -> list[str]:
    """How many cells the table of primitives has, and those in which nothing was refuted."""
    table = ledger["primitives"]
    tried = any(cell["red"] or cell["green"] for given in table["claims"].values() for cell in given.values())
    if not tried:
        return []
    filled = table["cells"] - len(table["empty"])
    return [f"primitive × claim: {filled} of {table['cells']} cells filled", *(f"  empty: {x}" for x in table["empty"])]


def _case_id_of(nodeid: str) -> str | None:
    """The case that pytest calls ``file::check[case]``."""
    path, _, name = nodeid.partition("::")
    check_name, _, rest = name.partition("[")
    for made in all_checks().values():
        if made.source == Path(path).name and made.name == check_name:
            return made.case_id(rest.removesuffix("]") or "-")
    return None


def _row_without_findings(case_id: str, verdict: Verdict, message: str, seed: int) -> dict[str, Any]:
    check_id, _, rest = case_id.partition("[")
    made = all_checks()[check_id]
    row = Row(
        id=case_id,
        claim=made.claim,
        check=made.name,
        case=rest.removesuffix("]") or "-",
        role=made.role,
        expected=made.expected,
        verdict=verdict,
        seed=seed,
        message=message,
    )
    return row.to_dict()


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--seed") < 0:
        raise pytest.UsageError(f"--seed must be >= 0; got {config.getoption('--seed')}")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Bookkeeper(config), "noisedim-bookkeeper")
