"""Packed runs: what was stored comes back as readers see it, equal runs give equal bytes, damage is one clear error."""

import json

import numpy as np
import pytest

from noisedim.errors import InvalidInputError
from noisedim.runs import RunStore, make_run
from noisedim.runs.packed import MOST_ROWS, read_packed, write_packed
from noisedim.training import DataConfig, TrainConfig

TINY = TrainConfig(steps=4, batch_size=32, data=DataConfig(limit=200, fold=0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_run(TINY, RunStore(tmp_path_factory.mktemp("runs")), device="cpu")


def test_a_packed_run_reads_as_its_folder_does(folder, tmp_path):
    path = tmp_path / "runs.npz"
    write_packed(path, [folder])
    packed = RunStore(tmp_path / "nowhere", [path, tmp_path / "not-there.npz"]).find(TINY)
    assert packed.is_complete
    assert packed.read_record() == folder.read_record()
    assert packed.read_environment() == folder.read_environment()
    logged, wanted = packed.read_metrics(), folder.read_metrics()
    assert [list(row) for row in logged] == [list(row) for row in wanted]
    for row, other in zip(logged, wanted, strict=True):
        assert row == pytest.approx(other, rel=1e-5, nan_ok=True)
    arrays, own = packed.read_embeddings(), folder.read_embeddings()
    assert arrays.keys() == own.keys()
    np.testing.assert_allclose(arrays["z"], own["z"], rtol=2**-10, atol=1e-6)
    assert arrays["z"].dtype == np.float64
    np.testing.assert_array_equal(arrays["labels"], own["labels"])
    np.testing.assert_array_equal(arrays["trained_on"], own["trained_on"])
    with pytest.raises(InvalidInputError, match="holds no samples of run"):
        packed.read_samples()


def test_a_complete_folder_is_read_before_its_record(folder, tmp_path):
    path = tmp_path / "runs.npz"
    write_packed(path, [folder])
    assert RunStore(folder.path.parent, [path]).find(TINY).path == folder.path
    other = TrainConfig(steps=5, batch_size=32, data=TINY.data)
    assert not RunStore(tmp_path / "nowhere", [path]).find(other).is_complete


def test_equal_runs_give_equal_bytes(folder, tmp_path):
    for name in ("a", "b"):
        write_packed(tmp_path / name, [folder])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_many_rows_are_thinned_alike(folder, tmp_path, monkeypatch):
    count = 3 * MOST_ROWS
    long = {"z": np.arange(count)[:, None] / count, "labels": np.arange(count) % 7, "trained_on": np.arange(count) > 9}
    monkeypatch.setattr(type(folder), "read_embeddings", lambda self: long)
    write_packed(tmp_path / "runs.npz", [folder])
    monkeypatch.undo()
    arrays = RunStore(tmp_path, [tmp_path / "runs.npz"]).find(TINY).read_embeddings()
    assert {len(array) for array in arrays.values()} == {MOST_ROWS}
    rows = np.linspace(0, count - 1, MOST_ROWS).round()
    np.testing.assert_array_equal(arrays["labels"], rows % 7)
    np.testing.assert_allclose(arrays["z"][:, 0], rows / count, atol=1e-3)


def archive(path, content):
    with path.open("wb") as file:
        np.savez(file, runs=np.frombuffer(content.encode(), dtype=np.uint8))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "Expecting property name"),
        (json.dumps({"schema": 2, "runs": {}}), "this version reads layouts 1 to 1"),
        (json.dumps({"schema": 1, "runs": {"a": {"config": {}}}}), "the field 'environment' is missing"),
    ],
)
def test_damaged_content_is_refused(tmp_path, content, words):
    archive(tmp_path / "runs.npz", content)
    with pytest.raises(InvalidInputError, match=words):
        read_packed(tmp_path / "runs.npz")


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "runs.npz").write_bytes(b"PK\x03\x04 and nothing else")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_packed(tmp_path / "runs.npz")
