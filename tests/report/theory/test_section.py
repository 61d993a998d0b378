"""The section on the theorems: from a ledger to verdicts, tables and figures; what it says when there is none."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from noisedim.document.content import Notice, Pictures, Table, Text
from noisedim.files import write_json_atomically
from noisedim.report.build import make_sources
from noisedim.report.theory.figures import (
    gaussian_bound_figure,
    ladder_figure,
    uniform_bound_figure,
)
from noisedim.report.theory.ledger import read_ledger
from noisedim.report.theory.section import theory_section
from noisedim.report.theory.verdicts import (
    claims_verdict,
    errata_verdict,
    mutants_verdict,
    tolerances,
    trained_verdict,
)
from noisedim.theory.claims import CLAIMS, ERRATA, ERRATUM_KINDS
from noisedim.theory.laws import Normal
from noisedim.theory.sources import LazySource
from noisedim.verification.ledger import make_ledger
from noisedim.verification.outcomes import Finding, Row, Verdict

_CLAIMED = sum(item.kind in ("paper", "new") for item in CLAIMS.values())


def row(claim: str, role: str, verdict: Verdict, **details: object) -> dict:
    finding = Finding(
        what="printed and true", relation="=", left=7.0847, right=6.8378, gap=0.2469, delta=1e-9, verdict=verdict
    )
    expected = Verdict.REFUTED if role == "printed" else Verdict.VERIFIED
    made = Row(
        id=f"{claim}/{role}",
        claim=claim,
        check=role,
        case="-",
        role=role,
        expected=expected,
        verdict=verdict,
        findings=(finding,),
        details=details,
    )
    return made.to_dict()


def rows() -> list[dict]:
    found = []
    for claim in CLAIMS.values():
        if claim.is_remark:
            found.append(row(claim.id, "claim", Verdict.VERIFIED))
        elif claim.kind == "erratum":
            found += [row(claim.id, "printed", Verdict.REFUTED), row(claim.id, "corrected", Verdict.VERIFIED)]
        elif claim.id == "mutations":
            cells = {
                "KL": {"red": ["theorem-2.1/identity"], "green": []},
                "D₂": {"red": [], "green": ["theorem-2.1/x"]},
            }
            found.append(row(claim.id, "mutant", Verdict.VERIFIED, about="theorem-2.1", primitives=cells))
        elif claim.id == "trained-encoders":
            gaps = {"steps": [0, 200, 400], "gaps": [[1.7, 2.2], [0.9, 1.3], [0.8, 1.2]]}
            found.append(row(claim.id, "trained", Verdict.INCONCLUSIVE, **gaps))
        else:
            found.append(row(claim.id, "claim", Verdict.VERIFIED))
    return found


def section_of(found: list[dict], folder: Path):
    write_json_atomically(folder / "theory.json", make_ledger(found, seed=0))
    return theory_section(replace(make_sources("smoke", "digits"), results=folder))


def test_without_a_ledger_it_says_how_to_make_one(tmp_path: Path) -> None:
    section = theory_section(replace(make_sources("smoke", "digits"), results=tmp_path))
    assert section.title == "Is it true?"
    assert [(own.status, own.needs) for own in section.statements] == [
        ("not tested", "`pytest theory_checks -n auto`")
    ] * 2
    assert isinstance(section.blocks[0], Notice)
    assert "pytest theory_checks -n auto" in section.blocks[0].words


@pytest.mark.slow
def test_one_row_a_claim_and_one_an_erratum(tmp_path: Path) -> None:
    section = section_of(rows(), tmp_path)
    claims, *by_kind, primitives, inconclusive = (block for block in section.blocks if isinstance(block, Table))
    errata = [{**line, "kind": table.caption.removeprefix("Errata: ")} for table in by_kind for line in table.rows]
    assert [line["claim"] for line in claims.rows] == [c.id for c in CLAIMS.values() if c.kind != "erratum"]
    assert sorted(line["erratum"] for line in errata) == sorted(c.id for c in ERRATA)
    assert [table.caption for table in by_kind] == [f"Errata: {kind}" for kind in ERRATUM_KINDS]
    by_id = {line["claim"]: line["verdict"] for line in claims.rows}
    assert (by_id["theorem-2.2"], by_id["trained-encoders"]) == ("✓ verified", "? inconclusive")
    assert by_id["theorem-3.4"].startswith("✓ no counterexample in 1 cases; proof: ")
    wrong = [line for line in errata if line["kind"] != "remark on method"]
    assert {line["printed form"] for line in wrong} == {"✗ refuted"}
    assert {line.get("printed form", "") for line in errata if line not in wrong} == {""}
    assert {line["as computed"] for line in wrong} == {"printed and true: 7.0847 ≠ 6.8378"}
    assert {line["erratum"]: line["kind"] for line in errata} == {c.id: c.erratum_kind for c in ERRATA}
    (cells,) = primitives.rows
    assert (cells["KL"], cells["D₂"], cells["entropy"]) == ("refuted: theorem-2.1/identity", "EMPTY", "not used")
    assert [verdict.answer for verdict in section.verdicts] == ["yes", "in part", "yes", "in part"]
    counts = Counter(item.erratum_kind for item in ERRATA)
    assert {line["kind of erratum"]: int(line["errata"]) for line in section.verdicts[1].numbers} == counts
    assert "the bounds (5) and (6) themselves stand" in section.verdicts[1].words
    assert sum(isinstance(block, Pictures) for block in section.blocks) == 3
    assert [(line["case"], line["relation"]) for line in inconclusive.rows] == [
        ("trained-encoders/trained", "printed and true")
    ]


@pytest.mark.slow
def test_power_is_claimed_only_where_it_was_planned(tmp_path: Path) -> None:
    found = rows()
    planned, unplanned = (line for line in found if line["claim"] in ("theorem-3.4", "trained-encoders"))
    planned |= {"n": 1000, "power": 0.999, "alpha": 1e-7}
    unplanned |= {"n": 1000, "power": None, "alpha": 1e-7}
    *_, alarms, power = section_of(found, tmp_path).verdicts[0].numbers
    assert alarms["of"] == "all 2 sampled cases together"
    assert power == {"what": "power, at least", "value": "0.999", "of": "the 1 where it could be planned"}


@pytest.mark.slow
def test_the_tolerance_in_words_is_the_one_that_was_used(tmp_path: Path) -> None:
    found = rows()
    loose = next(line for line in found if line["claim"] == "statement-3.7")
    loose["findings"][0]["delta"] = 1e-5
    rules = section_of(found, tmp_path).blocks[0]
    assert isinstance(rules, Text)
    assert "an identity holds to 1e-09 to 1e-05, as its case states, relative to its largest term" in rules.words


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claim", "role", "answers"),
    [
        ("theorem-3.4", "claim", [f"{_CLAIMED - 1} of {_CLAIMED}", "in part", "yes", "in part"]),
        ("mutations", "mutant", ["yes", "in part", "no", "in part"]),
        ("trained-encoders", "trained", ["yes", "in part", "yes", "no"]),
    ],
)
def test_a_failure_shows_in_the_verdicts(claim: str, role: str, answers: list[str], tmp_path: Path) -> None:
    found = [line for line in rows() if line["claim"] != claim] + [row(claim, role, Verdict.REFUTED)]
    section = section_of(found, tmp_path)
    assert [verdict.answer for verdict in section.verdicts] == answers
    assert ("stand" in section.verdicts[1].words) == (claim != "theorem-3.4")


def test_figures_show_bounds_and_where_they_are_tight() -> None:
    above, below = gaussian_bound_figure().axes
    capacity, *laws = (line.get_ydata() for line in above.lines)
    assert len(laws) == 6
    assert abs(capacity - laws[0]).max() < 1e-9
    for values in laws[1:]:
        assert (values < capacity).all()
    exact = LazySource(Normal(), keep=0.5).information(Normal(0, float(above.lines[0].get_xdata()[4])))
    assert abs(laws[-1][4] / exact - 1) < 1e-4
    assert below.get_yscale() == "log"

    kl, renyi, gap, certificate = (line.get_ydata() for line in ladder_figure().axes[0].lines[::-1])
    assert (kl <= renyi).all()
    assert (renyi <= certificate).all()
    assert (kl <= gap).all()
    assert (gap <= certificate).all()
    # As the caption says: with more noise D₂ falls fastest, and what is left of C − J is alignment.
    share = np.asarray(renyi) / np.asarray(certificate)
    assert (np.diff(share[1:]) < 0).all()
    assert share[-1] < 0.01 < 0.3 < share[0]

    bound, exact, continuous = (line.get_ydata() for line in uniform_bound_figure().axes[0].lines[:3])
    assert (continuous < exact).all()
    assert (exact <= bound + 1e-12).all()


def ledger_of(found: list[dict], folder: Path):
    write_json_atomically(folder / "theory.json", make_ledger(found, seed=0))
    return read_ledger(folder / "theory.json")


def test_a_ledger_is_read_as_it_was_written(tmp_path: Path) -> None:
    ledger = ledger_of(rows(), tmp_path)
    assert [claim.id for claim in ledger.claims] == list(CLAIMS)
    assert len(ledger.of_kind("erratum")) == len(ERRATA)
    assert {type(case.verdict) for case in ledger.cases} == {Verdict}
    finding = ledger.of_role("printed")[0].findings[0]
    assert (finding.left, finding.relation, finding.right, finding.n) == (7.0847, "=", 6.8378, None)


def test_verdicts_count_the_ledgers_claims(tmp_path: Path) -> None:
    ledger = ledger_of(rows(), tmp_path)
    about = [claim for claim in CLAIMS.values() if claim.kind in ("paper", "new")]
    claims, errata, trained = claims_verdict(ledger), errata_verdict(ledger), trained_verdict(ledger)
    assert claims.verified == len(claims.claims) == len(about)
    assert claims.others == ()
    for kind in ("paper", "new"):
        assert [claim.kind for claim in claims.of_kind(kind).claims] == [kind] * sum(own.kind == kind for own in about)
    assert (errata.settled, errata.errata, errata.bounds_stand) == (len(ERRATA), len(ERRATA), True)
    # A remark calls nothing in print wrong, and has no printed form.
    assert errata.corrections == sum(own.erratum_kind != "remark on method" for own in ERRATA) < len(ERRATA)
    forms = sum(line["role"] == "printed" for line in rows())
    assert (errata.refuted_forms, errata.printed_forms) == (forms, forms)
    assert trained is not None
    assert (trained.cases, trained.verified, trained.inconclusive, trained.refuted) == (1, 0, 1, 0)
    assert (mutants_verdict(ledger).killed, mutants_verdict(ledger).mutants) == (1, 1)


def test_an_erratum_is_settled_by_both_forms(tmp_path: Path) -> None:
    first = next(iter(ERRATA)).id
    for role, verdict in (("printed", Verdict.VERIFIED), ("corrected", Verdict.INCONCLUSIVE)):
        found = [line for line in rows() if (line["claim"], line["role"]) != (first, role)] + [
            row(first, role, verdict)
        ]
        assert errata_verdict(ledger_of(found, tmp_path)).settled == len(ERRATA) - 1


def test_a_bound_that_is_not_verified_does_not_stand(tmp_path: Path) -> None:
    found = [line for line in rows() if line["claim"] != "theorem-3.5"] + [row("theorem-3.5", "claim", Verdict.REFUTED)]
    ledger = ledger_of(found, tmp_path)
    assert not errata_verdict(ledger).bounds_stand
    assert [claim.id for claim in claims_verdict(ledger).others] == ["theorem-3.5"]


def test_tolerances_are_of_exact_identities_and_without_mutants(tmp_path: Path) -> None:
    found = rows()
    for line in found:
        line["findings"][0]["delta"] = {"statement-3.7": 1e-5, "mutations": 1e-3}.get(line["claim"], 1e-9)
    sampled = next(line for line in found if line["claim"] == "theorem-3.4")
    sampled["findings"][0] |= {"n": 100, "delta": 0.5}
    known = tolerances(ledger_of(found, tmp_path))
    assert list(known) == [1e-9, 1e-5]
    assert known[1e-5] == ["statement-3.7"]
