"""Uses of a trained encoder: what a record says is what its run's files give, on images that did not train."""

import json

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import roc_auc_score

from noisedim.data import load_images
from noisedim.downstream.disentanglement import mutual_information_gap
from noisedim.errors import InvalidInputError
from noisedim.runs import RunStore, make_run
from noisedim.runs.factors import factor_config, factor_record, pixel_factor_record, reference_factor_record
from noisedim.runs.outliers import NOMINAL, OUTLIER_METHODS, outlier_config, outlier_record, pixel_outlier_record
from noisedim.training import DataConfig, TrainConfig

BASE = TrainConfig(steps=20, batch_size=64, data=DataConfig(fold=0, limit=600))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def plain(record):
    """As JSON brings it back: numbers, lists and names only."""
    return json.loads(json.dumps(record, allow_nan=False))


def test_outliers_are_judged_on_the_runs_embedding_of_rows_that_did_not_train(tmp_path):
    config = outlier_config("dual-2", BASE, 4)
    assert (config.data.without_class, config.seed, config.dim) == (4, 4, 2)
    folder = make_run(config, RunStore(tmp_path))
    record = outlier_record(folder, config)
    assert plain(record) == record
    arrays = folder.read_embeddings()
    norms = (arrays["z"] ** 2).sum(1)
    outlier, usual = arrays["labels"] == 4, ~arrays["trained_on"] & (arrays["labels"] != 4)
    area = roc_auc_score(outlier[outlier | usual], norms[outlier | usual])
    assert record["auroc"]["class"]["norm"][0] == pytest.approx(area)
    assert (record["n"], record["n_outliers"]["class"]) == (usual.sum(), outlier.sum())
    p = stats.chi2.sf(norms, 2)
    assert record["false_alarms"]["far"] == [int((p[usual] <= level).sum()) for level in NOMINAL]
    assert record["detected"]["class"] == [int((p[outlier] <= level).sum()) for level in NOMINAL]
    assert record["mean_square"]["usual"] == pytest.approx(norms[usual].mean() / 2)
    assert set(record["auroc"]) == {"class", "noise", "shuffled", "inverted"}
    assert record["roc"]["norm"][-1] == 1
    assert outlier_record(folder, config) == record
    # Uniform noise is no digit, and pixels say so.
    pixels = pixel_outlier_record(config)
    assert pixels["auroc"]["noise"]["knn"][0] > 0.99
    assert pixels["n_outliers"] == record["n_outliers"]


def test_every_variant_is_a_configuration_of_its_own():
    configs = [outlier_config(name, BASE, 1) for name in OUTLIER_METHODS]
    assert len({config.digest() for config in configs}) == len(configs)
    assert [config.dim for config in configs] == [2, 8, 8]
    assert not configs[2].objective.noisy
    moved, still = (factor_config(name, steps=3, seed=0).augmentation.shift for name in ("dual-moved", "dual"))
    assert moved > still == 0


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.astype(np.uint8).tobytes()


def fabricate(root, name, rng, scale):
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    for prefix, n in (("train", 240), ("t10k", 30)):
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(idx(rng.integers(0, scale, (n, 28, 28))))
        (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(np.arange(n) % 3))


def test_another_data_set_is_a_task_where_it_is_there_and_said_absent_where_not(tmp_path):
    rng = np.random.default_rng(0)
    fabricate(tmp_path, "FashionMNIST", rng, 40)
    base = TrainConfig(steps=3, batch_size=32, data=DataConfig(name="fashion-mnist", fold=0))
    config = outlier_config("dual-2", base, 2)
    folder = make_run(config, RunStore(tmp_path / "runs"), data_root=tmp_path)
    alone = outlier_record(folder, config, data_root=tmp_path)
    assert "mnist" not in alone["auroc"]
    assert alone["absent"] == {"mnist": "mnist is not among the data sets here"}
    fabricate(tmp_path, "MNIST", rng, 256)
    both = outlier_record(folder, config, data_root=tmp_path)
    assert both["absent"] == {}
    assert both["n_outliers"]["mnist"] == 30
    assert both["auroc"]["class"] == alone["auroc"]["class"]
    # Six times as bright: pixels tell the two sets apart without fail.
    assert pixel_outlier_record(config, data_root=tmp_path)["auroc"]["mnist"]["knn"][0] == 1


def test_factors_are_judged_on_the_other_half_of_the_shapes(tmp_path):
    for name in ("dual", "uniform-dual"):
        config = factor_config(name, steps=3, seed=1)
        folder = make_run(config, RunStore(tmp_path))
        record = factor_record(folder, config)
        assert plain(record) == record
        arrays = folder.read_embeddings()
        held_out = ~arrays["trained_on"]
        assert record["n"] == held_out.sum() == 1536
        factors = load_images("shapes").factors.numpy()
        expected = mutual_information_gap(arrays["z"][held_out], factors[held_out])
        assert record["mig"] == pytest.approx(expected.value, abs=1e-12)
        assert len(record["accuracies"]) == 5
        assert record["seed"] == 1


def test_rotations_leave_nothing_of_what_lay_along_axes(tmp_path):
    config = factor_config("dual", steps=1, seed=0)
    perfect, rotated = (reference_factor_record(config, rotate=rotate) for rotate in (False, True))
    assert perfect["mig"] > 0.99
    assert rotated["mig"] < 0.5
    assert perfect["informativeness"] == 1
    # The same inside a run's record: an embedding that is the factors has them lie along axes, and rotations undo it.
    store = RunStore(tmp_path)
    folder = store.open(config)
    factors = load_images("shapes").factors.double()
    z = (factors - factors.mean(0)) / factors.std(0)
    z = torch.cat([z, torch.randn(len(z), 1, generator=torch.Generator().manual_seed(0))], 1).numpy()
    folder.path.mkdir(parents=True)
    folder.write_embeddings(z=z)
    record = factor_record(folder, config)
    assert record["mig"] > 0.97
    assert record["mig_rotated"] < 0.4


def test_components_of_pixels(tmp_path):
    record = pixel_factor_record(factor_config("dual", steps=1, seed=0))
    assert isinstance(record["converged"], bool)
    assert 0 < record["mig"] < 0.5
    assert record["informativeness"] > 0.4


def test_runs_of_another_kind_are_refused(tmp_path):
    folder = RunStore(tmp_path).open(BASE)
    with pytest.raises(InvalidInputError, match=r"outliers need a run with data.without_class and data.fold"):
        outlier_record(folder, BASE)
    with pytest.raises(InvalidInputError, match=r"factors need a run on data with known factors and data.fold"):
        factor_record(folder, BASE)
