"""DistributionMatcher: the method as a scikit-learn transformer for tables of numbers."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from noisedim.checks import positive, positive_integer
from noisedim.data import AugmentationConfig
from noisedim.errors import InvalidInputError
from noisedim.priors import Prior, as_prior, prior_reference
from noisedim.training import NoiseConfig, ObjectiveConfig, OptimiserConfig, TrainConfig, embed, train

__all__ = ["DistributionMatcher"]


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
        sigma: noise standard deviation (normal prior); default 0.3.
        epsilon: noise half-width (uniform prior); default 0.1.
        objective: ``"dual"`` (closed form), ``"infonce"``, ``"dv"`` or ``"nwj"`` (learned critic).
        steps: optimiser steps.
        batch_size: rows per step; all rows if there are fewer.
        augmentation_noise: standard deviation of the second view's noise, in units of each feature's standard deviation.
        augmentation_probability: probability that the second view differs from the first.
        encoder: ``"auto"`` or ``"mlp"``.
        learning_rate: peak learning rate.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: seed of weights, batches and noise; equal seeds give equal results on the same kind of CPU.

    Attributes:
        prior_: the prior as an object.
        model_: the trained :class:`~noisedim.training.EmbeddingModel`, in float64, without the map to the prior.
        mean_, scale_: means and standard deviations that standardise rows, (n_features,); constant features have scale 1.
        metrics_: training metrics (k, 7), with columns ``noisedim.training.loop.METRIC_NAMES``.
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
        objective: str = "dual",
        steps: int = 2000,
        batch_size: int = 256,
        augmentation_noise: float = 0.3,
        augmentation_probability: float = 0.5,
        encoder: str = "auto",
        learning_rate: float = 2e-3,
        device: str = "auto",
        seed: int = 0,
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
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Embeddings (n, dim), float64, without noise; (n, dim + 1) for a sphere."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        z = embed(self.model_, self._standardised(X))
        # A law that is trained through another's channel is mapped here; one that has its own channel, in the model.
        return (self.prior_.from_channel(z) if self._trained_through().known_by_name else z).numpy()

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
            seed=self.seed,
        )
