"""Files of embeddings: every kind gives the same matrix, and every damaged one a sentence."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from noisedim.assessment.read import READABLE, read_embeddings, read_labels
from noisedim.errors import InvalidInputError

Z = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)


def write(path, array=Z):
    tensor = torch.from_numpy(array)
    {
        ".npy": lambda: np.save(path, array),
        ".npz": lambda: np.savez(path, z=array, labels=np.arange(len(array))),
        ".csv": lambda: pd.DataFrame(array, columns=list("abc")).to_csv(path, index=False),
        ".parquet": lambda: pd.DataFrame(array, columns=list("abc")).to_parquet(path),
        ".pt": lambda: torch.save({"embeddings": tensor, "epoch": 3}, path),
        ".safetensors": lambda: save_file({"x": tensor}, path),
    }[path.suffix]()
    return path


@pytest.mark.parametrize("kind", READABLE)
def test_kinds(kind, tmp_path):
    np.testing.assert_allclose(read_embeddings(write(tmp_path / f"z{kind}")), Z, rtol=1e-6)


@pytest.mark.parametrize("kind", READABLE)
def test_damaged_missing(kind, tmp_path):
    with pytest.raises(InvalidInputError, match="there is no"):
        read_embeddings(tmp_path / f"absent{kind}")
    (tmp_path / f"z{kind}").write_bytes(b"\xff\xfe nonsense")
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
        lambda frame, path: np.savetxt(path, frame),
        lambda frame, path: np.savetxt(path, frame, delimiter="\t"),
    ],
)
def test_tables_as_others_write_them_hold_the_embedding_alone(save, tmp_path):
    save(pd.DataFrame(Z.astype(np.float64), columns=list("abc")), tmp_path / "z.csv")
    np.testing.assert_array_equal(read_embeddings(tmp_path / "z.csv"), Z)


def test_numbers_of_a_table_are_rounded_as_python_rounds_them(tmp_path):
    words = ["0.1", "1e-320", "9007199254740993", "2.2250738585072011e-308", " -3.5", "nan", "inf", "1e400"]
    (tmp_path / "z.csv").write_text("\ufeffa;b\n\n" + "".join(f"{word};1\n" for word in words), encoding="utf-8")
    found = read_embeddings(tmp_path / "z.csv")
    np.testing.assert_array_equal(found[:, 0], [float(word) for word in words])
    assert found.dtype == np.float64


def test_what_a_column_is(tmp_path):
    frame = pd.DataFrame(Z.astype(np.float64), columns=list("xyw"))
    frame.assign(id=range(7))[["id", "x", "y"]].to_csv(tmp_path / "z.csv", index=False)
    with pytest.raises(InvalidInputError, match="column 'id' of .* counts the rows"):
        read_embeddings(tmp_path / "z.csv")
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


def test_columns_that_are_no_numbers(tmp_path):
    pd.DataFrame({"a": [1.0], "who": ["x"]}).to_parquet(tmp_path / "z.parquet")
    with pytest.raises(InvalidInputError, match=r"these columns do not: who \(\w+\)"):
        read_embeddings(tmp_path / "z.parquet")
