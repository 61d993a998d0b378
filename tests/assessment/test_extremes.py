"""Rounded, scaled and extremely large rows are assessed, not refused; what is refused is said in a short sentence."""

import numpy as np
import pytest
import torch

from noisedim.assessment import assess
from noisedim.errors import InvalidInputError
from noisedim.priors import SpherePrior

RNG = np.random.default_rng(0)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e77, 1e85, 1e99])
@pytest.mark.parametrize("null", ["simple", "composite"])
def test_values_up_to_1e100(scale, null):
    z = scale * np.random.default_rng(1).standard_normal((100, 3))
    assessment = assess(z, null=null, n_star=False)
    assert assessment.rejected == (null == "simple")
    assert np.isfinite([effect.estimate for effect in assessment.effects.values()]).all()
    assert assessment.to_html().count("<img") >= 3
    with pytest.raises(InvalidInputError, match=r"within ±1e\+100"):
        assess(100 * scale * z / np.abs(z).max() * 1e101 / scale)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_rounded_unit_vectors_are_on_the_sphere(dtype):
    z = torch.from_numpy(RNG.standard_normal((300, 5)))
    unit = (z / z.norm(dim=1, keepdim=True)).to(dtype)
    assert assess(unit, prior=SpherePrior(4), n_star=False).p_value > 1e-4
    # In double precision the same distance from the sphere is no rounding.
    with pytest.raises(InvalidInputError, match="norms of 1"):
        assess(1.003 * z / z.norm(dim=1, keepdim=True), prior=SpherePrior(4))
    with pytest.raises(InvalidInputError, match="norms of 1"):
        assess((1.05 * unit).to(dtype), prior=SpherePrior(4))


def test_an_ulp_above_one_is_one():
    z = RNG.random((300, 4))
    z[3, 0], z[4, 1], z[5, 2] = 1.0000000000000002, 1.0, 1.0000001
    assert assess(z, prior="uniform", n_star=False) == assess(z.clip(0, 1), prior="uniform", n_star=False)
    z[3, 0] = 1.00001
    with pytest.raises(InvalidInputError, match="1 of 300 rows are outside, the first is row 3"):
        assess(z, prior="uniform")


def test_no_message_prints_a_long_row():
    z = RNG.random((100, 384))
    z[7, 300] = 2.5
    with pytest.raises(InvalidInputError, match=r"the first is row 7: values from .* to 2\.5, norm") as caught:
        assess(z, prior="uniform")
    assert len(str(caught.value)) < 200
