"""Out of memory: one sentence with figures that are true, and nothing lost."""

import gc
import re
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from noisedim.data import load_images
from noisedim.errors import OutOfMemoryError
from noisedim.training import ObjectiveConfig, TrainConfig, train
from noisedim.training.loop import Trainer
from noisedim.training.memory import StepMemory, bytes_free, bytes_kept, is_out_of_memory, measure_step

SMALL = TrainConfig(steps=6, batch_size=64)


@pytest.fixture(scope="module")
def images():
    return load_images("digits").images


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried ..."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_what_counts_as_out_of_memory(error):
    assert is_out_of_memory(error)
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory."), MemoryError("no room")])
def test_it_is_said_and_the_last_checkpoint_is_intact(images, tmp_path, monkeypatch, error):
    path = tmp_path / "c.safetensors"
    whole = train(SMALL, images, device="cpu")
    begun = Trainer(SMALL, images, device="cpu")
    for step in range(4):
        begun.step(log=step == 0)
    begun.save(path)
    before = path.read_bytes()

    def no_room(*args, **kwargs):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", no_room)
        with pytest.raises(
            OutOfMemoryError, match=r"batch_size=64 does not fit into the memory of cpu at step 5: .* intact"
        ) as caught:
            train(SMALL, images, device="cpu", checkpoint=path)
    assert isinstance(caught.value, MemoryError)
    assert caught.value.__cause__ is error
    assert path.read_bytes() == before
    resumed = train(SMALL, images, device="cpu", checkpoint=path)
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name])


def test_other_errors_pass(images, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(torch.optim.Adam, "step", broken)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        train(SMALL, images, device="cpu")


def test_bytes_kept_are_those_of_a_layer_counted_by_hand():
    layer = torch.nn.Linear(10, 20)
    x = torch.randn(8, 10)
    # Linear keeps its input, tanh its output; exp as well, which is another tensor. Weights are not counted.
    kept = bytes_kept(lambda: layer(x).tanh().exp().sum(), but=iter(layer.parameters()))
    assert kept == 4 * (8 * 10 + 8 * 20 + 8 * 20)


@pytest.mark.parametrize("name", ["dual", "infonce", "w-mse", "vae"])
def test_a_batch_is_predicted_from_small_parts_of_it(images, name):
    # InfoNCE with a perceptron on all pairs grows with the square of the batch.
    config = replace(SMALL, batch_size=160, objective=ObjectiveConfig(name=name))
    trainer = Trainer(config, images, device="cpu")
    predicted = measure_step(trainer)(160)
    inputs = trainer.next_inputs()
    weights = [*trainer.model.parameters(), *trainer.objective.parameters(), *trainer.model.buffers()]

    def step():
        return trainer.evaluate(trainer.encode(inputs), inputs, estimate=False).loss

    assert predicted == pytest.approx(bytes_kept(step, but=iter(weights)), rel=0.05)


def test_the_largest_batch_is_the_root_of_the_quadratic():
    step = StepMemory(encoder=100.0, linear=20.0, square=0.5)
    most = step.most_images(1e6)
    assert step(most) <= 1e6 < step(most + 1)
    shared = StepMemory(encoder=100.0, linear=20.0, square=0.5, size=4)
    assert shared(10) == 10 * (25 + 20 + 5)
    assert shared.most_images(1e6) % 4 == 0
    assert StepMemory(1.0, 0.0, 0.0).most_images(-5.0) == 0


def test_memory_is_free(images):
    gc.collect()
    free = bytes_free(torch.device("cpu"))
    assert free is None or free > 2**20


LIMITED = """
import re, resource
import torch
from pathlib import Path
torch.set_num_threads(1)
from noisedim.data import load_images
from noisedim.errors import OutOfMemoryError
from noisedim.training import ObjectiveConfig, TrainConfig, train
images = load_images("digits").images
objective = ObjectiveConfig(name="infonce")

def attempt(batch):
    try:
        train(TrainConfig(steps=1, batch_size=batch, objective=objective), images, device="cpu")
    except OutOfMemoryError as error:
        return str(error)
    return "fits"

attempt(16)  # what is set up once is set up before the limit
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**28,) * 2)
said = attempt(1000)
print(said)
fits = int(re.search(r"batch_size=(\\d+) would fit", said).group(1))
print(fits)
print(attempt(fits))
print(attempt(2 * fits))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space of a process, as Linux does")
def test_the_advice_is_true_under_a_real_limit():
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said, fits, at_most, beyond = done.stdout.splitlines()
    assert re.match(
        r"batch_size=1000 does not fit into the memory of cpu at step 1: a step keeps about [\d.]+ MiB an image for its "
        r"backward pass, and 0\.\d+ GiB of cpu memory are free now: batch_size=\d+ would fit\. The last checkpoint is",
        said,
    )
    assert int(fits) > 50
    assert at_most == "fits"
    assert "does not fit" in beyond
