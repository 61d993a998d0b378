"""Section 2.2: I(X; f(X)) = ∞ without noise, and mini-batch gradients of the Donsker–Varadhan bound are biased.

Hypotheses: f deterministic, f(X) with a density; for the gradients, a batch of B independent pairs.
Source: arXiv 2410.06993, Section 2.2 (Bell & Sejnowski, 1995; Belghazi et al., 2018).
"""

import itertools
import math

import numpy as np
import torch

from noisedim.objectives import score_bounds
from noisedim.theory import entropy
from noisedim.theory.laws import Atoms, Laplace, Law, Mixture, Normal, Uniform
from noisedim.theory.quadrature import integrate
from noisedim.theory.sources import LazySource
from noisedim.theory.sums import add
from noisedim.verification import Trial, check

_LAWS: dict[str, Law] = {
    "normal": Normal(),
    "laplace": Laplace(),
    "uniform": Uniform(-1.5, 1.5),
    "clusters": Mixture((Normal(-1, 0.3), Normal(1, 0.3))),
}


def _quantised(law: Law, width: float) -> float:
    """The entropy of the cell of f(X): all that cells tell of X, I(X; cell)."""
    low, high = np.floor(law.breakpoints.min() / width), np.ceil(law.breakpoints.max() / width)
    edges = width * np.arange(low, high + 1)
    mass = np.maximum(law.cdf(edges[1:]) - law.cdf(edges[:-1]), 0)
    mass = mass[mass > 0]
    return -float((mass * np.log(mass)).sum())


@check("section-2.2-infinite", cases=_LAWS)
def grows_without_end(trial: Trial, law: Law) -> None:
    """Cells of width w tell h(f(X)) − log w nats: log 10 more for each tenth, without end."""
    h = entropy.differential_entropy(law)
    widths = (0.1, 0.01, 0.001)
    told = [_quantised(law, width) for width in widths]
    for width, value in zip(widths, told, strict=True):
        trial.equal(f"I(X; cell) at width {width:g} and h − log w", value, h - math.log(width), tolerance=width**2)
    for less, more in itertools.pairwise(told):
        trial.below("ten times finer", less + 2.0, more)


@check("section-2.2-infinite", cases=_LAWS)
def infinite_divergence(trial: Trial, law: Law) -> None:
    """The limit itself: given X, f(X) is an atom, infinitely far from a law with a density; noise makes it finite."""
    trial.equal("KL(f(X) given X ‖ f(X))", entropy.kl_divergence(Atoms((0.3,)), law), math.inf)
    values = [entropy.channel_information(law, Normal(0, sigma)) for sigma in (0.3, 0.03, 0.003)]
    mean = LazySource(law).information(Normal(0, 0.3))
    noise = Normal(0, 0.3)
    by_entropies = entropy.differential_entropy(add(law, noise)) - entropy.differential_entropy(noise)
    trial.equal("with noise: the mean divergence and h(Y) − h(Z)", mean, by_entropies)
    for less, more in itertools.pairwise(values):
        trial.below("a tenth of the noise: log 10 more", less + 1.9, more)
        trial.below("finite with noise", more, math.inf)


# X = Y a fair bit seen through flips; T = θ·[q = k]. All batches of B pairs, B negatives, by enumeration.
_TABLE = np.array([[0.4, 0.1], [0.1, 0.4]])


def _gradients(size: int, theta: float) -> tuple[float, float]:
    """E of the derivative in θ of a batch's Donsker–Varadhan and NWJ values: autograd through the objectives."""
    pairs = list(itertools.product(range(2), repeat=2))
    product = np.outer(_TABLE.sum(1), _TABLE.sum(0))
    agree = np.eye(2)
    first = second = 0.0
    for batch in itertools.product(pairs, repeat=size):
        weight = math.prod(product[q, k] for q, k in batch)
        level = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
        matches = torch.tensor([[agree[q, k] for q, k in batch]], dtype=torch.float64)
        positive = torch.zeros(1, dtype=torch.float64) * level  # its mean gradient is exact: 0.8 is added below
        for number, objective in enumerate((score_bounds.donsker_varadhan, score_bounds.nguyen_wainwright_jordan)):
            value = -objective(positive, level * matches).loss
            (found,) = torch.autograd.grad(value, level, retain_graph=True)
            if number == 0:
                first += weight * float(found)
            else:
                second += weight * float(found)
    return first + 0.8, second + 0.8


@check("section-2.2-gradients", cases={f"theta={theta:g}": theta for theta in (0.5, 1.5, 3.0)})
def biased(trial: Trial, theta: float) -> None:
    """The mean gradient of a batch is not the gradient of E T − log E e^T; the difference falls with B; NWJ's has none."""
    product = np.outer(_TABLE.sum(1), _TABLE.sum(0))
    agree = float((product * np.eye(2)).sum())  # of independent pairs
    exact = 0.8 - agree * math.exp(theta) / (agree * math.exp(theta) + 1 - agree)
    exact_nwj = 0.8 - agree * math.exp(theta - 1)
    biases = []
    for size in (1, 2, 4):
        found, nwj = _gradients(size, theta)
        trial.equal(f"NWJ, B={size}: mean and true gradient", nwj, exact_nwj)
        biases.append(abs(found - exact))
        trial.below(f"0 and the bias at B={size}", 0.0, biases[-1], by=1e-3)
    for more, less in itertools.pairwise(biases):
        trial.below("a larger batch is less biased", less, more)


def _moment(power: int, rate: float) -> float:
    """E N^power e^(rate·N) by quadrature."""
    edges = [-12, -4, 0, 4, 12]
    return integrate(lambda n: n**power * np.exp(rate * n) * Normal().density(n), edges).value


@check("section-2.2-gradients", cases={f"B={size}": size for size in (16, 64, 256)})
def of_order_one_over_b(trial: Trial, size: int) -> None:
    """For T = θ·N, N normal under the product law: the bias of ∂θ log mean e^T, by moments, is of order 1/B."""
    theta = 0.5
    # mean N e^(θN) / mean e^(θN) over a batch: its expectation less θ, to second order, is −Cov/(B μ²) + …
    moments = [_moment(power, times * theta) for power, times in ((0, 1), (1, 1), (0, 2), (1, 2))]
    mean, top, square, cross = moments
    second_order = (top * square / mean**3 - cross / mean**2) / size
    by_hand = -theta * math.exp(theta**2) / size
    trial.equal("second-order bias by moments and in closed form", second_order, by_hand)
    trial.below("it is negative", second_order, 0.0)
