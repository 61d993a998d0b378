"""The methods that are not noise injection, by name: how each is built, its main hyper-parameter and its authors' value.

Knows no configuration: :class:`~noisedim.training.config.ObjectiveConfig` asks for a method by name.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from noisedim.critics import MLPCritic
from noisedim.nets import decoder, discriminator, projector
from noisedim.objectives import Adversarial, Autoencoder, InfoMax, Objective, Siamese, SIGReg, Variational, Wasserstein
from noisedim.objectives.siamese import align_uniform, barlow_twins, nt_xent, vicreg, whitening_mse

__all__ = ["OTHER_METHODS", "TWO_VIEW_METHODS", "OtherMethod", "build_other"]


@dataclass(frozen=True)
class OtherMethod:
    """One method.

    Attributes:
        strength: what its main hyper-parameter is called by its authors; None if it has none.
        default: their value of it; 0 if there is none.
        projects: whether it takes a projector.
        outputs_a_dimension: what the encoder puts out for each coordinate of the embedding.
        build: from (dim, image shape, strength, projector or None).
    """

    strength: str | None
    default: float
    build: Callable[[int, tuple[int, ...], float, nn.Module | None], Objective | Autoencoder]
    projects: bool = False
    outputs_a_dimension: int = 1


def _adversarial(dim: int, weight: float) -> Adversarial:
    infomax = InfoMax(MLPCritic(dim), estimator="infonce", negatives=15, noisy=False)
    return Adversarial(infomax, discriminator(dim), weight=weight)


OTHER_METHODS: dict[str, OtherMethod] = {
    "simclr": OtherMethod(
        "temperature",
        0.5,
        lambda dim, shape, s, head: Siamese(lambda a, b, _: nt_xent(a, b, temperature=s), head),
        projects=True,
    ),
    "align-uniform": OtherMethod(
        "weight of uniformity",
        1.0,
        lambda dim, shape, s, head: Siamese(lambda a, b, _: align_uniform(a, b, uniformity=s), head),
        projects=True,
    ),
    "vicreg": OtherMethod(
        "weight of covariance",
        1.0,
        lambda dim, shape, s, head: Siamese(lambda a, b, _: vicreg(a, b, covariance=s), head),
        projects=True,
    ),
    "barlow-twins": OtherMethod(
        "lambda",
        5e-3,
        lambda dim, shape, s, head: Siamese(lambda a, b, _: barlow_twins(a, b, redundancy=s), head),
        projects=True,
    ),
    "w-mse": OtherMethod(
        None,
        0.0,
        lambda dim, shape, s, head: Siamese(lambda a, b, generator: whitening_mse(a, b, generator=generator), head),
        projects=True,
    ),
    "sigreg": OtherMethod("lambda", 0.05, lambda dim, shape, s, head: SIGReg(weight=s)),
    "adversarial": OtherMethod("gamma", 1.0, lambda dim, shape, s, head: _adversarial(dim, s)),
    "vae": OtherMethod(
        "beta",
        1.0,
        lambda dim, shape, s, head: Variational(decoder(dim, shape), beta=s),
        outputs_a_dimension=Variational.outputs_a_dimension,
    ),
    "wae-mmd": OtherMethod("lambda", 10.0, lambda dim, shape, s, head: Wasserstein(decoder(dim, shape), weight=s)),
    "swae": OtherMethod(
        "lambda", 10.0, lambda dim, shape, s, head: Wasserstein(decoder(dim, shape), distance="sliced", weight=s)
    ),
}

# Those that see two views' raw outputs and nothing else of the model.
TWO_VIEW_METHODS = ("simclr", "align-uniform", "vicreg", "barlow-twins", "w-mse", "sigreg")


def build_other(
    name: str, dim: int, shape: tuple[int, ...], strength: float | None, features: int
) -> Objective | Autoencoder:
    """The method ``name`` as a module with fresh heads.

    Args:
        name: one of :data:`OTHER_METHODS`.
        dim: embedding dimension.
        shape: of an image, for decoders.
        strength: its main hyper-parameter; its authors' value if omitted.
        features: outputs of the projector, for methods that take one; 0 for none.
    """
    method = OTHER_METHODS[name]
    head = projector(dim, features) if method.projects and features else None
    return method.build(dim, shape, method.default if strength is None else strength, head)
