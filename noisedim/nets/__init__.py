"""Encoders (the paper's ConvNet, a smaller one for 8×8 digits, a perceptron), and heads that only training uses."""

from noisedim.nets.encoders import ENCODER_NAMES, make_encoder
from noisedim.nets.heads import decoder, discriminator, projector

__all__ = ["ENCODER_NAMES", "decoder", "discriminator", "make_encoder", "projector"]
