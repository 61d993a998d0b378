"""The claims as data: complete, distinct, found by id, and ready for others to read."""

import json
import re

import pytest

from noisedim.errors import InvalidInputError
from noisedim.theory.claims import CLAIMS, ERRATA, ERRATUM_KINDS, claim, hypotheses
from noisedim.theory.claims.added import ADDED
from noisedim.theory.claims.paper import PAPER_CLAIMS

# Every numbered statement of the paper.
NUMBERED = (
    *("theorem-2.1", "theorem-2.2", "lemma-2.4", "remark-2.5", "lemma-3.1", "lemma-3.3", "theorem-3.4", "theorem-3.5"),
    *(
        "remark-3.6",
        "statement-3.7",
        "theorem-4.1",
        "lemma-b.1",
        "lemma-b.2",
        "corollary-b.3",
        "lemma-b.4",
        "lemma-b.5",
    ),
    "corollary-b.6",
)


def test_no_statement_of_the_paper_is_missing_and_no_id_is_used_twice() -> None:
    ids = [item.id for item in (*PAPER_CLAIMS, *ADDED, *ERRATA)]
    assert len(ids) == len(set(ids)) == len(CLAIMS)
    assert set(NUMBERED) <= set(ids)
    # E20 was merged into E10; its number is not given away.
    assert [item.id for item in ERRATA] == [f"E{number}" for number in range(1, 25) if number != 20]


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_every_claim_says_what_it_is(claim_id: str) -> None:
    item = CLAIMS[claim_id]
    assert item.title
    assert item.statement
    assert item.source
    if item.kind == "erratum":
        assert item.printed
        assert item.counterexample
        assert item.correction
        assert not item.hypotheses
        assert item.erratum_kind in ERRATUM_KINDS
    else:
        assert item.erratum_kind is None
        assert not item.satisfies
        assert not item.by_construction
    if item.kind == "paper":
        assert item.printed
    json.dumps(item.to_dict())


def test_errata_that_a_claim_names_are_there_and_every_erratum_is_named() -> None:
    words = " ".join(item.printed for item in PAPER_CLAIMS)
    named = set(re.findall(r"\bE\d+\b", words))
    assert named <= {erratum.id for erratum in ERRATA}
    # Those on text between the statements belong to no claim.
    assert {erratum.id for erratum in ERRATA} - named <= {"E8", "E18", "E19"}


def test_an_if_and_only_if_has_a_proof() -> None:
    for item in CLAIMS.values():
        if re.search(r"\biff\b|precisely when|if and only if", item.statement):
            assert item.proof, f"{item.id} states an equivalence that only cases would bear out"


def test_only_remarks_call_nothing_false_and_what_was_withdrawn_is_one() -> None:
    kinds = {item.id: item.erratum_kind for item in ERRATA}
    remarks = {"E6", "E7", "E8", "E10", "E15", "E18", "E19", "E21"}
    assert {key for key, kind in kinds.items() if kind == "remark on method"} == remarks
    for key in ("E7", "E15"):
        assert CLAIMS[key].title.startswith("Withdrawn")
    assert all(item.is_remark == (item.id in remarks) for item in ERRATA)
    assert {kinds[key] for key in ("E3", "E11", "E12")} == {"hypothesis missing"}
    assert {kinds[key] for key in ("E16", "E24")} == {"proof gap"}


def test_a_counterexample_to_a_statement_lists_what_it_satisfies() -> None:
    for item in ERRATA:
        if item.erratum_kind in ("substantive", "hypothesis missing", "notation"):
            assert item.satisfies, f"{item.id} does not say which hypotheses its counterexample satisfies"
        assert not set(item.satisfies) & set(item.by_construction)


def test_the_hypotheses_that_e3_and_e12_rest_on_do_not_exclude_each_other() -> None:
    # E12 says that equality needs a discrete f(X); E3's counterexample has one, and does not claim a density for it.
    assert hypotheses.DENSITIES not in (*CLAIMS["E3"].satisfies, *CLAIMS["E3"].by_construction)
    assert hypotheses.DISCRETE_VIEW in CLAIMS["E3"].satisfies
    assert hypotheses.DENSITIES in CLAIMS["E12"].satisfies


def test_ids_are_found_whatever_their_case_and_others_refused() -> None:
    assert claim("e4") is CLAIMS["E4"]
    assert claim("Theorem-3.4") is CLAIMS["theorem-3.4"]
    with pytest.raises(InvalidInputError, match=r"claim must be one of contribution-1, .* got 'lemma-9'"):
        claim("lemma-9")
