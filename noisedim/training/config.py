"""What a training run is: frozen, validated, hashable configurations from which the command line is generated.

Where the run happens (device, data folder, progress display) is not part of it; everything that shapes the result is.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import numpy as np

from noisedim.checks import one_of, positive, positive_integer, random_seed, unit_interval
from noisedim.critics import Critic, DotProductCritic, GaussianDualCritic, MLPCritic, SeparableCritic
from noisedim.data import AugmentationConfig, ViewsConfig
from noisedim.errors import InvalidInputError
from noisedim.nets import RESNET_NAMES, check_encoder, decoder
from noisedim.nets.backbones import is_backbone
from noisedim.objectives import Autoencoder, Dual, InfoMax, NoisyAutoencoder, NoisyViews, Objective
from noisedim.objectives.noisy import NoiseOn, NoisePlace
from noisedim.priors import PRIOR_NAMES, SQUASH_NAMES, Prior, as_prior, noise_level, prior_reference
from noisedim.training.methods import OTHER_METHODS, TWO_VIEW_METHODS, build_other
from noisedim.training.optimizers import OptimiserConfig

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["DataConfig", "NoiseConfig", "ObjectiveConfig", "OptimiserConfig", "TrainConfig", "plain_data"]

# Raised when the meaning of a configuration changes, so that old runs are not taken for new ones.
_FORMAT = 2
_DEFAULT_LEVELS = {"sigma": 0.3, "epsilon": 0.1}
_START_LEVELS = {"sigma": 1.0, "epsilon": 0.2}
_INFOMAX = ("infonce", "dv", "nwj")
# Losses of cosines: the length of a row is not seen.
_COSINE = ("simclr", "align-uniform")


def plain_data(config: "DataclassInstance") -> dict[str, Any]:
    """A configuration as JSON holds it: nested dictionaries, NumPy's numbers (seeds of a range, grids) as Python's."""

    def plain(items: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in items}

    return dataclasses.asdict(config, dict_factory=plain)


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which images, and which of them train."""

    name: str = "digits"
    """digits (embedded), shapes (drawn), mnist, fashion-mnist, cifar10, cifar100, cifar10-jpeg, folder:PATH of
    class/name.jpg (or of train/ and test/), the path of a .tar or .tar.gz of such, or of an .npy/.npz file of images."""
    fold: int | None = None
    """Leave this stratified fold out of training, to measure on it; all images train if omitted."""
    folds: int = 5
    """How many folds there are."""
    validate: bool = False
    """Leave the fold out altogether and measure on a fifth of the other images, which then does not train: to choose
    settings without a look at the images that judge them."""
    test_split: bool = False
    """Train on the set's training images and measure on its own test images (cifar, mnist, folders with train/ and
    test/). With validate: on a fifth of its training images, which then does not train."""
    skip: int = 0
    """Leave out the first so many training images."""
    limit: int | None = None
    """Use only the first so many images (after those left out); of a test split all are used."""
    without_class: int | None = None
    """Leave the images of this class out of training and measuring: outliers, which are embedded and stored all the same."""

    def __post_init__(self) -> None:
        positive_integer("data.folds", self.folds, minimum=2)
        positive_integer("data.skip", self.skip, minimum=0)
        if self.limit is not None:
            positive_integer("data.limit", self.limit, minimum=2)
        if self.without_class is not None:
            positive_integer("data.without_class", self.without_class, minimum=0)
        if self.fold is not None and not 0 <= self.fold < self.folds:
            raise InvalidInputError(f"data.fold must be from 0 to {self.folds - 1}; got {self.fold!r}")
        if self.test_split and self.fold is not None:
            raise InvalidInputError(f"data.test_split measures on the test images; got data.fold={self.fold}, too")
        if self.validate and self.fold is None and not self.test_split:
            raise InvalidInputError(
                "data.validate needs data.fold or data.test_split, the images not to look at; got none"
            )


@dataclass(frozen=True, kw_only=True)
class NoiseConfig:
    """How much noise the channel adds: at most one of sigma, epsilon, capacity, and how it is reached."""

    sigma: float | None = None
    """Noise standard deviation (normal prior); 0.3 if nothing is said."""
    epsilon: float | None = None
    """Half-width of the noise (uniform prior); 0.1 if nothing is said."""
    capacity: float | None = None
    """Instead of either: the capacity in nats."""
    start: float | None = None
    """Noise level at the first step, annealed geometrically to the target: without it small noise gets stuck.
    Default: 1 (normal) or 0.2 (uniform), or the target if that is larger. (Half-widths near 0.5 draw a uniform embedding
    to a lattice, by Theorem 3.5.)"""
    anneal: float = 0.6
    """Share of the steps over which the noise falls to its target."""

    def __post_init__(self) -> None:
        for name in ("sigma", "epsilon", "capacity", "start"):
            if getattr(self, name) is not None:
                positive(f"noise.{name}", getattr(self, name))
        unit_interval("noise.anneal", self.anneal)

    def target(self, prior: Prior) -> float:
        """The noise level of ``prior`` that training ends with."""
        if self.sigma is self.epsilon is self.capacity is None:
            return _DEFAULT_LEVELS[prior.level_name]
        return noise_level(prior, sigma=self.sigma, epsilon=self.epsilon, capacity=self.capacity)

    def level(self, prior: Prior, progress: float) -> float:
        """The noise level at ``progress`` in [0, 1]: geometric from the start to the target, then constant."""
        target = self.target(prior)
        start = self.start if self.start is not None else max(target, _START_LEVELS[prior.level_name])
        if progress >= self.anneal:
            return target
        return start * (target / start) ** (progress / self.anneal)


@dataclass(frozen=True, kw_only=True)
class ObjectiveConfig:
    """What is optimised: noise injection in one of its forms, or what others use."""

    name: Literal[
        "dual",
        "infonce",
        "dv",
        "nwj",
        "autoencoder",
        "simclr",
        "align-uniform",
        "vicreg",
        "barlow-twins",
        "w-mse",
        "sigreg",
        "adversarial",
        "vae",
        "wae-mmd",
        "swae",
    ] = "dual"
    """dual: closed form, no critic. infonce, dv (Donsker–Varadhan), nwj: bounds with a critic on samples. autoencoder:
    reconstruction of X from the noisy embedding, as a bound on the information between both. All others do
    without noise unless noise_on asks for it: their embedding is standardised when training is over, for them to be
    compared."""
    critic: Literal["mlp", "separable", "dot", "gaussian-dual"] = "mlp"
    """infonce, dv, nwj: the paper's perceptron, separable, dot product, or Theorem 4.1's closed form."""
    negatives: int | None = None
    """infonce, dv, nwj: negative pairs a sample; all of the batch if omitted."""
    noisy: bool = True
    """infonce, dv, nwj: add the channel's noise; without it, this is plain Deep InfoMax."""
    noise_on: NoiseOn = "none"
    """Methods of others that see two views: add the channel's noise to what they see of one view (as in Y = f(X)+Z), of
    both, or of none, which is the method as its authors have it."""
    noise_place: NoisePlace = "output"
    """With noise_on: where. output: the encoder's output in units of its batch deviation, so that no noise leaves the
    method as it is; standardised: the standardised output; sphere: rows brought to one length (simclr, align-uniform)."""
    unbiased_gradient: bool = False
    """dv: divide gradients by a running mean, as MINE does."""
    pairs: Literal["clean", "cross"] = "clean"
    """dual: draw the law of f(X) (clean), or the overlap of f(X) and f(X′) (cross), to the prior."""
    strength: float | None = None
    """Methods of others: their main hyper-parameter (simclr: temperature; align-uniform, vicreg: weight of uniformity,
    covariance; vae: beta; adversarial: gamma; barlow-twins, sigreg, wae-mmd, swae: lambda); their authors' if omitted."""
    loss_scale: float = 1.0
    """Factor of the loss. Adam and LARS make up for it in what they adapt; with LARS, biases and normalisations step by it."""
    features: int = 32
    """simclr, align-uniform, vicreg, barlow-twins, w-mse: outputs of the projector; 0 for no projector."""

    def __post_init__(self) -> None:
        one_of("objective.name", self.name, ("dual", "autoencoder", *_INFOMAX, *OTHER_METHODS))
        one_of("objective.critic", self.critic, ("mlp", "separable", "dot", "gaussian-dual"))
        one_of("objective.pairs", self.pairs, ("clean", "cross"))
        positive_integer("objective.features", self.features, minimum=0)
        if self.negatives is not None:
            positive_integer("objective.negatives", self.negatives)
        if self.unbiased_gradient and self.name != "dv":
            raise InvalidInputError(f"objective.unbiased_gradient needs objective.name='dv'; got {self.name!r}")
        one_of("objective.noise_on", self.noise_on, get_args(NoiseOn))
        one_of("objective.noise_place", self.noise_place, get_args(NoisePlace))
        if self.noise_on != "none" and self.name not in TWO_VIEW_METHODS:
            raise InvalidInputError(f"objective.noise_on is for {', '.join(TWO_VIEW_METHODS)}; got {self.name!r}")
        if self.noise_place == "sphere" and self.name not in _COSINE:
            raise InvalidInputError(f"objective.noise_place='sphere' is for {', '.join(_COSINE)}; got {self.name!r}")
        if not self.noisy and self.name not in _INFOMAX:
            raise InvalidInputError(f"objective.noisy=False is for infonce, dv and nwj; got {self.name!r}")
        if not self.noisy and self.critic == "gaussian-dual":
            raise InvalidInputError("objective.critic='gaussian-dual' has no value without noise")
        positive("objective.loss_scale", self.loss_scale)
        if self.strength is not None:
            positive("objective.strength", self.strength)
            if self.name not in OTHER_METHODS or OTHER_METHODS[self.name].strength is None:
                raise InvalidInputError(f"objective.name={self.name!r} takes no objective.strength")

    @property
    def outputs_a_dimension(self) -> int:
        """What the encoder puts out for each coordinate of the embedding: 2 for variational autoencoders, else 1."""
        return OTHER_METHODS[self.name].outputs_a_dimension if self.name in OTHER_METHODS else 1

    @property
    def injects_noise(self) -> bool:
        """Whether the channel's noise reaches the objective."""
        if self.name in OTHER_METHODS:
            return self.noise_on != "none"
        return self.noisy

    def build(self, dim: int, shape: tuple[int, ...]) -> Objective | Autoencoder:
        """The objective as a module, with a fresh critic, projector or decoder where one is needed.

        Args:
            dim: embedding dimension.
            shape: of an image, for decoders.
        """
        if self.name in OTHER_METHODS:
            other = build_other(self.name, dim, shape, self.strength, self.features)
            if self.noise_on == "none" or isinstance(other, Autoencoder):
                return other
            return NoisyViews(other, on=self.noise_on, place=self.noise_place)
        if self.name == "dual":
            return Dual(pairs=self.pairs)
        if self.name == "autoencoder":
            return NoisyAutoencoder(decoder(dim, shape))
        critic: Critic
        if self.critic == "mlp":
            critic = MLPCritic(dim)
        elif self.critic == "separable":
            critic = SeparableCritic(dim)
        elif self.critic == "dot":
            critic = DotProductCritic()
        else:
            critic = GaussianDualCritic()
        return InfoMax(
            critic,
            estimator=self.name,  # type: ignore[arg-type]
            negatives=self.negatives,
            unbiased_gradient=self.unbiased_gradient,
            noisy=self.noisy,
        )


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run. Two runs with equal configurations give equal results on one kind of CPU."""

    data: DataConfig = field(default_factory=DataConfig)
    """Which images."""
    augmentation: AugmentationConfig = field(default_factory=lambda: AugmentationConfig(noise=0.3))
    """How X′ differs from X."""
    augmentation_probability: float = 0.5
    """Chance that X′ differs from X at all. Below 1, P(X = X′ | X) > 0, which Lemma 3.3 needs."""
    prior: str = "normal"
    """The law to match: normal for N(0, I), uniform for U[0, 1]^d, or a prior file (.json, .safetensors), of which its
    content is kept."""
    squash: Literal["normal-cdf", "logistic", "clip"] = "normal-cdf"
    """How a standardised output is brought into [0, 1]^d (uniform prior)."""
    dim: int = 2
    """Embedding dimension d."""
    noise: NoiseConfig = field(default_factory=NoiseConfig)
    """The channel's noise."""
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    """What is maximised."""
    views: ViewsConfig = field(default_factory=ViewsConfig)
    """How both views are made, where X is to be augmented, too; then augmentation is not used."""
    encoder: str = "auto"
    """auto: the paper's ConvNet for 24×24 images, a perceptron for everything else. convnet, digits-convnet, mlp, or a
    backbone with a projection head: resnet18 or resnet34 in their form for small images, torchvision:MODEL, timm:MODEL."""
    width: int = 64
    """Channels of a ResNet's first stage; 64 is the ResNet of the literature."""
    head: tuple[int, ...] = ()
    """Widths of the hidden layers of a backbone's projection head, whose last layer has dim outputs."""
    head_normalisation: bool = True
    """Batch normalisation in the head's hidden layers."""
    pixel_mean: tuple[float, ...] = ()
    """Mean of each channel that a backbone's input is normalised by, for pixels in [0, 1]; as it is if empty."""
    pixel_deviation: tuple[float, ...] = ()
    """Standard deviation of each channel, likewise."""
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    """How."""
    steps: int = 4000
    """Optimiser steps."""
    batch_size: int = 256
    """Images a step."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the encoder; bfloat16 needs CUDA. Normalisation and objective stay in float32."""
    gaussianise: Literal["none", "rank", "flow"] = "none"
    """Map the embedding to N(0, I) when training is over, by what trained: coordinate by coordinate (rank), or by a
    normalizing flow (needs zuko). What others do; the map is measured in the run, and not part of the checkpoint."""
    seed: int = 0
    """Seed of weights, batches, augmentation and noise, a stream each: runs of one seed that differ in noise or objective
    see the same batches in the same views, from the same weights of the encoder."""

    def __post_init__(self) -> None:
        unit_interval("augmentation_probability", self.augmentation_probability)
        positive_integer("steps", self.steps)
        positive_integer("batch_size", self.batch_size, minimum=2)
        random_seed("seed", self.seed)
        check_encoder(self.encoder)
        self._check_backbone()
        one_of("precision", self.precision, ("float32", "bfloat16"))
        one_of("gaussianise", self.gaussianise, ("none", "rank", "flow"))
        if self.gaussianise != "none" and self.prior != "normal":
            raise InvalidInputError(f"gaussianise={self.gaussianise!r} is for prior='normal'; got {self.prior!r}")
        # A file may change or move: what it says is kept instead, and a flow's digest beside its path.
        object.__setattr__(self, "prior", prior_reference(self.prior))
        one_of("squash", self.squash, SQUASH_NAMES)
        if self.squash != "normal-cdf" and self.prior != "uniform":
            raise InvalidInputError(f"squash={self.squash!r} is for prior='uniform'; got {self.prior!r}")
        prior = self.build_prior()
        self.noise.target(prior)  # refuses a level that the prior does not take
        if self.batch_size <= self.dim and not self.head:
            raise InvalidInputError(
                f"batch_size must exceed dim, or a batch says nothing of the embedding's law in all directions; "
                f"got batch_size={self.batch_size}, dim={self.dim}"
            )
        if self.objective.critic == "gaussian-dual" and self.objective.name != "dual" and not prior.exact_dual:
            raise InvalidInputError(
                f"objective.critic='gaussian-dual' is for prior='normal' and what it is mapped to; got {self.prior!r}"
            )
        if self.objective.name in OTHER_METHODS and self.prior != "normal":
            raise InvalidInputError(f"objective.name={self.objective.name!r} is for prior='normal'; got {self.prior!r}")

    def _check_backbone(self) -> None:
        for name in ("head", "pixel_mean", "pixel_deviation"):
            # JSON has lists only.
            object.__setattr__(self, name, tuple(getattr(self, name)))
        positive_integer("width", self.width)
        for features in self.head:
            positive_integer("head", features)
        for deviation in self.pixel_deviation:
            positive("pixel_deviation", deviation)
        if len(self.pixel_mean) != len(self.pixel_deviation):
            raise InvalidInputError(
                f"pixel_mean and pixel_deviation must have one value a channel each; got {len(self.pixel_mean)} and "
                f"{len(self.pixel_deviation)}"
            )
        if not is_backbone(self.encoder) and (self.head or self.pixel_mean):
            raise InvalidInputError(
                f"head and pixel_mean are for backbones such as resnet18; got encoder={self.encoder!r}"
            )
        if self.width != 64 and self.encoder not in RESNET_NAMES:
            raise InvalidInputError(
                f"width is for {', '.join(RESNET_NAMES)}; got width={self.width}, encoder={self.encoder!r}"
            )

    @property
    def has_backbone(self) -> bool:
        """Whether the encoder is a backbone with a head, whose features are used downstream."""
        return is_backbone(self.encoder)

    def build_prior(self) -> Prior:
        """The prior object."""
        return as_prior(self.prior, self.dim, squash=self.squash)

    @property
    def title(self) -> str:
        """The run in a few words, for progress and lists of failures."""
        prior = self.build_prior()
        noise = f"{prior.level_name} {self.noise.target(prior):.3g}" if self.objective.injects_noise else "no noise"
        return f"{self.objective.name}, {noise}, seed {self.seed}"

    def to_dict(self) -> dict[str, Any]:
        """Plain nested data, as JSON holds it."""
        return plain_data(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of :meth:`to_dict`; an unknown or missing field is refused by name."""
        parts = {
            "data": DataConfig,
            "augmentation": AugmentationConfig,
            "views": ViewsConfig,
            "noise": NoiseConfig,
            "objective": ObjectiveConfig,
            "optimiser": OptimiserConfig,
        }
        try:
            return cls(**{name: parts[name](**value) if name in parts else value for name, value in data.items()})
        except TypeError as error:
            raise InvalidInputError(f"not a training configuration of this version: {error}") from None

    def digest(self) -> str:
        """16 hexadecimal characters that name this configuration's run folder."""
        content = self.to_dict()
        if self.prior not in PRIOR_NAMES:
            # Where a flow lies does not shape the result.
            content["prior"] = {name: value for name, value in json.loads(self.prior).items() if name != "path"}
        text = json.dumps({"format": _FORMAT, **content}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
