"""The torus: d angles, each with von Mises' noise."""

from typing import final

from noisedim.priors.directional.interface import SpheresPrior

__all__ = ["TorusPrior"]


@final
class TorusPrior(SpheresPrior):
    r"""Uniform on the torus of d angles, with von Mises' noise in each.

    An angle is the point of a circle that it names: embeddings have 2d columns, cos and sin of each, and so does the
    encoder's output, each pair of which is brought to length 1. Nothing is torn at ±π. :meth:`to_normal` takes the angles,
    which are independent and uniform, to N(0, I) in d dimensions.

    Args:
        dim: number of angles d >= 1.

    Source: claims dual-spheres and dual-spheres-fitted; Mardia & Jupp (2000).

    >>> import torch
    >>> prior = TorusPrior(2)
    >>> prior.sample(3, generator=torch.Generator().manual_seed(0)).shape
    torch.Size([3, 4])
    >>> round(prior.capacity(0.3), 4)  # nats, at the concentration 1/0.3² in each angle
    3.1973
    """

    name = "torus"
    references = ("directional-statistics", "vmf-sampling")
    support_words = "pairs of columns of norm 1, up to 0.0001"

    def __init__(self, dim: int) -> None:
        super().__init__(dim, sphere_dim=1)

    @property
    def law(self) -> str:
        return f"the uniform law on the torus of {self.dim} angles" if self.dim > 1 else "the uniform law on the circle"
