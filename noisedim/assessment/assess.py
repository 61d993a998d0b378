"""Does an embedding follow its prior? A battery of tests with one family-wise error, effect sizes, the paper's index."""

from pathlib import Path
from typing import Any

import numpy as np

from noisedim.assessment.result import Assessment, Provenance, TestResult
from noisedim.checks import embedding_matrix, one_of, positive, positive_integer, random_seed
from noisedim.downstream.clustering import silhouette
from noisedim.downstream.probes import FOLDS, fold_labels, fold_scores
from noisedim.errors import InvalidInputError
from noisedim.normality.battery import BUDGET, NULLS, Battery, pair_seconds, run_battery
from noisedim.normality.effects import effect_sizes, effects_at_prior
from noisedim.normality.family import largest_battery
from noisedim.normality.mehler import LARGEST
from noisedim.normality.nulls.null_surfaces import table_reaches
from noisedim.normality.p_values import simulations_for
from noisedim.normality.projections import paper_indices
from noisedim.normality.sample_size import sample_size
from noisedim.normality.summaries.moments import largest_value
from noisedim.normality.summaries.sharing import sharing
from noisedim.normality.tests.base import float_digits
from noisedim.priors import Prior
from noisedim.priors.mapping import mapped_to_normal, prior_of_rows
from noisedim.progress import without_steps
from noisedim.statistics.intervals import Interval

__all__ = ["assess"]

MINIMUM_ROWS = 20
_MOST_VALUES_FOR_N_STAR = 2_000_000


def assess(
    z: Any,
    *,
    prior: Prior | str | Path = "normal",
    null: str = "simple",
    alpha: float = 0.05,
    seed: int = 0,
    labels: Any = None,
    simulations: int | None = None,
    n_star: bool | None = None,
    budget: float = BUDGET,
) -> Assessment:
    """Test an embedding against its prior.

    Args:
        z: (n, d) numbers from NumPy, torch or pandas, n >= 20; every row in the prior's support.
        prior: ``normal`` for N(0, I), ``uniform`` for U[0, 1]^d, any :class:`~noisedim.priors.Prior`, or the path of a
            prior file. Rows are mapped by the prior's bijection to N(0, I) and tested there: they follow the prior if and
            only if the mapped rows follow N(0, I). Effect sizes are those of the mapped rows (divergences do not change
            under the map; distances and moments are in units of the normal). Uniform laws on the cube or a box are also
            tested directly.
        null: ``simple``: the prior itself; ``composite``: any normal law, with any mean and covariance.
        alpha: family-wise error rate: the probability of rejecting a sample of the prior is at most this. Below about
            2e-5 only tests with exact laws can reject, because null tables give no p-value below 1e-6.
        seed: >= 0; seed of random projections, of the index's parts and of cross-validation folds.
        labels: integers, (n,); if given, the accuracy of classifiers on the embedding is also measured.
        simulations: number of null samples of exactly this shape (cached) that calibrate the tests; by default the
            shipped null tables calibrate them.
        n_star: whether to estimate n*, the sample size at which the battery would reject half of the time; by default
            only where that takes seconds (up to two million values, and pairs within the budget).
        budget: seconds that the tests over all pairs of rows may take together. Beyond it they are left out, which the
            result says: the others need time in proportion to n·d² and hold for every n and d.

    Returns: an :class:`Assessment`. Constant or linearly dependent coordinates are reported as a departure, with the
        cause.

    Raises: InvalidInputError: for NaN, fewer than 20 rows, values beyond 1e100, values outside [0, 1] for the uniform
        prior, the composite null with n <= d, labels that do not match, ``alpha`` not strictly between 0 and 1, or too
        few simulations for a rejection at ``alpha``.

    >>> assess(np.random.default_rng(0).standard_normal((100, 2)), n_star=False).rejected
    False
    """
    one_of("null", null, NULLS)
    seed = positive_integer("seed", seed, minimum=0)
    given, z = z, embedding_matrix("z", z, minimum_rows=MINIMUM_ROWS)
    law = prior_of_rows(prior, z.shape[1])
    _check_composite(null, law, len(z))
    _check_simulations(alpha, simulations, largest_battery(null, law.dim, uniform=not law.is_standard_normal))
    points, uniform = mapped_to_normal(law, z)
    if (largest := largest_value(points)) > LARGEST:
        raise InvalidInputError(f"z must lie within ±{LARGEST:g}, so that squares are finite; got {largest:g}")
    # Before the battery, so that labels that do not match are refused at once.
    downstream = {} if labels is None else _label_scores(z, labels, seed)
    positive("budget", budget)
    if not points.flags.owndata or points is given:
        points = points.copy()  # callers may reuse their arrays, and pictures are drawn later
    rounded = not law.is_standard_normal and float_digits(z) < 53
    with sharing():
        battery = run_battery(
            points, null=null, uniform=uniform, seed=seed, simulations=simulations, rounded=rounded, budget=budget
        )
        effects = effect_sizes(points, seed=seed)
    if n_star is None:
        n_star = points.size <= _MOST_VALUES_FOR_N_STAR and pair_seconds(*points.shape) < budget / 5
    return _assessment(
        law,
        points,
        uniform,
        downstream,
        battery,
        effects,
        null=null,
        alpha=alpha,
        seed=seed,
        n_star=n_star,
        simulations=simulations,
        rounded=rounded,
        budget=budget,
    )


def _assessment(
    law: Prior,
    points: np.ndarray,
    uniform: np.ndarray | None,
    downstream: dict[str, float],
    battery: Battery,
    effects: dict[str, Interval],
    *,
    null: str,
    alpha: float,
    seed: int,
    n_star: bool,
    simulations: int | None,
    rounded: bool,
    budget: float,
) -> Assessment:
    n, dim = points.shape
    results = tuple(
        TestResult(
            *(row.name, row.null, row.outcome.statistic, row.outcome.p_value, float(adjusted), row.words),
            calibrated_by=row.calibrated_by,
            effect=row.test.effect,
        )
        for row, adjusted in zip(battery.rows, battery.adjusted(), strict=True)
    )
    with without_steps("n*"):
        found, power = (
            sample_size(
                points,
                battery,
                alpha=alpha,
                null=null,
                uniform=uniform,
                seed=seed,
                simulations=simulations,
                rounded=rounded,
                budget=budget,
            )
            if n_star
            else (None, ())
        )
    return Assessment(
        prior=law.name,
        law=law.law,
        null=null,
        n=n,
        dim=dim,
        alpha=float(alpha),
        results=results,
        effects=effects,
        at_prior=effects_at_prior(n, dim),
        index=_index(points, seed),
        n_star=found,
        power=power,
        left_out=battery.left_out,
        downstream=downstream,
        made=Provenance.now(seed),
        _points=points,
    )


def _check_composite(null: str, law: Prior, n: int) -> None:
    if null != "composite":
        return
    if not law.is_standard_normal:
        raise InvalidInputError(f"null='composite' means any normal law and needs prior='normal'; got {law.name!r}")
    if n <= law.dim:
        raise InvalidInputError(f"null='composite' needs more rows than coordinates; got n={n}, d={law.dim}")


def _label_scores(z: np.ndarray, labels: Any, seed: int) -> dict[str, float]:
    random_seed("seed", seed)  # the folds' library takes no larger one
    labels = fold_labels(labels, len(z), FOLDS)
    return {**fold_scores(z, labels, seed=seed), "silhouette": silhouette(z, labels)}


def _check_simulations(alpha: float, simulations: int | None, tests: int) -> None:
    needed = simulations_for(alpha, tests) - 1
    if simulations is not None and positive_integer("simulations", simulations) < needed:
        raise InvalidInputError(
            f"{tests} tests at alpha={alpha:g} need at least {needed} simulations to reject anything; got {simulations}"
        )


def _index(points: np.ndarray, seed: int) -> dict[str, Interval]:
    n, dim = points.shape
    part = max(50, 2 * dim)
    if n < 2 * part or part > 5000:
        return {}
    return paper_indices(points, part_size=part, seed=seed, joint=table_reaches("henze_zirkler", part, dim))
