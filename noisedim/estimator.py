"""DistributionMatcher: the method as a scikit-learn transformer for tables of numbers."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.neighbors import KNeighborsRegressor
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from noisedim.checks import positive, positive_integer
from noisedim.data import AugmentationConfig
from noisedim.errors import InvalidInputError
from noisedim.priors import Prior, as_prior, prior_reference
from noisedim.streams import stream
from noisedim.training import NoiseConfig, ObjectiveConfig, OptimiserConfig, TrainConfig, embed, train

__all__ = ["DistributionMatcher"]

_NEIGHBOURS = 10


class DistributionMatcher(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Learns, without labels, an embedding of rows that follows a chosen law.

    Rows are standardised, and a second view of each is made by adding Gaussian noise. An encoder is trained to maximise the
    information that its embedding passes through a noisy channel, which drives the law of the embedding to the prior.

    Args:
        prior: ``"normal"`` for N(0, I), ``"uniform"`` for U[0, 1]^dim, the path of a prior file, or any prior of dimension
            ``dim``. For a prior that is the image of N(0, I) under a bijection, the encoder is trained for N(0, I) and
            its embedding mapped: bijections keep information and divergences, so that both trainings are the same.
        dim: dimension of the embedding.
        capacity: capacity of the channel, nats. Give at most one of ``capacity``, ``sigma`` and ``epsilon``.
        sigma: noise standard deviation (normal prior); by default the one that passes 2.5 nats: 0.3 for ``dim=2``.
        epsilon: noise half-width (uniform prior); default 0.1.
        objective: any that takes two views: ``"adaptive-dual"`` (closed form), ``"infonce"``, ``"dv"`` or ``"nwj"`` (learned
            critic), …
        steps: optimiser steps.
        batch_size: rows per step; all rows if there are fewer.
        augmentation_noise: standard deviation of the second view's noise, in units of each feature's standard deviation.
        augmentation_probability: probability that the second view differs from the first.
        encoder: ``"auto"`` or ``"mlp"``.
        learning_rate: peak learning rate.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"mps"``.
        random_state: an integer, a :class:`numpy.random.RandomState`, or None for NumPy's global state, as in
            scikit-learn: seeds weights, batches and noise. Equal integers give equal results on the same kind of CPU.
        fit_inverse_transform: keep the training rows and their embeddings, which :meth:`inverse_transform` needs.
        seed: the former name of ``random_state``, for one release; if given, it is used instead.

    Attributes:
        prior_: the prior as an object.
        model_: the trained :class:`~noisedim.training.EmbeddingModel`, in float64, without the map to the prior.
        mean_, scale_: means and standard deviations that standardise rows, (n_features,); constant features have scale 1.
        metrics_: training metrics (k, 7), with columns ``noisedim.training.loop.METRIC_NAMES``.
        inverse_: with ``fit_inverse_transform``, the :class:`~sklearn.neighbors.KNeighborsRegressor` from embeddings to
            rows.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Raises: InvalidInputError: (a ValueError) for parameters out of range, fewer than ``dim + 1`` rows, or rows that are all
        equal.

    >>> from sklearn.datasets import load_digits
    >>> X, _ = load_digits(return_X_y=True)
    >>> DistributionMatcher(dim=2, steps=5).fit_transform(X).shape
    (1797, 2)
    """

    def __init__(
        self,
        prior: str | Path | Prior = "normal",
        dim: int = 2,
        *,
        capacity: float | None = None,
        sigma: float | None = None,
        epsilon: float | None = None,
        objective: str = "adaptive-dual",
        steps: int = 2000,
        batch_size: int = 256,
        augmentation_noise: float = 0.3,
        augmentation_probability: float = 0.5,
        encoder: str = "auto",
        learning_rate: float = 2e-3,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = 0,
        fit_inverse_transform: bool = False,
        seed: int | None = None,
    ) -> None:
        self.prior = prior
        self.dim = dim
        self.capacity = capacity
        self.sigma = sigma
        self.epsilon = epsilon
        self.objective = objective
        self.steps = steps
        self.batch_size = batch_size
        self.augmentation_noise = augmentation_noise
        self.augmentation_probability = augmentation_probability
        self.encoder = encoder
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state
        self.fit_inverse_transform = fit_inverse_transform
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on the rows of ``X`` (n, n_features); ``y`` is ignored."""
        dim = positive_integer("dim", self.dim)
        self.prior_ = as_prior(self.prior, dim)
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        if len(X) <= dim:
            raise InvalidInputError(f"fit needs more rows than dim={dim}; got n_samples={len(X)}")
        self.mean_ = X.mean(0)
        spread = X.std(0)
        # Rounding leaves a tiny standard deviation on constant features with large values.
        constant = spread <= 1e-12 * np.abs(X).max(0)
        if constant.all():
            raise InvalidInputError(f"rows must differ in at least one feature; got {len(X)} equal rows")
        self.scale_ = np.where(constant, 1.0, spread)
        config = self._config(dim, len(X))
        result = train(config, self._standardised(X).float(), device=self.device)
        self.metrics_ = result.metrics
        # Float64, so that a row's embedding does not depend on which rows are embedded together.
        self.model_ = result.model.double()
        self._n_features_out = self.prior_.ambient_dim
        self.__dict__.pop("inverse_", None)  # of an earlier fit
        if self.fit_inverse_transform:
            self.inverse_ = KNeighborsRegressor(min(_NEIGHBOURS, len(X)), weights="distance").fit(self._embedded(X), X)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Embeddings (n, dim), float64, without noise; (n, dim + 1) for a sphere."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return self._embedded(X)

    def inverse_transform(self, Z: Any) -> np.ndarray:
        """Rows (n, n_features) near which embeddings ``Z`` (n, dim) come from.

        The encoder has no inverse: this is the mean of the training rows of the 10 nearest embeddings, weighted by inverse
        distance, so that the embedding of a training row gives that row.

        Raises: InvalidInputError: unless fitted with ``fit_inverse_transform=True``.
        """
        check_is_fitted(self, "model_")
        if not hasattr(self, "inverse_"):
            raise InvalidInputError("inverse_transform needs a model that was fitted with fit_inverse_transform=True")
        return self.inverse_.predict(check_array(Z, dtype=np.float64))

    def sample(
        self, n_samples: int = 1, *, random_state: int | np.random.RandomState | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Draws from the law that embeddings were trained to follow.

        Args:
            n_samples: how many.
            random_state: of the draws; None: other draws at each call.

        Returns: draws from the prior, (n_samples, dim) float64, and rows to go with them by :meth:`inverse_transform`, or
            None unless fitted with ``fit_inverse_transform=True``.
        """
        check_is_fitted(self, "model_")
        rows = positive_integer("n_samples", n_samples)
        draws = stream(_integer(random_state), "sample")
        z = self.prior_.sample(rows, generator=draws, dtype=torch.float64).numpy()
        return z, self.inverse_transform(z) if hasattr(self, "inverse_") else None

    def _embedded(self, X: np.ndarray) -> np.ndarray:
        z = embed(self.model_, self._standardised(X))
        # A law that is trained through another's channel is mapped here; one that has its own channel, in the model.
        return np.asarray((self.prior_.from_channel(z) if self._trained_through().known_by_name else z).numpy())

    def _trained_through(self) -> Prior:
        """The prior of the configuration: the channel's, if a name tells it, so that runs for it are the same runs."""
        channel = self.prior_.channel_prior
        return channel if channel.known_by_name else self.prior_

    def _standardised(self, X: np.ndarray) -> torch.Tensor:
        return torch.from_numpy((X - self.mean_) / self.scale_)

    def _config(self, dim: int, rows: int) -> TrainConfig:
        batch = min(positive_integer("batch_size", self.batch_size, minimum=2), rows)
        channel = self._trained_through()
        return TrainConfig(
            prior=channel.name if channel.known_by_name else prior_reference(channel),
            squash=channel.spec().get("squash", "normal-cdf"),
            dim=dim,
            noise=NoiseConfig(capacity=self.capacity, sigma=self.sigma, epsilon=self.epsilon),
            objective=ObjectiveConfig(name=self.objective),
            augmentation=AugmentationConfig(noise=positive("augmentation_noise", self.augmentation_noise)),
            augmentation_probability=self.augmentation_probability,
            encoder=self.encoder,
            optimiser=OptimiserConfig(learning_rate=self.learning_rate),
            steps=self.steps,
            batch_size=batch,
            seed=_integer(self.random_state) if self.seed is None else self.seed,
        )


def _integer(random_state: int | np.random.RandomState | None) -> int:
    """A seed from what scikit-learn calls a random state; an integer is its own."""
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
