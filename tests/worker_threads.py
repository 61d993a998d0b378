"""Shares the cores out among the workers of ``pytest -n``.

NumPy and PyTorch start as many threads as there are cores, in every worker. Two workers on two cores then wait for each
other inside every product of matrices: a check of Lemma B.2 takes four times the CPU time that it takes on one thread.

Loaded by ``-p`` in pyproject.toml, because this file serves tests and theory_checks alike. A number of threads in the
environment stays as it is.
"""

import os
from typing import Any

import pytest

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    # The workers inherit the environment; the libraries read it when they load.
    if not any(name in os.environ for name in VARIABLES):
        share = max(1, cores() // len(specs))
        os.environ.update(dict.fromkeys(VARIABLES, str(share)))
