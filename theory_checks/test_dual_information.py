"""What the duals are compared with: I(f(X′); Y) and C, each by a route of its own.

That a dual is at most I says nothing if I is wrong: a bound stays below a number that is too large. So the information that the
checks of the duals use is a mean of divergences, and here it is h(Y) − h(Y | f(X′)); C is a difference of entropies.

Hypotheses: Z ~ N(0, σ²I) independent of (X, X′).
Source: Cover & Thomas, Elements of Information Theory, Section 8.5.
"""

import math

import numpy as np

from noisedim.theory import bounds, entropy
from noisedim.theory.laws import Atoms, Laplace, Law, Normal
from noisedim.theory.sources import DiscreteSource, LazySource
from noisedim.theory.sums import add
from noisedim.verification import Trial, check

_TABLES = {
    f"table-{seed},sigma={sigma:g}": (np.random.default_rng(seed).dirichlet(np.ones(9)).reshape(3, 3), sigma)
    for seed, sigma in ((0, 0.3), (1, 1.0), (2, 3.0))
}


def _compared_with(trial: Trial, table: np.ndarray, sigma: float) -> None:
    """I by divergences and by entropies, and C by entropies."""
    points, noise = (-1.2, 0.1, 1.1), Normal(0, sigma)
    source = DiscreteSource.of(points, (-1.0, 0.0, 1.0), table)
    given = math.fsum(
        float(column.sum()) * entropy.differential_entropy(add(Atoms(points, tuple(column / column.sum())), noise))
        for column in table.T
    )
    whole = entropy.differential_entropy(add(source.law, noise))
    trial.equal("I(f(X′); Y) by divergences and h(Y) − h(Y | f(X′))", source.information(noise), whole - given)
    capacity = entropy.differential_entropy(Normal(0, math.hypot(1, sigma))) - entropy.differential_entropy(noise)
    trial.equal("C and h(N(0, 1+σ²)) − h(Z)", bounds.gaussian_capacity(1, sigma), capacity)


@check("dual-rows", cases=_TABLES)
def rows_are_compared_with(trial: Trial, case: tuple[np.ndarray, float]) -> None:
    """The information and the capacity that the row-wise dual is compared with."""
    _compared_with(trial, *case)


@check("dual-linear", cases=_TABLES)
def linear_is_compared_with(trial: Trial, case: tuple[np.ndarray, float]) -> None:
    """The information and the capacity that the linear dual is compared with."""
    _compared_with(trial, *case)


@check("dual-adaptive", cases=_TABLES)
def adaptive_is_compared_with(trial: Trial, case: tuple[np.ndarray, float]) -> None:
    """The information and the capacity that the adaptive dual is compared with."""
    _compared_with(trial, *case)


_TAILS: dict[str, tuple[Law, float]] = {
    "laplace,sigma=0.5": (Laplace(), 0.5),
    "laplace,sigma=3": (Laplace(), 3.0),
    "normal,v=4,sigma=1": (Normal(0, 2), 1.0),
}


@check("dual-infinite", cases=_TAILS)
def infinite_duals_are_compared_with(trial: Trial, case: tuple[Law, float]) -> None:
    """The information is finite where the dual is −∞: by divergences and by entropies; and C."""
    law, sigma = case
    noise = Normal(0, sigma)
    apart = entropy.differential_entropy(add(law, noise)) - entropy.differential_entropy(noise)
    trial.equal("I(f(X); Y) by divergences and h(Y) − h(Z)", LazySource(law).information(noise), apart)
    capacity = entropy.differential_entropy(Normal(0, math.hypot(1, sigma))) - entropy.differential_entropy(noise)
    trial.equal("C and h(N(0, 1+σ²)) − h(Z)", bounds.gaussian_capacity(1, sigma), capacity)
