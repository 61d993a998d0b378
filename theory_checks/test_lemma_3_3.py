"""Lemma 3.3: I(Y; f(X) | f(X′)) = 0 iff f is weakly invariant: f(X) = g(f(X)) = g(f(X′)).

Hypotheses: Z independent of (X, X′), h(Z) finite; P(X = X′ | X) > 0 almost surely (E3 shows that it is needed).
Source: arXiv 2410.06993, Definition 3.2 and Lemma 3.3.

Finite X and X′: f(X) and f(X′) follow from the table of (X, X′) and a map, so weak invariance can be decided by search over
all g, and the information computed by quadrature.
"""

import itertools

import numpy as np

from noisedim.theory import entropy
from noisedim.theory.claims import CLAIMS
from noisedim.theory.laws import Atoms, Law, Normal, Uniform
from noisedim.theory.sources import DiscreteSource, GaussianSource, LazySource, Source
from noisedim.theory.sums import add
from noisedim.verification import Trial, check
from noisedim.verification.hypotheses import satisfies_all
from noisedim.verification.scenarios import covariance

_NOISES: tuple[Law, ...] = (Normal(0, 0.3), Normal(0, 2), Uniform(-0.4, 0.4), Uniform(-2, 2))


def _searched(table: np.ndarray, encode: list[int]) -> bool:
    """Whether some g has f(X) = g(f(X)) = g(f(X′)) wherever the table has mass."""
    values = max(encode) + 1
    pairs = {(encode[i], encode[j]) for i, j in zip(*np.nonzero(table), strict=True)}
    return any(all(g[a] == a and g[b] == a for a, b in pairs) for g in itertools.product(range(values), repeat=values))


def _source(table: np.ndarray, encode: list[int]) -> DiscreteSource:
    onto = np.eye(max(encode) + 1)[encode]
    joint = onto.T @ table @ onto
    used_rows, used_columns = joint.sum(1) > 0, joint.sum(0) > 0
    points = np.arange(len(joint), dtype=float)
    return DiscreteSource.of(points[used_rows], points[used_columns], joint[used_rows][:, used_columns])


def _views(seed: int, *, keep: float, moves: float) -> np.ndarray:
    """A random table of (X, X′) on 5 values; X stays with at least ``keep``, and moves to few others."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(5))
    moved = rng.dirichlet(np.ones(5), size=5) * (rng.random((5, 5)) < moves)
    moved /= np.maximum(moved.sum(1, keepdims=True), 1e-300)
    moved[moved.sum(1) == 0] = 1 / 5
    table = p[:, None] * (keep * np.eye(5) + (1 - keep) * moved)
    return table / table.sum()


def _uncertain(source: DiscreteSource, noise: Law) -> float:
    """h(Y | f(X′)) from the table."""
    points, total = np.array([place for place, _ in source.law.atoms]), 0.0
    for column in source.joint.T:
        given = Atoms(tuple(points), tuple(column / column.sum()))
        total += float(column.sum()) * entropy.differential_entropy(add(given, noise))
    return total


_CASES: dict[str, tuple[np.ndarray, list[int]]] = {}
for _seed in range(6):
    for _name, _encode in {"injective": [0, 1, 2, 3, 4], "pairs": [0, 0, 1, 1, 2], "constant": [0] * 5}.items():
        _CASES[f"{_name},{_seed}"] = (_views(_seed, keep=(0.1, 0.5, 0.9)[_seed % 3], moves=0.25), _encode)
_CASES["unchanged,injective"] = (np.diag([0.2, 0.1, 0.3, 0.2, 0.2]), [0, 1, 2, 3, 4])
_CASES["within-classes,pairs"] = (np.kron(np.diag([0.3, 0.5]), np.full((2, 2), 0.25)) * 5 / 4, [0, 0, 1, 1])


@check("lemma-3.3", cases=_CASES)
def equivalence(trial: Trial, case: tuple[np.ndarray, list[int]]) -> None:
    """Weak invariance, found by search, against the information that augmentation costs."""
    table, encode = case
    invariant, source = _searched(table, encode), _source(table, encode)
    trial.holds("X stays with positive probability", bool((np.diag(table)[table.sum(1) > 0] > 0).all()))
    trial.holds("search and the source agree on weak invariance", invariant == source.weakly_invariant)
    for noise in _NOISES:
        lost = source.residual_information(noise)
        if invariant:
            trial.equal("I(Y; f(X) | f(X′)) of a weakly invariant encoder", lost, 0.0)
        else:
            trial.below("0 and I(Y; f(X) | f(X′)) of another encoder", 0.0, lost, by=1e-5)
        by_entropies = _uncertain(source, noise) - entropy.differential_entropy(noise)
        trial.equal("I(Y; f(X) | f(X′)) and h(Y | f(X′)) − h(Z)", lost, by_entropies)


@check("lemma-3.3")
def no_common_probability(trial: Trial) -> None:
    """P(X = X′ | X) > 0 without a positive α in common is enough: P = 2^−k at the k-th value, ever smaller."""
    count = 12
    keep = 0.5 ** np.arange(1, count + 1)
    table = np.diag(keep) + np.diag((1 - keep)[:-1], 1)
    table[-1, 0] = 1 - keep[-1]
    source = _source(table / count, list(range(count)))
    trial.holds("not weakly invariant", not source.weakly_invariant)
    trial.below("0 and I(Y; f(X) | f(X′))", 0.0, source.residual_information(Normal(0, 0.3)))
    merged = _source(table / count, [0] * count)
    trial.equal("a constant encoder loses nothing", merged.residual_information(Normal(0, 0.3)), 0.0)


_KEPT: dict[str, tuple[Source, float]] = {
    "lazy,d=3,keep=0.7": (LazySource(Normal(), dim=3, keep=0.7), 0.7 * 0.7 * 0.7),
    "lazy,d=2,always": (LazySource(Uniform(0, 1), dim=2), 1.0),
    "discrete,d=2": (DiscreteSource.of([0, 1], [0, 1], [[0.4, 0.1], [0.1, 0.4]], dim=2, keeps_at_least=0.8), 0.64),
    "gaussian,same": (GaussianSource.of(covariance(3, seed=3)), 1.0),
    "gaussian,rho=0.9": (GaussianSource.correlated(3, 0.9), 0.0),
    "gaussian,rho=-1": (GaussianSource.correlated(3, -1.0), 0.0),
}


@check("lemma-3.3", cases=_KEPT)
def hypothesis(trial: Trial, case: tuple[Source, float]) -> None:
    """P(X = X′ | X), the lemma's hypothesis, multiplies over coordinates; 1 goes with weak invariance."""
    source, probability = case
    trial.equal("P(X = X′ | X)", source.keeps, probability)
    if probability == 1:
        trial.holds("X′ = X is weakly invariant", source.weakly_invariant)
        trial.equal("I(Y; f(X) | f(X′))", source.residual_information(_NOISES[0]), 0.0)
    if isinstance(source, GaussianSource) and probability == 0:
        trial.holds("other views of a Gaussian are not", not source.weakly_invariant)


# X ~ U[0, 1], X′ = X + ½ mod 1, f = 1{x ≥ ½}: f(X) is a fair bit, f(X′) the other one.
_FLIP = DiscreteSource.of([0, 1], [0, 1], [[0, 0.5], [0.5, 0]])


@check("E3")
def table_of_the_half_turn(trial: Trial) -> None:
    """The table of (f(X), f(X′)) by X itself, on a grid of cells that the turn maps to cells; X′ is uniform like X."""
    x = (np.arange(1000) + 0.5) / 1000
    turned = (x + 0.5) % 1.0
    bits, others = (x >= 0.5).astype(int), (turned >= 0.5).astype(int)
    for i, j in itertools.product(range(2), repeat=2):
        found = float(((bits == i) & (others == j)).mean())
        trial.equal(f"P(f(X) = {i}, f(X′) = {j})", found, float(_FLIP.joint[i, j]))
    trial.equal("X′ is uniform: largest distance of its order from X's", float(np.abs(np.sort(turned) - x).max()), 0.0)


@check("E3", role="printed")
def only_weakly_invariant_encoders(trial: Trial) -> None:
    """An encoder that is not weakly invariant stays strictly below (6), as Theorem 3.5 prints it without P(X = X′ | X)."""
    noise = Uniform(-0.5, 0.5)
    satisfies_all(trial, _FLIP, noise, *CLAIMS["E3"].satisfies)
    information = _FLIP.information(noise)
    trial.below("I(f(X′); Y), f not weakly invariant, and log(1 + 1/(2ε))", information, np.log(2))


@check("E3", role="corrected")
def flipped_bit(trial: Trial) -> None:
    """It reaches the bound at ε = ½: what counts is f(X) = g(f(X′)); under P(X = X′ | X) > 0 they are one."""
    noise = Uniform(-0.5, 0.5)
    trial.holds("f is not weakly invariant", not _FLIP.weakly_invariant)
    trial.equal("I(f(X′); Y) and the bound", _FLIP.information(noise), np.log(2))
    trial.equal("I(Y; f(X) | f(X′))", _FLIP.residual_information(noise), 0.0)
    trial.equal("P(X = X′ | X)", _FLIP.keeps, 0.0)
    kept = DiscreteSource.of([0, 1], [0, 1], [[0.05, 0.45], [0.45, 0.05]])
    trial.below("I with P(X = X′ | X) = 0.1, and the bound", kept.information(noise), np.log(2))
    trial.holds("it is not weakly invariant either", not kept.weakly_invariant)
