"""Shared by the tests of the report: records of encoders that never ran."""

from dataclasses import replace

import pytest

from noisedim.report.records import EncoderRecord

_USUAL = EncoderRecord(
    seed=0,
    measures={},
    prior="normal",
    squash=None,
    dim=2,
    objective="dual",
    level=0.3,
    capacity=1.0,
    n=360,
    measured_on="held-out",
    p_value=0.5,
    rejected=False,
    p_henze_zirkler=0.5,
    d2=0.001,
    sliced_w2=0.03,
    train_seconds=1.0,
)


@pytest.fixture(scope="session")
def encoder_record():
    """``encoder_record(seed, knn=0.9, rejected=True)``: a record with these measures and fields."""

    def make(seed=0, **changes):
        fields = {name: changes.pop(name) for name in list(changes) if hasattr(_USUAL, name)}
        return replace(_USUAL, seed=seed, measures=changes, **fields)

    return make
