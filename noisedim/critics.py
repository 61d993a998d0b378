"""Critics T(x, y): scores of pairs, high where x = f(X′) and y = f(X)+Z come from one image.

A critic is called with x (n, d) and y (m, d) and answers with the (n, m) matrix of all pairs, or, given ``index``
(n, k) of rows of y, with the (n, k) scores of (x_i, y_index[i, j]). No critic builds an (n·m, 2d) tensor of pairs.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import final

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from noisedim.checks import one_of, positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.theory import bounds

__all__ = [
    "CLOSED_FORM",
    "CRITICS",
    "Critic",
    "DotProductCritic",
    "GaussianDualCritic",
    "MLPCritic",
    "SeparableCritic",
    "make_critic",
]


CLOSED_FORM = "gaussian-dual"
"""The critic that is Theorem 4.1's closed form: it needs noise, and a prior whose dual is exact."""


class Critic(nn.Module):
    """Scores of pairs, as a module: high where x = f(X′) and y = f(X)+Z come from one image.

    A subclass defines :meth:`forward` and takes part in every objective with a critic; gradients flow to its parameters.

    >>> class Distance(Critic):
    ...     def forward(self, x, y, *, index=None, level=None):
    ...         scores = -torch.cdist(x, y)
    ...         return scores if index is None else scores.gather(1, index)
    >>> Distance()(torch.zeros(3, 2), torch.ones(4, 2)).shape
    torch.Size([3, 4])
    """

    @abstractmethod
    def forward(
        self,
        x: torch.Tensor,
        y: torch.Tensor,
        *,
        index: torch.Tensor | None = None,
        level: float | torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Scores.

        Args:
            x: clean embeddings f(X′), (n, d).
            y: noisy embeddings f(X)+Z, (m, d).
            index: rows of y to pair with each x, (n, k), integers; all m of them if omitted.
            level: the channel's noise level; used by critics in closed form, ignored by learned ones.

        Returns: (n, m), or (n, k) with ``index``.
        """


@final
class MLPCritic(Critic):
    """The paper's critic (Table 2): a perceptron 2d → hidden → hidden → 1 with LeakyReLU on the pair (x, y).

    The first layer is linear in (x, y), so it is applied to x and to y once each and added per pair: O(n+m) instead of
    O(n·m) products with the first weight matrix, and no tensor of pairs before the first activation.

    Args:
        dim: embedding dimension d.
        hidden: width of both hidden layers; 256 in the paper.
        rows_at_once: score that many rows of x at a time and recompute them in the backward pass, so that memory is
            O(rows · m · hidden) instead of O(n · m · hidden); ``None`` scores all at once.

    >>> tuple(MLPCritic(2)(torch.zeros(3, 2), torch.zeros(5, 2)).shape)  # every x with every y
    (3, 5)
    """

    def __init__(self, dim: int, *, hidden: int = 256, rows_at_once: int | None = None) -> None:
        super().__init__()
        dim, hidden = positive_integer("dim", dim), positive_integer("hidden", hidden)
        self.rows_at_once = None if rows_at_once is None else positive_integer("rows_at_once", rows_at_once)
        self.first = nn.Linear(2 * dim, hidden)
        self.rest = nn.Sequential(
            nn.LeakyReLU(0.01), nn.Linear(hidden, hidden), nn.LeakyReLU(0.01), nn.Linear(hidden, 1)
        )

    def forward(
        self,
        x: torch.Tensor,
        y: torch.Tensor,
        *,
        index: torch.Tensor | None = None,
        level: float | torch.Tensor | None = None,
    ) -> torch.Tensor:
        weight_x, weight_y = self.first.weight.chunk(2, dim=1)
        from_x = nn.functional.linear(x, weight_x, self.first.bias)
        from_y = nn.functional.linear(y, weight_y)
        step = self.rows_at_once
        if step is None or step >= len(x):
            return self._score(from_x, from_y, index)
        parts = []
        for start in range(0, len(x), step):
            rows = slice(start, start + step)
            part = checkpoint(
                self._score, from_x[rows], from_y, None if index is None else index[rows], use_reentrant=False
            )
            parts.append(part)
        return torch.cat(parts)

    def _score(self, from_x: torch.Tensor, from_y: torch.Tensor, index: torch.Tensor | None) -> torch.Tensor:
        partners = from_y[None, :, :] if index is None else _rows(from_y, index)
        return self.rest(from_x[:, None, :] + partners).squeeze(-1)


def _rows(y: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """``y[index]``, (n, k, features).

    As an embedding look-up: on several threads the gradient of plain indexing is added up in whatever order the threads
    come, and equal seeds would not give equal weights.
    """
    return nn.functional.embedding(index, y)


def _paired_dot(x: torch.Tensor, y: torch.Tensor, index: torch.Tensor | None) -> torch.Tensor:
    if index is None:
        return x @ y.T
    return torch.einsum("nd,nkd->nk", x, _rows(y, index))


@final
class SeparableCritic(Critic):
    """⟨φ(x), ψ(y)⟩ with two perceptrons d → hidden → features: O((n+m)·hidden² + n·m·features).

    Args:
        dim: embedding dimension d.
        hidden: width of the hidden layer of φ and of ψ.
        features: dimension of the inner product.

    Raises: InvalidInputError: if one of them is not an integer >= 1.

    Source: Poole et al., arXiv 1905.06922, Section 2 ("separable critic").

    >>> SeparableCritic(2)(torch.zeros(3, 2), torch.ones(4, 2)).shape
    torch.Size([3, 4])
    """

    def __init__(self, dim: int, *, hidden: int = 256, features: int = 32) -> None:
        super().__init__()
        dim, hidden = positive_integer("dim", dim), positive_integer("hidden", hidden)
        features = positive_integer("features", features)
        self.phi, self.psi = (
            nn.Sequential(nn.Linear(dim, hidden), nn.LeakyReLU(0.01), nn.Linear(hidden, features)) for _ in range(2)
        )

    def forward(
        self,
        x: torch.Tensor,
        y: torch.Tensor,
        *,
        index: torch.Tensor | None = None,
        level: float | torch.Tensor | None = None,
    ) -> torch.Tensor:
        return _paired_dot(self.phi(x), self.psi(y), index)


@final
class DotProductCritic(Critic):
    """⟨x, y⟩ / temperature: the similarity of most contrastive methods.

    Args:
        temperature: divisor, > 0, learned with ``learn_temperature``.
        learn_temperature: train the logarithm of the temperature.

    Raises: InvalidInputError: if ``temperature`` is not > 0.

    Source: van den Oord et al., arXiv 1807.03748; with a temperature, Chen et al., arXiv 2002.05709.

    >>> DotProductCritic(temperature=0.5)(torch.ones(3, 2), torch.ones(4, 2))[0, 0]
    tensor(4.)
    """

    def __init__(self, *, temperature: float = 1.0, learn_temperature: bool = False) -> None:
        super().__init__()
        log_temperature = torch.tensor(positive("temperature", temperature)).log()
        self.log_temperature = nn.Parameter(log_temperature, requires_grad=learn_temperature)

    def forward(
        self,
        x: torch.Tensor,
        y: torch.Tensor,
        *,
        index: torch.Tensor | None = None,
        level: float | torch.Tensor | None = None,
    ) -> torch.Tensor:
        return _paired_dot(x, y, index) * torch.exp(-self.log_temperature)


@final
class GaussianDualCritic(Critic):
    """Theorem 4.1's T*(x, y), which needs no training but the noise level sigma.

    Args: none; ``level`` at the call is sigma.

    Source: arXiv 2410.06993, Theorem 4.1; :func:`noisedim.bounds.gaussian_dual_critic`.

    >>> GaussianDualCritic()(torch.zeros(3, 2), torch.ones(4, 2), level=0.3).shape
    torch.Size([3, 4])
    """

    def forward(
        self,
        x: torch.Tensor,
        y: torch.Tensor,
        *,
        index: torch.Tensor | None = None,
        level: float | torch.Tensor | None = None,
    ) -> torch.Tensor:
        if level is None:
            raise InvalidInputError("GaussianDualCritic needs level=sigma at the call; got None")
        if index is None:
            return bounds.gaussian_dual_critic(x, y, level)
        partners = _rows(y, index)
        variance = level * level
        distance = (partners - x[:, None, :]).square().sum(-1)
        return partners.square().sum(-1) / (2 * (1 + variance)) - distance / (2 * variance)


CRITICS: dict[str, Callable[[int], Critic]] = {
    "mlp": MLPCritic,
    "separable": SeparableCritic,
    "dot": lambda dim: DotProductCritic(),
    CLOSED_FORM: lambda dim: GaussianDualCritic(),
}
"""Critics by the names of a configuration, each from the embedding's dimension: a critic is a class and one line here."""


def make_critic(name: str, dim: int) -> Critic:
    """A fresh critic of :data:`CRITICS` for embeddings of ``dim`` dimensions."""
    return CRITICS[one_of("critic", name, tuple(CRITICS))](dim)
