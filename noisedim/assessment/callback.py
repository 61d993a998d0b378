"""The battery during training: at regular intervals, on images that are not trained on."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from noisedim.assessment.assess import assess
from noisedim.assessment.result import Assessment
from noisedim.assessment.track import Track, track
from noisedim.checks import positive_integer
from noisedim.training.model import embed

if TYPE_CHECKING:
    from noisedim.training.loop import Trainer

__all__ = ["AssessmentCallback"]


class AssessmentCallback:
    """Assesses embeddings of ``images`` every ``every`` steps and after the last; pass it to ``train(after_step=…)``.

    The encoder is evaluated in ``eval()`` mode, with the running statistics of its normalisation, and then returned to its
    mode. No random numbers of the training are used, so the run is the same with and without the callback.

    Args:
        images: (n, *shape), uint8 or float in [0, 1]; choose images that are not trained on.
        every: steps between two assessments.
        log: called with ``{"step": …, "p_value": …, "rejected": …, "d2": …, "sliced_w2": …}`` after each assessment, and
            with the numbers of :func:`~noisedim.assessment.track`, as ``track/NAME``.
        assess_options: passed to :func:`assess`; n* is not estimated unless asked for.

    Attributes:
        history: (step, assessment) pairs, oldest first.
        tracked: (step, track) pairs, oldest first.

    Raises: InvalidInputError: if ``every`` is not a positive integer.
    """

    def __init__(
        self,
        images: torch.Tensor,
        *,
        every: int,
        log: Callable[[dict[str, float]], None] | None = None,
        **assess_options: Any,
    ) -> None:
        self.images = images
        self.every = positive_integer("every", every)
        self.log = log
        self.assess_options = {"n_star": False, **assess_options}
        self.history: list[tuple[int, Assessment]] = []
        self.tracked: list[tuple[int, Track]] = []

    def __call__(self, trainer: "Trainer") -> None:
        """Assess if this step is due; the training loop calls this after each step."""
        if trainer.steps_done % self.every and not trainer.finished:
            return
        z, prior = embed(trainer.model, self.images), trainer.model.channel.prior
        assessment = assess(z, prior=prior, **self.assess_options)
        look = track(z, prior=prior, seed=self.assess_options.get("seed", 0))
        self.tracked.append((trainer.steps_done, look))
        self.history.append((trainer.steps_done, assessment))
        if self.log is not None:
            self.log(
                {
                    "step": trainer.steps_done,
                    "p_value": assessment.p_value,
                    "rejected": float(assessment.rejected),
                    "d2": assessment.effects["d2"].estimate,
                    "sliced_w2": assessment.effects["sliced_w2"].estimate,
                    **look.to_dict("track/"),
                }
            )
