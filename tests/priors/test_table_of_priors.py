"""A prior is one file and one line of the table: all else follows from it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import noisedim
from noisedim.citations import BIBTEX
from noisedim.priors import PRIOR_NAMES, PRIORS, BoxPrior, GaussianPrior, UniformPrior, make_prior
from noisedim.priors.mapping import mapped_to_normal

A_FILE = '''
"""The exponential of normal variables."""

from noisedim.priors.mapped import MappedPrior
from noisedim.priors.special import standard_normal_log_prob


class LogNormalPrior(MappedPrior):
    name = "log-normal"
    optional_fields = ("scale",)
    support_words = "positive values"

    def __init__(self, dim, *, scale=1.0):
        super().__init__(dim)
        self.scale = scale

    @property
    def law(self):
        return "the log-normal law"

    def outside(self, z):
        return ~(z > 0).all(1)

    def _to_normal(self, z):
        return z.log() / self.scale

    def _from_normal(self, z):
        return (self.scale * z).exp()

    def _log_prob(self, z):
        return standard_normal_log_prob(self._to_normal(z)) - (self.scale * z).log().sum(1)

    def spec(self):
        return {"prior": self.name, "dim": self.dim, "scale": self.scale}
'''

WHAT_FOLLOWS = """
import json
import numpy as np, torch
import log_normal
from noisedim.priors import PRIORS
PRIORS[log_normal.LogNormalPrior.name] = log_normal.LogNormalPrior  # the one line

from pathlib import Path
from noisedim.assessment import assess
from noisedim.priors import load_prior, prior_from_spec
from noisedim.training import TrainConfig, embed, train

torch.set_num_threads(1)
prior = log_normal.LogNormalPrior(2, scale=0.5)
prior.save("prior.json")
assert load_prior("prior.json") == prior
config = TrainConfig(steps=5, batch_size=16, prior="prior.json")
assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))).build_prior() == prior
images = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0))
z = embed(train(config, images, device="cpu").model, images)
assert bool((z > 0).all())
draws = prior.sample(200, generator=torch.Generator().manual_seed(1), dtype=torch.float64).numpy()
assessment = assess(draws, prior=prior, n_star=False)
assert assessment.is_mapped and assessment.prior == "log-normal"
print("all follow")
"""


@pytest.mark.slow
def test_a_prior_is_one_file_and_one_line(tmp_path):
    (tmp_path / "log_normal.py").write_text(A_FILE)
    root = str(Path(noisedim.__file__).parents[1])
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {root!r}]\n{WHAT_FOLLOWS}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("all follow\n")


def test_priors_are_known_by_their_own_names():
    assert PRIOR_NAMES == ("normal", "uniform")
    for name, law in PRIORS.items():
        assert law.name == name
        assert set(law.references) <= set(BIBTEX)
        assert law.is_standard_normal == (law is GaussianPrior)
    assert make_prior("uniform", 3, squash="clip") == UniformPrior(3, squash="clip")


def test_values_rounded_to_the_edge_are_tested_as_what_rounds_there():
    z = np.array([[0.0, 0.5], [0.25, 1.0]])
    points, cube = mapped_to_normal(UniformPrior(2), z)
    assert np.array_equal(cube, z)
    assert np.isfinite(points).all()
    assert np.abs(points).max() < 4  # eight binary digits hold all of z: the edge is 2⁻¹⁰ away, not 2⁻⁵⁴
    box = BoxPrior([0.0, 0.0], [2.0, 4.0])
    _, cube = mapped_to_normal(box, z)
    np.testing.assert_allclose(cube, z / [2.0, 4.0])
    assert mapped_to_normal(GaussianPrior(2), z) == (pytest.approx(z), None)


@pytest.mark.parametrize("level", [0.1, 1.0])
def test_divergence_of_noise_around_a_point_by_sampling(level):
    """Independent of the formula: KL(N(x, s²I) ‖ N(0, (1+s²)I)) as PyTorch has it, averaged over x."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(50, 3, generator=generator, dtype=torch.float64)
    around = torch.distributions.Normal(x, level)
    noisy = torch.distributions.Normal(torch.zeros_like(x), (1 + level**2) ** 0.5)
    expected = torch.distributions.kl_divergence(around, noisy).sum(1).mean().item()
    found = GaussianPrior(3).noise_divergence(level, x.square().sum(1).mean().item())
    assert found == pytest.approx(expected, rel=1e-12)
