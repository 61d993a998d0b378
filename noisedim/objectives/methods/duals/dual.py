"""The dual in closed form: alignment of the views plus a kernel divergence to the prior; no critic, no samples."""

import math
from typing import Literal, final, get_args

import torch

from noisedim.channel import NoisyChannel
from noisedim.checks import embedding_tensor, one_of
from noisedim.errors import InvalidInputError
from noisedim.objectives.interface import Objective, ObjectiveValue, in_single
from noisedim.objectives.method import Method, Preset
from noisedim.priors import Prior

__all__ = ["METHOD", "Dual", "Pairs", "dual_bound"]

Pairs = Literal["cross", "clean"]


def _log_mean_kernel(prior: Prior, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
    """log of the mean of κ(a_i, b_j) over i ≠ j, 0-d; finite even where no pair overlaps."""
    n = len(a)
    logs = prior.log_dual_kernel(a, b, level)
    # One image's two views are not independent: i = j is left out.
    logs = logs.fill_diagonal_(-math.inf)
    # A kernel of bounded support may be zero on the whole batch; the floor keeps the value finite there and changes
    # nothing elsewhere: it is e^-700 (e^-80 in single precision) of one pair.
    floor = logs.new_full((1,), -700.0 if logs.dtype is torch.float64 else -80.0)
    return torch.logsumexp(torch.cat([logs.flatten(), floor]), 0) - math.log(n * (n - 1))


def dual_bound(
    z: torch.Tensor,
    z_prime: torch.Tensor,
    prior: Prior,
    level: float | torch.Tensor,
    *,
    pairs: Pairs = "cross",
    estimate: bool = True,
) -> ObjectiveValue:
    r"""Theorem 4.1's bound with the noise integrated out exactly, to train by, and a bound of this batch, to report.

    .. math:: J = C - \frac{\mathbb E\|f(X)-f(X')\|^2}{2\sigma^2} - \log \mathbb E\,\kappa(f(X_1), f(X_2'))

    For the Gaussian prior, J bounds I(f(X′); f(X)+Z) from below when E‖f(X)‖² = d, and C − J bounds
    KL(f(X)+Z ‖ N(0, (1+σ²)I)) from above. But of one batch J's plug-in value is no bound, at any size: where the noise is
    small it lies hundreds of nats too high. So the loss is that value, and the ``bound`` is the row-wise closed form of the
    same critic (:func:`noisedim.theory.dual_batch.row_bound`): at most log n in every batch, at most the information in the
    mean, for any second moment of f(X).

    Embeddings are in channel coordinates: a prior that N(0, I) is mapped to has the same J, as information and divergence
    pass bijections unchanged. For the uniform prior the loss's alignment term is a surrogate
    (:class:`~noisedim.priors.UniformPrior`), and the bound is the leaky dual's, each half of the batch with the leakage that
    is best for the other half (:func:`noisedim.theory.dual_uniform.leaky_row_bound`).

    Args:
        z: f(X), (n, d), normalised.
        z_prime: f(X′), (n, d), normalised; row i from the same image as row i of ``z``.
        prior: gives capacity, kernel and alignment.
        level: noise level, sigma or epsilon.
        pairs: ``"cross"`` trains on κ between f(X₁) and f(X₂′), as J is defined, ``"clean"`` on κ between f(X₁) and f(X₂),
            so that the law of f(X) itself is drawn to the prior instead of its overlap with f(X′)'s law; the bound is the
            same for both.
        estimate: the bound needs another kernel matrix; without ``estimate`` it is NaN.

    Returns: loss −J (up to ``pairs``), bound in nats, ceiling min(C, log n), or min(C, log(n/2)) for the uniform prior.

    Raises: InvalidInputError: for shapes that do not match or fewer than 2 rows.

    Source: new, claims dual-gaussian, dual-rows and dual-leaky. Checked by theory_checks/test_dual_gaussian.py.

    >>> from noisedim import GaussianPrior
    >>> z = torch.randn(4000, 2, generator=torch.Generator().manual_seed(0))
    >>> value = dual_bound(z, z, GaussianPrior(2), 0.5)  # of N(0, I) and f(X′) = f(X), J is the capacity log 5
    >>> abs(value.bound.item() - math.log(5)) < 0.05
    True
    """
    embedding_tensor("z", z, dim=prior.channel_dim, minimum_rows=2, examine_values=False)
    embedding_tensor("z_prime", z_prime, dim=prior.channel_dim, minimum_rows=2, examine_values=False)
    if len(z) != len(z_prime):
        raise InvalidInputError(f"z and z_prime must have one row per image each; got {len(z)} and {len(z_prime)}")
    one_of("pairs", pairs, get_args(Pairs))
    alignment = prior.alignment(z, z_prime, level)
    divergence = _log_mean_kernel(prior, z, z_prime if pairs == "cross" else z, level)
    loss = alignment + divergence - prior.capacity(float(level))
    if not estimate:
        ceiling = min(prior.capacity(float(level)), math.log(len(z)))
        return ObjectiveValue(loss, torch.full_like(loss, math.nan, requires_grad=False), ceiling)
    bound, ceiling = prior.batch_bound(z.detach(), z_prime.detach(), float(level))
    return ObjectiveValue(loss, bound.to(loss), ceiling)


@final
class Dual(Objective):
    """The closed-form dual as an objective: see :func:`dual_bound`. O(n²·d) work a batch, no parameters.

    Args:
        pairs: ``"clean"`` (default) or ``"cross"``, see :func:`dual_bound`.

    Raises: InvalidInputError: for other ``pairs``.

    Source: arXiv 2410.06993, Theorem 4.1.

    >>> from noisedim import GaussianPrior
    >>> channel = NoisyChannel(GaussianPrior(2), sigma=0.3)
    >>> z = channel.normalise(torch.randn(64, 2))
    >>> loss, bound, ceiling = Dual()(z, z, channel)
    >>> round(ceiling, 3), bool(bound < ceiling + 0.5)  # the capacity, which a batch may pass by chance, but not log 64
    (2.494, True)
    """

    def __init__(self, *, pairs: Pairs = "clean") -> None:
        super().__init__()
        self.pairs: Pairs = one_of("pairs", pairs, get_args(Pairs))  # type: ignore[assignment]

    @in_single
    def forward(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        value = dual_bound(z, z_prime, channel.prior, channel.level, pairs=self.pairs, estimate=estimate)
        channel.check_batch(len(z))  # of a batch that was not refused
        return value


METHOD = Method(
    name="dual",
    build=lambda settings: Dual(pairs=settings.pairs),
    injects_noise=True,
    means_pairs=True,
    presets=(
        Preset("dual", "closed-form dual"),
        Preset("uniform-dual", "uniform prior, closed form", prior="uniform"),
    ),
    references=("mehler",),
)
