"""Embeddings written to files are read back unchanged, by noisedim and by other libraries."""

import numpy as np
import pandas as pd
import pytest

from noisedim.assessment.storage.read import read_embeddings, read_labels
from noisedim.assessment.storage.write import WRITABLE, write_embeddings
from noisedim.errors import InvalidInputError, StorageError

RNG = np.random.default_rng(0)
Z = RNG.standard_normal((50, 12)).astype(np.float32)
LABELS = RNG.integers(0, 10, 50)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", WRITABLE)
@pytest.mark.parametrize("labels", [None, LABELS], ids=["without labels", "with labels"])
def test_what_is_written_is_read_back(tmp_path, kind, labels, dtype):
    path = tmp_path / f"z{kind}"
    z = RNG.standard_normal((50, 12)).astype(dtype)
    write_embeddings(path, z, labels)
    found = read_embeddings(path)
    assert np.array_equal(found.astype(dtype), z)
    assert found.shape == (50, 12)
    if labels is not None and kind != ".npy":
        assert np.array_equal(read_labels(path), labels)


def test_tables_have_names_that_others_read(tmp_path):
    for kind, read in ((".csv", pd.read_csv), (".parquet", pd.read_parquet)):
        write_embeddings(tmp_path / f"z{kind}", Z, LABELS)
        frame = read(tmp_path / f"z{kind}")
        assert list(frame.columns) == [*(f"z{i}" for i in range(12)), "label"]
        np.testing.assert_array_equal(frame["label"], LABELS)
        np.testing.assert_array_equal(frame["z11"].astype(np.float32), Z[:, 11])
    write_embeddings(tmp_path / "z.npz", Z, LABELS)
    with np.load(tmp_path / "z.npz") as archive:
        assert sorted(archive.files) == ["labels", "z"]


def test_a_table_without_such_names_is_taken_whole(tmp_path):
    pd.DataFrame(Z[:, :3], columns=["a", "b", "zebra"]).to_parquet(tmp_path / "t.parquet")
    assert read_embeddings(tmp_path / "t.parquet").shape == (50, 3)
    pd.DataFrame({"z0": Z[:, 0], "z1": Z[:, 1], "zone": Z[:, 2]}).to_csv(tmp_path / "t.csv", index=False)
    assert np.array_equal(read_embeddings(tmp_path / "t.csv").astype(np.float32), Z[:, :2])


def test_bad_places(tmp_path):
    with pytest.raises(
        InvalidInputError, match=r"--output must be one of \.npy, \.npz, \.csv, \.parquet; got .*z\.txt"
    ):
        write_embeddings(tmp_path / "z.txt", Z)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="could not be written"):
        write_embeddings(tmp_path / "file" / "z.npy", Z)
