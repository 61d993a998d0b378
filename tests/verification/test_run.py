"""Running a case: rows whatever happens, seeds by id, limits; mutants planted and taken out again."""

import time

import numpy as np
import pytest

from noisedim.errors import InvalidInputError
from noisedim.theory import bounds
from noisedim.theory.claims import CLAIMS
from noisedim.verification import Check, Trial, run_case
from noisedim.verification.mutation import Mutant, killer, planted, scaled, with_argument
from noisedim.verification.outcomes import Verdict
from noisedim.verification.registry import all_checks, check, checks_of, find_check
from noisedim.verification.run import generator_for


def made(function, *, role="claim", intervals=0, limit=60.0, cases=None) -> Check:
    return Check("theorem-3.4", function.__name__, function, cases or {"-": None}, role, intervals, limit, "here")


def test_rows_say_what_happened() -> None:
    def good(trial: Trial) -> None:
        trial.equal("x", 1.0, 1.0)

    def bad(trial: Trial) -> None:
        trial.equal("x", 1.0, 2.0)

    def broken(trial: Trial) -> None:
        trial.equal("x", 1.0, 1.0)
        raise ValueError("no such thing")

    def refuted_then_broken(trial: Trial) -> None:
        trial.equal("x", 1.0, 2.0)
        raise ValueError("no such thing")

    def empty(trial: Trial) -> None:
        pass

    rows = {
        function.__name__: run_case(made(function), "-") for function in (good, bad, broken, refuted_then_broken, empty)
    }
    verdicts = {name: str(row.verdict) for name, row in rows.items()}
    assert verdicts == {
        "good": "verified",
        "bad": "refuted",
        "broken": "error",
        "refuted_then_broken": "refuted",
        "empty": "inconclusive",
    }
    assert "ValueError: no such thing (broken, line" in rows["broken"].message
    assert rows["empty"].message == "nothing was examined"
    assert [rows[name].failed for name in rows] == [False, True, True, True, False]


def test_a_printed_form_that_holds_is_a_failure() -> None:
    def holds(trial: Trial) -> None:
        trial.equal("x", 1.0, 1.0)

    row = run_case(made(holds, role="printed"), "-")
    assert row.expected is Verdict.REFUTED
    assert row.failed


def test_running_past_the_limit_is_said() -> None:
    def slow(trial: Trial) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            np.linalg.eigvalsh(np.eye(20))

    row = run_case(made(slow, limit=0.2), "-")
    assert row.verdict is Verdict.TIMED_OUT
    assert row.failed
    assert row.message == "given up after 0.2 seconds"
    assert row.seconds < 10


def test_streams_depend_on_seed_and_id_alone() -> None:
    one, again = (generator_for(3, "a/b[c]").random(4) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, generator_for(4, "a/b[c]").random(4))
    assert not np.array_equal(one, generator_for(3, "a/b[d]").random(4))


def test_every_claim_has_checks_and_every_erratum_both_kinds() -> None:
    found = all_checks()
    for claim_id, claim in CLAIMS.items():
        roles = {one.role for one in found.values() if one.claim == claim_id}
        assert roles, f"{claim_id} is not checked"
        if claim.kind == "erratum":
            assert {"printed", "corrected"} <= roles, f"{claim_id} lacks one of its two forms"
        else:
            assert "printed" not in roles
    for one in found.values():
        assert one.function.__doc__, f"{one.id} does not say what it does"


def test_a_sampled_row_is_the_same_again() -> None:
    one = find_check("dual-uniform/samples")
    first, second = (run_case(one, "uniform,eps=0.5", seed=5).to_dict() for _ in range(2))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}
    other = run_case(one, "uniform,eps=0.5", seed=6).to_dict()
    assert other["findings"] != first["findings"]
    assert first["n"] > 100_000
    assert first["power"] == 0.999


def test_registration_refuses_what_it_cannot_place() -> None:
    with pytest.raises(InvalidInputError, match="claim must be one of theorem-2.1"):
        check("theorem-9.9")
    with pytest.raises(InvalidInputError, match="one or more cases"):
        check("theorem-2.1", cases={})
    with pytest.raises(InvalidInputError, match="there is no check 'theorem-2.1/nothing'"):
        find_check("theorem-2.1/nothing")
    assert {one.claim for one in checks_of("Theorem-3.4")} == {"theorem-3.4"}
    assert checks_of("e4") == checks_of("E4")


def test_mutants_are_planted_everywhere_and_taken_out() -> None:
    from noisedim.theory import entropy
    from noisedim.theory.sources import gaussian

    original = entropy.gaussian_entropy
    with planted(Mutant("noisedim.theory.entropy.gaussian_entropy", scaled(1.02), ())):
        assert entropy.gaussian_entropy is not original
        assert gaussian.gaussian_entropy is entropy.gaussian_entropy
        assert entropy.gaussian_entropy([[1.0]]) == pytest.approx(1.02 * original([[1.0]]))
    assert entropy.gaussian_entropy is original
    assert gaussian.gaussian_entropy is original


def test_a_killer_is_named_and_a_survivor_too() -> None:
    named = ("theorem-3.4/capacity",)
    wrong = Mutant("noisedim.theory.bounds.gaussian_capacity", with_argument("sigma", lambda s: s * s), named)
    assert killer(wrong) == "theorem-3.4/capacity[d=1,sigma=0.05]"
    same = Mutant("noisedim.theory.bounds.gaussian_capacity", lambda original: original, named)
    assert killer(same) is None
    assert bounds.gaussian_capacity(1, 1.0) == pytest.approx(np.log(2) / 2)
    with pytest.raises(InvalidInputError, match="states a form that is refuted anyway"):
        killer(Mutant("noisedim.theory.bounds.gaussian_capacity", scaled(2), ("E4/bracket_taken_once",)))


def test_a_target_that_is_not_there_is_refused() -> None:
    with (
        pytest.raises(InvalidInputError, match="does not define nothing itself"),
        planted(Mutant("noisedim.theory.bounds.nothing", scaled(2), ())),
    ):
        pass
