"""What the labels do not allow is left out of a run, with the reason: what was trained is never lost to it."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits

from noisedim.downstream.probes import probe_scores, why_not_scored
from noisedim.runs import RunStore, make_run
from noisedim.training import DataConfig, TrainConfig


def images(path, labels):
    pixels = load_digits().images[: len(labels), None] / 16
    np.savez(path, images=pixels.astype(np.float32), labels=np.asarray(labels))
    return str(path)


def run(folder, data, **options):
    config = TrainConfig(dim=2, steps=1, batch_size=16, data=data, **options)
    return make_run(config, RunStore(folder / "runs"), device="cpu")


@pytest.mark.parametrize(
    ("labels", "reason", "silhouette"),
    [
        ([0] * 30 + [1] * 30 + [2] * 4, "accuracies need 5 images of each class to fit on; class 2 has 4", True),
        ([7] * 64, "accuracies need 2 classes or more; got 1", False),
    ],
)
def test_a_run_whose_labels_are_too_few_is_complete_without_accuracies(tmp_path, labels, reason, silhouette):
    folder = run(tmp_path, DataConfig(name=images(tmp_path / "few.npz", labels)))
    assert folder.is_complete
    record = folder.read_record()
    assert (record.scores, record.not_scored) == ({}, reason)
    assert (record.silhouette is not None) == silhouette
    assert json.loads((folder.path / "result.json").read_text())["not_scored"] == reason


def test_a_class_of_one_training_image_has_accuracies_where_others_judge(tmp_path):
    labels = np.array([0] * 40 + [1] * 38 + [2] * 2)
    record = run(tmp_path, DataConfig(name=images(tmp_path / "rare.npz", labels), fold=0, folds=2)).read_record()
    assert record.not_scored is None
    assert set(record.scores) == {"knn", "naive_bayes", "mlp", "linear"}


@pytest.mark.slow
def test_a_backbone_is_measured_without_the_probe_that_needs_more_labels(tmp_path):
    labels = [0] * 50 + [1] * 50 + [2] * 10
    data = DataConfig(name=images(tmp_path / "rare.npz", labels), fold=0)
    record = run(tmp_path, data, encoder="resnet18", width=4).read_record()
    assert record.not_scored == "accuracies need 10 images of each class to fit on; class 2 has 8"
    assert (record.scores, record.pretraining.probes) == ({}, {})
    enough = DataConfig(name=images(tmp_path / "enough.npz", [0] * 60 + [1] * 60), fold=0)
    assert run(tmp_path, enough, encoder="resnet18", width=4).read_record().scores


def test_perceptrons_stop_early_only_where_each_class_can_validate():
    # 300 rows of two classes would stop by a stratified tenth, of which a class of one row can't have a share.
    rng = np.random.default_rng(0)
    labels = np.array([0] * 299 + [1])
    scores = probe_scores(
        rng.standard_normal((300, 2)), labels, rng.standard_normal((50, 2)), labels[:50], names=["mlp"]
    )
    assert 0 <= scores["mlp"] <= 1


def test_enough_labels_need_no_reason():
    assert why_not_scored(np.array([3, 3, 5, 5]), least=2) is None
    assert (
        why_not_scored(np.array([3, 3, 5]), least=2)
        == "accuracies need 2 images of each class to fit on; class 5 has 1"
    )
