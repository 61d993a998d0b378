"""``noisedim train-generator`` and ``generate``: what they write and print; bad input is one line and exit code 2."""

import numpy as np
import pytest

from noisedim.cli import main
from noisedim.data import load_images
from noisedim.files import read_json
from noisedim.generation.config import GanConfig
from noisedim.runs import RunStore
from noisedim.runs.make_generator import judge_of, make_any_run, make_generator_run
from noisedim.training import DataConfig, TrainConfig

SMALL = [
    "--encoder.steps",
    "5",
    "--encoder.batch-size",
    "32",
    "--encoder.data.limit",
    "400",
    "--encoder.data.fold",
    "0",
]
GAN = ["--steps", "5", "--batch-size", "16", "--width", "4"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        folder = tmp_path_factory.mktemp("runs")
        assert main(["train-generator", *SMALL, *GAN, "--runs", str(folder), "--device", "cpu"]) == 0
        yield folder


@pytest.fixture(scope="module")
def checkpoint(runs):
    (samples,) = runs.glob("*/samples.npz")
    return samples.parent / "checkpoint.safetensors"


def test_the_encoder_the_judge_and_the_generator_are_runs(runs, checkpoint, capsys):
    assert len(list(runs.glob("*/result.json"))) == 3
    config = GanConfig.from_dict(read_json(checkpoint.parent / "config.json"))
    assert checkpoint.parent.name == config.digest()
    result = read_json(checkpoint.parent / "result.json")
    assert result["encoder"] == config.encoder.digest()
    assert result["measured_on"] == "held-out"
    assert f"run {judge_of(config).digest()}" in result["judge"]["features"]
    found = result["generation"]
    assert found["n"] == 80
    for law in ("encoded", "prior", "too wide", "not standardised"):
        assert found[law]["frechet"] > 0
        assert sum(found[law]["coverage"]["generated"]) == pytest.approx(1)
    samples = np.load(checkpoint.parent / "samples.npz")
    assert samples["grid"].shape == (256, 1, 8, 8)
    assert samples["encoded"].shape == samples["real"].shape == samples["prior"].shape == (64, 1, 8, 8)
    # Asked for again, by the encoder's folder this time, it is read.
    assert main(["train-generator", *GAN, "--encoder-run", str(runs / config.encoder.digest())]) == 0
    out = capsys.readouterr().out
    assert f"run        {checkpoint.parent}" in out
    assert "judged by  classifier trained on the training part of digits" in out
    assert "c ~ prior  KID" in out


@pytest.mark.slow
def test_a_run_is_the_same_wherever_it_is_made(checkpoint, tmp_path, one_thread):
    # Both on one thread: sums in other orders round differently, and adversarial training magnifies that.
    config = GanConfig.from_dict(read_json(checkpoint.parent / "config.json"))
    first, again = (make_any_run(config, RunStore(tmp_path / name), device="cpu") for name in ("here", "there"))
    own, other = (folder.read_result()["generation"]["prior"] for folder in (first, again))
    assert own == other
    assert np.isfinite(own["consistency"])


def test_without_labels_there_are_pictures_and_no_figures(tmp_path):
    np.save(tmp_path / "images.npy", load_images("digits").images[:100].numpy())
    encoder = TrainConfig(data=DataConfig(name=str(tmp_path / "images.npy")), steps=2, batch_size=32, prior="uniform")
    config = GanConfig(encoder=encoder, steps=2, batch_size=16, width=4)
    folder = make_generator_run(config, RunStore(tmp_path / "runs"), device="cpu")
    assert "generation" not in folder.read_result()
    assert folder.read_samples()["grid"].shape == (256, 1, 8, 8)


def test_generate_from_the_prior_from_images_and_over_a_grid(checkpoint, tmp_path, capsys):
    from matplotlib.image import imread

    def generate(name, *options):
        assert main(["generate", str(checkpoint), *options, "--output", str(tmp_path / name)]) == 0
        return tmp_path / name

    picture = imread(generate("grid.png", "-n", "9"))
    assert picture.shape[:2] == (28 * 4, 28 * 4)
    assert "9 images, conditions from prior" in capsys.readouterr().out
    one, same, other = (np.load(generate("x.npz", "--seed", seed))["images"] for seed in ("0", "0", "1"))
    assert one.shape == (64, 1, 8, 8)
    assert (one == same).all()
    assert not (one == other).all()
    grid = np.load(generate("g.npz", "--condition", "grid", "-n", "16"))["conditions"]
    assert len(np.unique(grid[:, 0].round(5))) == 4
    images = load_images("digits").images[:10].numpy()
    np.save(tmp_path / "images.npy", images)
    made = np.load(generate("c.npz", "--condition", str(tmp_path / "images.npy"), "-n", "3"))
    assert made["images"].shape == (3, 1, 8, 8)
    z = tmp_path / "z.npy"
    encoder = next(path for path in checkpoint.parent.parent.glob("*/embeddings.npz")).parent / "checkpoint.safetensors"
    assert main(["embed", str(encoder), str(tmp_path / "images.npy"), "--output", str(z)]) == 0
    np.testing.assert_allclose(made["conditions"], np.load(z)[:3], atol=1e-5)


def bad_cases(runs, checkpoint, tmp_path):
    encoder = next(runs.glob("*/embeddings.npz")).parent
    np.save(tmp_path / "nine.npy", np.zeros((3, 9, 9), np.float32))
    np.save(tmp_path / "text.npy", np.array(["a"]))
    out = ["--output", str(tmp_path / "new.png")]
    return {
        "no GAN": (["generate", str(encoder / "checkpoint.safetensors"), *out], "kind 'generator'; "),
        "shape": (["generate", str(checkpoint), "--condition", str(tmp_path / "nine.npy"), *out], "got (3, 1, 9, 9)"),
        "not images": (
            ["generate", str(checkpoint), "--condition", str(tmp_path / "text.npy"), *out],
            "must be numbers",
        ),
        "condition": (["generate", str(checkpoint), "--condition", "posterior", *out], "must be prior, grid, or an"),
        "square": (["generate", str(checkpoint), "--condition", "grid", "-n", "10", *out], "a square number"),
        "none": (["generate", str(checkpoint), "-n", "0", *out], "n must be an integer >= 1"),
        "output": (["generate", str(checkpoint), "--output", "x.jpg"], "must be a .png or .npz file"),
        "missing": (["generate", str(tmp_path / "none"), *out], "there is no file"),
        "both": (["train-generator", *SMALL, "--encoder-run", str(encoder)], "got both"),
        "no run": (["train-generator", "--encoder-run", str(tmp_path)], "expected a JSON file; there is no"),
        "batch": (
            ["train-generator", *SMALL, "--batch-size", "4000", "--runs", str(runs), "--device", "cpu"],
            "batch_size=4000 and 320 images",
        ),
    }


CASES = (
    "no GAN",
    "shape",
    "not images",
    "condition",
    "square",
    "none",
    "output",
    "missing",
    "both",
    "no run",
    "batch",
)


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_message_and_exit_code_2(name, runs, checkpoint, tmp_path, capsys):
    arguments, message = bad_cases(runs, checkpoint, tmp_path)[name]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in " ".join(captured.err.split())
    assert "Traceback" not in captured.err
    assert not (tmp_path / "new.png").exists()


@pytest.mark.slow
def test_a_grid_is_for_two_dimensions(tmp_path, runs, capsys):
    encoder = TrainConfig(data=DataConfig(limit=200), dim=3, steps=2, batch_size=32)
    folder = make_generator_run(
        GanConfig(encoder=encoder, steps=1, batch_size=16, width=4), RunStore(runs), device="cpu"
    )
    assert "grid" not in folder.read_samples()
    arguments = ["generate", str(folder.checkpoint_path), "--condition", "grid", "--output", str(tmp_path / "x.png")]
    assert main(arguments) == 2
    assert "for a prior of dimension 2; got GaussianPrior(dim=3)" in capsys.readouterr().err
