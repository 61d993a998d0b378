"""Files are written whole or not at all; unreadable ones are named."""

import errno
import json
import os
import stat

import numpy as np
import pytest

from noisedim import files
from noisedim.assessment.storage.read import read_embeddings
from noisedim.errors import InvalidInputError, StorageError


def test_failure_in_the_middle_leaves_the_old_file(tmp_path):
    target = tmp_path / "result.json"
    files.write_text_atomically(target, "old")

    def half(file):
        file.write(b"new, but only ha")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageError, match=r"result.json could not be written: the disk is full; what was there"):
        files.write_atomically(target, half)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_any_exception_removes_the_part(tmp_path):
    def broken(file):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        files.write_atomically(tmp_path / "x", broken)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="could not be written"):
        files.write_text_atomically(tmp_path / "file" / "below", "x")


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
def test_files_get_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    files.write_text_atomically(tmp_path / "ours", "x")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "ours")}
    assert len(modes) == 1


def test_json_takes_numpy_and_turns_nan_into_null(tmp_path):
    files.write_json_atomically(tmp_path / "a.json", {"b": np.float64("nan"), "a": np.arange(2), "c": np.bool_(True)})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [0, 1], "b": None, "c": True}
    assert files.read_json(tmp_path / "a.json")["b"] is None
    (tmp_path / "b.json").write_text("{")
    with pytest.raises(InvalidInputError, match="expected a JSON file"):
        files.read_json(tmp_path / "b.json")


def test_arrays(tmp_path):
    np.save(tmp_path / "z.npy", np.eye(2))
    np.testing.assert_array_equal(files.read_array(tmp_path / "z.npy"), np.eye(2))
    np.savez(tmp_path / "one.npz", anything=np.eye(3))
    assert files.read_array(tmp_path / "one.npz").shape == (3, 3)
    np.savez(tmp_path / "two.npz", a=np.eye(3), b=np.eye(2))
    with pytest.raises(InvalidInputError, match=r"called images, x or z; .* holds a, b"):
        files.read_array(tmp_path / "two.npz")
    assert files.read_array(tmp_path / "two.npz", name="b").shape == (2, 2)
    with pytest.raises(InvalidInputError, match="has no array 'c'; it has a, b"):
        files.read_array(tmp_path / "two.npz", name="c")


@pytest.mark.parametrize("name", ["missing.npy", "text.npy", "cut.npy", "cut.npz", "pickle.npy", "table.csv"])
def test_unreadable_arrays(tmp_path, name):
    path = tmp_path / name
    if name == "text.npy":
        path.write_text("1,2")
    elif name == "cut.npy":
        np.save(path, np.eye(50))
        path.write_bytes(path.read_bytes()[:500])
    elif name == "cut.npz":
        np.savez(path, z=np.eye(50))
        path.write_bytes(path.read_bytes()[:500])
    elif name == "pickle.npy":
        np.save(path, np.array([{}], dtype=object))
    elif name == "table.csv":
        path.write_text("1,2")
    with pytest.raises(InvalidInputError, match="expected an"):
        files.read_array(path)


def test_cached_arrays_are_made_once_and_anew_where_the_file_is_damaged_or_incomplete(tmp_path):
    path, made = tmp_path / "below" / "cache.npz", []

    def make():
        made.append(1)
        return {"a": np.arange(50.0), "b": np.array(["cat", "dog"])}

    for _ in range(2):
        found = files.cached_arrays(path, make, names=("a", "b"))
        np.testing.assert_array_equal(found["a"], np.arange(50.0))
        assert found["b"].tolist() == ["cat", "dog"]
    assert len(made) == 1
    sound = path.read_bytes()
    np.savez(tmp_path / "incomplete.npz", a=np.zeros(2))
    flipped = bytes([*sound[:300], sound[300] ^ 1, *sound[301:]])
    for count, damage in enumerate((b"", sound[:200], flipped, (tmp_path / "incomplete.npz").read_bytes()), start=2):
        path.write_bytes(damage)
        np.testing.assert_array_equal(files.cached_arrays(path, make, names=("a", "b"))["a"], np.arange(50.0))
        assert len(made) == count
    (tmp_path / "file").touch()  # no folder can be made below it
    assert files.cached_arrays(tmp_path / "file" / "x.npz", make)["b"].tolist() == ["cat", "dog"]


def test_errors_of_what_is_cached_are_not_hidden(tmp_path):
    def missing():
        raise FileNotFoundError("no such picture")

    with pytest.raises(FileNotFoundError, match="no such picture"):
        files.cached_arrays(tmp_path / "x.npz", missing)
    assert not (tmp_path / "x.npz").exists()


@pytest.mark.parametrize("read", [files.read_array, read_embeddings])
def test_an_array_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path, monkeypatch, read):
    monkeypatch.setattr("noisedim.files._LARGEST_UNCHECKED", 2**20)
    path = tmp_path / "zeros.npz"
    files.write_arrays_atomically(path, {"z": np.zeros((3000, 100))}, compressed=True)
    with pytest.raises(InvalidInputError, match="'z' in .* would take 2 MiB, .* times its size in the file"):
        read(path)
    measured = np.random.default_rng(0).normal(size=(3000, 100))
    files.write_arrays_atomically(path, {"z": measured}, compressed=True)
    assert (read(path) == measured).all()
    files.write_arrays_atomically(path, {"z": np.zeros((30, 100))}, compressed=True)  # small: whatever it holds
    assert read(path).shape == (30, 100)
