"""Encoders (the paper's ConvNet, a smaller one for 8×8 digits, a perceptron, ResNets) and the heads behind them."""

from noisedim.nets.backbones import RESNET_NAMES, make_backbone
from noisedim.nets.encoders import ENCODER_NAMES, check_encoder, make_encoder, projected_encoder
from noisedim.nets.heads import decoder, discriminator, projection_head, projector

__all__ = [
    "ENCODER_NAMES",
    "RESNET_NAMES",
    "check_encoder",
    "decoder",
    "discriminator",
    "make_backbone",
    "make_encoder",
    "projected_encoder",
    "projection_head",
    "projector",
]
