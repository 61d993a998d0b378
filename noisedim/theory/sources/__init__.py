"""Synthetic pairs (f(X), f(X′)) whose information through a noisy channel is known.

A source stands for an encoder with its data and augmentation. It knows the law of f(X), how f(X′) follows it, and from
that every quantity in the paper's claims, each computed from its own definition so that identities between them can be
checked. Nothing is random but ``sample``, which takes a NumPy generator.
"""

from noisedim.theory.sources.base import Source
from noisedim.theory.sources.blocks import BlockSource
from noisedim.theory.sources.gaussian import GaussianSource
from noisedim.theory.sources.planar import PlanarMixture
from noisedim.theory.sources.products import DiscreteSource, LazySource

__all__ = ["BlockSource", "DiscreteSource", "GaussianSource", "LazySource", "PlanarMixture", "Source"]
