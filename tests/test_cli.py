"""The command line: what it does, what it prints, with which exit code; bad input is one line and exit code 2."""

import inspect
import json
import os
import subprocess
import sys
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import torch
import tyro
from PIL import Image
from sklearn.datasets import load_digits

import noisedim
from noisedim.cli import COMMANDS, main
from noisedim.cli.options import DEFAULT_RUNS
from noisedim.cli.train import information_words
from noisedim.priors import BallPrior
from noisedim.runs.record import Information
from noisedim.runs.store import DEFAULT_ROOT


@pytest.fixture(scope="module", autouse=True)
def surroundings(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("NOISEDIM_DATA", raising=False)
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    arguments = ["train", "--steps", "5", "--batch-size", "32", "--data.limit", "200", "--noise.capacity", "2"]
    assert main([*arguments, "--runs", str(folder), "--device", "cpu"]) == 0
    return folder


@pytest.mark.slow
def test_train_says_what_came_out(runs, capsys):
    arguments = ["train", "--steps", "5", "--batch-size", "32", "--data.limit", "200", "--noise.capacity", "2"]
    assert main([*arguments, "--runs", str(runs)]) == 0  # read, not made again
    out = capsys.readouterr().out
    assert "capacity   2.000 nats; information at least about" in out
    assert "accuracy   knn" in out
    assert "checkpoint.safetensors" in out


def test_version_is_that_of_the_package(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"noisedim {noisedim.__version__}\n"


@pytest.mark.slow
def test_short_names_are_the_same_options(tmp_path, capsys):
    common = ["--steps", "3", "--batch-size", "32", "--data.limit", "200", "--runs", str(tmp_path), "--device", "cpu"]
    assert main(["train", "--sigma", "0.7", "--dataset", "digits", *common]) == 0
    said = capsys.readouterr()
    # Where there is no terminal, plain lines.
    assert "training: 1 of 3" in said.err
    assert "training: 3 of 3" in said.err
    assert main(["train", "--noise.sigma", "0.7", "--data.name", "digits", *common]) == 0
    assert capsys.readouterr().out == said.out
    assert len(list(tmp_path.iterdir())) == 1
    from noisedim.cli.sweep import Sweep

    assert (
        tyro.cli(Sweep, args=["--dataset", "mnist"]).data
        == tyro.cli(Sweep, args=["--data", "mnist"]).data
        == ("mnist",)
    )


def test_information_is_never_said_to_exceed_its_ceiling():
    assert "at least about 2.100 (at most 2.494" in information_words(Information(2.1, 2.494, 0.3))
    words = information_words(Information(2.544, 2.494, 0.3))
    assert words.startswith("information about 2.494, the most that can be shown")
    assert "2.544, exceeds it by chance" in words


@pytest.mark.slow
def test_recipe_is_the_default_and_every_number_of_it_an_option(tmp_path, capsys):
    arguments = ["train", "--method", "vicreg", "--dataset", "digits", "--sigma", "0.2", "--epochs", "1"]
    small = [
        "--width",
        "4",
        "--head",
        "16",
        "16",
        "--dim",
        "8",
        "--batch-size",
        "64",
        "--optimiser.learning-rate",
        "0.2",
    ]
    assert main([*arguments, *small, "--runs", str(tmp_path), "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert "accuracy   knn" in out
    assert "linear_top5" in out
    (folder,) = tmp_path.iterdir()
    config = json.loads((folder / "config.json").read_text())
    assert (config["steps"], config["batch_size"], config["optimiser"]["warmup"]) == (1437 // 64, 64, 2)
    assert (config["optimiser"]["name"], config["optimiser"]["learning_rate"]) == ("lars", 0.2)
    assert (config["head"], config["dim"], config["noise"]["sigma"]) == ([16, 16], 8, 0.2)
    assert config["objective"]["noise_on"] == "one"
    result = json.loads((folder / "result.json").read_text())
    assert (result["level"], result["measured_on"], result["n"]) == (0.2, "held-out", 360)
    assert set(result["pretraining"]["probes"]) == {"features", "embedding", "penalty_rule"}


@pytest.mark.slow
def test_embed_then_assess(runs, tmp_path, capsys):
    (checkpoint,) = runs.glob("*/checkpoint.safetensors")
    images = (load_digits().images / 16).astype(np.float32)
    np.save(tmp_path / "images.npy", images)
    output = tmp_path / "z.npy"
    assert main(["embed", str(checkpoint), str(tmp_path / "images.npy"), "--output", str(output)]) == 0
    z = np.load(output)
    assert (z.shape, z.dtype) == ((1797, 2), np.float32)
    stored = np.load(checkpoint.parent / "embeddings.npz")["z"]
    np.testing.assert_allclose(z[:200], stored, atol=1e-5)

    # Pictures as they lie in a folder: the same embeddings, in the order of their names.
    (tmp_path / "pictures").mkdir()
    for i, image in enumerate((255 * images[:25]).round().astype(np.uint8)):
        Image.fromarray(image).save(tmp_path / "pictures" / f"{i:02}.png")
    folder = f"folder:{tmp_path / 'pictures'}"
    assert main(["embed", str(checkpoint), folder, "--output", str(tmp_path / "pictures.npy")]) == 0
    np.testing.assert_allclose(np.load(tmp_path / "pictures.npy"), z[:25], atol=0.1)

    np.save(tmp_path / "bad.npy", np.random.default_rng(0).uniform(-1, 1, (300, 2)))
    assert main(["assess", str(tmp_path / "bad.npy"), "--output", str(tmp_path / "a.json")]) == 1
    assert "DEPARTS from N(0, I)" in capsys.readouterr().out
    assert json.loads((tmp_path / "a.json").read_text())["rejected"] is True
    np.save(tmp_path / "good.npy", np.random.default_rng(0).standard_normal((300, 2)))
    assert main(["assess", str(tmp_path / "good.npy"), "--alpha", "0.001"]) == 0
    assert "no departure from N(0, I) found" in capsys.readouterr().out


@pytest.mark.slow
def test_embeddings_with_labels_go_from_file_to_file(runs, tmp_path, capsys):
    (checkpoint,) = runs.glob("*/checkpoint.safetensors")
    images, labels = load_digits(return_X_y=True)
    np.savez(tmp_path / "images.npz", images=images.reshape(-1, 8, 8).astype(np.float32) / 16, labels=labels)
    output = str(tmp_path / "z.parquet")
    assert main(["embed", str(checkpoint), str(tmp_path / "images.npz"), "--output", output]) == 0
    assert "1797 embeddings of dimension 2" in capsys.readouterr().out
    assert main(["assess", output, "--labels", output, "--no-n-star", "--output", str(tmp_path / "a.json")]) == 1
    found = json.loads((tmp_path / "a.json").read_text())
    assert (found["n"], found["dim"]) == (1797, 2)
    # Five steps of training; chance is 0.1.
    assert found["downstream"]["knn"] > 0.2


def test_export(runs, tmp_path, capsys):
    (checkpoint,) = runs.glob("*/checkpoint.safetensors")
    output = ["--output", str(tmp_path / "w.safetensors")]
    # A perceptron has no name in torchvision or timm.
    assert main(["export", str(checkpoint), *output]) == 2
    assert "--part encoder" in capsys.readouterr().err
    assert not (tmp_path / "w.safetensors").exists()
    assert main(["export", str(checkpoint), *output, "--part", "encoder"]) == 0
    assert "numbers, in" in capsys.readouterr().out
    assert (tmp_path / "w.safetensors").stat().st_size > 4 * 64 * 256


@pytest.mark.slow
def test_assess_writes_a_folder_and_reads_labels(tmp_path, capsys):
    rng = np.random.default_rng(1)
    z = rng.standard_normal((200, 3))
    np.savetxt(tmp_path / "z.csv", z, delimiter=",")
    np.savetxt(tmp_path / "labels.csv", z[:, 0] > 0, fmt="%d")
    arguments = ["assess", str(tmp_path / "z.csv"), "--labels", str(tmp_path / "labels.csv"), "--no-n-star"]
    assert main([*arguments, "--null", "composite", "--output", str(tmp_path / "out")]) == 0
    assert "no departure from any normal law found" in capsys.readouterr().out
    found = json.loads((tmp_path / "out" / "assessment.json").read_text())
    assert found["downstream"]["linear"] > 0.8
    assert found["null"] == "composite"
    page = (tmp_path / "out" / "assessment.html").read_text()
    assert "no departure from any normal law found" in page


def test_many_rows_are_said_to_take_long(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("noisedim.cli.assess._MANY_ROWS", 20)
    np.save(tmp_path / "z.npy", np.random.default_rng(1).standard_normal((60, 2)))
    assert main(["assess", str(tmp_path / "z.npy"), "--no-n-star"]) == 0
    assert "all pairs of 60 rows take 9 times as long as for 20" in capsys.readouterr().err


def test_a_fault_of_ours_is_no_departure(tmp_path, capsys, monkeypatch):
    np.save(tmp_path / "z.npy", np.random.default_rng(1).standard_normal((50, 2)))

    def fault(*_, **__):
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("noisedim.assessment.assess", fault)
    assert main(["assess", str(tmp_path / "z.npy")]) == 2
    said = capsys.readouterr().err
    assert "ZeroDivisionError: of ours" in said
    assert "a fault of noisedim, not an answer" in said


@pytest.mark.slow
def test_the_answer_does_not_depend_on_whether_anyone_reads_or_keeps_it(tmp_path, capsys, monkeypatch):
    np.save(tmp_path / "z.npy", np.random.default_rng(1).standard_normal((50, 2)))
    arguments = ["assess", str(tmp_path / "z.npy"), "--no-n-star"]
    (tmp_path / "file").touch()
    assert main([*arguments, "--output", str(tmp_path / "file")]) == 2
    told = capsys.readouterr()
    assert "no departure from N(0, I) found" in told.out
    assert "could not be written" in told.err
    assert main([*arguments, "--output", str(tmp_path / "page.html")]) == 0
    assert "no departure" in (tmp_path / "page.html").read_text()
    # Whoever reads has gone (``| head``): not a departure, which Rich's own way out, 1, would mean.
    program = "import sys; from noisedim.cli import main; sys.exit(main())"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-c", program, *arguments], stdout=writing, check=False)
    os.close(writing)
    assert done.returncode == 141


def test_certify(tmp_path, capsys):
    np.save(tmp_path / "z.npy", np.random.default_rng(2).standard_normal((500, 2)))
    arguments = ["certify", str(tmp_path / "z.npy"), "--output", str(tmp_path / "c.json")]
    assert main([*arguments, "--noise", "1.0"]) == 0
    assert "nats with probability 0.95" in capsys.readouterr().out
    assert json.loads((tmp_path / "c.json").read_text())["certified"] is True
    np.save(tmp_path / "z.npy", np.random.default_rng(2).standard_normal((40, 2)))
    assert main([*arguments, "--noise", "0.01"]) == 1
    assert "not certifiable" in capsys.readouterr().out


def bad_cases(tmp_path, checkpoint):
    np.save(tmp_path / "images.npy", np.zeros((3, 9, 9), np.float32))
    np.save(tmp_path / "nan.npy", np.full((30, 2), np.nan))
    (tmp_path / "cut.safetensors").write_bytes(checkpoint.read_bytes()[:500])
    (tmp_path / "text.npy").write_text("1,2")
    (tmp_path / "ragged.csv").write_text("1,2\n1,2,3\n")
    (tmp_path / "far.csv").write_text("5\n" * 40)
    images, out = str(tmp_path / "images.npy"), ["--output", str(tmp_path / "z.npy")]
    return {
        "both levels": (["train", "--noise.sigma", "1", "--noise.capacity", "1"], "exactly one of sigma, epsilon"),
        "negative": (["train", "--noise.sigma", "-1"], "noise.sigma must be a"),
        "dim": (["train", "--dim", "300"], "batch_size must exceed dim"),
        "no data": (["train", "--data.name", "mnist"], "set NOISEDIM_DATA"),
        "unknown data": (["train", "--data.name", "svhn"], "data must be one of digits"),
        "two sigmas": (["train", "--sigma", "0.1", "--noise.sigma", "0.2"], "--sigma and --noise.sigma are one option"),
        "two sets": (["train", "--dataset", "shapes", "--data.name", "mnist"], "--dataset and --data.name are one"),
        "near": (["asess", "z.npy"], "there is no command 'asess'; did you mean assess"),
        "far": (["xyzzy"], "there is no command 'xyzzy'; noisedim --help lists all"),
        "near option": (["train", "--dta.name", "mnist"], "--data.name"),
        "method": (["train", "--method", "byol"], "invalid choice"),
        "negative sigma": (["train", "--method", "simclr", "--sigma", "-1"], "sigma must be a finite number > 0"),
        "no cifar": (["train", "--method", "simclr"], "cifar10 needs a data folder"),
        "backbone": (["train", "--encoder", "torchvision:resnet19"], "similar names: resnet"),
        "unknown option": (["train", "--bogus"], "--bogus"),
        "no command": ([], "train"),
        "shape": (["embed", str(checkpoint), images, *out], "takes inputs of shape (n, 1, 8, 8); got (3, 1, 9, 9)"),
        "truncated": (["embed", str(tmp_path / "cut.safetensors"), images, *out], "is damaged or no safetensors"),
        "no checkpoint": (["embed", str(tmp_path / "none"), images, *out], "there is no file"),
        "output kind": (["embed", str(checkpoint), images, "--output", "z.txt"], "--output must be one of .npy, .npz"),
        "no backbone": (
            ["export", str(checkpoint), "--output", str(tmp_path / "w.safetensors"), "--part", "backbone"],
            "no backbone that torchvision or timm could load",
        ),
        "export kind": (["export", str(checkpoint), "--output", "w.pt"], "--output must be a .safetensors file"),
        "shares": (["train", "--devices", "3"], "must be divisible by the number of ranks; got batch_size=256 and 3"),
        "not images": (["embed", str(checkpoint), str(tmp_path / "text.npy"), *out], "cannot be read as one"),
        "nan": (["assess", str(tmp_path / "nan.npy")], "30 of 30 rows hold NaN"),
        "missing": (["assess", str(tmp_path / "absent.npy")], "there is no"),
        "seed": (["assess", str(tmp_path / "far.csv"), "--seed", "-1"], "seed must be an integer >= 0"),
        "ragged": (["assess", str(tmp_path / "ragged.csv")], "Expected 2 fields in line 2, saw 3"),
        "not in the cube": (
            ["assess", str(tmp_path / "far.csv"), "--prior", "uniform"],
            "values in [0, 1]; 40 of 40 rows are outside",
        ),
        "nothing to render": (["report", "--no-run", "--output", str(tmp_path / "r")], "there are none"),
    }


CASES = [
    "both levels",
    "negative",
    "dim",
    "no data",
    "unknown data",
    "two sigmas",
    "two sets",
    "near",
    "far",
    "near option",
    "method",
    "negative sigma",
    "no cifar",
    "backbone",
    "unknown option",
    "no command",
    "shape",
    "truncated",
    "no checkpoint",
    "output kind",
    "no backbone",
    "export kind",
    "shares",
    "not images",
    "nan",
    "missing",
    "seed",
    "ragged",
    "not in the cube",
    "nothing to render",
]


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_message_and_exit_code_2(name, runs, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (checkpoint,) = runs.glob("*/checkpoint.safetensors")
    arguments, message = bad_cases(tmp_path, checkpoint)[name]
    before = {path.name for path in tmp_path.rglob("*")}
    try:
        code = main(arguments)
    except SystemExit as exit_:  # the option parser's way out
        code = exit_.code
    captured = capsys.readouterr()
    text = " ".join((captured.err + captured.out).replace("│", " ").split())
    assert code == 2
    assert message in text
    assert "Traceback" not in text
    left = {path.name for path in tmp_path.rglob("*")} - before
    assert not {name for name in left if name.endswith((".npy", ".html", ".partial"))}


def single_line(arguments, capsys):
    """What a command says on standard error when it refuses its input, less what it read."""
    assert main(arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    (refusal,) = [line for line in lines if "error: " in line]
    assert refusal == lines[-1]
    assert all(" rows of " in line for line in lines[:-1])
    return refusal


@pytest.mark.parametrize(
    "arguments",
    [
        ["assess", "z.npy"],
        ["assess", "z.npy", "--rows", "30"],
        ["assess", "z.npy", "--within", "0.1"],
        ["prior", "fit", "z.npy", "--output", "p.json"],
        ["prior", "fit", "z.npy", "--output", "p.safetensors", "--steps", "1"],
        ["prior", "sample", "ball.json", "-n", "5", "--output", "draws.npy"],
        ["generate", "none.safetensors", "--output", "x.png"],
        ["verify", "E4"],
        ["train"],
        ["train-generator"],
        ["sweep"],
    ],
    ids=lambda arguments: " ".join(arguments[:2] + arguments[3:4]),
)
def test_a_negative_seed_is_one_line(arguments, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("z.npy", np.random.default_rng(0).standard_normal((60, 2)))
    BallPrior(2).save("ball.json")
    option = "--seeds" if arguments[0] == "sweep" else "--seed"
    assert "seed must be an integer >= 0; got -1" in single_line([*arguments, option, "-1"], capsys)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ball.json", "z.npy"]


def test_seeds_that_are_too_large_or_too_few_are_one_line(tmp_path, capsys):
    np.savez(tmp_path / "z.npz", z=np.random.default_rng(0).standard_normal((60, 2)), labels=np.arange(60) % 2)
    file = str(tmp_path / "z.npz")
    said = single_line(["assess", file, "--labels", file, "--seed", str(2**32), "--no-n-star"], capsys)
    assert "seed must be an integer from 0 to 4294967295" in said
    for seeds in ("0", "-1"):
        said = single_line(["table-1", "--seeds", seeds, "--runs", str(tmp_path / "runs")], capsys)
        assert f"seeds must be an integer >= 1; got {seeds}" in said


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("z.npy", lambda path: np.save(path, np.float64(3)), "holds a single value"),
        ("z.npz", lambda path: np.savez(path, z=np.float64(3)), "holds a single value"),
        ("z.pt", lambda path: torch.save(torch.tensor(1.0), path), "holds a single value"),
        ("z.jsonl", lambda path: path.write_text("[" * 100_000 + "\n"), "nested too deeply"),
        ("z.csv", lambda path: path.write_text("0.1,,0.3\n" + "1.5,2.5,0.5\n" * 40), "in row 1 of "),
        ("z.csv", lambda path: path.write_text("0.1  0.2\n" * 40), "in row 1 of "),
    ],
)
@pytest.mark.parametrize("command", [["assess"], ["assess", "--rows", "30"], ["assess", "--within", "0.1"]], ids=str)
def test_a_file_without_rows_of_numbers_is_one_line(name, write, message, command, tmp_path, capsys):
    write(tmp_path / name)
    assert message in single_line([*command, str(tmp_path / name)], capsys)


def test_as_a_module_and_without_heavy_imports():
    heavy = ("torchvision", "matplotlib", "pandas", "sklearn", "lightning", "lightly", "timm", "kornia", "zuko")
    check = f"HEAVY = {heavy}; import sys, noisedim; print([m for m in HEAVY if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    done = subprocess.run([sys.executable, "-m", "noisedim", "--help"], capture_output=True, text=True, check=True)
    assert "train" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["assess"],
        ["certify"],
        ["embed"],
        ["export"],
        ["generate"],
        ["prior"],
        ["prior", "fit"],
        ["cite"],
        ["verify"],
    ],
    ids=" ".join,
)
def test_help_needs_no_torch(arguments):
    program = (
        "import sys; from noisedim.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: print('ended', end.code, [m for m in ('torch', 'scipy', 'pandas') if m in sys.modules])"
    )
    command = [sys.executable, "-c", program, *arguments, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"usage: {' '.join(['noisedim', *arguments])}" in done.stdout
    assert done.stdout.rstrip().endswith("ended 0 []")


@pytest.mark.slow
def test_importing_the_package_imports_nothing_else():
    program = "import sys, noisedim; print('torch' in sys.modules, noisedim.NoisyChannel, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "<class", "'noisedim.channel.NoisyChannel'>", "True"]


def test_every_export_is_found():
    for name in noisedim.__all__:
        assert getattr(noisedim, name) is not None
    assert set(noisedim.__all__) <= set(dir(noisedim))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        noisedim.nothing  # noqa: B018


def test_help_lists_every_command_with_what_it_does(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for name, command in COMMANDS.items():
        options = getattr(import_module(command.module), command.options)
        summary = " ".join(inspect.getdoc(options).split("\n\n")[0].split())
        assert f"• {name} {summary}" in said
    assert DEFAULT_RUNS == DEFAULT_ROOT


@pytest.mark.parametrize(
    ("arguments", "module", "true"),
    [
        (["assess", "z.npy"], "noisedim.assessment.storage.read", "nothing is kept, and the same command begins anew"),
        (["train"], "noisedim.data", "completed work is kept, and the same command resumes"),
    ],
)
def test_an_interruption_says_what_is_true_of_the_command(arguments, module, true, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    name = {"noisedim.assessment.storage.read": "load_embeddings", "noisedim.data": "load_images"}[module]
    monkeypatch.setattr(f"{module}.{name}", interrupted)
    monkeypatch.setattr("noisedim.runs.make_run", interrupted)
    assert main(arguments) == 130
    assert capsys.readouterr().err.endswith(f"noisedim: stopped; {true}\n")


@pytest.mark.slow
def test_assess_tells_on_one_screen_and_says_what_it_read_and_wrote(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.standard_normal((400, 3)), columns=list("abc")).assign(target=1)
    frame.to_csv(tmp_path / "z.csv")
    arguments = ["assess", str(tmp_path / "z.csv"), "--no-n-star"]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 0
    told = capsys.readouterr()
    assert "400 rows of 3 numbers from a, b, c; left out: '' (row numbers); 'target' (a label)" in told.err
    assert len(told.out.splitlines()) <= 24
    assert all(len(line) <= 80 or str(tmp_path) in line for line in told.out.splitlines())
    for name in ("assessment.json", "assessment.html"):
        assert f"written: {tmp_path / 'out' / name}" in told.out
    made = json.loads((tmp_path / "out" / "assessment.json").read_text())["made"]
    assert made["file"] == str(tmp_path / "z.csv")
    assert made["used"] == ["a", "b", "c"]
    assert "Left out:  (row numbers); target (a label)" in (tmp_path / "out" / "assessment.html").read_text()
    assert main([*arguments, "--all"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 30


def test_a_random_part_of_the_rows(tmp_path, capsys):
    z = np.random.default_rng(4).standard_normal((400, 3))
    np.savez(tmp_path / "z.npz", z=z, labels=np.arange(400) % 2)
    arguments = ["assess", str(tmp_path / "z.npz"), "--no-n-star", "--rows"]
    output = tmp_path / "a.json"
    assert main([*arguments, "100", "--labels", str(tmp_path / "z.npz"), "--output", str(output)]) == 0
    found = json.loads(output.read_text())
    assert (found["n"], found["made"]["rows"]) == (100, "100 of 400 rows at random")
    assert "100 of 400 rows at random" in " ".join(capsys.readouterr().out.split())
    assert main([*arguments, "3"]) == 2
    assert "rows must be an integer >= 20" in capsys.readouterr().err


@pytest.mark.slow
def test_sweep_makes_the_grid_once(tmp_path, capsys):
    small = ["--base.steps", "3", "--base.batch-size", "32", "--base.data.limit", "200", "--base.data.fold", "0"]
    grid = ["--methods", "dual", "vicreg", "infomax-rank", "--seeds", "0", "1"]
    where = ["--runs", str(tmp_path / "runs"), "--jobs", "1", "--device", "cpu"]
    command = ["sweep", *grid, *small, *where, "--table", str(tmp_path / "runs.csv")]
    assert main(command) == 0
    assert "runs       6 of 6" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "runs.csv")
    # Post-hoc maps rest on a plain run each.
    assert len(table) == 8
    assert set(table["status"]) == {"complete"}
    assert set(table["config.objective.name"]) == {"dual", "vicreg", "infonce"}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*/result.json")}
    assert main(command) == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*/result.json")} == before


def test_sweep_over_capacities_is_for_channels(tmp_path, capsys):
    command = ["sweep", "--capacities", "1", "2", "--runs", str(tmp_path), "--methods"]
    assert main([*command, "vicreg"]) == 2
    assert "capacity is for noise injection; objective 'vicreg' adds no noise" in capsys.readouterr().err


@pytest.mark.slow
def test_recipe_on_a_folder_of_pictures(tmp_path, capsys):
    from PIL import Image

    rng = np.random.default_rng(0)
    for split, count in (("train", 40), ("test", 20)):
        for label in ("cat", "dog"):
            (tmp_path / "pets" / split / label).mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / "pets" / split / label / f"{i}.png")
    arguments = ["train", "--method", "simclr", "--dataset", f"folder:{tmp_path / 'pets'}", "--epochs", "1"]
    small = ["--width", "4", "--head", "8", "--dim", "8", "--batch-size", "32", "--runs", str(tmp_path / "runs")]
    assert main([*arguments, *small, "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert "data       pets" in out
    assert "capacity   no bound: no noise" in out
    (folder,) = (tmp_path / "runs").iterdir()
    result = json.loads((folder / "result.json").read_text())
    assert (result["n"], result["n_train"], result["measured_on"], result["level"]) == (40, 80, "held-out", 0.0)
    assert result["scores"].keys() == {"linear", "knn"}  # two classes have no top-5
    # Their own moments, not CIFAR's: uniform bytes have mean 0.5 and deviation 1/sqrt(12).
    config = json.loads((folder / "config.json").read_text())
    np.testing.assert_allclose(config["pixel_mean"], [0.5] * 3, atol=0.02)
    np.testing.assert_allclose(config["pixel_deviation"], [12**-0.5] * 3, atol=0.01)
