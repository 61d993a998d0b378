"""The ledger in words: one row per claim, the errata with their numbers, and a figure for each theorem."""

from noisedim.document.content import (
    Block,
    Picture,
    Pictures,
    Section,
    Statement,
    Status,
    Table,
    Text,
    Verdict,
    draw,
)
from noisedim.document.words import count_words, share_word
from noisedim.report.study import Sources, untested
from noisedim.report.theory.figures import (
    gaussian_bound_figure,
    ladder_figure,
    uniform_bound_figure,
)
from noisedim.report.theory.ledger import ClaimSummary, Ledger, read_ledger
from noisedim.report.theory.verdicts import (
    ClaimsVerdict,
    ErrataVerdict,
    MutantsVerdict,
    TrainedVerdict,
    claims_verdict,
    errata_verdict,
    mutants_verdict,
    tolerances,
    trained_verdict,
)
from noisedim.theory.claims import CLAIMS, ERRATUM_KINDS
from noisedim.verification import outcomes

__all__ = ["theory_section"]

_TITLE = "Is it true?"
_CLAIMS, _PRINT = "The paper's claims hold, as corrected", "The paper's formulas are right as printed"
_QUESTION = "Are the claims true, as corrected?"
_COMMAND = "pytest theory_checks -n auto"
_MOST_COUNTEREXAMPLES = 1
# How a refuted relation is written.
_REFUTED = {"=": "≠", "<": "≮", "<=": "≰"}


def theory_section(sources: Sources) -> Section:
    """The ledger as verdicts, tables and figures."""
    path = sources.results / "theory.json"
    if not path.is_file():
        return untested(_TITLE, _COMMAND, {_CLAIMS: 10, _PRINT: 12})
    ledger = read_ledger(path)
    claims, errata = claims_verdict(ledger), errata_verdict(ledger)
    verdicts = [_claims_words(claims, ledger), _errata_words(errata), _mutants_words(mutants_verdict(ledger))]
    trained = trained_verdict(ledger)
    if trained is not None:
        verdicts.append(_trained_words(trained))
    blocks: list[Block] = [
        Text(_rules(ledger)),
        _claims_table(ledger),
        *(Pictures([picture]) for picture in _pictures(ledger)),
        Text(
            "Errata by kind: what is printed, where it fails, which of the paper's hypotheses the counterexample "
            "satisfies, and what it should read. A remark on method calls nothing in print false."
        ),
        *_errata_blocks(ledger),
        *_primitive_blocks(ledger),
        *_inconclusive_blocks(ledger),
    ]
    return Section(
        _TITLE,
        verdicts,
        blocks,
        statements=_statements(claims, errata, ledger),
        finding=f"{_counted(claims.of_kind('paper'))} claims of the paper hold as corrected; {errata.corrections} places in "
        "print need correction.",
    )


def _counted(claims: ClaimsVerdict) -> str:
    return f"{claims.verified} of {len(claims.claims)}"


def _statements(claims: ClaimsVerdict, errata: ErrataVerdict, ledger: Ledger) -> list[Statement]:
    budget = f"{ledger.relations:,} relations"
    papers = claims.of_kind("paper")
    holds: Status = "supported" if not papers.others else "undecided"
    if any(claim.verdict is outcomes.Verdict.REFUTED for claim in papers.others):
        holds = "contradicted"
    return [
        Statement(_CLAIMS, holds, f"{_counted(papers)} verified", budget, rank=10),
        Statement(
            _PRINT,
            "contradicted" if errata.refuted_forms else "undecided",
            f"{errata.refuted_forms} of {errata.printed_forms} printed forms refuted",
            "computed counterexamples",
            rank=12,
        ),
    ]


def _primitive_blocks(ledger: Ledger) -> list[Block]:
    if not ledger.primitives["claims"]:
        return []
    empty = len(ledger.primitives["empty"])
    return [
        Text(
            "Primitives made wrong by about 1%: the first case of each claim that this refutes. A claim that stayed "
            f"verified would compare a formula with itself. {ledger.primitives['cells']} cells, {empty} of them empty."
        ),
        _primitives_table(ledger),
    ]


def _claims_words(found: ClaimsVerdict, ledger: Ledger) -> Verdict:
    others = ", ".join(f"{claim.id} is {claim.verdict}" for claim in found.others)
    return Verdict(
        _QUESTION,
        share_word(found.verified, len(found.claims)),
        f"{_counted(found.of_kind('paper'))} claims of the paper and {_counted(found.of_kind('new'))} new ones are verified; "
        "for an “if and only if” that means that no case refutes it and that the table names a proof"
        + (f"; {others}" if others else ""),
        is_main=True,
        numbers=_how_closely(found, ledger),
    )


def _how_closely(found: ClaimsVerdict, ledger: Ledger) -> list[dict[str, str]]:
    """How much the verified claims rest on, and how closely they hold."""
    rows = {
        "relations": (f"{ledger.relations:,}", "–"),
        "largest relative error": (_number(ledger.worst_relative_error, ".0e"), "exact identities"),
        "false alarms, at most": (f"{ledger.alpha_total:g}", f"all {ledger.sampled_cases} sampled cases together"),
    }
    if found.planned_powers:
        planned = len(found.planned_powers)
        cases = "each sampled case" if planned == ledger.sampled_cases else f"the {planned} where it could be planned"
        rows["power, at least"] = f"{min(found.planned_powers):g}", cases
    return [{"what": name, "value": value, "of": cases} for name, (value, cases) in rows.items()]


def _errata_words(found: ErrataVerdict) -> Verdict:
    standing = "; the bounds (5) and (6) themselves stand" if found.bounds_stand else ""
    unsettled = found.errata - found.settled
    open_rows = f"; {unsettled} did not come out as expected" if unsettled else ""
    return Verdict(
        "Is the paper printed right?",
        "in part" if found.refuted_forms else "not decided",
        f"computed counterexamples refute {found.refuted_forms} of {found.printed_forms} printed forms; of {found.errata} "
        f"errata, {found.corrections} call something in print wrong and {found.errata - found.corrections} are remarks on "
        f"method; what {found.settled} say instead is verified{open_rows}{standing}",
        is_main=True,
        numbers=[{"kind of erratum": kind, "errata": str(rows)} for kind, rows in found.kinds],
    )


def _mutants_words(found: MutantsVerdict) -> Verdict:
    return Verdict(
        "Can these checks fail?",
        share_word(found.killed, found.mutants),
        f"{count_words(found.killed, found.mutants, 'formulas')} made wrong on purpose were refuted",
    )


def _trained_words(found: TrainedVerdict) -> Verdict:
    return Verdict(
        "Do trained encoders satisfy the inequalities?",
        "no" if found.refuted else "in part" if found.inconclusive else "yes",
        f"{count_words(found.verified, found.cases, 'cases')} are verified"
        + ("; the last table says why others are inconclusive" if found.inconclusive else ""),
        numbers=[
            {"trained encoders": name, "cases": str(cases)}
            for name, cases in (
                ("verified", found.verified),
                ("inconclusive", found.inconclusive),
                ("refuted", found.refuted),
            )
        ],
    )


def _rules(ledger: Ledger) -> str:
    known = list(tolerances(ledger))
    least, most = min(known, default=0.0), max(known, default=0.0)
    between = f"{least:g}" if least == most else f"{least:g} to {most:g}, as its case states,"
    tolerance = f"to {between} relative to its largest term"
    return (
        f"Written by `{_COMMAND}`, seed {ledger.seed}; `noisedim verify CLAIM` runs one claim and explains it. "
        f"✓ verified: an identity holds {tolerance}, or an interval lies within Δ of the claim. ✗ refuted: the "
        "interval excludes the claim. ? inconclusive: neither. A claim that was merely not rejected is not called "
        "verified. The printed form of an erratum is expected to be refuted."
    )


def _inconclusive_blocks(ledger: Ledger) -> list[Block]:
    undecided = outcomes.Verdict.INCONCLUSIVE
    rows = [
        {"case": case.id, "relation": each.what, "why it is inconclusive": each.note or "–"}
        for case in ledger.cases
        if case.verdict is undecided
        for each in case.findings
        if each.verdict is undecided
    ]
    return [Table(rows, "Inconclusive cases")] if rows else []


def _marked(verdict: outcomes.Verdict | None) -> str:
    return "" if verdict is None else f"{outcomes.MARKS[verdict]} {verdict}"


def _worded(claim: ClaimSummary) -> str:
    return f"{outcomes.MARKS[claim.verdict]} {claim.words}"


def _primitives_table(ledger: Ledger) -> Table:
    """Claims by primitives: of the cases that call it, how many are known to be refuted when it is wrong."""
    rows = []
    for claim, cells in ledger.primitives["claims"].items():
        row = {"claim": claim}
        for name in ledger.primitives["names"]:
            cell = cells.get(name)
            row[name] = "not used" if cell is None else f"refuted: {cell['red'][0]}" if cell["red"] else "EMPTY"
        rows.append(row)
    return Table(rows, "Claims by the formula that was made wrong")


def _number(value: float | str | None, form: str = ".3g") -> str:
    return "" if value is None else value if isinstance(value, str) else format(value, form)


def _claims_table(ledger: Ledger) -> Table:
    rows = []
    for claim in ledger.claims:
        if claim.kind == "erratum":
            continue
        known = CLAIMS[claim.id]
        rows.append(
            {
                "claim": claim.id,
                "in words": known.title,
                "verdict": _worded(claim),
                "in print": known.printed or "new" if claim.kind in ("paper", "new") else "",
                "cases": str(claim.cases),
                "relations": str(claim.relations),
                "largest relative error": _number(claim.worst_relative_error, ".0e"),
                "Δ (nats)": _number(claim.delta),
                "α": _number(claim.alpha or None, ".0e"),
                "power": _number(claim.power, ".3f"),
                "draws, at most": _number(claim.most_draws, ",d"),
            }
        )
    return Table(rows, "Claims of the paper, and new ones")


def _errata_blocks(ledger: Ledger) -> list[Block]:
    """One table per kind of erratum, the gravest kind first."""
    kinds = dict.fromkeys(claim.erratum_kind or "" for claim in ledger.of_kind("erratum"))
    order = sorted(kinds, key=lambda kind: ERRATUM_KINDS.index(kind) if kind in ERRATUM_KINDS else len(ERRATUM_KINDS))
    return [_errata_table(ledger, kind) for kind in order]


def _errata_table(ledger: Ledger, kind: str) -> Table:
    rows = []
    for claim in ledger.of_kind("erratum"):
        if (claim.erratum_kind or "") != kind:
            continue
        known = CLAIMS[claim.id]
        rows.append(
            {
                "erratum": claim.id,
                "where": known.source.removeprefix("arXiv 2410.06993, "),
                "printed": known.printed,
                "printed form": _marked(claim.printed_form),
                "as computed": _counterexamples(ledger, claim.id),
                "counterexample": known.counterexample,
                "hypotheses that it satisfies": "; ".join((*known.satisfies, *known.by_construction)),
                "should read": known.correction,
                "corrected form": _worded(claim),
            }
        )
    filled = [name for name in (rows[0] if rows else ()) if any(row[name] for row in rows)]
    return Table([{name: row[name] for name in filled} for row in rows], f"Errata: {kind}" if kind else "Errata")


def _counterexamples(ledger: Ledger, claim_id: str) -> str:
    """The first relations of the printed form that were refuted, with both sides as computed."""
    refuted = [
        (case.case, finding)
        for case in ledger.of_role("printed")
        for finding in case.findings
        if case.claim == claim_id and finding.verdict is outcomes.Verdict.REFUTED
    ]
    words = []
    for case, finding in refuted[:_MOST_COUNTEREXAMPLES]:
        relation = _REFUTED.get(finding.relation, f"not {finding.relation}")
        place = "" if case == "-" else f" ({case})"
        words.append(
            f"{finding.what}{place}: {_number(finding.left, '.6g')} {relation} {_number(finding.right, '.6g')}"
        )
    further = len(refuted) - len(words)
    return "; ".join(words) + (f"; {further} further case{'s' * (further > 1)}" if further else "")


def _pictures(ledger: Ledger) -> list[Picture]:
    return [
        draw(
            "theorem-3-4",
            gaussian_bound_figure(),
            alt="Information against the noise for six laws, all below the capacity",
            caption="Theorem 3.4. Every law with unit variance stays below the capacity; N(0, 1) with f(X) = f(X′) "
            "attains it. The lower panel shows the difference: with more noise other laws come close, which is why "
            "large noise matches few moments.",
        ),
        draw(
            "certificate",
            ladder_figure(),
            alt="KL below D2 below C minus J over noise levels",
            caption="KL ≤ D₂ ≤ C − J and KL ≤ C − I ≤ C − J: the gap that the objective leaves certifies the noisy "
            "law. With more noise D₂ falls fastest: the rest of C − J is then the alignment of the views, not a "
            "departure from the prior.",
        ),
        draw(
            "theorem-3-5",
            uniform_bound_figure(),
            alt="Bound, exact capacity, lattice optima and the continuous uniform against 1/(2ε)",
            caption="Theorem 3.5. The bound is attained only where 1/(2ε) is whole, by the uniform law on a lattice; "
            "elsewhere the exact capacity interpolates linearly. The continuous uniform comes close as the noise falls.",
        ),
    ]
