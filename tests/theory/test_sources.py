"""Sources: what they say of themselves against their own samples, limits and refusals."""

import math

import numpy as np
import pytest

from noisedim.errors import InvalidInputError
from noisedim.theory.entropy import channel_information, kl_divergence
from noisedim.theory.laws import Laplace, Mixture, Normal, Uniform, expectation
from noisedim.theory.sources import (
    BlockSource,
    DiscreteSource,
    GaussianSource,
    LazySource,
    PlanarMixture,
    Source,
    gaussian,
    products,
)
from noisedim.theory.sums import add

TABLE = [[0.2, 0.1], [0.3, 0.0], [0.1, 0.3]]
FULL = np.array([[1.0, 0.6], [0.6, 1.0]])
TURN = np.array([[0.6, -0.8], [0.8, 0.6]])
SOURCES: dict[str, Source] = {
    "lazy": LazySource(Laplace(), dim=3, keep=0.7),
    "lazy, always": LazySource(Uniform(-1, 2), dim=2),
    "discrete": DiscreteSource.of([0, 1, 2], [0, 1], TABLE, dim=2),
    "gaussian": GaussianSource.correlated(3, 0.8),
    "gaussian, turned": GaussianSource.of(FULL, 0.5 * FULL @ TURN.T, TURN @ FULL @ TURN.T),
    "planar": PlanarMixture.of([0.3, 0.7], [[-1, 0], [1, 0.5]], [FULL, 0.3 * np.eye(2)]),
    "planar, label": PlanarMixture.of([0.3, 0.7], [[-1, 0], [1, 0.5]], [FULL, 0.3 * np.eye(2)], views="label"),
}


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "planar, label"])
def test_distances_are_those_of_samples(name: str) -> None:
    source = SOURCES[name]
    first, second = source.sample(40_000, np.random.default_rng(0))
    assert first.shape == second.shape == (40_000, source.dim)
    squares = ((first - second) ** 2).sum(1)
    error = squares.std() / math.sqrt(len(squares))
    assert abs(squares.mean() - source.squared_distance) <= 6 * error + 1e-12


@pytest.mark.parametrize("name", SOURCES)
def test_information_is_the_mean_of_the_pointwise_one(name: str) -> None:
    source, noise = SOURCES[name], Normal(0, 0.7)
    rng = np.random.default_rng(1)
    first, second = source.sample(40_000, rng)
    values = source.pointwise_information(second, first + source.sample_noise(noise, 40_000, rng), noise)
    error = values.std() / math.sqrt(len(values))
    assert abs(values.mean() - source.information(noise)) <= 6 * error


@pytest.mark.slow
def test_narrow_noise_is_seen_at_the_edges() -> None:
    blocks = Mixture((Uniform(0, 0.25), Uniform(0.5, 1)))
    for law, noise in ((Uniform(0, 1), Uniform(-1e-3, 1e-3)), (blocks, Normal(0, 1e-4))):
        whole, half = channel_information(law, noise), LazySource(law, keep=0.5)
        assert LazySource(law).information(noise) == pytest.approx(whole, abs=1e-9)
        assert half.information(noise) + half.residual_information(noise) == pytest.approx(whole, abs=1e-9)


def test_independent_views_tell_nothing_and_equal_ones_all() -> None:
    noise = Normal(0, 0.5)
    assert LazySource(Laplace(), keep=0.0).information(noise) == pytest.approx(0, abs=1e-9)
    assert GaussianSource.correlated(2, 0.0).information(noise) == pytest.approx(0, abs=1e-12)
    same = LazySource(Normal(), dim=2)
    assert same.information(noise) == pytest.approx(GaussianSource.correlated(2, 1.0).information(noise), rel=1e-9)
    assert same.residual_information(noise) == 0
    assert same.weakly_invariant
    assert not LazySource(Normal(), keep=0.5).weakly_invariant


@pytest.mark.slow
def test_coordinates_add() -> None:
    noise = Normal(0, 0.5)
    for make in (
        lambda d: LazySource(Laplace(), dim=d, keep=0.6),
        lambda d: DiscreteSource.of([0, 1, 2], [0, 1], TABLE, dim=d),
    ):
        one, five = make(1), make(5)
        for method in ("information", "residual_information", "noisy_entropy", "noise_entropy"):
            assert getattr(five, method)(noise) == pytest.approx(5 * getattr(one, method)(noise), rel=1e-9)
    assert LazySource(Normal(), dim=3, keep=0.5).keeps == 0.125


def test_discrete_information_without_noise_is_that_of_the_table() -> None:
    table = np.array(TABLE)
    product = np.outer(table.sum(1), table.sum(0))
    used = table > 0
    expected = float((table[used] * np.log(table[used] / product[used])).sum())
    source = DiscreteSource.of([0, 1, 2], [0, 1], table)
    assert source.information(Normal(0, 0.01)) == pytest.approx(expected, abs=1e-9)
    assert source.information(Uniform(-0.4, 0.4)) == pytest.approx(expected, abs=1e-9)


def test_weak_invariance_of_tables() -> None:
    merging = DiscreteSource.of([0, 1], [0, 1, 2], [[0.3, 0.0, 0.2], [0.0, 0.5, 0.0]])
    assert merging.weakly_invariant
    flipped = DiscreteSource.of([0, 1], [0, 1], [[0, 0.5], [0.5, 0]])
    assert not flipped.weakly_invariant
    blurred = DiscreteSource.of([0, 1], [0, 1], [[0.4, 0.1], [0.1, 0.4]])
    assert not blurred.weakly_invariant


def test_divergences_of_gaussian_sources_by_products() -> None:
    noise, reference = Normal(0, 0.5), Normal(0, math.sqrt(1.25))
    gaussian, product = GaussianSource.correlated(3, 0.5), LazySource(Normal(), dim=3, keep=0.0)
    assert gaussian.noisy_divergence(noise, reference) == pytest.approx(0, abs=1e-10)
    assert gaussian.noisy_renyi_2(noise, Normal(0, 2)) == pytest.approx(product.noisy_renyi_2(noise, Normal(0, 2)))
    assert gaussian.divergence(Normal(0.5, 1)) == pytest.approx(3 * 0.125)
    assert gaussian.noise_information(noise) == pytest.approx(product.noise_information(noise))


@pytest.mark.slow
@pytest.mark.parametrize("keep", [0.3, 0.8])
def test_the_residual_is_the_double_mean_of_divergences(keep: float) -> None:
    # k·KL(N(x′) ‖ mix) + (1−k)·E_x KL(N(x) ‖ mix) as it stands, one mean inside the other.
    law, noise = Mixture((Normal(-1, 0.4), Normal(1, 0.7))), Normal(0, 0.6)
    marginal = add(law, noise)

    def at(other: float) -> float:
        mix = Mixture((noise.shifted(other), marginal), (keep, 1 - keep))
        apart = expectation(lambda x: kl_divergence(noise.shifted(x), mix, tolerance=1e-7), law, tolerance=1e-6)
        return keep * kl_divergence(noise.shifted(other), mix) + (1 - keep) * apart

    places, weights = np.polynomial.hermite_e.hermegauss(12)
    nodes = [
        (part.center + part.deviation * z, w / weights.sum() / 2)
        for part in law.parts
        for z, w in zip(places, weights, strict=True)
    ]
    literal = math.fsum(weight * at(place) for place, weight in nodes)
    assert LazySource(law, keep=keep).residual_information(noise) == pytest.approx(literal, abs=1e-5)


def test_information_about_the_noise_rests_on_no_entropy(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {
        name: channel_information(Normal(0, 1), noise) if isinstance(noise, Normal) else None
        for name, noise in (("normal", Normal(0, 1)),)
    }

    def refuse(*arguments: object, **keywords: object) -> float:
        raise AssertionError("an entropy was used")

    for module in (products, gaussian):
        for name in ("differential_entropy", "gaussian_entropy"):
            monkeypatch.setattr(module, name, refuse, raising=False)
    assert LazySource(Normal()).noise_information(Normal(0, 1)) == pytest.approx(expected["normal"], abs=1e-10)
    assert GaussianSource.correlated(1, 0.5).noise_information(Normal(0, 1)) == pytest.approx(math.log(2) / 2)
    lazy, pair = LazySource(Laplace(), keep=0.5), GaussianSource.correlated(1, 0.8)
    assert lazy.residual_information(Normal(0, 1)) > 0.01
    assert pair.residual_information(Normal(0, 1)) == pytest.approx(math.log(1.36) / 2)
    assert LazySource(Mixture((Normal(), Uniform(0, 1)))).noise_information(Uniform(-2, 2)) > 0


def test_a_planar_mixture_of_one_is_gaussian() -> None:
    noise, wide = Normal(0, 0.5), Normal(0, 1.5)
    planar, exact = PlanarMixture.of([1.0], [[0, 0]], [FULL]), GaussianSource.of(FULL)
    for method in ("information", "noisy_entropy", "noise_information"):
        assert getattr(planar, method)(noise) == pytest.approx(getattr(exact, method)(noise), abs=1e-9), method
    assert planar.divergence(wide) == pytest.approx(exact.divergence(wide), abs=1e-9)
    assert planar.noisy_renyi_2(noise, wide) == pytest.approx(exact.noisy_renyi_2(noise, wide), abs=1e-9)
    assert planar.entropy() == pytest.approx(exact.entropy(), abs=1e-9)


@pytest.mark.slow
def test_blocks_that_are_a_product_are_one() -> None:
    noise, reference = Uniform(-0.3, 0.3), Uniform(-0.3, 1.3)
    blocks, product = BlockSource.of([[0.25, 0.25], [0.25, 0.25]]), LazySource(Uniform(0, 1), dim=2)
    assert blocks.entropy() == pytest.approx(0.0, abs=1e-9)
    assert blocks.noisy_divergence(noise, reference) == pytest.approx(
        product.noisy_divergence(noise, reference), abs=1e-8
    )
    assert blocks.noisy_renyi_2(noise, reference) == pytest.approx(product.noisy_renyi_2(noise, reference), abs=1e-8)
    assert blocks.information(noise) == pytest.approx(product.information(noise), abs=1e-5)
    assert blocks.noise_information(noise) == pytest.approx(product.noise_information(noise), abs=1e-5)


@pytest.mark.parametrize("views", ["same", "label"])
def test_blocks_agree_with_their_samples(views: str) -> None:
    source, noise = (
        BlockSource.of([[0.4, 0.1], [0.2, 0.3]], ([0, 0.4, 1], [0, 0.5, 1]), views=views),
        Uniform(-0.2, 0.2),
    )
    rng = np.random.default_rng(3)
    first, other = source.sample(40_000, rng)
    assert first.min() >= 0
    assert first.max() <= 1
    assert ((first[:, 0] < 0.4) & (first[:, 1] < 0.5)).mean() == pytest.approx(0.4, abs=0.02)
    values = source.pointwise_information(other, first + source.sample_noise(noise, 40_000, rng), noise)
    assert values.mean() == pytest.approx(source.information(noise), abs=6 * values.std() / 200)
    assert source.weakly_invariant == (views == "same")
    assert (source.squared_distance == 0) == (views == "same")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: LazySource(Normal(), keep=1.5), r"keep must be a number in \[0, 1\]"),
        (lambda: LazySource(Normal(), dim=0), "dim must be an integer >= 1"),
        (lambda: DiscreteSource.of([0, 1], [0], [[0.5], [0.6]]), "probabilities"),
        (lambda: DiscreteSource.of([0, 0], [0], [[0.5], [0.5]]), "distinct values"),
        (lambda: GaussianSource.correlated(2, 1.5), "correlation must lie in"),
        (lambda: GaussianSource.of(FULL, 2 * FULL), "the joint covariance has a negative eigenvalue"),
        (lambda: GaussianSource.of(FULL, np.eye(3)), "covariances must have one shape"),
        (lambda: GaussianSource.of([[1.0, 2.0], [2.0, 1.0]]), "positive definite; its least eigenvalue is -1"),
        (lambda: GaussianSource.of([[1.0, 0.5], [0.2, 1.0]]), "must be symmetric"),
        (lambda: PlanarMixture.of([1.0], [[0, 0]], [FULL], views="none"), "views must be one of"),
        (lambda: PlanarMixture.of([0.5], [[0, 0]], [FULL]), "weights must be > 0 and add up to 1"),
        (lambda: PlanarMixture.of([1.0], [[0, 0, 0]], [FULL]), r"got \(1,\), \(1, 3\)"),
        (lambda: PlanarMixture.of([1.0], [[0, 0]], [-FULL]), "positive definite"),
        (lambda: SOURCES["planar"].information(Uniform(-1, 1)), "takes centred Normal noise"),
        (lambda: SOURCES["planar"].divergence(Uniform(0, 1)), "compared with a Normal"),
        (lambda: BlockSource.of([[0.5, 0.6]]), "probabilities"),
        (lambda: BlockSource.of([[0.5, 0.5]], ([0, 1], [0, 0.5, 0.4])), "growing numbers"),
        (lambda: BlockSource.of([[0.5, 0.5]], views="none"), "views must be one of"),
        (lambda: BlockSource.of([[0.5, 0.5]]).information(Normal()), "takes Uniform noise"),
        (lambda: GaussianSource.correlated(1, 0.5).information(Uniform(-1, 1)), "takes centred Normal noise"),
        (lambda: GaussianSource.correlated(1, 0.5).divergence(Mixture((Normal(),))), "compared with a Normal"),
    ],
)
def test_bad_sources_are_refused(call, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        call()
