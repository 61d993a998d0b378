"""What a method is: an objective with its name, its hyper-parameter, its authors' recipe, and its presets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from noisedim.objectives.interface import BatchObjective

__all__ = ["Method", "Preset", "Recipe", "Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an objective is built from: the model's shapes, and the options of a run's configuration.

    Attributes:
        dim: embedding dimension.
        shape: of an image, for decoders.
        strength: the method's main hyper-parameter; 0 for one that has none.
        features: outputs of the projector; 0 for none.
        critic: key of :data:`~noisedim.critics.CRITICS`.
        negatives: negative pairs a sample; all of the batch if None.
        noisy: whether a method that injects noise does so.
        unbiased_gradient: divide gradients by a running mean.
        pairs: see :class:`~noisedim.objectives.Dual`.
    """

    dim: int
    shape: tuple[int, ...]
    strength: float = 0.0
    features: int = 0
    critic: str = "mlp"
    negatives: int | None = None
    noisy: bool = True
    unbiased_gradient: bool = False
    pairs: Literal["clean", "cross"] = "clean"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What pre-training by the paper's Appendix C takes of one method; all else is the same for every method.

    Attributes:
        dim: outputs of the projection head.
        head: widths of its hidden layers.
        head_normalisation: whether they are normalised over the batch.
        options: of the objective's configuration.
        name: of the recipe; the method's if empty.
    """

    dim: int
    head: tuple[int, ...]
    head_normalisation: bool
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True)
class Preset:
    """A method with its usual settings, by name.

    Attributes:
        name: in commands.
        words: in tables.
        options: of the objective's configuration.
        prior: the law it is to match.
        gaussianise: the map after training, if any.
    """

    name: str
    words: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    prior: str = "normal"
    gaussianise: Literal["none", "rank", "flow"] = "none"


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method. Configuration, presets, recipes and citations follow from these and list no names of their own.

    Attributes:
        name: as ``objective.name`` says it, the same everywhere.
        build: the objective from :class:`Settings`, with fresh heads.
        injects_noise: whether it is the paper's method in one of its forms; others get noise by ``noise_on`` only.
        means_pairs: whether its value is a mean over a batch's pairs, of which little noise leaves too few that count.
        strength: what its main hyper-parameter is called by its authors; None if it has none.
        default: their value of it; 0 if there is none.
        projects: whether it takes a projector.
        takes_noise: whether the channel's noise can be added to the two raw outputs it sees (``noise_on``).
        sees_cosines: whether the length of a row is not seen, so that noise may be added on the sphere.
        takes_critic: whether it scores pairs by a critic, and can go without noise (``noisy``).
        takes_unbiased_gradient: whether ``unbiased_gradient`` is for it.
        outputs_a_dimension: what the encoder puts out for each coordinate of the embedding.
        presets: settings of it that have names; it is its own preset if empty.
        recipe: for pre-training, if it is pre-trained.
        references: what to cite, keys of :data:`~noisedim.citations.BIBTEX`.
    """

    name: str
    build: Callable[[Settings], BatchObjective]
    injects_noise: bool = False
    means_pairs: bool = False
    strength: str | None = None
    default: float = 0.0
    projects: bool = False
    takes_noise: bool = False
    sees_cosines: bool = False
    takes_critic: bool = False
    takes_unbiased_gradient: bool = False
    outputs_a_dimension: int = 1
    presets: tuple[Preset, ...] = ()
    recipe: Recipe | None = None
    references: tuple[str, ...] = ()
