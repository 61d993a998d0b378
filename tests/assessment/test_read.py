"""Files of embeddings: every kind gives the same matrix, and every damaged one a sentence."""

import sys

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.torch import save_file

from noisedim.assessment.storage.read import READABLE, load_embeddings, read_embeddings, read_labels
from noisedim.checks import embedding_matrix
from noisedim.errors import InvalidInputError

Z = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)


def write(path, array=Z):
    tensor, frame = torch.from_numpy(array), pd.DataFrame(array, columns=list("abc"))

    def hdf5():
        with h5py.File(path, "w") as file:
            file["train/features"], file["train/labels"] = array, np.arange(len(array))

    def in_zarr():
        group = zarr.open_group(str(path), mode="w")
        group["features"], group["labels"] = array, np.arange(len(array))

    {
        ".npy": lambda: np.save(path, array),
        ".npz": lambda: np.savez(path, z=array, labels=np.arange(len(array))),
        ".csv": lambda: frame.to_csv(path, index=False),
        ".tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        ".jsonl": lambda: frame.to_json(path, orient="records", lines=True, double_precision=15),
        ".parquet": lambda: frame.to_parquet(path),
        ".feather": lambda: frame.to_feather(path),
        ".arrow": lambda: frame.to_feather(path, compression="uncompressed"),
        ".pt": lambda: torch.save({"embeddings": tensor, "epoch": 3}, path),
        ".pth": lambda: torch.save({"features": tensor, "labels": torch.arange(len(array))}, path),
        ".safetensors": lambda: save_file({"x": tensor}, path),
        ".h5": hdf5,
        ".hdf5": hdf5,
        ".zarr": in_zarr,
    }[path.suffixes[0]]()
    return path


@pytest.mark.parametrize("kind", READABLE)
def test_kinds(kind, tmp_path):
    np.testing.assert_allclose(read_embeddings(write(tmp_path / f"z{kind}")), Z, rtol=1e-6)


@pytest.mark.parametrize("kind", READABLE)
def test_damaged_missing(kind, tmp_path):
    with pytest.raises(InvalidInputError, match="there is no"):
        read_embeddings(tmp_path / f"absent{kind}")
    (tmp_path / f"z{kind}").write_bytes(b"\xff\xfe nonsense")  # a Zarr store is a folder, so that a file is damaged
    with pytest.raises(InvalidInputError, match=r"cannot be read|expected"):
        read_embeddings(tmp_path / f"z{kind}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n3,4,5\n", "cannot be read as a CSV file: .*Expected 2 fields in line 2, saw 3"),
        ("a,b\n1,2\n3\n", "in row 2 of .*, column 'b' is empty"),
        ("a,b\n1,2,3\n", "Expected 2 fields in line 2, saw 3"),
        ("a,who\n1,x\n", "in row 1 of .*, column 'who' is 'x'"),
        ("a,b\n1,\n", "column 'b' is empty"),
        ("1,2\n" * 5000 + "3,oops\n", "in row 5001 of .*, column 1 is 'oops'"),
        ("1,2\n3,oops\n", "column 1 is 'oops'"),
        ("a,b\n", "has none"),
        ("", "has none"),
        ("0.1,,0.3\n1.5,2.5,3.5\n", "in row 1 of .*, column 1 is empty"),
        ("0.1,NA,0.3\n1.5,2.5,3.5\n", "in row 1 of .*, column 1 is 'NA'"),
        ("3,,7\n1,2,5\n", "in row 1 of .*, column 1 is empty"),
        (",0.2\n0.3,0.4\n", "in row 1 of .*, column 0 is empty"),
        ("0.1,oops\n0.3,0.4\n", "in row 1 of .*, column 1 is 'oops'"),
        ("0.1  0.2\n0.3  0.4\n", "in row 1 of .*, column 1 is empty"),
    ],
)
def test_csv(text, message, tmp_path):
    (tmp_path / "z.csv").write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        read_embeddings(tmp_path / "z.csv")


@pytest.mark.parametrize(
    "save",
    [
        pd.DataFrame.to_csv,  # with a nameless column of row numbers
        lambda frame, path: frame.to_csv(path, index=False),
        lambda frame, path: frame.to_csv(path, index=False, sep=";"),
        lambda frame, path: frame.assign(label=1).to_csv(path, index=False),
        lambda frame, path: frame.set_axis([0, 1, 2], axis=1).to_csv(path, index=False),  # a header of numbers
        lambda frame, path: frame.set_axis([0, 1, 2], axis=1).to_csv(path),
        lambda frame, path: frame.set_axis([0, 1, 2], axis=1).assign(label=1).to_csv(path, index=False),
        lambda frame, path: frame.set_axis([10, 20, 30], axis=1).to_csv(path),
        lambda frame, path: frame.set_axis([400.5, 401.0, 401.5], axis=1).to_csv(path),  # a spectrum
        lambda frame, path: frame.set_axis([400.5, 401.0, 401.5], axis=1).to_csv(path, index_label="id"),
        lambda frame, path: frame.set_axis([400.5, 401.0, 401.5], axis=1).set_axis(list("gatcnuk")).to_csv(path),
        lambda frame, path: np.savetxt(path, frame),
        lambda frame, path: np.savetxt(path, frame, delimiter="\t"),
    ],
)
def test_tables_as_others_write_them_hold_the_embedding_alone(save, tmp_path):
    save(pd.DataFrame(Z.astype(np.float64), columns=list("abc")), tmp_path / "z.csv")
    np.testing.assert_array_equal(read_embeddings(tmp_path / "z.csv"), Z)


@given(
    cells=arrays(np.float64, st.tuples(st.integers(2, 6), st.integers(2, 4)), elements=st.floats(-9, 9)),
    row=st.integers(0, 5),
    column=st.integers(0, 3),
    missing=st.sampled_from(["", "NA", "n/a", "null", "-", "what"]),
    mark=st.sampled_from([",", ";", "\t"]),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_whatever_row_lacks_a_number_is_named(cells, row, column, missing, mark, tmp_path_factory):
    path, (n, d) = tmp_path_factory.getbasetemp() / "lacking.csv", cells.shape
    row, column = row % n, column % d
    # Numbers that can be no names: none is whole.
    texts = [[f"{np.floor(value) + 0.25}" for value in own] for own in cells]
    path.write_text("\n".join(mark.join(own) for own in texts) + "\n")
    assert read_embeddings(path).shape == (n, d)
    texts[row][column] = missing
    path.write_text("\n".join(mark.join(own) for own in texts) + "\n")
    with pytest.raises(
        InvalidInputError, match=f"in row {row + 1} of .*, column {column} is {missing and repr(missing)}"
    ):
        read_embeddings(path)


def test_a_vector_is_no_name(tmp_path):
    (tmp_path / "z.csv").write_text("[0.1 0.2],cat\n[0.3 0.4],dog\n")
    found = load_embeddings(tmp_path / "z.csv")
    np.testing.assert_array_equal(found.values, [[0.1, 0.2], [0.3, 0.4]])
    assert list(found.left_out) == ["1"]


def test_numbers_of_a_table_are_rounded_as_python_rounds_them(tmp_path):
    words = ["0.1", "1e-320", "9007199254740993", "2.2250738585072011e-308", " -3.5", "nan", "inf", "1e400"]
    (tmp_path / "z.csv").write_text("\ufeffa;b\n\n" + "".join(f"{word};1\n" for word in words), encoding="utf-8")
    found = read_embeddings(tmp_path / "z.csv")
    np.testing.assert_array_equal(found[:, 0], [float(word) for word in words])
    assert found.dtype == np.float64


def test_what_a_column_is(tmp_path):
    frame = pd.DataFrame(Z.astype(np.float64), columns=list("xyw"))
    frame.assign(id=range(7))[["id", "x", "y"]].to_csv(tmp_path / "z.csv", index=False)
    np.testing.assert_array_equal(read_embeddings(tmp_path / "z.csv"), Z[:, :2])
    frame.assign(count=range(7))[["count", "x", "y"]].to_csv(tmp_path / "z.csv", index=False)
    with pytest.raises(InvalidInputError, match="column 'count' of .* counts the rows"):
        read_embeddings(tmp_path / "z.csv")
    frame.assign(id=range(7))[["id", "x", "y"]].to_csv(tmp_path / "z.csv", index=False)
    np.testing.assert_array_equal(read_embeddings(tmp_path / "z.csv", name="y"), Z[:, 1:2])
    with pytest.raises(InvalidInputError, match="no column 'q'; it has id, x, y"):
        read_embeddings(tmp_path / "z.csv", name="q")
    frame.to_csv(tmp_path / "xy.csv", index=False)  # y is a coordinate, not a label
    np.testing.assert_array_equal(read_embeddings(tmp_path / "xy.csv"), Z)


def test_parquet_columns_of_lists_and_of_nullable_numbers(tmp_path):
    path = tmp_path / "z.parquet"
    pd.DataFrame({"text": "t", "embedding": list(Z), "label": 1}).to_parquet(path)
    np.testing.assert_array_equal(read_embeddings(path), Z)
    pd.DataFrame({"a": list(Z), "b": list(2 * Z)}).to_parquet(path)
    with pytest.raises(InvalidInputError, match="one column of lists"):
        read_embeddings(path)
    np.testing.assert_array_equal(read_embeddings(path, name="b"), 2 * Z)
    pd.DataFrame({"z": [[1.0, 2.0], [3.0]]}).to_parquet(path)
    with pytest.raises(InvalidInputError, match="as many numbers in every row"):
        read_embeddings(path)
    frame = pd.DataFrame(Z).astype("Float32")
    frame.columns = list("abc")
    frame.to_parquet(path)
    np.testing.assert_array_equal(read_embeddings(path), Z)
    frame.iloc[2, 1] = pd.NA
    frame.to_parquet(path)
    assert np.isnan(read_embeddings(path)).sum() == 1


def test_tensors_without_numbers(tmp_path):
    torch.save(torch.empty(7, 3, device="meta"), tmp_path / "z.pt")
    with pytest.raises(InvalidInputError, match="dense tensor of numbers"):
        read_embeddings(tmp_path / "z.pt")


def test_eight_bit_floats(tmp_path):
    tensor = torch.from_numpy(Z).to(torch.float8_e4m3fn)
    save_file({"z": tensor}, tmp_path / "z.safetensors")
    np.testing.assert_array_equal(read_embeddings(tmp_path / "z.safetensors"), tensor.float().numpy())


def test_only_the_array_that_is_meant_is_read(tmp_path):
    np.savez(tmp_path / "z.npz", z=Z, about=np.array({"epoch": 3}, dtype=object))
    np.testing.assert_array_equal(read_embeddings(tmp_path / "z.npz"), Z)


def test_which_array(tmp_path):
    np.savez(tmp_path / "two.npz", a=Z, b=2 * Z)
    with pytest.raises(InvalidInputError, match="holds a, b"):
        read_embeddings(tmp_path / "two.npz")
    np.testing.assert_array_equal(read_embeddings(tmp_path / "two.npz", name="b"), 2 * Z)
    with pytest.raises(InvalidInputError, match="has no array 'c'; it has a, b"):
        read_embeddings(tmp_path / "two.npz", name="c")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(InvalidInputError, match="got list"):
        read_embeddings(tmp_path / "list.pt")
    with pytest.raises(InvalidInputError, match=r"expected one of .npy.*; got .*z.txt"):
        read_embeddings(tmp_path / "z.txt")


def test_nothing_is_unpickled(tmp_path):
    class Mine:
        def __reduce__(self):
            return print, ("unpickled",)

    torch.save(Mine(), tmp_path / "evil.pt")
    np.save(tmp_path / "evil.npy", np.array([Mine()], dtype=object), allow_pickle=True)
    for name in ("evil.pt", "evil.npy"):
        with pytest.raises(InvalidInputError) as caught:
            read_embeddings(tmp_path / name)
        # The libraries' own messages say how to unpickle it all the same.
        assert not any(advice in str(caught.value) for advice in ("weights_only", "allow_pickle", "unsafely"))


def test_labels(tmp_path):
    (tmp_path / "y.csv").write_text("label\n1\n0\n2\n")
    assert read_labels(tmp_path / "y.csv").tolist() == [1, 0, 2]
    for wrong in (Z, np.array([0, np.inf]), np.array([0, np.nan])):
        np.save(tmp_path / "z.npy", wrong)
        with pytest.raises(InvalidInputError, match="one column of whole numbers"):
            read_labels(tmp_path / "z.npy")


def scalar(path):
    """A file of one number, which is no row."""
    number = np.float64(3.0)

    def hdf5():
        with h5py.File(path, "w") as file:
            file["z"] = number

    {
        ".npy": lambda: np.save(path, number),
        ".npz": lambda: np.savez(path, z=number),
        ".pt": lambda: torch.save(torch.tensor(3.0), path),
        ".pth": lambda: torch.save({"z": torch.tensor(3.0)}, path),
        ".safetensors": lambda: save_file({"z": torch.tensor(3.0)}, path),
        ".h5": hdf5,
        ".zarr": lambda: zarr.open_array(str(path), mode="w", shape=(), dtype="f8"),
        ".of-records.npy": lambda: np.save(path, np.array((1.0, 2), dtype=[("a", "f8"), ("b", "i8")])),
    }["".join(path.suffixes)]()
    return path


@pytest.mark.parametrize("kind", [".npy", ".npz", ".pt", ".pth", ".safetensors", ".h5", ".zarr", ".of-records.npy"])
@pytest.mark.parametrize("read", [read_embeddings, read_labels])
def test_a_single_number_is_no_row(kind, read, tmp_path):
    with pytest.raises(InvalidInputError, match="expected rows of numbers; .* holds a single value"):
        read(scalar(tmp_path / f"z{kind}"))


def test_json_that_is_nested_deeply(tmp_path):
    for depth, message in ((100_000, "nested too deeply"), (90, "lists of numbers|as many numbers")):
        (tmp_path / "z.jsonl").write_text(("[" * depth + "1" + "]" * depth + "\n") * 3)
        with pytest.raises(InvalidInputError, match=message):
            read_embeddings(tmp_path / "z.jsonl")


def test_columns_that_are_no_numbers(tmp_path):
    pd.DataFrame({"a": [1.0], "who": ["x"]}).to_parquet(tmp_path / "z.parquet")
    with pytest.raises(InvalidInputError, match=r"these columns do not: who \(\w+\)"):
        read_embeddings(tmp_path / "z.parquet")


def in_table(path, frame):
    {".csv": lambda: frame.to_csv(path, index=False), ".parquet": lambda: frame.to_parquet(path)}[path.suffix]()
    return path


FRAME = pd.DataFrame(Z.astype(np.float64), columns=list("abc"))
SHUFFLED = np.random.default_rng(1).permutation(7)


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
@pytest.mark.parametrize("name", ["Unnamed: 0", "", "id", "image_id", "index", "target", "y", "Label", "class"])
@pytest.mark.parametrize("values", [np.arange(7), SHUFFLED, 3 * SHUFFLED + 5, list("gattaca")], ids=str)
def test_ids_and_labels_are_no_coordinates(kind, name, values, tmp_path):
    frame = pd.concat([pd.Series(values, name=name), FRAME], axis=1)
    found = load_embeddings(in_table(tmp_path / f"z{kind}", frame))
    np.testing.assert_array_equal(found.values, Z)
    assert found.used == ("a", "b", "c")
    assert list(found.left_out) == [name]
    assert f"7 rows of 3 numbers from a, b, c; left out: {name!r}" in found.words


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
def test_columns_that_only_look_like_ids_stay(kind, tmp_path):
    frame = FRAME.set_axis(["id", "index", "row"], axis=1)  # fractions
    assert load_embeddings(in_table(tmp_path / f"z{kind}", frame)).left_out == {}
    ranks = pd.DataFrame({own: np.random.default_rng(i).permutation(7) for i, own in enumerate("abc")})
    assert read_embeddings(in_table(tmp_path / f"r{kind}", ranks)).shape == (7, 3)  # several: no count of rows
    with pytest.raises(InvalidInputError, match="column 'count' of .* counts the rows"):
        read_embeddings(in_table(tmp_path / f"c{kind}", FRAME.assign(count=SHUFFLED)))


def test_a_frame_with_an_index_of_its_own(tmp_path):
    FRAME.set_axis(SHUFFLED * 2, axis=0).to_parquet(tmp_path / "z.parquet")
    np.testing.assert_array_equal(read_embeddings(tmp_path / "z.parquet"), Z)


BATCHES = [torch.from_numpy(Z[:4]), torch.from_numpy(Z[4:])]
COUNTS = [torch.arange(4), torch.arange(3)]


@pytest.mark.parametrize(
    "saved",
    [
        BATCHES,
        tuple(BATCHES),
        list(torch.from_numpy(Z)),  # one row each
        Z,
        [Z[:4], Z[4:]],
        {"features": Z, "labels": np.arange(7)},
        {"features": BATCHES, "labels": COUNTS},
        [(batch, count) for batch, count in zip(BATCHES, COUNTS, strict=True)],
        [{"features": batch, "labels": count} for batch, count in zip(BATCHES, COUNTS, strict=True)],
        {"run": "a", "out": {"z": torch.from_numpy(Z), "logits": torch.zeros(7, 10)}},
        (torch.from_numpy(Z), torch.arange(7)),
        {"backbone": torch.from_numpy(Z), "targets": torch.arange(7)},
    ],
    ids=str,
)
def test_what_torch_saves(saved, tmp_path):
    torch.save(saved, tmp_path / "z.pt")
    np.testing.assert_array_equal(read_embeddings(tmp_path / "z.pt"), Z)


def test_two_sets_of_one_name_are_asked_about(tmp_path):
    torch.save({"train": {"features": BATCHES[0]}, "test": {"features": BATCHES[1]}}, tmp_path / "z.pt")
    with pytest.raises(InvalidInputError, match=r"holds train/features, test/features; .*--name train/features"):
        read_embeddings(tmp_path / "z.pt")
    np.testing.assert_array_equal(read_embeddings(tmp_path / "z.pt", name="test/features"), Z[4:])


def test_a_message_does_not_repeat_a_damaged_name(tmp_path):
    path = tmp_path / "z.npz"
    np.savez(path, z=np.random.default_rng(0).random((100, 4)))
    content = bytearray(path.read_bytes())
    # The length of the first member's name, which then holds the array too: zipfile's error quotes it.
    assert content[26:28] == b"\x05\x00"
    content[26:28] = b"\x80\x0c"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="BadZipFile: File name in directory") as raised:
        read_embeddings(path)
    assert len(str(raised.value)) < 500 + len(str(path))
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("kind", [".npz", ".pt", ".safetensors", ".h5", ".zarr", ".parquet", ".jsonl", ".csv"])
def test_features_and_labels_in_any_container(kind, tmp_path):
    path, labels = tmp_path / f"z{kind}", np.arange(7)
    frame = pd.DataFrame({"features": list(Z), "labels": labels})
    tensors = {"features": torch.from_numpy(Z), "labels": torch.from_numpy(labels)}

    def hdf5():
        with h5py.File(path, "w") as file:
            file["features"], file["labels"] = Z, labels

    {
        ".npz": lambda: np.savez(path, features=Z, labels=labels),
        ".pt": lambda: torch.save(tensors, path),
        ".safetensors": lambda: save_file(tensors, path),
        ".h5": hdf5,
        ".zarr": lambda: write(path),
        ".parquet": lambda: frame.to_parquet(path),
        ".jsonl": lambda: frame.to_json(path, orient="records", lines=True, double_precision=15),
        ".csv": lambda: frame.assign(features=[str(row.tolist()) for row in Z]).to_csv(path, index=False),
    }[kind]()
    found = load_embeddings(path)
    np.testing.assert_allclose(found.values, Z, rtol=1e-6)
    assert (found.used, found.left_out) == (("features",), {"labels": "a label"})
    assert read_labels(path).tolist() == labels.tolist()


def test_a_column_of_vectors_in_memory(recwarn):
    frame = pd.DataFrame({"embedding": list(Z), "text": "t"})
    tables = [
        frame["embedding"],
        frame[["embedding"]],
        pa.array(list(Z)),
        pa.chunked_array([list(Z[:3]), list(Z[3:])]),
        pa.table({"z": pa.FixedSizeListArray.from_arrays(pa.array(Z.ravel()), 3)}),
        pa.table({"z": [row.tolist() for row in Z]}),
        pa.table({own: Z[:, i] for i, own in enumerate("abc")}),
        pd.DataFrame({"z": pd.Series(list(Z), dtype=pd.ArrowDtype(pa.list_(pa.float32())))}),
    ]
    for table in tables:
        np.testing.assert_array_equal(embedding_matrix("z", table).astype(np.float32), Z)
    assert not list(recwarn)
    with pytest.warns(UserWarning, match=r"z: 7 rows of 3 numbers from embedding; left out: 'text' \(not asked for\)"):
        embedding_matrix("z", frame)
    with pytest.warns(UserWarning, match=r"from a, b, c; left out: 'target' \(a label\)"):
        assert embedding_matrix("z", FRAME.assign(target=1)).shape == (7, 3)
    for ragged in (pa.array([[1.0], [1.0, 2.0]]), pd.Series([[1.0], [1.0, 2.0]])):
        with pytest.raises(InvalidInputError, match="as many numbers in every row"):
            embedding_matrix("z", ragged)
    with pytest.raises(InvalidInputError, match="1 are missing"):
        embedding_matrix("z", pa.array([[1.0], None]))
    with pytest.raises(InvalidInputError, match="z must hold real numbers"):
        embedding_matrix("z", pa.scalar(1.0))


def test_slices_of_arrow_columns():
    # A slice shares its parent's buffers, in which it begins in the middle.
    lists = pa.array([row.tolist() for row in Z])
    np.testing.assert_array_equal(embedding_matrix("z", lists[2:5]), Z[2:5])
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(Z.ravel()), 3)
    np.testing.assert_array_equal(embedding_matrix("z", fixed[2:5]), Z[2:5])


@pytest.mark.parametrize(
    ("kind", "module", "line"),
    [
        (".parquet", "pyarrow", "pip install 'noisedim[parquet]'"),
        (".feather", "pyarrow", "pip install 'noisedim[parquet]'"),
        (".h5", "h5py", "pip install 'noisedim[hdf5]'"),
        (".zarr", "zarr", "pip install 'noisedim[zarr]'"),
    ],
)
def test_a_missing_library_is_named_with_the_line_that_installs_it(kind, module, line, tmp_path, monkeypatch):
    path = write(tmp_path / f"z{kind}")
    for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InvalidInputError) as caught:
        read_embeddings(path)
    assert line in str(caught.value)


def test_an_npy_file_is_mapped(tmp_path):
    np.save(tmp_path / "z.npy", np.zeros((2000, 500), np.float16))
    found = read_embeddings(tmp_path / "z.npy")
    assert isinstance(found, np.memmap)
    assert found.dtype == np.float16
    structured = np.zeros(7, dtype=[("id", "i8"), ("a", "f4"), ("b", "f4")])
    structured["a"], structured["b"] = Z[:, 0], Z[:, 1]
    np.save(tmp_path / "s.npy", structured)
    np.testing.assert_array_equal(read_embeddings(tmp_path / "s.npy"), Z[:, :2])


def test_no_message_holds_a_row_of_numbers(tmp_path):
    row = str(list(range(384)))
    (tmp_path / "z.csv").write_text(f'a,z\n1,"{row}"\n1,"{row[:-1]}, oops]"\n')
    with pytest.raises(
        InvalidInputError, match="expected a list of 384 numbers; in row 2 of .*, column 'z' is"
    ) as caught:
        read_embeddings(tmp_path / "z.csv")
    assert len(str(caught.value).replace(str(tmp_path), "")) < 150
    pd.DataFrame(np.zeros((7, 384))).astype(str).to_csv(tmp_path / "w.csv", index=False)
    with pytest.raises(InvalidInputError) as caught:
        read_embeddings(tmp_path / "w.csv", name="none")
    assert len(str(caught.value).replace(str(tmp_path), "")) < 150
