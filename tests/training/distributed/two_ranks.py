"""What test_ranks.py asks of two processes at once; a program of its own, because ranks are started from its beginning.

Usage: python two_ranks.py FOLDER. Compares two ranks with one process on the same weights, images and draws, and writes
what it found to FOLDER/found.json; continues FOLDER/part.safetensors to FOLDER/further.safetensors.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import torch
import torch.distributed as dist

from noisedim.data import AugmentationConfig, load_images
from noisedim.errors import NoisedimError, RankLostError, StorageError
from noisedim.objectives import METHODS
from noisedim.runs import RunStore, make_run
from noisedim.training import DataConfig, ObjectiveConfig, OptimiserConfig, TrainConfig
from noisedim.training.distributed.exchange import rows_of_all_ranks
from noisedim.training.distributed.ranks import Ranks, launch
from noisedim.training.loop import Trainer, train
from noisedim.training.recipes import METHOD_NAMES, pretraining

BASE = TrainConfig(
    steps=9,
    batch_size=96,
    encoder="digits-convnet",
    augmentation=AugmentationConfig(noise=0.3, rotation=10),
    augmentation_probability=0.5,
    optimiser=OptimiserConfig(clip_norm=0.2, warmup=2),
)
OBJECTIVES = {
    "dual": ObjectiveConfig(name="dual"),
    "dual, crossed": ObjectiveConfig(name="dual", pairs="cross"),
    "infonce": ObjectiveConfig(name="infonce", negatives=5),
    "infonce, all negatives": ObjectiveConfig(name="infonce", critic="separable"),
    "dv": ObjectiveConfig(name="dv", critic="separable", unbiased_gradient=True),
    "nwj": ObjectiveConfig(name="nwj", critic="dot"),
    "closed-form critic": ObjectiveConfig(name="infonce", critic="gaussian-dual"),
    "autoencoder": ObjectiveConfig(name="autoencoder"),
    **{name: ObjectiveConfig(name=name) for name in METHODS if name.endswith("-dual")},
    **{name: ObjectiveConfig(name=name, features=16) for name, method in METHODS.items() if not method.injects_noise},
}
CONFIGS = {name: replace(BASE, objective=objective) for name, objective in OBJECTIVES.items()}
# The recipe of pre-training (views of both, LARS, noise in the objective) on a narrow ResNet and a short head.
CONFIGS |= {
    f"resnet, {method}": replace(
        pretraining(method, DataConfig(), sigma=0.1, steps=9),
        width=4,
        head=(24,),
        dim=16,
        batch_size=32,
        pixel_mean=(0.3,),
        pixel_deviation=(0.4,),
    )
    for method in METHOD_NAMES
}
STEPS = 4


def sharing(trainer):
    return trainer.ranks.sharing(trainer.model.encoder, trainer.device)


def gradients_of(trainer, dtype, *, sharing=sharing):
    """Loss and gradients of one step in ``dtype``, as Trainer.step() takes it."""
    trainer.model.to(dtype)
    trainer.objective.to(dtype)
    trainer.encode = sharing(trainer)
    trainer.schedule(trainer.optimizer)
    inputs = trainer.next_inputs().to(dtype)
    value = trainer.evaluate(trainer.encode(inputs), inputs, estimate=True)
    value.loss.backward()
    trainer.ranks.average_gradients(trainer.objective.parameters())
    return value.loss.detach(), {
        f"{part}.{name}": parameter.grad
        for part, module in (("model", trainer.model), ("objective", trainer.objective))
        for name, parameter in module.named_parameters()
        if parameter.grad is not None
    }


def largest_error(found, expected):
    """Over tensors, the largest deviation in units of the whole's largest entry."""
    assert found.keys() == expected.keys()
    assert found
    scale = max(float(tensor.abs().max()) for tensor in expected.values())
    return max(float((found[name] - expected[name]).abs().max()) for name in found) / scale


def compare(config, images, ranks, dtype, **how):
    alone, together = (
        gradients_of(Trainer(config, images, device="cpu", ranks=own), dtype, **how) for own in (Ranks.alone(), ranks)
    )
    return {
        # Of the loss, or of a nat where it is less: untrained critics see almost none.
        "loss": float((together[0] - alone[0]).abs() / alone[0].abs().clamp(min=1.0)),
        "gradients": largest_error(together[1], alone[1]),
        "tensors": len(alone[1]),
    }


def in_double_precision(trainer):
    trainer.model.double()
    trainer.objective.double()
    trainer.encode = sharing(trainer)
    draw = trainer.next_inputs
    trainer.next_inputs = lambda: draw().double()


def after_steps(config, images, ranks):
    trainer = Trainer(config, images, device="cpu", ranks=ranks)
    in_double_precision(trainer)
    for _ in range(STEPS):
        trainer.step(log=True)
    state = {**trainer.model.state_dict(), **trainer.objective.state_dict()}
    # Where there is no running mean to keep, it is NaN.
    return {name: tensor.double() for name, tensor in state.items() if not name.endswith("log_normaliser")}


def with_local_statistics(trainer):
    """What must not pass: each rank's own batch statistics."""
    if trainer.ranks.size == 1:
        return trainer.model.encoder
    share = torch.nn.parallel.DistributedDataParallel(trainer.model.encoder)
    return lambda own: rows_of_all_ranks(share(own))


def same_on_all_ranks(state, ranks):
    flat = torch.cat([tensor.flatten() for tensor in state.values()])
    others = [torch.empty_like(flat) for _ in range(ranks.size)]
    dist.all_gather(others, flat)
    # What was not set yet is NaN on every rank.
    return all(torch.equal(flat.nan_to_num(7.0), other.nan_to_num(7.0)) for other in others)


def errors(images, ranks):
    """Each error as every rank sees it: gathered, so that one list shows both."""

    def fails_on_the_first():
        raise StorageError("no room")

    def held():
        with ranks.first_holds(fails_on_the_first):
            raise AssertionError("entered")

    messages = []
    for work in (lambda: Trainer(replace(BASE, batch_size=65), images, device="cpu", ranks=ranks), held):
        try:
            work()
        except NoisedimError as error:
            seen = [None] * ranks.size
            dist.all_gather_object(seen, str(error))
            messages.append(seen)
    return messages


def continue_run(folder, images, ranks):
    """Three steps of what one process began, in two ranks; and a whole run of theirs, killed and resumed."""
    part, whole = folder / "part.safetensors", folder / "whole.safetensors"
    trainer = Trainer(BASE, images, device="cpu", ranks=ranks)
    trainer.restore(part)
    for _ in range(3):
        trainer.step(log=True)
    if ranks.is_first:
        trainer.save(folder / "further.safetensors")
    seen = []
    result = train(BASE, images, device="cpu", ranks=ranks, checkpoint=whole, log_every=3, on_progress=seen.append)
    # Only the first rank reports.
    assert bool(seen) == ranks.is_first
    killed = Trainer(BASE, images, device="cpu", ranks=ranks)
    for step in range(4):
        killed.step(log=step % 3 == 0)
    if ranks.is_first:
        killed.save(folder / "killed.safetensors")
    resumed = train(BASE, images, device="cpu", ranks=ranks, checkpoint=folder / "killed.safetensors", log_every=3)
    states = [own.model.state_dict() for own in (result, resumed)]
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def lose_a_rank(images, ranks):
    """The last thing that the second rank does is to end without a word, after a step."""

    def end(trainer):
        if not ranks.is_first:
            os._exit(0)

    try:
        train(BASE, images, device="cpu", ranks=ranks, after_step=end)
    except RankLostError as error:
        return str(error)


def main(folder):
    ranks, device = launch(2, device="cpu")
    torch.set_num_threads(1)
    images = load_images("digits").images[:400]
    found = {"ranks": ranks.size, "device": device.type, "methods": {}}
    for name, config in CONFIGS.items():
        state, alone = (after_steps(config, images, own) for own in (ranks, Ranks.alone()))
        found["methods"][name] = {
            "float64": compare(config, images, ranks, torch.float64),
            "float32": compare(config, images, ranks, torch.float32),
            "weights": largest_error(state, alone),
            "same": same_on_all_ranks(state, ranks),
        }
    found["uniform"] = compare(replace(BASE, prior="uniform"), images, ranks, torch.float64)
    found["local statistics"] = compare(BASE, images, ranks, torch.float64, sharing=with_local_statistics)
    found["errors"] = errors(images, ranks)
    config = replace(BASE, steps=3, data=DataConfig(limit=200))
    run = make_run(config, RunStore(folder / "runs"), start_ranks=lambda: (ranks, device))
    # The first rank comes back when the run is complete; asked for again, it is there, and nobody is started.
    ranks.agree(None)
    found["complete"] = run.is_complete
    make_run(config, RunStore(folder / "runs"), start_ranks=None)
    found["resumed"] = continue_run(folder, images, ranks)
    found["lost"] = lose_a_rank(images, ranks)
    if ranks.is_first:
        (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
