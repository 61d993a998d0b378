"""How well an autoencoder's codes reconstruct the images, and images decoded from the prior."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from noisedim.data.pixels import unit_pixels
from noisedim.objectives import Autoencoder
from noisedim.streams import stream
from noisedim.theory.bounds import reconstruction_information_lower_bound
from noisedim.training.execution import images_at_a_time
from noisedim.training.model import EmbeddingModel

__all__ = ["Reconstruction", "grey_step", "measure_reconstruction", "prior_images", "reconstruct"]

# Draws of the noise for each image.
_DRAWS = 8


@dataclass(frozen=True)
class Reconstruction:
    """Reconstruction errors, and bounds on the information in the codes that follow from them.

    Attributes:
        error: E‖X − X̂(Y)‖² / D from noisy codes as in training, with grey levels in [0, 1].
        clean_error: the same from codes without noise.
        variance: variance of a pixel, averaged over pixels; the error of reconstructing every image by the mean image.
        grey_step: distance between two grey levels; 0 if they are continuous.
        information_at_most: an upper bound on I(X; Y), nats: the channel's capacity, or, for a variational autoencoder,
            the mean divergence of its posteriors from the prior; None if nothing bounds it (codes without noise).
        information_above_entropy: −(D/2) log(2πe·error/D), nats, with grey levels dequantised by uniform noise. Plus the
            differential entropy of the dequantised images, which is unknown, it is a lower bound on I(X; Y).
    """

    error: float
    clean_error: float
    variance: float
    grey_step: float
    information_at_most: float | None
    information_above_entropy: float


def grey_step(images: torch.Tensor) -> float:
    """Smallest distance between two grey levels of ``images``, in units of [0, 1]; 0 for a single level.

    >>> grey_step(torch.tensor([[0, 4], [2, 4]], dtype=torch.uint8)) * 255
    2.0
    """
    levels = images.unique()
    if len(levels) < 2:
        return 0.0
    step = float(levels.double().diff().min())
    return step / 255 if images.dtype is torch.uint8 else step


@torch.no_grad()
def reconstruct(
    model: EmbeddingModel,
    objective: Autoencoder,
    images: torch.Tensor,
    *,
    noisy: bool,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Reconstructions X̂ of images, (n, *shape) in [0, 1], on the CPU.

    Args:
        model: the encoder with its channel, in ``eval()``.
        objective: the objective that holds the decoder, in ``eval()``.
        images: (n, *shape), uint8 or float in [0, 1].
        noisy: whether to decode codes with the noise of training, or the codes themselves.
        generator: random generator of that noise.
    """
    device = model.channel.noise_level.device
    raw = _in_parts(lambda part: model.encoder(unit_pixels(part).to(device)), images, device)
    channel = model.channel
    if objective.through_channel:
        codes = channel.normalise(raw)
        codes = channel.add_noise(codes, generator=generator) if noisy else codes
    else:
        codes = objective.draw(raw, generator=generator) if noisy else raw[:, : channel.prior.channel_dim]
    return _in_parts(objective.decode, codes, device).cpu()


def _in_parts(
    network: Callable[[torch.Tensor], torch.Tensor], rows: torch.Tensor, device: torch.device
) -> torch.Tensor:
    return torch.cat([network(part) for part in rows.split(images_at_a_time(None, device))])


@torch.no_grad()
def prior_images(
    model: EmbeddingModel, objective: Autoencoder, n: int, *, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Images decoded from ``n`` draws of the prior with the noise that training added to codes, (n, *shape).

    The draws are in channel coordinates, which is what the decoder saw in training.
    """
    channel = model.channel
    device = channel.noise_level.device
    codes = channel.prior.channel_prior.sample(n, generator=generator, device=device)
    if objective.through_channel:
        codes = channel.add_noise(codes, generator=generator)
    return _in_parts(objective.decode, codes, device).cpu()


@torch.no_grad()
def _information_at_most(model: EmbeddingModel, objective: Autoencoder, images: torch.Tensor) -> float | None:
    device = model.channel.noise_level.device
    codes = _in_parts(lambda part: model.encoder(part.to(device)), images, device)
    return objective.information_at_most(codes, model.channel)


def measure_reconstruction(
    model: EmbeddingModel, objective: Autoencoder, images: torch.Tensor, *, seed: int, everything: torch.Tensor
) -> dict[str, Any]:
    """The fields of :class:`Reconstruction`, measured on held-out images, as JSON holds them.

    Dequantisation adds to X independent noise U that is uniform over one step of the grey levels. I(X+U; Y) = I(X; Y),
    because X is X+U rounded, and the error of X+U is that of X plus the variance of U.

    Args:
        model: the encoder with its channel.
        objective: the objective that holds the decoder.
        images: images to reconstruct, (n, *shape).
        seed: seed of the noise.
        everything: images in which all grey levels occur.
    """
    generator = stream(seed, "measured reconstruction", model.channel.noise_level.device)
    wanted = unit_pixels(images)
    pixels = wanted[0].numel()

    def error(*, noisy: bool) -> float:
        found = reconstruct(model, objective, images, noisy=noisy, generator=generator)
        return float((found - wanted).double().square().mean())

    noisy_error = float(np.mean([error(noisy=True) for _ in range(_DRAWS)]))
    step = grey_step(everything)
    dequantised = pixels * (noisy_error + step**2 / 12)
    found = Reconstruction(
        error=noisy_error,
        clean_error=error(noisy=False),
        variance=float(wanted.double().var(0, unbiased=False).mean()),
        grey_step=step,
        information_at_most=_information_at_most(model, objective, wanted),
        information_above_entropy=float(reconstruction_information_lower_bound(0.0, dequantised, pixels)),
    )
    return asdict(found)
