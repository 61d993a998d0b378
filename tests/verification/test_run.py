"""Running a case: rows whatever happens, seeds by id, limits; mutants planted and taken out again."""

import time

import numpy as np
import pytest

from noisedim.errors import InvalidInputError
from noisedim.theory import bounds, entropy
from noisedim.theory.claims import CLAIMS, ERRATA, hypotheses
from noisedim.theory.laws import Atoms, Laplace, Law, Normal, Uniform
from noisedim.theory.sources import (
    BlockSource,
    DiscreteSource,
    GaussianSource,
    LazySource,
    PlanarMixture,
    Source,
)
from noisedim.verification import Check, Trial, run_case
from noisedim.verification.hypotheses import HYPOTHESES, satisfies_all
from noisedim.verification.mutation import Mutant, killer, planted, primitive_cells, scaled, with_argument
from noisedim.verification.outcomes import Verdict
from noisedim.verification.primitives import PRIMITIVES, perturbed, traced
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
        if claim.erratum_kind in ("substantive", "hypothesis missing", "notation"):
            assert {"printed", "corrected"} <= roles, f"{claim_id} lacks one of its two forms"
        elif claim.erratum_kind == "proof gap":
            assert "corrected" in roles
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
    with pytest.raises(InvalidInputError, match="claim must be one of contribution-1"):
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
    assert killer(wrong) == "theorem-3.4/capacity[d=1,sigma=0.01]"
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


@pytest.mark.parametrize("claim_id", [item.id for item in ERRATA if item.satisfies])
def test_every_hypothesis_of_an_erratum_is_checked_in_code(claim_id: str) -> None:
    printed = [one for one in checks_of(claim_id) if one.role == "printed"]
    found: set[str] = set()
    for one in printed:
        row = run_case(one, next(iter(one.cases)))
        assert row.verdict is Verdict.REFUTED, row.message
        found |= set(row.hypotheses)
    assert found == set(CLAIMS[claim_id].satisfies)


def test_a_counterexample_that_breaks_a_hypothesis_refutes_nothing() -> None:
    def broken(trial: Trial) -> None:
        satisfies_all(trial, LazySource(Laplace(0, 2)), Normal(0, 1), hypotheses.GAUSSIAN_NOISE, hypotheses.MOMENTS)
        trial.equal("x", 1.0, 2.0)

    row = run_case(Check("E1", "broken", broken, {"-": None}, "printed", 0, 10.0, "here"), "-")
    assert row.verdict is Verdict.ERROR
    assert "the case breaks a hypothesis: E f(X) = 0 and Var f(X)_i = 1" in row.message
    assert row.hypotheses == (hypotheses.GAUSSIAN_NOISE,)
    assert row.failed

    def late(trial: Trial) -> None:
        trial.equal("x", 1.0, 1.0)
        trial.satisfies("h", True)

    row = run_case(Check("E1", "late", late, {"-": None}, "corrected", 0, 10.0, "here"), "-")
    assert "hypotheses come before relations" in row.message


_HALF = BlockSource.of([[0.5, 0.0], [0.0, 0.5]])
_STANDARD = PlanarMixture.of([0.5, 0.5], [[0, 0], [0, 0]], [[[1, 0.8], [0.8, 1]], [[1, -0.8], [-0.8, 1]]])
_BIT = DiscreteSource.of([0, 1], [0, 1], [[0.5, 0], [0, 0.5]])


@pytest.mark.parametrize(
    ("words", "source", "noise", "holds"),
    [
        (hypotheses.DENSITIES, LazySource(Normal()), Normal(0, 1), True),
        (hypotheses.DENSITIES, LazySource(Atoms((0.0, 1.0))), Normal(0, 1), False),
        (hypotheses.DENSITIES, _BIT, Normal(0, 1), False),
        (hypotheses.DENSITIES, _HALF, Uniform(-1, 1), True),
        (hypotheses.NOISY_DENSITY, _BIT, Atoms((0.0,)), False),
        (hypotheses.DISCRETE_VIEW, _BIT, Normal(0, 1), True),
        (hypotheses.KEPT, LazySource(Normal(), keep=0.1), Normal(0, 1), True),
        (hypotheses.KEPT, LazySource(Normal(), keep=0.0), Normal(0, 1), False),
        (hypotheses.KEPT, GaussianSource.correlated(2, 0.9), Normal(0, 1), False),
        (hypotheses.WEAKLY_INVARIANT, LazySource(Normal(), keep=0.9), Normal(0, 1), False),
        (hypotheses.GAUSSIAN_NOISE, LazySource(Normal()), Normal(1, 1), False),
        (hypotheses.GAUSSIAN_NOISE, LazySource(Normal()), Uniform(-1, 1), False),
        (hypotheses.MOMENTS, _STANDARD, Normal(0, 1), True),
        (hypotheses.MOMENTS, LazySource(Normal(0.1, 1)), Normal(0, 1), False),
        (hypotheses.MOMENTS, GaussianSource.of([[1.0, 0.2], [0.2, 1.1]]), Normal(0, 1), False),
        (hypotheses.MOMENTS, _HALF, Normal(0, 1), False),
        (hypotheses.UNIFORM_NOISE, _HALF, Uniform(-0.5, 0.5), True),
        (hypotheses.UNIFORM_NOISE, _HALF, Uniform(0, 1), False),
        (hypotheses.UNIT_CUBE, _HALF, Uniform(-1, 1), True),
        (hypotheses.UNIT_CUBE, LazySource(Uniform(0, 1)), Uniform(-1, 1), True),
        (hypotheses.UNIT_CUBE, LazySource(Uniform(0, 1.1)), Uniform(-1, 1), False),
        (hypotheses.UNIT_CUBE, LazySource(Atoms((-0.1, 1.0))), Uniform(-1, 1), False),
        (hypotheses.UNIT_CUBE, _STANDARD, Uniform(-1, 1), False),
        (hypotheses.WHOLE, _HALF, Uniform(-1 / 3, 1 / 3), True),
        (hypotheses.WHOLE, _HALF, Uniform(-0.3, 0.3), False),
        (hypotheses.NOISE_MOMENTS, _HALF, Uniform(-0.3, 0.3), True),
    ],
)
def test_hypotheses_are_what_they_say(words: str, source: Source, noise: Law, holds: bool) -> None:
    assert HYPOTHESES[words](source, noise) is holds


def test_an_unknown_hypothesis_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="hypothesis must be one of"):
        satisfies_all(Trial(np.random.default_rng(0)), _HALF, Uniform(-1, 1), "f is nice")


def test_every_primitive_is_there_and_wrong_only_inside() -> None:
    before = entropy.differential_entropy(Normal())
    for primitive in PRIMITIVES:
        with perturbed(primitive):
            if primitive == "entropy":
                assert entropy.differential_entropy(Normal()) == pytest.approx(1.01 * before + 0.013)
        assert entropy.differential_entropy(Normal()) == before
    with traced() as called:
        entropy.kl_divergence(Laplace(), Normal())
    assert called == {"KL", "quadrature"}


def test_a_check_that_compares_a_formula_with_itself_stays_green() -> None:
    def itself(trial: Trial) -> None:
        value = entropy.differential_entropy(Laplace())
        trial.equal("h and h", value, entropy.differential_entropy(Laplace()))

    def another(trial: Trial) -> None:
        trial.equal("h and 1 + log 2b", entropy.differential_entropy(Laplace(0, 1)), 1 + np.log(2))

    def made(function, name: str) -> Check:
        return Check("theorem-2.1", name, function, {"-": None}, "claim", 0, 10.0, "here")

    cells = primitive_cells([made(itself, "itself")])
    assert cells["entropy"].red == ()
    assert cells["entropy"].green == ("theorem-2.1/itself",)
    both = primitive_cells([made(itself, "itself"), made(another, "another")], every=True)
    assert both["entropy"].red == ("theorem-2.1/another",)
    assert both["entropy"].green == ("theorem-2.1/itself",)
    assert set(both) == {"entropy", "quadrature"}


def test_rows_name_the_primitives_that_were_called() -> None:
    row = run_case(find_check("theorem-2.1/gaussian_divergences"), "d=2")
    assert set(row.primitives) == {"KL", "D₂", "quadrature"}
    assert row.to_dict()["primitives"] == list(row.primitives)
    assert run_case(find_check("E4/bracket_taken_once"), "d=4,eps=0.1").primitives == ()
