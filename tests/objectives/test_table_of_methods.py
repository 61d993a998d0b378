"""A method is one file and one line of the table: all else follows from it."""

import subprocess
import sys
from typing import get_args, get_type_hints

import pytest

from noisedim.citations import BIBTEX
from noisedim.cli import main
from noisedim.objectives import METHODS
from noisedim.objectives.interface import BatchObjective
from noisedim.runs.presets import PRESETS
from noisedim.training import DataConfig, ObjectiveConfig
from noisedim.training.recipes import METHOD_NAMES, pretraining

A_FILE = '''
"""Views are drawn together, and their coordinates apart."""

from noisedim.objectives.method import Recipe
from noisedim.objectives.siamese import siamese_method

METHOD = siamese_method(
    name="push-pull",
    words="push and pull",
    loss=lambda strength: lambda a, b, _: (a - b).square().mean() - strength * a.std(0).mean(),
    strength="weight of the push",
    default=0.25,
    recipe=Recipe(dim=64, head=(128,), head_normalisation=True, options={"features": 0}),
    references=("simclr",),
)
'''

WHAT_FOLLOWS = """
import contextlib, io, math
import torch
import push_pull
from noisedim.objectives.methods import METHODS
METHODS[push_pull.METHOD.name] = push_pull.METHOD  # the one line

from dataclasses import replace
from noisedim.citations import keys_of_config
from noisedim.cli import main
from noisedim.runs.presets import PRESETS, configure
from noisedim.training import DataConfig, ObjectiveConfig, TrainConfig, train
from noisedim.training.recipes import pretraining

torch.set_num_threads(1)
images = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0))
config = TrainConfig(steps=5, batch_size=16, objective=ObjectiveConfig(name="push-pull", features=8))
assert TrainConfig.from_dict(config.to_dict()) == config
losses = train(config, images, device="cpu", log_every=1).metrics[:, 1]
assert len(losses) == 5 and all(map(math.isfinite, losses))
noisy = replace(config, objective=replace(config.objective, noise_on="one", strength=0.5))
assert train(noisy, images, device="cpu", log_every=1).metrics[0, 1] != losses[0]
assert PRESETS["push-pull"][1].words == "push and pull"
assert configure("push-pull", TrainConfig()).objective.name == "push-pull"
assert pretraining("push-pull", DataConfig()).objective.name == "push-pull"
assert "simclr" in keys_of_config(config.to_dict())
out = io.StringIO()
with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
    main(["train", "--help"])
said = out.getvalue()
assert "push-pull" in said and "weight of the push" in said, said
print("all follow")
"""


@pytest.mark.slow
def test_a_method_is_one_file_and_one_line(tmp_path):
    (tmp_path / "push_pull.py").write_text(A_FILE)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{WHAT_FOLLOWS}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("all follow\n")


def test_one_name_per_method():
    assert get_args(get_type_hints(ObjectiveConfig)["name"]) == tuple(METHODS)
    for name, method in METHODS.items():
        assert name == method.name
        assert set(method.references) <= set(BIBTEX)
        objective = ObjectiveConfig(name=name).build(4, (1, 8, 8))
        assert isinstance(objective, BatchObjective)
        assert objective.outputs_a_dimension == method.outputs_a_dimension
        assert not method.takes_noise or not objective.normalised  # noise is added to raw outputs
        assert (method.strength is None) == (method.default == 0)
    assert set(METHODS) <= set(PRESETS)
    assert METHOD_NAMES == ("infomax", "simclr", "vicreg", "barlow-twins", "sigreg")


def test_the_old_name_of_barlow_twins_is_understood_for_one_release(capsys):
    with pytest.warns(DeprecationWarning, match="'barlow' is now called 'barlow-twins'"):
        assert pretraining("barlow", DataConfig()) == pretraining("barlow-twins", DataConfig())
    for argument in (["--method", "barlow"], ["--method=barlow"]):
        with pytest.warns(DeprecationWarning, match="'barlow-twins'"):
            assert main(["train", *argument, "--data.name", "nothing.npy", "--steps", "1"]) == 2
        assert "nothing.npy" in capsys.readouterr().err
