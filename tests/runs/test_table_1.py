"""Table 1: its verdicts on data with known effects, its grid, and the whole pipeline on digits."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from noisedim.cli import main
from noisedim.document.content import Notice, Pictures, Table, Text
from noisedim.errors import InvalidInputError
from noisedim.report.build import make_sources
from noisedim.report.sections.table_1 import table_1_section
from noisedim.runs import RunStore
from noisedim.runs.table_1 import PROFILES, SIGMAS, make_table, noise_effects, table_configs


def hits(effect, *, seeds=5, n=5000, accuracy=0.6, seed=0, scatter=0.002):
    """Hits of two settings on the same images: an effect on the accuracy, and scatter over seeds."""
    rng = np.random.default_rng(seed)
    ease = rng.uniform(size=n)  # of each image, shared by all runs

    def run(mean):
        level = mean + scatter * rng.standard_normal()
        return (0.7 * ease + 0.3 * rng.uniform(size=n) < level).astype(int)

    return {
        0.0: {s: run(accuracy) for s in range(seeds)},
        0.3: {s: run(accuracy + effect) for s in range(seeds)},
    }


def test_errors_and_interval_written_out():
    data = hits(0.02, seeds=4, n=800)
    (effect,) = noise_effects({"m": data}, margin=0.01)["m"]
    changes = np.array([data[0.3][s] - data[0.0][s] for s in range(4)])
    error = np.hypot(stats.sem(changes.mean(1)), stats.sem(changes.mean(0)))
    assert effect.difference == pytest.approx(changes.mean())
    assert (effect.lower, effect.upper) == pytest.approx(stats.t.interval(0.95, 3, changes.mean(), error))
    assert effect.p_value == pytest.approx(2 * stats.t.sf(abs(changes.mean()) / error, 3))
    both = [stats.t.sf((changes.mean() + 0.01) / error, 3), stats.t.cdf((changes.mean() - 0.01) / error, 3)]
    assert effect.equivalence_p_value == pytest.approx(max(both))
    # The test images' own error of one accuracy is the binomial one: 0.29 points at 90.8% of 10,000.
    right = (np.arange(10_000) < 9083).astype(int)
    alone = {0.0: dict.fromkeys(range(2), 0 * right), 0.1: dict.fromkeys(range(2), right)}
    assert noise_effects({"m": alone}, margin=0.01)["m"][0].image_error == pytest.approx(0.00289, abs=1e-5)


def test_verdicts():
    cases = {"helps": 0.08, "harms": -0.08, "neither": 0.0}
    for verdict, effect in cases.items():
        (found,) = noise_effects({"m": hits(effect, scatter=1e-4)}, margin=0.03)["m"]
        assert found.verdict == verdict
    (found,) = noise_effects({"m": hits(0.01, scatter=0.02, seeds=3, n=500)}, margin=0.001)["m"]
    assert found.verdict == "not decided"


def test_no_effect_is_seldom_called_one_and_seldom_called_none_at_the_margin():
    rounds = 300
    verdicts = [noise_effects({"m": hits(0.0, n=400, seed=s)}, margin=0.02)["m"][0].verdict for s in range(rounds)]
    false = sum(verdict in ("helps", "harms") for verdict in verdicts)
    assert stats.binomtest(false, rounds, 0.05, alternative="greater").pvalue > 1e-6
    # At 0.7·ease + 0.3·noise < level, accuracy rises by 1/0.7 of the level: a true difference of the margin.
    at_margin = [
        noise_effects({"m": hits(0.02, n=400, seed=s)}, margin=0.02)["m"][0].verdict == "neither" for s in range(rounds)
    ]
    assert stats.binomtest(sum(at_margin), rounds, 0.05, alternative="greater").pvalue > 1e-6


def test_family_is_all_methods_and_levels():
    one = hits(0.01, seed=3)
    many = {f"m{i}": one for i in range(6)}
    (alone,) = noise_effects({"m": one}, margin=0.01)["m"]
    together = noise_effects(many, margin=0.01)["m0"][0]
    assert together.adjusted_p_value == pytest.approx(min(1, 6 * alone.p_value))


def test_bad_input():
    data = hits(0.0, n=50)
    with pytest.raises(InvalidInputError, match=r"needs runs at sigma = 0 to compare with; got \[0.3\]"):
        noise_effects({"m": {0.3: data[0.3]}}, margin=0.01)
    data[0.3][0] = data[0.3][0][:-1]
    with pytest.raises(InvalidInputError, match=r"judged by the same images; got \[49, 50\]"):
        noise_effects({"m": data}, margin=0.01)
    with pytest.raises(InvalidInputError, match="profile must be one of 'smoke'"):
        make_table("none", RunStore("nowhere"), "nowhere.json")


def test_paper_profiles_are_appendix_c():
    grid = table_configs(PROFILES["cifar10"])
    assert (list(grid), list(grid["simclr"])) == (["simclr", "vicreg"], list(SIGMAS))
    config = grid["vicreg"][0.3][4]
    assert (config.steps, config.width, config.head, config.dim, config.seed) == (156_000, 64, (2048, 2048), 2048, 4)
    assert config.noise.level(config.build_prior(), 0.5) == 0.3
    plain = grid["vicreg"][0.0][4]
    # Plain and noisy runs differ in nothing but the noise.
    assert replace(config, noise=plain.noise, objective=plain.objective) == plain
    assert all(not profile.comparable for name, profile in PROFILES.items() if "jpeg" in profile.data.name)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    arguments = ["table-1", "--profile", "smoke", "--runs", str(folder / "runs"), "--device", "cpu", "--jobs", "1"]
    assert main([*arguments, "--methods", "simclr"]) == 0
    return folder, [*arguments, "--methods", "simclr"]


def test_whole_pipeline_on_digits(table, capsys):
    folder, arguments = table
    written = json.loads((folder / "table-1-smoke.json").read_text())
    assert len(written["records"]) == 2 * len(SIGMAS)
    assert (written["missing"], written["failed"], written["data"], written["comparable"]) == (0, [], "digits", False)
    assert "but changed: methods = ('simclr',)" in written["protocol"]
    assert [effect["sigma"] for effect in written["effects"]["simclr"]] == [0.1, 0.3, 0.5]
    top1 = {(row["sigma"], row["seed"]): row["top1"] for row in written["records"]}
    for effect in written["effects"]["simclr"]:
        expected = np.mean([top1[effect["sigma"], seed] - top1[0.0, seed] for seed in range(2)])
        assert effect["difference"] == pytest.approx(expected)
    made = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    assert main(arguments) == 0  # read, not made again
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")} == made
    assert "simclr     σ = 0.1: " in capsys.readouterr().out


def test_section_reads_the_file(table, tmp_path):
    folder, _ = table
    section = table_1_section(replace(make_sources("smoke", "digits"), results=folder))
    (verdict,) = section.verdicts
    assert verdict.question == "SimCLR on digits: does noise help, harm, or neither?"
    assert verdict.answer in ("helps", "harms", "neither", "not decided", "in part")
    assert "standard errors: " in verdict.words
    kinds = [type(block) for block in section.blocks]
    assert kinds.count(Table) == 2
    assert Pictures in kinds
    rows = next(block for block in section.blocks if isinstance(block, Table)).rows
    assert [row["σ"] for row in rows] == ["0", "0.1", "0.3", "0.5"]
    assert rows[0]["noise"] == "–"
    assert any(isinstance(block, Text) and "not set beside its Table 1" in block.words for block in section.blocks)


def test_section_says_what_is_missing(table, tmp_path):
    sources = replace(make_sources("smoke", "digits"), results=tmp_path)
    (notice,) = table_1_section(sources).blocks
    assert notice == Notice("Not measured yet: `noisedim table-1` makes what this section reads.")
    written = json.loads((table[0] / "table-1-smoke.json").read_text())
    written |= {"missing": 3, "failed": [{"method": "simclr", "seed": 1, "error": "it broke"}]}
    (tmp_path / "table-1-smoke.json").write_text(json.dumps(written))
    notices = [block.words for block in table_1_section(sources).blocks if isinstance(block, Notice)]
    assert notices == ["3 runs of this table are missing, of which these failed: simclr, seed 1: it broke"]
