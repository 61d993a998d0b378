"""Several ranks are one process: the same losses, gradients and weights, for every objective; runs move between them."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
import torch

from noisedim.data import load_images
from noisedim.errors import InvalidInputError
from noisedim.training import ObjectiveConfig
from noisedim.training.distributed.ranks import Ranks, check_shares, is_printing_rank, launch, world_size
from noisedim.training.loop import Trainer, load_model, train

OBJECTIVE_NAMES = get_type_hints(ObjectiveConfig)["name"]
PROGRAM = Path(__file__).with_name("two_ranks.py")
spec = importlib.util.spec_from_file_location("two_ranks", PROGRAM)
two_ranks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(two_ranks)


@pytest.fixture(scope="module")
def images():
    return load_images("digits").images[:400]


@pytest.fixture(scope="module")
def together(tmp_path_factory, images):
    """What two processes found, all in one job; before it, one process has begun the run that they go on with."""
    folder = tmp_path_factory.mktemp("ranks")
    begun = Trainer(two_ranks.BASE, images, device="cpu")
    for _ in range(3):
        begun.step(log=True)
    begun.save(folder / "part.safetensors")
    surroundings = {name: value for name, value in os.environ.items() if name not in ("WORLD_SIZE", "LOCAL_RANK")}
    surroundings["OMP_NUM_THREADS"] = "1"
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder)], env=surroundings, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads((folder / "found.json").read_text())


@pytest.mark.slow
def test_two_processes_took_part(together):
    _, found = together
    assert found["ranks"] == 2
    assert found["methods"].keys() == two_ranks.CONFIGS.keys()
    # Whoever adds an objective adds it there.
    assert {config.objective.name for config in two_ranks.CONFIGS.values()} == set(get_args(OBJECTIVE_NAMES))


@pytest.mark.slow
@pytest.mark.parametrize("name", two_ranks.CONFIGS)
def test_loss_and_gradients_are_those_of_the_global_batch(together, name):
    _, found = together
    own = found["methods"][name]
    # Twelve tensors of the encoder at least; critics, projectors, decoders beyond that.
    assert own["float64"]["tensors"] >= 12
    assert own["float64"]["loss"] < 1e-12
    assert own["float64"]["gradients"] < 1e-10
    # Whitening inverts a covariance of nearly dependent features: in single precision it magnifies any rounding.
    assert own["float32"]["loss"] < 1e-4
    assert own["float32"]["gradients"] < (2e-2 if name == "w-mse" else 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", two_ranks.CONFIGS)
def test_weights_stay_those_of_one_process_and_the_same_on_all_ranks(together, name):
    _, found = together
    assert found["methods"][name]["same"]
    # Four steps with clipping, in double precision, of the largest weight. (In single precision Adam makes steps of full
    # length of the rounding in gradients that are zero, those of biases before a batch normalisation.)
    assert found["methods"][name]["weights"] < 1e-8


@pytest.mark.slow
def test_uniform_prior_and_a_control_that_must_differ(together):
    _, found = together
    assert found["uniform"]["gradients"] < 1e-10
    assert found["local statistics"]["gradients"] > 1e-2


@pytest.mark.slow
def test_a_run_moves_between_one_and_two_ranks(together, images, tmp_path):
    folder, _ = together
    whole = Trainer(two_ranks.BASE, images, device="cpu")
    while not whole.finished:
        whole.step(log=True)
    moved = Trainer(two_ranks.BASE, images, device="cpu")
    moved.restore(folder / "further.safetensors")
    assert moved.steps_done == 6
    while not moved.finished:
        moved.step(log=True)
    losses = torch.tensor([[row[1] for row in trainer.metrics] for trainer in (whole, moved)])
    assert losses.shape == (2, 9)
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-3, atol=1e-3)
    assert torch.equal(whole.sampler.next_indices(96), moved.sampler.next_indices(96))
    assert torch.equal(whole.generator.get_state(), moved.generator.get_state())


@pytest.mark.slow
def test_two_ranks_that_are_killed_resume_to_the_bit(together):
    _, found = together
    assert found["resumed"] is True


@pytest.mark.slow
def test_what_two_ranks_leave_is_a_checkpoint_like_any_other(together, images):
    folder, _ = together
    model, config = load_model(folder / "whole.safetensors")
    assert config == two_ranks.BASE
    assert not any("norm" in name for name, _ in model.encoder.named_modules())
    again = train(two_ranks.BASE, images, device="cpu", checkpoint=folder / "whole.safetensors")
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name])


@pytest.mark.slow
def test_a_run_folder_is_made_by_the_first_rank(together):
    folder, found = together
    assert found["complete"]
    (run,) = (folder / "runs").iterdir()
    assert json.loads((run / "result.json").read_text())["n"] == 200


@pytest.mark.slow
def test_errors_reach_all_ranks(together):
    _, found = together
    shares, storage = found["errors"]
    assert shares == ["batch_size must be divisible by the number of ranks; got batch_size=65 and 2 ranks"] * 2
    assert storage == ["no room"] * 2


@pytest.mark.slow
def test_a_rank_that_is_gone_is_said(together):
    _, found = together
    assert found["lost"].startswith("rank 0 of 2 cannot go on: another one has ended")
    assert "the same command goes on" in found["lost"]


LEAVING = """
import torch.distributed as dist
from noisedim.training.distributed.ranks import launch

ranks, _ = launch(2, device="cpu")
assert ranks.agree(ranks.rank) == 0
ranks.leave()
assert not dist.is_initialized()
"""


@pytest.mark.slow
def test_ranks_leave_together(tmp_path):
    program = tmp_path / "leaving.py"
    program.write_text(LEAVING)
    surroundings = {name: value for name, value in os.environ.items() if name not in ("WORLD_SIZE", "LOCAL_RANK")}
    done = subprocess.run([sys.executable, str(program)], env=surroundings, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


RAISING = """
import sys
from noisedim.training.distributed.ranks import launch

ranks, _ = launch(2, device="cpu")
ranks.agree(0)
if ranks.rank == int(sys.argv[1]):
    raise ValueError("no more work")
ranks.leave()
"""


@pytest.mark.slow
@pytest.mark.parametrize("raising", [0, 1])
def test_a_rank_that_raises_ends_at_once_and_so_does_the_other(tmp_path, raising):
    program = tmp_path / "raising.py"
    program.write_text(RAISING)
    surroundings = {name: value for name, value in os.environ.items() if name not in ("WORLD_SIZE", "LOCAL_RANK")}
    # Far below the half hour that a process group waits for a rank; the pipes stay open until both ranks have ended.
    done = subprocess.run(
        [sys.executable, str(program), str(raising)], env=surroundings, capture_output=True, text=True, timeout=240
    )
    assert done.returncode
    assert "ValueError: no more work" in done.stderr
    # Unless Lightning saw first that the rank it started has ended, and killed this one.
    if done.returncode > 0:
        assert f"RankLostError: rank {1 - raising} of 2 cannot go on: another one has ended" in done.stderr


def test_alone_there_is_nothing_to_leave():
    Ranks.alone().leave()


def test_shares():
    check_shares(96, 2)
    with pytest.raises(InvalidInputError, match="every rank needs images; got 8 ranks and batch_size=4"):
        check_shares(4, 8)
    with pytest.raises(InvalidInputError, match="devices must be"):
        world_size(0)


def test_how_many_ranks_a_launcher_started(monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setenv("WORLD_SIZE", "7")
    assert world_size(3, 2) == 6
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    assert world_size() == 7
    # Before they are connected, one of them prints.
    monkeypatch.setenv("RANK", "0")
    assert is_printing_rank()
    monkeypatch.setenv("RANK", "3")
    assert not is_printing_rank()


def test_alone_nothing_is_exchanged(tmp_path):
    ranks = Ranks()
    assert (ranks.rank, ranks.size, ranks.is_first) == (0, 1, True)
    layer = torch.nn.Linear(2, 2)
    assert ranks.sharing(layer, torch.device("cpu")) is layer
    assert ranks.first(lambda: 3) == ranks.agree(3) == 3


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for GPUs where there are none")
def test_more_ranks_than_gpus():
    with pytest.raises(InvalidInputError, match="every rank needs a GPU of its own; got 2 and 0 here"):
        launch(2, device="cuda")
