"""Encoders: the paper's ConvNet, a smaller one for 8×8 digits, a perceptron."""

from noisedim.nets.encoders import ENCODER_NAMES, make_encoder

__all__ = ["ENCODER_NAMES", "make_encoder"]
