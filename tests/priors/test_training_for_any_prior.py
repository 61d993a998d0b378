"""Runs, checkpoints, the estimator and the command line with priors from files."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.base import clone
from sklearn.datasets import load_digits

from noisedim import NoisyChannel, dual_bound
from noisedim.cli import main
from noisedim.errors import CheckpointError, InvalidInputError
from noisedim.estimator import DistributionMatcher
from noisedim.priors import BallPrior, BoxPrior, FlowPrior, FullGaussianPrior, GaussianPrior, ProductPrior, SpherePrior
from noisedim.runs import RunStore, make_run
from noisedim.training import NoiseConfig, TrainConfig, embed, train
from noisedim.training.loop import Trainer, load_model

SHORT = TrainConfig(steps=20, batch_size=64, noise=NoiseConfig(sigma=0.4))


@pytest.fixture(scope="module")
def images():
    return torch.rand(200, 1, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def saved(tmp_path):
    def write(prior, name="prior.json"):
        prior.save(tmp_path / name)
        return str(tmp_path / name)

    return write


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    "prior",
    [
        BallPrior(2),
        SpherePrior(2),
        ProductPrior([stats.gamma(2.0), stats.beta(2.0, 3.0)]),
        FullGaussianPrior([1.0, 2.0], [[2.0, 0.5], [0.5, 1.0]]),
    ],
    ids=repr,
)
def test_direct_training_is_training_for_the_normal_law_and_a_map(prior, images, saved):
    """With noise before the map, to the bit: the same weights, the same bound, and the embedding mapped."""
    mapped = train(replace(SHORT, prior=saved(prior)), images, device="cpu")
    plain = train(SHORT, images, device="cpu")
    np.testing.assert_array_equal(mapped.metrics, plain.metrics)
    for name, weight in plain.model.encoder.state_dict().items():
        assert torch.equal(weight, mapped.model.encoder.state_dict()[name])
    z = embed(mapped.model, images)
    assert z.shape == (200, prior.ambient_dim)
    torch.testing.assert_close(z, prior.from_normal(embed(plain.model, images)), rtol=0, atol=0)
    assert not prior.outside(z).any()


@pytest.mark.usefixtures("one_thread")
def test_a_box_is_trained_through_the_unit_cube(images, saved):
    prior = BoxPrior([-1.0, 2.0], [1.0, 10.0])
    config = replace(SHORT, prior=saved(prior), noise=NoiseConfig(epsilon=0.1))
    boxed = embed(train(config, images, device="cpu").model, images)
    cube = embed(train(replace(config, prior="uniform"), images, device="cpu").model, images)
    torch.testing.assert_close(boxed, prior.from_channel(cube))
    with pytest.raises(InvalidInputError, match="takes epsilon or capacity; got sigma"):
        replace(config, noise=NoiseConfig(sigma=0.3))


def test_configuration_keeps_the_content_and_not_the_path(saved, tmp_path):
    first = replace(SHORT, prior=saved(BallPrior(2)))
    other = replace(SHORT, prior=saved(BallPrior(2), "another-name.json"))
    assert first == other
    assert first.digest() == other.digest()
    assert TrainConfig.from_dict(json.loads(json.dumps(first.to_dict()))) == first
    (tmp_path / "prior.json").unlink()
    assert first.build_prior() == BallPrior(2)
    assert replace(SHORT, prior=saved(BallPrior(2, radius=2.0))).digest() != first.digest()
    # Normal and uniform stay what they were, and so do the runs that are there.
    assert SHORT.prior == "normal"
    with pytest.raises(InvalidInputError, match=r"of dimension 2; got BallPrior\(dim=3"):
        replace(SHORT, prior=saved(BallPrior(3)))


def test_flow_is_known_by_its_content(saved, tmp_path):
    rows = np.random.default_rng(0).standard_normal((60, 2))
    flow = FlowPrior.fit(rows, steps=5)
    config = replace(SHORT, prior=saved(flow, "flow.safetensors"))
    moved = replace(SHORT, prior=saved(flow, "moved.safetensors"))
    assert config.digest() == moved.digest()
    assert config.build_prior() == flow
    saved(FlowPrior.fit(rows + 1, steps=5), "flow.safetensors")
    with pytest.raises(InvalidInputError, match="now holds another one"):
        config.build_prior()


def test_checkpoint_of_another_prior_is_refused_with_the_reason(images, saved, tmp_path):
    config = replace(SHORT, prior=saved(BallPrior(2)), steps=2)
    path = tmp_path / "checkpoint.safetensors"
    train(config, images, device="cpu", checkpoint=path)
    model, loaded = load_model(path)
    assert loaded == config
    assert model.channel.prior == BallPrior(2)
    with pytest.raises(CheckpointError, match="another prior .*ball.* there and 'normal' here"):
        Trainer(replace(config, prior="normal"), images, device="cpu").restore(path)
    # A flow whose file is gone leaves a checkpoint that says so.
    flow = FlowPrior.fit(np.random.default_rng(0).standard_normal((60, 2)), steps=2)
    train(replace(config, prior=saved(flow, "f.safetensors")), images, device="cpu", checkpoint=tmp_path / "f.ckpt")
    (tmp_path / "f.safetensors").unlink()
    with pytest.raises(CheckpointError, match="expected a prior file; there is no"):
        load_model(tmp_path / "f.ckpt")


@pytest.mark.slow
def test_a_run_is_measured_against_its_prior(saved, tmp_path):
    config = replace(SHORT, prior=saved(SpherePrior(2)))
    result = make_run(config, RunStore(tmp_path / "runs"), device="cpu").read_result()
    assert result["assessment"]["prior"] == "sphere"
    assert result["assessment"]["dim"] == 2
    assert result["information"]["bound"] <= result["capacity"]


def test_channel_maps_in_eval_and_bounds_information_before_the_map():
    prior = BallPrior(3)
    channel = NoisyChannel(prior, sigma=0.5)
    raw = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    u, v = channel.normalise(raw), channel.normalise(raw + 0.1)
    found, expected = (dual_bound(u, v, law, 0.5).bound for law in (prior, GaussianPrior(3)))
    torch.testing.assert_close(found, expected)
    assert bool(torch.isfinite(found))
    channel.normalisation.set_statistics(raw)
    z = channel.eval()(raw)
    torch.testing.assert_close(z, prior.from_normal(channel.normalise(raw)))
    assert float(z.norm(dim=1).max()) <= 1


def test_estimator_takes_priors_of_every_kind(saved):
    rows = load_digits(return_X_y=True)[0][:200]
    flow = FlowPrior.fit(np.random.default_rng(0).standard_normal((60, 2)), steps=2)
    plain = DistributionMatcher(steps=3, device="cpu").fit_transform(rows)
    for prior in (BallPrior(2), SpherePrior(2), flow):
        model = clone(DistributionMatcher(prior, steps=3, device="cpu"))
        z = model.fit_transform(rows)
        np.testing.assert_array_equal(z, prior.from_normal(torch.from_numpy(plain)).numpy())
        assert len(model.get_feature_names_out()) == prior.ambient_dim
    boxed = DistributionMatcher(BoxPrior([2.0, 2.0], [4.0, 3.0]), steps=3, device="cpu").fit_transform(rows)
    assert boxed.min() >= 2
    from_file = DistributionMatcher(saved(BallPrior(2)), steps=3, device="cpu").fit_transform(rows)
    np.testing.assert_array_equal(from_file, BallPrior(2).from_normal(torch.from_numpy(plain)).numpy())
    with pytest.raises(InvalidInputError, match="of dimension 2; got BallPrior"):
        DistributionMatcher(BallPrior(3)).fit(rows)


@pytest.mark.slow
def test_command_line_with_prior_files(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    np.save("samples.npy", rng.gamma(3.0, size=(300, 2)))
    law = {"prior": "product", "laws": [{"name": "gamma", "args": [3.0]}] * 2}
    Path("gamma.json").write_text(json.dumps(law))
    assert main(["assess", "samples.npy", "--prior", "gamma.json", "--no-n-star", "--output", "found"]) == 0
    assert "no departure from gamma(3.0) × gamma(3.0) found" in " ".join(capsys.readouterr().out.split())
    assert json.loads(Path("found/assessment.json").read_text())["law"] == "gamma(3.0) × gamma(3.0)"
    assert "mapped by the bijection" in Path("found/assessment.html").read_text()
    np.save("wide.npy", 2 * rng.gamma(3.0, size=(300, 2)))
    assert main(["assess", "wide.npy", "--prior", "gamma.json", "--no-n-star"]) == 1
    assert main(["prior", "map", "samples.npy", "--prior", "gamma.json", "--to", "normal", "--output", "u.npy"]) == 0
    assert main(["prior", "map", "u.npy", "--prior", "gamma.json", "--output", "back.npy"]) == 0
    np.testing.assert_allclose(np.load("back.npy"), np.load("samples.npy"), rtol=1e-9)
    assert main(["prior", "fit", "samples.npy", "--output", "mixture.json", "--components", "2"]) == 0
    assert main(["prior", "fit", "samples.npy", "--output", "flow.safetensors", "--steps", "20"]) == 0
    assert main(["prior", "sample", "mixture.json", "-n", "50", "--output", "draws.npy"]) == 0
    assert np.load("draws.npy").shape == (50, 2)
    assert main(["prior", "sample", "flow.safetensors", "-n", "50", "--output", "draws.npy"]) == 0
    capsys.readouterr()
    np.save("negative.npy", -np.load("samples.npy"))
    for arguments, message in (
        (["assess", "negative.npy", "--prior", "gamma.json"], "300 of 300 rows are outside, the first is row 0"),
        (["assess", "samples.npy", "--prior", "gamma.json", "--null", "composite"], "needs prior='normal'"),
        (["assess", "samples.npy", "--prior", "absent.json"], "there is no absent.json"),
        (["assess", "samples.npy", "--prior", "gamma.txt"], "a prior file"),
        (["prior", "fit", "samples.npy", "--output", "prior.pkl"], "must end in .safetensors"),
        (["prior", "map", "negative.npy", "--prior", "gamma.json", "--to", "normal", "--output", "u.npy"], "outside"),
        (["prior", "sample", "mixture.json", "-n", "0", "--output", "draws.npy"], "n must be an integer >= 1"),
        (["train", "--prior", "gamma.json", "--dim", "3"], "of dimension 3"),
    ):
        assert main(arguments) == 2
        assert message in capsys.readouterr().err
    on_sphere = SpherePrior(2).sample(200, generator=torch.Generator().manual_seed(0)).numpy()
    np.save("sphere.npy", on_sphere)
    SpherePrior(2).save("sphere.json")
    assert main(["assess", "sphere.npy", "--prior", "sphere.json", "--no-n-star"]) == 0
    capsys.readouterr()
    np.save("sphere.npy", 1.01 * on_sphere)
    assert main(["assess", "sphere.npy", "--prior", "sphere.json"]) == 2
    assert "norms of 1, up to 0.0001 of it; 200 of 200 rows are outside" in capsys.readouterr().err
    np.save("sphere.npy", on_sphere[:, :2])
    assert main(["assess", "sphere.npy", "--prior", "sphere.json"]) == 2
    assert "a law of rows of 3 columns; got 2" in capsys.readouterr().err


def test_import_stays_light():
    import subprocess
    import sys

    script = "import sys, noisedim; print(*{'scipy', 'zuko', 'sklearn', 'safetensors'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
