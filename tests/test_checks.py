"""Messages say what was expected and what came."""

import numpy as np
import pandas as pd
import pytest
import torch

from noisedim import checks
from noisedim.errors import InvalidInputError


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "x", None, True, [1, 2]])
def test_positive_refuses(value):
    with pytest.raises(InvalidInputError, match=r"sigma must be a finite number > 0; got"):
        checks.positive("sigma", value)


@pytest.mark.parametrize("value", [0, 2.0, True, "3", None])
def test_positive_integer_refuses(value):
    with pytest.raises(InvalidInputError, match="dim must be an integer >= 1; got"):
        checks.positive_integer("dim", value)


def test_exactly_one_names_what_came():
    assert checks.exactly_one(sigma=None, capacity=2.0) == ("capacity", 2.0)
    with pytest.raises(InvalidInputError, match="exactly one of sigma, capacity must be given; got none"):
        checks.exactly_one(sigma=None, capacity=None)
    with pytest.raises(InvalidInputError, match=r"got sigma=1 and capacity=2"):
        checks.exactly_one(sigma=1, capacity=2)


def test_embedding_matrix_takes_what_holds_numbers_and_refuses_what_does_not():
    z = np.arange(6.0).reshape(3, 2)
    tensor = torch.from_numpy(z)
    readonly = z.copy()
    readonly.flags.writeable = False
    for same in (
        pd.DataFrame(z).astype("Float64"),
        pd.DataFrame(z).astype("Int64"),
        tensor.to(torch.float8_e5m2),
        torch.complex(tensor, -tensor).conj().imag,
        np.ma.masked_greater(z, 9),
        readonly,
    ):
        found = checks.embedding_matrix("z", same)
        np.testing.assert_array_equal(found, z)
        torch.from_numpy(found)  # warns of memory that can't be written
    with pytest.raises(InvalidInputError, match="1 of 3 rows hold NaN or infinity, the first is row 2"):
        checks.embedding_matrix("z", np.ma.masked_greater(z, 4))
    with pytest.raises(InvalidInputError, match="1 of 3 rows hold NaN or infinity, the first is row 2"):
        checks.embedding_matrix("z", pd.DataFrame(z).astype("Float64").mask(z > 4))
    with pytest.raises(InvalidInputError, match=r"these columns do not: who \(\w+\)"):
        checks.embedding_matrix("z", pd.DataFrame({"a": [1.0], "who": ["x"]}))
    with pytest.raises(InvalidInputError, match="rows of several lengths"):
        checks.embedding_matrix("z", [[1.0, 2.0], [3.0]])
    with pytest.raises(InvalidInputError, match="dense tensor of numbers"):
        checks.embedding_matrix("z", tensor.to_sparse())
    with pytest.raises(InvalidInputError, match="3 of 3 rows hold NaN or infinity"):
        checks.embedding_matrix("z", np.full((3, 2), np.longdouble("1e400")))


def test_embedding_matrix_counts_bad_rows():
    z = np.zeros((5, 2))
    z[3, 0], z[4, 1] = np.nan, np.inf
    with pytest.raises(InvalidInputError, match="2 of 5 rows hold NaN or infinity, the first is row 3"):
        checks.embedding_matrix("z", z)
    with pytest.raises(InvalidInputError, match="2 of 5 rows hold NaN or infinity, the first is row 3"):
        checks.embedding_tensor("z", torch.from_numpy(z))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(3), r"shape \(n, d\); got an array of shape \(3,\)"),
        (np.zeros((3, 0)), "shape"),
        (np.array([["a", "b"]]), "real numbers"),
        (np.zeros((2, 2), dtype=complex), "real numbers"),
    ],
)
def test_embedding_matrix_refuses(value, message):
    with pytest.raises(InvalidInputError, match=message):
        checks.embedding_matrix("z", value)


def test_embedding_matrix_takes_torch_and_keeps_values():
    z = torch.randn(4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    out = checks.embedding_matrix("z", z.requires_grad_())
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out, z.detach().double().numpy())
    assert checks.embedding_matrix("z", z.bfloat16()).shape == (4, 3)
