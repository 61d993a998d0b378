"""The protocol that the report's own encoders share, by profile and data set. Studies vary it."""

from dataclasses import replace

from noisedim.runs.protocols import appendix_c
from noisedim.training import DataConfig, TrainConfig

__all__ = ["DATA_NAMES", "PROFILE_NAMES", "SMOKE_STEPS", "protocol", "protocol_words"]

PROFILE_NAMES = ("smoke", "quick", "paper")
DATA_NAMES = ("digits", "mnist", "fashion-mnist")
# Enough to see that everything works.
SMOKE_STEPS = 100
_DIGITS, _MNIST = 1797, 60_000


def protocol(profile: str, data: str) -> TrainConfig:
    """The run that the studies of this profile vary: all images of ``data`` train, seed 0."""
    images = DataConfig(name=data)
    if profile == "paper":
        return appendix_c(images, images=_DIGITS if data == "digits" else _MNIST)
    config = TrainConfig(data=images)
    return replace(config, steps=SMOKE_STEPS) if profile == "smoke" else config


def protocol_words(profile: str, data: str) -> str:
    """The protocol in one sentence."""
    if profile == "smoke":
        return f"{SMOKE_STEPS} steps per run, which shows that everything works; the numbers mean nothing"
    config = protocol(profile, data)
    if profile == "paper":
        return (
            f"Appendix C: 2,000 epochs of {config.batch_size:,}, input noise 0.6 always, Adam at 1e-3, InfoNCE with the "
            "perceptron of Table 2 and 15 negatives (Figure 1, and Figure 2 except at σ = 0.3); otherwise the closed-form "
            "dual"
        )
    return (
        f"adaptive dual, {config.steps:,} steps of {config.batch_size} images unless a section says otherwise; second "
        f"view: Gaussian pixel noise of standard deviation {config.augmentation.noise} with probability "
        f"{config.augmentation_probability}, otherwise the image itself"
    )
