"""An assessment on one screen: verdict, three tests, three effects, where more is; names whole, lines short."""

import html
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import noisedim
from noisedim.assessment import assess
from noisedim.assessment.summary import summary, telling_effects, telling_tests
from noisedim.assessment.table import print_assessment
from noisedim.normality.neighbours import neighbour_divergence
from noisedim.priors import PRIORS
from noisedim.priors.directional.interface import UnitSpherePrior
from noisedim.priors.mapped import MappedPrior

Z = np.random.default_rng(0).standard_normal((200, 5))


@pytest.fixture(scope="module")
def shifted():
    return assess(Z + 1, n_star=False)


@pytest.mark.parametrize("z", [Z, Z + 1, Z[:, :1]], ids=["prior", "shifted", "one coordinate"])
def test_it_fits_a_screen_and_cuts_no_name(z):
    assessment = assess(z)
    text = assessment.summary()
    assert str(assessment) == text
    lines = text.splitlines()
    assert len(lines) <= 20
    assert max(map(len, lines)) <= 80
    assert ("DEPARTS" in lines[0]) == assessment.rejected
    for name in [result.name for result in telling_tests(assessment)] + telling_effects(assessment):
        assert name in text.split()
    assert f"noisedim {noisedim.__version__}, seed 0" in text
    assert not any(line.endswith(" =") for line in lines)


def test_the_most_telling_come_first(shifted):
    adjusted = [result.adjusted_p_value for result in telling_tests(shifted)]
    assert adjusted == sorted(result.adjusted_p_value for result in shifted.results)[:3]
    pointed = {result.effect for result in telling_tests(shifted)} - {None}
    assert pointed <= set(telling_effects(shifted))


@pytest.mark.slow
def test_every_view_shows_sizes_as_differences_to_the_prior(shifted, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    print_assessment(shifted)
    rank, told = shifted.differences["effective_rank"], json.loads(shifted.to_json())["differences"]
    assert rank.upper == shifted.effects["effective_rank"].upper - 5
    assert told["effective_rank"] == {"estimate": rank.estimate, "lower": rank.lower, "upper": rank.upper}
    assert told.keys() == shifted.effects.keys()
    for view in (capsys.readouterr().out, shifted.summary(), shifted.to_html(), shifted._repr_html_()):
        page = html.unescape(view)
        assert "minus the prior's [95%]" in page
        assert str(rank) in page or "effective_rank" not in page
        assert ", the prior's 5" in page or "effective_rank" not in page


def test_a_notebook_and_a_prompt_show_as_much(shifted):
    page = shifted._repr_html_()
    assert "DEPARTS from N(0, I)" in page
    assert page.count("<table>") == 2
    assert len(repr(shifted)) < 300
    assert "\n" not in repr(shifted)


class LogNormal(MappedPrior):
    """A law of the user's own, which is not in the table of priors."""

    name = "log-normal"

    @property
    def law(self):
        return "the log-normal law"

    def _to_normal(self, z):
        return z.log()

    def _from_normal(self, z):
        return z.exp()

    def _log_prob(self, z):
        raise NotImplementedError

    def spec(self):
        return {"prior": self.name, "dim": self.dim}


@pytest.mark.parametrize("prior", [LogNormal(5), UnitSpherePrior(5)], ids=["of the user's own", "of a channel"])
def test_a_prior_outside_the_table_has_every_view(prior, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    assert prior.name not in PRIORS
    normal = assess(Z, n_star=False)
    mapped = assess(prior.from_normal(torch.from_numpy(Z)), prior=prior, n_star=False)
    assert (mapped.is_mapped, normal.is_mapped) == (True, False)
    # The same rows once they are mapped back, so the same answer, about another law.
    assert mapped.p_value == pytest.approx(normal.p_value, rel=1e-6)
    print_assessment(mapped)
    for view in (capsys.readouterr().out, mapped.summary(), mapped._repr_html_(), mapped.to_html(), repr(mapped)):
        assert prior.law in " ".join(html.unescape(view).split())


@pytest.mark.slow
def test_where_it_was_made_is_recorded_and_not_compared(shifted):
    made = replace(shifted.made, file="a<b>.npy", used=("z",), left_out={"y": "a label"}, rows="20 of 30 rows")
    other = replace(shifted, made=made)
    assert other == shifted
    told = json.loads(other.to_json())["made"]
    assert (told["file"], told["seed"], told["left_out"]) == ("a<b>.npy", 0, {"y": "a label"})
    assert told["version"] == noisedim.__version__
    assert "a<b>.npy, 20 of 30 rows, " in summary(other)
    page = other.to_html()
    assert "a&lt;b&gt;.npy" in page
    assert "Left out: y (a label)" in page


@pytest.mark.parametrize("columns", ["80", "140"])
def test_no_terminal_cuts_names_in_the_whole_table(shifted, columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    print_assessment(shifted)
    said = capsys.readouterr().out
    for name in [*(result.name for result in shifted.results), *shifted.effects]:
        assert name in said.replace("│", " ").replace("┃", " ").split()


def test_the_difference_of_neighbours_holds_the_noise_of_both():
    """The value at the prior is a mean of four samples: an interval of the estimate's own noise is too short."""
    template, covered, narrow = assess(Z, n_star=False, budget=1e-9), 0, 0
    for seed in range(40):
        own = neighbour_divergence(np.random.default_rng([seed, 7]).standard_normal(Z.shape))
        difference = replace(template, effects={"knn_kl": own}).differences["knn_kl"]
        assert difference.upper - difference.lower == pytest.approx((own.upper - own.lower) * 1.25**0.5)
        covered += difference.lower <= 0 <= difference.upper
        narrow += abs(difference.estimate) <= (own.upper - own.lower) / 2
    # A coverage of 95% leaves fewer than 33 of 40 once in 5,000 times.
    assert covered >= max(33, narrow)
