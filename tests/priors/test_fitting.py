"""Fits to heavy tails say so, fits to others do not, and copies of rows do not raise a score."""

import warnings

import numpy as np
import pytest
import torch

from noisedim.cli import main
from noisedim.errors import InvalidInputError
from noisedim.priors import FlowPrior, GaussianMixturePrior
from noisedim.priors.fitting import heavy_tail, set_apart

pytest.importorskip("zuko")


def rng():
    return np.random.default_rng(0)


LIGHT = {
    "normal": lambda n: rng().standard_normal((n, 3)),
    "uniform": lambda n: rng().random((n, 2)),
    "exponential": lambda n: rng().exponential(size=(n, 2)),
    "a rare far group": lambda n: np.concatenate(
        [rng().standard_normal((n - n // 20, 2)), 8 + rng().random((n // 20, 2))]
    ),
    "few values": lambda n: rng().integers(0, 3, (n, 2)).astype(float),
}


@pytest.mark.parametrize("name", LIGHT)
@pytest.mark.parametrize("n", [50, 1000, 20000])
def test_light_tails_are_not_called_heavy(name, n):
    assert heavy_tail(LIGHT[name](n)) is None


@pytest.mark.parametrize("power", [1, 2, 3])
def test_the_power_of_a_tail(power):
    # P(|t| > r) falls as r^−ν. The estimate's relative error is √(1+ν²)/√k, and it has a bias where r is not large yet.
    tail = heavy_tail(rng().standard_t(power, (20000, 1)))
    assert tail.power == pytest.approx(power, rel=0.35)


@pytest.mark.slow
def test_a_flow_of_heavy_tails_says_so(tmp_path, capsys):
    samples = rng().standard_t(2, (2000, 2))
    with pytest.warns(UserWarning, match=r"heavy tails.*power -[12]\.\d.*density is far too small beyond"):
        FlowPrior.fit(samples, steps=20)
    with pytest.warns(UserWarning, match="heavy tails"):
        GaussianMixturePrior.fit(samples)
    # Too few rows for the power, but one that the fitted law would not make.
    samples = rng().standard_normal((100, 2))
    samples[7] = 60.0
    with pytest.warns(UserWarning, match="the farthest row lies where the fitted law expects"):
        FlowPrior.fit(samples, steps=20)
    np.save(tmp_path / "z.npy", rng().standard_t(2, (2000, 2)))
    assert main(["prior", "fit", str(tmp_path / "z.npy"), "--output", str(tmp_path / "p.json")]) == 0
    shown = capsys.readouterr()
    assert "note: the samples have heavy tails" in shown.out
    assert "Warning" not in shown.err


@pytest.mark.slow
def test_a_fit_of_light_tails_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("normal", "uniform"):
            FlowPrior.fit(LIGHT[name](500), steps=60)
            GaussianMixturePrior.fit(LIGHT[name](500))


# Few steps on few different rows: the fit is rough, and says so.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the farthest row lies where:UserWarning")
def test_copies_do_not_raise_a_score():
    points = rng().standard_normal((100, 2))
    fresh = torch.from_numpy(np.random.default_rng(1).standard_normal((5000, 2)))
    copies = np.repeat(points, 20, axis=0)
    own_law = float(torch.distributions.Normal(0.0, 1.0).log_prob(fresh).sum(1).mean())
    flow = FlowPrior.fit(copies, steps=300)
    assert (
        flow.learned["held_out_log_prob"] < own_law + 0.7
    )  # of five rows, whose mean has a standard deviation of 0.45
    _, score = GaussianMixturePrior.fit(copies, components=8)
    assert score < own_law + 0.7
    for judge, known in [set_apart(copies, rng().permutation, least=20)]:
        assert len(judge) == 200
        assert len(known) == 1800
        assert not {tuple(row) for row in judge} & {tuple(row) for row in known}
    with pytest.raises(InvalidInputError, match="at least 20 different rows; got 10 in 200"):
        FlowPrior.fit(copies[:200])


def test_rows_apart_without_copies_are_a_tenth_in_the_order_drawn():
    rows = rng().standard_normal((57, 2))
    order = np.random.default_rng(3).permutation(57)
    judge, known = set_apart(rows, np.random.default_rng(3).permutation, least=20)
    np.testing.assert_array_equal(judge, rows[order[:5]])
    np.testing.assert_array_equal(known, rows[order[5:]])
