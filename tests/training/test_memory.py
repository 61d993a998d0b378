"""Out of memory: one sentence that says what to change, and nothing lost."""

import subprocess
import sys

import pytest
import torch

from noisedim.data import load_images
from noisedim.errors import OutOfMemoryError
from noisedim.training import TrainConfig, train
from noisedim.training.loop import Trainer
from noisedim.training.memory import is_out_of_memory

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
            OutOfMemoryError, match=r"batch_size=64 does not fit into the memory of cpu at step 5; .* intact"
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


LIMITED = """
import resource
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
print(attempt(1000))
print(attempt(50))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space of a process, as Linux does")
def test_the_advice_is_true_under_a_real_limit():
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said, smaller = done.stdout.splitlines()
    assert said.startswith(
        "batch_size=1000 does not fit into the memory of cpu at step 1; a smaller batch_size, a narrower encoder, or "
    )
    assert smaller == "fits"
