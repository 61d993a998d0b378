"""The suite's false-alarm budget: 1e-4 over everything that is sampled, split evenly and counted."""

from noisedim.errors import NoisedimError

__all__ = ["ALPHA_A_CASE", "ALPHA_TOTAL", "BETA", "MOST_SAMPLED_CASES", "BudgetError", "assert_within_budget"]

# A true claim may be refuted by any run of the whole suite, at any seed, with at most this probability (Bonferroni).
ALPHA_TOTAL = 1e-4
MOST_SAMPLED_CASES = 400
ALPHA_A_CASE = ALPHA_TOTAL / MOST_SAMPLED_CASES
# A violation of a finding's Δ may go unseen with at most this probability.
BETA = 1e-3


class BudgetError(NoisedimError):
    """More is sampled than the false-alarm budget allows for."""


def assert_within_budget(sampled_cases: int) -> None:
    """Refuse a suite whose sampled cases could raise more false alarms than :data:`ALPHA_TOTAL`.

    Raises: BudgetError: if there are more than :data:`MOST_SAMPLED_CASES`.
    """
    if sampled_cases > MOST_SAMPLED_CASES:
        raise BudgetError(
            f"the false-alarm budget of {ALPHA_TOTAL:g} is split over at most {MOST_SAMPLED_CASES} sampled cases; "
            f"got {sampled_cases}. Raise MOST_SAMPLED_CASES: every α and n follows"
        )
