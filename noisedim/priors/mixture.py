"""Gaussian mixtures: the exact Rosenblatt transform, and its inverse with implicit gradients."""

import warnings
from typing import Any, Self, final

import torch

from noisedim.checks import embedding_matrix, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.priors.arrays import check_sizes, covariance_factor, numbers
from noisedim.priors.fitting import set_apart, tail_words
from noisedim.priors.mapped import MappedPrior
from noisedim.priors.special import LOG_ROOT_TAU, log_normal_density, normal_quantile_of_tails
from noisedim.streams import numpy_stream, torch_seed

__all__ = ["GaussianMixturePrior"]

_MOST_ITERATIONS = 200
_LEAST_ROWS = 20
_ROUNDING = 4e-15


@final
class GaussianMixturePrior(MappedPrior):
    r"""A mixture of Gaussians with weights π, means and full covariances.

    Coordinate j goes through its distribution function given the coordinates before it (Rosenblatt),

    .. math:: z_j = \Phi^{-1}\Big(\sum_k \pi_k(x_{<j})\,\Phi(e_{kj})\Big), \qquad e_k = L_k^{-1}(x - m_k),

    exactly, with logarithms of both tails. The inverse is a root search a coordinate, bracketed by the components' own
    quantiles, and its gradient is that of the implicit function.

    Args:
        weights: (k,), positive; they are divided by their sum.
        means: (k, d).
        covariances: (k, d, d), each symmetric and positive definite.

    Raises: InvalidInputError: for shapes that do not match, weights that are not positive, and singular covariances.

    Source: Rosenblatt (1952), Annals of Mathematical Statistics 23, 470–472.

    >>> prior = GaussianMixturePrior([1, 1], [[-2.0], [2.0]], [[[1.0]], [[1.0]]])
    >>> round(float(prior.from_normal(torch.zeros(1, 1))), 6)
    0.0
    """

    name = "mixture"
    fields = ("weights", "means", "covariances")
    references = ("rosenblatt",)

    def __init__(self, weights: Any, means: Any, covariances: Any) -> None:
        weights = numbers("weights", weights, ndim=1)
        self.means = numbers("means", means, ndim=2)
        self.covariances = numbers("covariances", covariances, ndim=3)
        count, dim = self.means.shape
        if len(weights) != count or tuple(self.covariances.shape) != (count, dim, dim):
            raise InvalidInputError(
                "weights (k,), means (k, d) and covariances (k, d, d) must match; got "
                f"{tuple(weights.shape)}, {tuple(self.means.shape)} and {tuple(self.covariances.shape)}"
            )
        if not bool((weights > 0).all()):
            raise InvalidInputError(f"weights must be > 0; got {weights.tolist()}")
        super().__init__(dim)
        self.weights = weights / weights.sum()
        self.factors = torch.stack(
            [covariance_factor(f"covariance {k}", own) for k, own in enumerate(self.covariances)]
        )
        # Every component is seen in units of every other.
        deviations = self.covariances.diagonal(dim1=1, dim2=2).sqrt()
        check_sizes("a mixture", location=self.means, scale=deviations[:, None])

    @classmethod
    def fit(cls, samples: Any, *, components: int = 3, seed: int = 0) -> tuple[Self, float]:
        """A mixture learned from ``samples`` by expectation-maximisation (scikit-learn's, full covariances).

        Args:
            samples: (n, d), at least 20 and 10·k different rows.
            components: k >= 1.
            seed: of starting points and of the tenth of the rows that fits nothing.

        Returns: the mixture, and the mean log-density, nats, of the rows that fitted nothing, none of which is a copy of one
        that did.

        Raises: InvalidInputError: for NaN, too few rows, or a component that collapses onto fewer dimensions.

        Warns: UserWarning: where the rows' tails are heavier than Gaussian ones, which are all that a mixture has.
        """
        from sklearn.mixture import GaussianMixture

        components = positive_integer("components", components)
        rows = embedding_matrix("samples", samples, minimum_rows=max(_LEAST_ROWS, 10 * components))
        split = numpy_stream(seed, "mixture split").permutation
        judge, known = set_apart(rows, split, least=max(_LEAST_ROWS, 10 * components))
        found = GaussianMixture(
            components,
            random_state=torch_seed(seed, "mixture starts"),
            reg_covar=1e-9 * float(known.var(0).mean()) + 1e-300,
        )
        found.fit(known)
        prior = cls(found.weights_, found.means_, found.covariances_)
        if (words := tail_words(prior, rows)) is not None:
            warnings.warn(words, UserWarning, stacklevel=2)
        return prior, float(prior.log_prob(torch.from_numpy(judge)).mean())

    def __repr__(self) -> str:
        return f"GaussianMixturePrior(components={len(self.weights)}, dim={self.dim})"

    @property
    def law(self) -> str:
        return f"the mixture of {len(self.weights)} Gaussians"

    def _parts(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.weights.log().to(device), self.means.to(device), self.factors.to(device)

    def _to_normal(self, z: torch.Tensor) -> torch.Tensor:
        log_weights, means, factors = self._parts(z.device)
        log_weights = log_weights.expand(len(z), -1)
        residuals: list[torch.Tensor] = []
        columns = []
        for j in range(self.dim):
            centre, spread = self._conditional(residuals, means, factors, j)
            own = (z[:, j, None] - centre) / spread
            columns.append(_mixture_quantile(log_weights, own))
            log_weights = _reweighted(log_weights, own, spread)
            residuals.append(own)
        return torch.stack(columns, 1)

    @staticmethod
    def _conditional(
        residuals: list[torch.Tensor], means: torch.Tensor, factors: torch.Tensor, j: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean (n, k) and standard deviation (k,) of coordinate j given the whitened coordinates before it."""
        centre = means[:, j]
        if residuals:
            centre = centre + torch.einsum("nki,ki->nk", torch.stack(residuals, 2), factors[:, j, :j])
        return centre, factors[:, j, j]

    def _from_normal(self, z: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            x = self._solve(z)
        if not (torch.is_grad_enabled() and z.requires_grad):
            return x
        # x(z) solves to_normal(x) = z, so dx/dz is the inverse of to_normal's lower triangular Jacobian.
        jacobian = _row_jacobians(self._to_normal, x)
        step = torch.linalg.solve_triangular(jacobian, (z - z.detach())[:, :, None], upper=False)
        return x + step[:, :, 0]

    def _solve(self, z: torch.Tensor) -> torch.Tensor:
        log_weights, means, factors = self._parts(z.device)
        log_weights = log_weights.expand(len(z), -1)
        residuals: list[torch.Tensor] = []
        columns = []
        for j in range(self.dim):
            centre, spread = self._conditional(residuals, means, factors, j)
            column = _mixture_root(log_weights, centre.expand(len(z), -1), spread, z[:, j])
            own = (column[:, None] - centre) / spread
            log_weights = _reweighted(log_weights, own, spread)
            residuals.append(own)
            columns.append(column)
        return torch.stack(columns, 1)

    def _log_prob(self, z: torch.Tensor) -> torch.Tensor:
        log_weights, means, factors = self._parts(z.device)
        centred = z[:, None, :] - means
        white = torch.linalg.solve_triangular(factors, centred[..., None], upper=False)[..., 0]
        logs = -white.square().sum(2) / 2 - self.dim * LOG_ROOT_TAU
        logs = logs - factors.diagonal(dim1=1, dim2=2).log().sum(1)
        return torch.logsumexp(log_weights + logs, 1)

    def _sample(self, n: int, generator: torch.Generator | None, device: torch.device) -> torch.Tensor:
        _, means, factors = self._parts(device)
        chosen = torch.multinomial(self.weights.to(device), n, replacement=True, generator=generator)
        noise = torch.randn((n, self.dim), generator=generator, dtype=torch.float64, device=device)
        return means[chosen] + torch.einsum("nij,nj->ni", factors[chosen], noise)

    def spec(self) -> dict[str, Any]:
        return {
            "prior": self.name,
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "covariances": self.covariances.tolist(),
        }


def _mixture_quantile(log_weights: torch.Tensor, residuals: torch.Tensor) -> torch.Tensor:
    """Φ⁻¹ of the mixture's distribution function, from standardised residuals (n, k), (n,)."""
    lower = torch.logsumexp(log_weights + torch.special.log_ndtr(residuals), 1)
    upper = torch.logsumexp(log_weights + torch.special.log_ndtr(-residuals), 1)
    return normal_quantile_of_tails(lower, upper)


def _reweighted(log_weights: torch.Tensor, residuals: torch.Tensor, spread: torch.Tensor) -> torch.Tensor:
    """Weights of the components given one coordinate more."""
    return torch.log_softmax(log_weights + log_normal_density(residuals) - spread.log(), 1)


def _mixture_root(
    log_weights: torch.Tensor, centre: torch.Tensor, spread: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    """x with _mixture_quantile at x equal to ``target``, (n,): Newton's method inside a bracket, else halving it."""
    # At the least of the components' own quantiles no component is above the target, at the greatest none below.
    ends = centre + spread * target[:, None]
    low, high = ends.min(1).values, ends.max(1).values
    x = (low + high) / 2
    # Rows that are not there yet; most are after five steps.
    active = torch.arange(len(x), device=x.device)
    for _ in range(_MOST_ITERATIONS):
        now, own = x[active], centre[active]
        residuals = (now[:, None] - own) / spread
        found = _mixture_quantile(log_weights[active], residuals)
        error = found - target[active]
        low[active] = torch.where(error < 0, now, low[active])
        high[active] = torch.where(error > 0, now, high[active])
        log_density = torch.logsumexp(log_weights[active] + log_normal_density(residuals) - spread.log(), 1)
        better = now - error * torch.exp(log_normal_density(found) - log_density)
        least, most = low[active], high[active]
        better = torch.where((better > least) & (better < most), better, (least + most) / 2)
        close = (error.abs() <= _ROUNDING * (1 + found.abs())) | (most - least <= _ROUNDING * now.abs())
        x[active] = torch.where(close, now, better)
        active = active[~close]
        if not len(active):
            break
    return x


def _row_jacobians(function: Any, x: torch.Tensor) -> torch.Tensor:
    """Jacobians (n, d, d) of a map that treats rows apart, at x (n, d), without a graph."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        z = function(x)
        rows = [torch.autograd.grad(z[:, j].sum(), x, retain_graph=True)[0] for j in range(z.shape[1])]
    return torch.stack(rows, 1)
