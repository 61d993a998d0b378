"""Outliers: what a record says is what its run's files give, on images that did not train."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from noisedim.errors import InvalidInputError
from noisedim.report.outliers import plan
from noisedim.report.outliers.plan import (
    NOMINAL,
    OUTLIER_METHODS,
    make_variant,
    outlier_config,
    outlier_record,
    pixel_outlier_record,
)
from noisedim.runs import RunStore, make_run
from noisedim.runs.sweep import SweepOutcome
from noisedim.schema import structured
from noisedim.training import DataConfig, TrainConfig

BASE = TrainConfig(steps=20, batch_size=64, data=DataConfig(fold=0, limit=600))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NOISEDIM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def plain(record):
    """As JSON brings it back: numbers, lists and names only."""
    return json.loads(json.dumps(record, allow_nan=False))


@pytest.mark.slow
def test_outliers_are_judged_on_the_runs_embedding_of_rows_that_did_not_train(tmp_path):
    config = outlier_config("dual-2", BASE, 4)
    assert (config.data.without_class, config.seed, config.dim) == (4, 4, 2)
    folder = make_run(config, RunStore(tmp_path))
    record = outlier_record(folder, config)
    assert structured(plain(asdict(record)), type(record), where="here") == record
    arrays = folder.read_embeddings()
    norms = (arrays["z"] ** 2).sum(1)
    outlier, usual = arrays["labels"] == 4, ~arrays["trained_on"] & (arrays["labels"] != 4)
    area = roc_auc_score(outlier[outlier | usual], norms[outlier | usual])
    assert record.auroc["class"]["norm"][0] == pytest.approx(area)
    assert (record.n, record.n_outliers["class"]) == (usual.sum(), outlier.sum())
    p = stats.chi2.sf(norms, 2)
    assert record.false_alarms["far"] == [int((p[usual] <= level).sum()) for level in NOMINAL]
    assert record.detected["class"] == [int((p[outlier] <= level).sum()) for level in NOMINAL]
    assert record.mean_square["usual"] == pytest.approx(norms[usual].mean() / 2)
    assert set(record.auroc) == {"class", "noise", "shuffled", "inverted"}
    assert record.roc["norm"][-1] == 1
    assert outlier_record(folder, config) == record
    # Uniform noise is no digit, and pixels say so.
    pixels = pixel_outlier_record(config)
    assert pixels.auroc["noise"]["knn"][0] > 0.99
    assert pixels.n_outliers == record.n_outliers


def test_every_variant_is_a_configuration_of_its_own():
    configs = [outlier_config(name, BASE, 1) for name in OUTLIER_METHODS]
    assert len({config.digest() for config in configs}) == len(configs)
    assert [config.dim for config in configs] == [2, 8, 8]
    assert not configs[2].objective.noisy


def test_only_in_two_dimensions_an_encoder_trains_as_long_as_the_base(monkeypatch):
    def broken(configs, store, **options):
        return [SweepOutcome(config, None, "broke") for config in configs]

    monkeypatch.setattr(plan, "make_runs", broken)
    steps = [make_variant(name, BASE, None, steps=7).steps for name in OUTLIER_METHODS]
    assert steps == [BASE.steps, 7, 7]


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.astype(np.uint8).tobytes()


def fabricate(root, name, rng, scale):
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    for prefix, n in (("train", 240), ("t10k", 30)):
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(idx(rng.integers(0, scale, (n, 28, 28))))
        (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(np.arange(n) % 3))


@pytest.mark.slow
def test_another_data_set_is_a_task_where_it_is_there_and_said_absent_where_not(tmp_path):
    rng = np.random.default_rng(0)
    fabricate(tmp_path, "FashionMNIST", rng, 40)
    base = TrainConfig(steps=3, batch_size=32, data=DataConfig(name="fashion-mnist", fold=0))
    config = outlier_config("dual-2", base, 2)
    folder = make_run(config, RunStore(tmp_path / "runs"), data_root=tmp_path)
    alone = outlier_record(folder, config, data_root=tmp_path)
    assert "mnist" not in alone.auroc
    assert alone.absent == {"mnist": "mnist is not among the data sets here"}
    fabricate(tmp_path, "MNIST", rng, 256)
    both = outlier_record(folder, config, data_root=tmp_path)
    assert both.absent == {}
    assert both.n_outliers["mnist"] == 30
    assert both.auroc["class"] == alone.auroc["class"]
    # Six times as bright: pixels tell the two sets apart without fail.
    assert pixel_outlier_record(config, data_root=tmp_path).auroc["mnist"]["knn"][0] == 1


def test_runs_of_another_kind_are_refused(tmp_path):
    folder = RunStore(tmp_path).open(BASE)
    with pytest.raises(InvalidInputError, match=r"outliers need a run with data.without_class and data.fold"):
        outlier_record(folder, BASE)


@pytest.mark.slow
def test_a_variant_is_every_class_left_out_once_and_failed_runs_are_named(tmp_path):
    base = TrainConfig(steps=2, batch_size=64, data=DataConfig(fold=0, limit=300))
    found = make_variant("dual-2", base, RunStore(tmp_path), steps=2, device="cpu", jobs=1)
    assert [record.label for record in found.records] == list(range(10))
    assert (found.failed, found.data, found.dim, found.steps) == ((), "digits", 2, 2)
    broken = make_variant("dual-2", replace(base, batch_size=290), RunStore(tmp_path), steps=2, device="cpu", jobs=1)
    assert not broken.records
    assert {failure.seed for failure in broken.failed} == set(range(10))
    assert "batch_size=290" in broken.failed[0].error
