"""What is no prior is refused with the reason, from Python and from files."""

import json
import math

import numpy as np
import pytest
import torch
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.priors import (
    BallPrior,
    BoxPrior,
    FlowPrior,
    FullGaussianPrior,
    GaussianMixturePrior,
    GaussianPrior,
    ProductPrior,
    SpherePrior,
    as_prior,
    load_prior,
    prior_from_spec,
    prior_reference,
)

UNIT = [[1.0, 0.0], [0.0, 1.0]]


class _WithAnAtom(stats.rv_continuous):
    """Half of it at 0, half of it uniform on [0, 1]: its distribution function jumps."""

    def _cdf(self, x):
        return 0.5 + 0.5 * x

    def _ppf(self, q):
        return np.maximum(2 * q - 1, 0)

    def _pdf(self, x):
        return 0.5 + 0 * x


BAD = {
    "discrete": (
        lambda: ProductPrior([stats.poisson(3.0)]),
        r"absolutely continuous.*got a discrete law, poisson\(3.0\)",
    ),
    "discrete family": (lambda: ProductPrior([stats.poisson]), "got a discrete law, poisson"),
    "not frozen": (lambda: ProductPrior([stats.gamma]), r"must be frozen.*got 'gamma'"),
    "not a law": (lambda: ProductPrior(["gamma"]), "must be a frozen law of scipy.stats; got str"),
    "many in one": (lambda: ProductPrior([stats.norm([0.0, 1.0], 1.0)]), "one number a parameter"),
    "multivariate": (lambda: ProductPrior([stats.multivariate_normal([0, 0])]), "must be a frozen law"),
    "no law": (lambda: ProductPrior([]), "dim must be an integer >= 1"),
    "not a list": (lambda: ProductPrior(stats.norm()), "a list of frozen laws"),
    "out of range": (lambda: ProductPrior([stats.gamma(-2.0)]), r"parameters of law 0 are out of range: gamma\(-2.0\)"),
    "no width": (lambda: ProductPrior([stats.norm(0.0, 0.0)]), "out of range"),
    "an atom": (lambda: ProductPrior([_WithAnAtom(a=0, b=1, name="atom")()]), "continuous, increasing distribution"),
    "singular covariance": (lambda: FullGaussianPrior([0, 0], [[1, 1], [1, 1]]), "singular: its law has no density"),
    "no covariance": (lambda: FullGaussianPrior([0, 0], [[1, 2], [2, 1]]), "not positive definite"),
    "asymmetric": (lambda: FullGaussianPrior([0, 0], [[1, 0.5], [0.1, 1]]), "must be symmetric"),
    "a constant": (lambda: FullGaussianPrior([0, 0], [[1, 0], [0, 0]]), "variances > 0"),
    "shapes": (lambda: FullGaussianPrior([0, 0, 0], UNIT), r"must match; got \(3,\) and \(2, 2\)"),
    "nan": (lambda: FullGaussianPrior([math.nan, 0], UNIT), "with NaN or infinity"),
    "unbounded box": (lambda: BoxPrior([0.0], [math.inf]), "finite real numbers"),
    "empty box": (lambda: BoxPrior([0.0, 1.0], [1.0, 1.0]), "low < high in every coordinate"),
    "radius": (lambda: BallPrior(2, radius=-1.0), "radius must be a finite number > 0"),
    "no dimension": (lambda: SpherePrior(0), "dim must be an integer >= 1"),
    "weights": (lambda: GaussianMixturePrior([1, 0], [[0.0], [1.0]], [[[1.0]], [[1.0]]]), "weights must be > 0"),
    "component": (lambda: GaussianMixturePrior([1], [[0.0, 0.0]], [[[1, 1], [1, 1]]]), "covariance 0 must be positive"),
    "mixture shapes": (lambda: GaussianMixturePrior([1], [[0.0]], [UNIT]), "must match"),
    "flow of a constant": (lambda: FlowPrior.fit(np.ones((50, 2))), "must vary in every coordinate"),
    "flow of nothing": (lambda: FlowPrior.fit(np.ones((5, 2))), "at least 20 rows"),
    "density off its support": (
        lambda: FlowPrior.fit_density(
            lambda x: torch.where(x[:, 0] > 0, 0.0, -math.inf), mean=[0.0], scale=[1.0], steps=1
        ),
        "log_density must be finite",
    ),
    "a radius that overflows": (lambda: BallPrior(2, radius=1e308), r"values within ±1e\+30.*got values of 1e\+308"),
    "a radius that vanishes": (lambda: SpherePrior(2, radius=1e-320), r"widths from 1e-30.*widths from 1e-320"),
    "a far mean": (lambda: FullGaussianPrior([1e100, 0.0], UNIT), r"values within ±1e\+30"),
    "a mean without digits": (lambda: FullGaussianPrior([1e12, 0.0], UNIT), "float64 tells apart.*1e.12 widths"),
    "a vanishing covariance": (lambda: FullGaussianPrior([0.0], [[1e-301]]), "widths from 1e-30"),
    "a vanishing component": (
        lambda: GaussianMixturePrior([1, 1], [[0.0], [0.0]], [[[1.0]], [[1e-301]]]),
        "widths from 1e-30",
    ),
    "components too far apart": (
        lambda: GaussianMixturePrior([1, 1], [[0.0], [1e12]], [[[1.0]], [[1e20]]]),
        "float64 tells apart",
    ),
    "a thin box": (lambda: BoxPrior([1e12], [1e12 + 1]), "float64 tells apart"),
    "a huge box": (lambda: BoxPrior([-1e308], [1e308]), "values within"),
    "a slow law": (lambda: ProductPrior([stats.ncx2(1e9, 1e9)]), "fast to compute; 13 quantiles and densities of ncx2"),
    "a law whose density overflows": (lambda: ProductPrior([stats.beta(1e-3, 1e-3)]), "must have a"),
    "a far law": (lambda: ProductPrior([stats.cauchy(0, 1e200)]), "values within"),
    "rows of another length": (lambda: BallPrior(2).to_normal(torch.zeros(3, 3)), r"tensors of shape \(n, 2\)"),
    "integers": (lambda: BallPrior(2).to_normal(torch.zeros(3, 2, dtype=torch.int64)), "floating-point"),
    "flow not saved": (
        lambda: prior_reference(FlowPrior.fit(np.random.default_rng(0).random((30, 1)), steps=1)),
        "save",
    ),
    "another dimension": (lambda: as_prior(BallPrior(3), 2), r"of dimension 2; got BallPrior\(dim=3"),
    "a name alone": (lambda: as_prior("normal"), "needs a dimension"),
    "an unknown name": (lambda: as_prior("cauchy", 2), "a prior file"),
    "not JSON": (lambda: as_prior("{", 2), "must be JSON"),
    "nested too deeply": (lambda: as_prior('{"a":' * 100_000, 2), "nested too deeply"),
    "json for a flow": (lambda: GaussianPrior(2).save("x.safetensors"), "saved as a .json file"),
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:the farthest row lies where:UserWarning")  # of a flow of one step
# A law counts as slow when its functions have taken seconds.
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.slow] if case == "a slow law" else []) for case in BAD]
)
def test_refused_with_the_reason(case):
    make, message = BAD[case]
    with pytest.raises(InvalidInputError, match=message):
        make()


def test_a_law_is_refused_by_the_time_of_all_its_functions_together(monkeypatch):
    # Of a law whose whole grid takes seconds, on any machine longer than this.
    monkeypatch.setattr("noisedim.priors.product._MOST_SECONDS", 0.05)
    with pytest.raises(InvalidInputError, match="fast to compute"):
        ProductPrior([stats.studentized_range(3, 10)])
    ProductPrior([stats.norm()])


SPECS = {
    "no name": ({"dim": 2}, "its name in the field 'prior'"),
    "another name": ({"prior": "poisson", "dim": 2}, "must be one of 'normal'"),
    "missing": ({"prior": "gaussian", "mean": [0.0]}, "missing covariance"),
    "unknown": ({"prior": "ball", "dim": 2, "diameter": 2.0}, "unknown diameter"),
    "version": (
        {"prior": "ball", "dim": 2, "format": "noisedim-prior-9"},
        "expected a prior of format noisedim-prior-1",
    ),
    "discrete": ({"prior": "product", "laws": [{"name": "poisson", "args": [1.0]}]}, "the discrete law 'poisson'"),
    "no law": ({"prior": "product", "laws": [{"name": "os", "args": []}]}, "continuous law of scipy.stats; got 'os'"),
    "not a law": ({"prior": "product", "laws": ["gamma"]}, "an object with name, args and kwds"),
    "no laws": ({"prior": "product", "laws": 3}, "laws must be a list"),
    "text": ({"prior": "product", "laws": [{"name": "gamma", "args": ["2"]}]}, "must be numbers within .*; got '2'"),
    "a long name": (
        {"prior": "product", "laws": [{"name": "gamma", "kwds": {"x" * 3000: 1.0}}]},
        "do not fit gamma.*xxx",
    ),
    "too many": ({"prior": "product", "laws": [{"name": "gamma", "args": [1, 2, 3, 4]}]}, "do not fit gamma"),
    "whole": ({"prior": "ball", "dim": 2.5}, "dim must be an integer"),
    "list": ([1], "must be an object"),
}


@pytest.mark.parametrize("case", SPECS)
def test_files_that_describe_no_prior(case, tmp_path):
    content, message = SPECS[case]
    path = tmp_path / "prior.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidInputError, match=message) as raised:
        load_prior(path)
    assert "prior.json" in str(raised.value)
    assert len(str(raised.value)) < 1000
    with pytest.raises(InvalidInputError, match=message):
        prior_from_spec(content)


def test_damaged_and_foreign_flow_files(tmp_path):
    from safetensors.torch import save_file

    flow = FlowPrior.fit(np.random.default_rng(0).standard_normal((40, 2)), steps=2)
    path = tmp_path / "flow.safetensors"
    flow.save(path)
    reference = flow.reference()
    assert load_prior(path).learned["from"] == "samples"
    (tmp_path / "cut.safetensors").write_bytes(path.read_bytes()[:500])
    save_file({"x": torch.zeros(2)}, tmp_path / "other.safetensors")
    save_file({"x": torch.zeros(2)}, tmp_path / "empty.safetensors", {"format": "noisedim-prior-1", "prior": "flow"})
    for name, message in (
        ("cut", "is damaged"),
        ("other", "expected a flow of format noisedim-prior-1"),
        ("empty", "does not hold the tensors"),
        ("none", "there is no"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            load_prior(tmp_path / f"{name}.safetensors")
    with pytest.raises(InvalidInputError, match=r"ends in .json or .safetensors"):
        load_prior(tmp_path / "prior.pkl")
    # Another flow under the same name is noticed.
    FlowPrior.fit(np.random.default_rng(1).standard_normal((40, 2)), steps=2).save(path)
    with pytest.raises(InvalidInputError, match="now holds another one"):
        prior_from_spec(reference)
    with pytest.raises(InvalidInputError, match=r"saved as a .safetensors file"):
        flow.save(tmp_path / "flow.json")


@pytest.mark.slow
def test_flow_learns_samples_and_densities():
    rng = np.random.default_rng(0)
    samples = np.stack([rng.gamma(3.0, size=2000), rng.standard_normal(2000)], 1)
    flow = FlowPrior.fit(samples, steps=150)
    # log-density of the truth, averaged over it; the standardised normal of the same moments is behind.
    truth = float((stats.gamma(3.0).logpdf(samples[:, 0]) + stats.norm.logpdf(samples[:, 1])).mean())
    normal = float(stats.norm(3.0, math.sqrt(3)).logpdf(samples[:, 0]).mean() + stats.norm.logpdf(samples[:, 1]).mean())
    assert normal < flow.learned["held_out_log_prob"] < truth + 0.3

    def banana(x):
        return -(x[:, 0] ** 2) / 2 - (x[:, 1] - x[:, 0] ** 2) ** 2 / 2

    learned = FlowPrior.fit_density(banana, mean=[0.0, 1.0], scale=[1.0, 1.7], steps=100, batch_size=256)
    assert learned.learned["effective_share"] > 0.5
