"""Files of embeddings: every kind gives the same matrix, and every damaged one a sentence."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from noisedim.errors import InvalidInputError
from noisedim.evaluation.inputs import READABLE, read_embeddings, read_labels

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
        ("1,2\n3,4,5\n", "expected 2 fields in every row .* line 2 has 3"),
        ("a,b\n1,2\n3\n", "line 3 has 1"),
        ("a,who\n1,x\n", "in line 2 of .*, column 'who' is 'x'"),
        ("a,b\n1,\n", "column 'b' is empty"),
        ("1,2\n3,oops\n", "column 1 is 'oops'"),
        ("a,b\n", "has none"),
        ("", "has none"),
    ],
)
def test_csv(text, message, tmp_path):
    (tmp_path / "z.csv").write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        read_embeddings(tmp_path / "z.csv")


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
        with pytest.raises(InvalidInputError):
            read_embeddings(tmp_path / name)


def test_labels(tmp_path):
    (tmp_path / "y.csv").write_text("label\n1\n0\n2\n")
    assert read_labels(tmp_path / "y.csv").tolist() == [1, 0, 2]
    with pytest.raises(InvalidInputError, match="one column of whole numbers"):
        read_labels(write(tmp_path / "z.npy"))


def test_columns_that_are_no_numbers(tmp_path):
    pd.DataFrame({"a": [1.0], "who": ["x"]}).to_parquet(tmp_path / "z.parquet")
    with pytest.raises(InvalidInputError, match="column 'who'"):
        read_embeddings(tmp_path / "z.parquet")
