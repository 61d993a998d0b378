"""The claims as data: complete, distinct, found by id, and ready for others to read."""

import json

import pytest

from noisedim.errors import InvalidInputError
from noisedim.theory.claims import CLAIMS, ERRATA, claim
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
    assert [item.id for item in ERRATA] == [f"E{number}" for number in range(1, len(ERRATA) + 1)]


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
    if item.kind == "paper":
        assert item.printed
    json.dumps(item.to_dict())


def test_errata_that_a_claim_names_are_there_and_every_erratum_is_named() -> None:
    words = " ".join(item.printed for item in PAPER_CLAIMS)
    assert "E21" not in words
    named = {erratum.id for erratum in ERRATA if f"{erratum.id})" in words or f"{erratum.id}," in words}
    # Those on text between the statements belong to no claim.
    assert {erratum.id for erratum in ERRATA} - named <= {"E8", "E9", "E14", "E18", "E19"}


def test_ids_are_found_whatever_their_case_and_others_refused() -> None:
    assert claim("e4") is CLAIMS["E4"]
    assert claim("Theorem-3.4") is CLAIMS["theorem-3.4"]
    with pytest.raises(InvalidInputError, match=r"claim must be one of theorem-2\.1, .* got 'lemma-9'"):
        claim("lemma-9")
