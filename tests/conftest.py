"""Shared by all tests."""

import pytest
import torch


@pytest.fixture
def one_thread(monkeypatch):
    """One thread here and in processes started here: another number adds up in another order, and Adam's first steps
    turn that rounding into another run."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
