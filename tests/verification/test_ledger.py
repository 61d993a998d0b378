"""The ledger: summaries, what a partial run leaves alone, and pytest's side of it in processes of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from noisedim.files import read_json
from noisedim.theory.claims import ERRATA
from noisedim.verification.ledger import claim_lines, errata_words, make_ledger, missing_ids, write_ledger
from noisedim.verification.outcomes import Finding, Row, Verdict

ROOT = Path(__file__).parents[2]


def row(case_id: str, *, role: str = "claim", verdict: Verdict = Verdict.VERIFIED, expected=Verdict.VERIFIED, **fields):
    finding = Finding(what="x", relation="=", left=1.0, right=1.0, gap=0.0, delta=1e-9, verdict=verdict, **fields)
    claim, _, name = case_id.partition("/")
    made = Row(
        id=case_id,
        claim=claim,
        check=name,
        case="-",
        role=role,
        expected=expected,
        verdict=verdict,
        findings=(finding,),
    )
    return made.to_dict()


def test_claims_are_summed_up() -> None:
    rows = [
        row("theorem-3.4/a", error=1e-12),
        row("theorem-3.4/b", n=1000, alpha=2.5e-7, beta=1e-3, lower=0.9, upper=1.1),
        row("theorem-3.5/a", verdict=Verdict.INCONCLUSIVE),
        row("E4/a", role="printed", verdict=Verdict.REFUTED, expected=Verdict.REFUTED),
        row("E4/b", role="corrected"),
        row("E5/a", role="printed", verdict=Verdict.VERIFIED, expected=Verdict.REFUTED),
        row("trained-encoders/a", role="trained", error=1e-6),
        row("mutations/a", role="mutant"),
        row("mutations/b", role="mutant", verdict=Verdict.REFUTED),
    ]
    ledger = make_ledger(rows, seed=3)
    by_id = {item["id"]: item for item in ledger["claims"]}
    first = by_id["theorem-3.4"]
    assert (first["verdict"], first["cases"], first["sampled_cases"], first["most_draws"]) == ("verified", 2, 1, 1000)
    assert first["worst_relative_error"] == 1e-12
    assert first["power"] == pytest.approx(0.999)
    assert (ledger["worst_relative_error"], by_id["trained-encoders"]["worst_relative_error"]) == (1e-12, 1e-6)
    assert by_id["theorem-3.5"]["verdict"] == "inconclusive"
    assert (by_id["E4"]["verdict"], by_id["E4"]["printed_form"], by_id["E4"]["as_expected"]) == (
        "verified",
        "refuted",
        True,
    )
    assert (by_id["E5"]["printed_form"], by_id["E5"]["as_expected"]) == ("verified", False)
    assert by_id["lemma-2.4"]["verdict"] == "skipped"
    assert (ledger["mutants"], ledger["mutants_killed"], ledger["seed"]) == (2, 1, 3)
    text = "\n".join(claim_lines(ledger))
    assert "✓ verified" in text
    assert "✗ refuted" in text
    assert "lemma-2.4" not in text


def test_errata_are_counted_by_kind_and_equivalences_are_not_called_verified() -> None:
    rows = [
        row("E1/a", role="corrected"),
        row("E1/b", role="printed", verdict=Verdict.REFUTED, expected=Verdict.REFUTED),
        row("E6/a"),
        row("theorem-3.4/a"),
        row("theorem-3.4/b"),
        row("theorem-2.2/a"),
        row("lemma-3.3/a", verdict=Verdict.REFUTED),
    ]
    ledger = make_ledger(rows, seed=0)
    by_id = {item["id"]: item for item in ledger["claims"]}
    assert (by_id["E1"]["erratum_kind"], by_id["E6"]["erratum_kind"]) == ("substantive", "remark on method")
    assert by_id["theorem-3.4"]["erratum_kind"] is None
    assert by_id["theorem-3.4"]["words"].startswith("no counterexample in 2 cases; proof: ")
    assert by_id["theorem-2.2"]["words"] == "verified"
    assert by_id["lemma-3.3"]["words"] == "refuted"
    assert by_id["E6"]["printed_form"] is None
    kinds = ledger["errata_by_kind"]
    assert sum(kind["rows"] for kind in kinds.values()) == len(ERRATA)
    assert kinds["substantive"]["as_expected"] == kinds["remark on method"]["as_expected"] == 1
    assert errata_words(ledger).startswith(f"{kinds['substantive']['rows']} substantive, ")


def test_the_table_of_primitives_shows_empty_cells() -> None:
    used = {**row("theorem-2.2/a"), "primitives": ["entropy", "KL"]}
    cells = {"entropy": {"red": ["theorem-2.2/a"], "green": []}, "KL": {"red": [], "green": ["theorem-2.2/a"]}}
    mutant = {**row("mutations/a", role="mutant"), "details": {"about": "theorem-2.2", "primitives": cells}}
    table = make_ledger([used, mutant], seed=0)["primitives"]
    assert table["claims"]["theorem-2.2"]["entropy"] == {"cases": 1, "red": ["theorem-2.2/a"], "green": []}
    assert (table["cells"], table["empty"]) == (2, ["theorem-2.2: KL"])
    # What a case calls and no mutant tried is empty, too.
    assert make_ledger([used], seed=0)["primitives"]["empty"] == ["theorem-2.2: entropy", "theorem-2.2: KL"]


def test_order_of_arrival_does_not_matter() -> None:
    rows = [row("theorem-3.4/a"), row("theorem-3.4/b"), row("E4/b", role="corrected")]
    assert make_ledger(rows, seed=0) == make_ledger(rows[::-1], seed=0)


def test_a_partial_run_leaves_the_ledger_alone(tmp_path: Path) -> None:
    path, rows = tmp_path / "theory.json", [row("theorem-3.4/a"), row("theorem-3.4/b")]
    expected = ["theorem-3.4/a", "theorem-3.4/b"]
    assert write_ledger(path, rows, expected=expected, seed=0) == []
    before = path.read_bytes()
    assert read_json(path)["cases"] == 2
    assert write_ledger(path, rows[:1], expected=expected, seed=0) == ["theorem-3.4/b"]
    assert path.read_bytes() == before
    assert missing_ids(rows, [*expected, "E4/b"]) == ["E4/b"]


def test_infinities_and_missing_figures_survive_json(tmp_path: Path) -> None:
    finding = Finding(
        what="x", relation="=", left=float("inf"), right=1.0, gap=float("inf"), delta=1e-9, verdict=Verdict.REFUTED
    )
    made = Row(
        id="E4/a", claim="E4", check="a", case="-", role="corrected", expected=Verdict.VERIFIED,
        verdict=Verdict.REFUTED, findings=(finding,),
    )  # fmt: skip
    path = tmp_path / "theory.json"
    write_ledger(path, [made.to_dict()], expected=["E4/a"], seed=0)
    (back,) = read_json(path)["rows"]
    assert back["findings"][0]["left"] == "inf"
    assert back["worst_gap"] == "inf"
    assert "error" not in back["findings"][0]


def pytest_run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_pytest_prints_rows_and_leaves_a_complete_ledger_alone(tmp_path: Path) -> None:
    path = tmp_path / "theory.json"
    path.write_text(json.dumps({"complete": True}))
    lines = {}
    for workers in ("0", "2"):
        run = pytest_run(
            "theory_checks/test_section_5_statistics.py", "-n", workers, "--ledger", str(path), "--seed", "4"
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert "partial run, 10 of" in run.stdout
        assert read_json(path) == {"complete": True}
        lines[workers] = [line.rsplit(maxsplit=1)[0] for line in run.stdout.splitlines() if line.startswith("E1")]
    assert lines["0"] == lines["2"]
    assert len(lines["0"]) == 2
