"""Table 1: its grid, and the whole pipeline on digits, from the command to the section."""

import json
from dataclasses import replace

import numpy as np
import pytest

from noisedim.cli import main
from noisedim.document.content import Notice, Pictures, Table, Text
from noisedim.errors import InvalidInputError, StorageError
from noisedim.report.build import make_sources
from noisedim.report.table_1.plan import PROFILES, SIGMAS, make_table, table_configs
from noisedim.report.table_1.records import NoiseTable
from noisedim.report.table_1.section import table_1_section
from noisedim.runs import RunStore


def test_an_unknown_profile_is_refused():
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


@pytest.mark.slow
def test_whole_pipeline_on_digits(table, capsys):
    folder, arguments = table
    written = json.loads((folder / "table-1-smoke.json").read_text())
    assert len(written["records"]) == 2 * len(SIGMAS)
    assert (written["missing"], written["failed"], written["data"], written["comparable"]) == (0, [], "digits", False)
    assert "but changed: methods = simclr" in written["protocol"]
    assert [effect["sigma"] for effect in written["effects"]["simclr"]] == [0.1, 0.3, 0.5]
    top1 = {(row["sigma"], row["seed"]): row["top1"] for row in written["records"]}
    for effect in written["effects"]["simclr"]:
        expected = np.mean([top1[effect["sigma"], seed] - top1[0.0, seed] for seed in range(2)])
        assert effect["difference"] == pytest.approx(expected)
    made = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    assert main(arguments) == 0  # read, not made again
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")} == made
    assert "simclr     σ = 0.1: " in capsys.readouterr().out


@pytest.mark.slow
def test_runs_in_the_file_need_no_folder(table, tmp_path):
    folder, _ = table
    output = tmp_path / "table.json"
    output.write_text((folder / "table-1-smoke.json").read_text())
    seen = []
    again = make_table("smoke", RunStore(tmp_path / "runs"), output, methods=["simclr"], on_finished=seen.append)
    assert (seen, again.missing, list((tmp_path / "runs").glob("*/result.json"))) == ([], 0, [])
    assert NoiseTable.read(output) == NoiseTable.read(folder / "table-1-smoke.json")
    record = again.records[0]
    assert record.hits.mean() == pytest.approx(record.top1)
    assert record.environment["packages"]["torch"]
    before = output.read_bytes()
    with pytest.raises(
        InvalidInputError, match="table.json holds 8 runs that this table does not have; name another file"
    ):
        make_table("smoke", RunStore(tmp_path / "runs"), output, methods=["vicreg"])
    assert output.read_bytes() == before


@pytest.mark.slow
def test_a_table_of_the_first_layout_is_read(table, tmp_path):
    written = json.loads((table[0] / "table-1-smoke.json").read_text())
    where = written["records"][0]["environment"]
    added = ("config", "correct", "environment")
    older = [{name: value for name, value in each.items() if name not in added} for each in written["records"]]
    path = tmp_path / "table-1-smoke.json"
    path.write_text(json.dumps({**written, "version": 1, "records": older, "environment": where}))
    read = NoiseTable.read(path)
    assert read.effects == NoiseTable.read(table[0] / "table-1-smoke.json").effects
    assert {(record.config, record.correct) for record in read.records} == {("", "")}
    assert read.records[0].environment == where
    with pytest.raises(InvalidInputError, match="was written before tables held their runs' configurations; move it"):
        make_table("smoke", RunStore(table[0] / "runs"), path, methods=["simclr"])


@pytest.mark.slow
def test_a_damaged_table_is_refused_by_name(table, tmp_path):
    written = json.loads((table[0] / "table-1-smoke.json").read_text())
    written["records"][1]["correct"] = written["records"][1]["correct"][:-4]
    (path := tmp_path / "damaged.json").write_text(json.dumps(written))
    with pytest.raises(InvalidInputError, match="damaged.json"):
        NoiseTable.read(path)


def test_a_file_that_cannot_be_written_is_said_before_the_first_run(tmp_path):
    (tmp_path / "file").write_text("")
    made = []
    with pytest.raises(StorageError):
        make_table(
            "smoke", RunStore(tmp_path / "runs"), tmp_path / "file" / "table.json", jobs=1, on_finished=made.append
        )
    assert made == []
    assert not list((tmp_path / "runs").glob("*"))


@pytest.mark.slow
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
    assert any(isinstance(block, Text) and "not comparable with its Table 1" in block.words for block in section.blocks)


@pytest.mark.slow
def test_one_seed_decides_nothing_and_the_rest_has_a_price(table, tmp_path):
    written = json.loads((table[0] / "table-1-smoke.json").read_text())
    first = [{**record, "train_seconds": 1800.0} for record in written["records"] if record["seed"] == 0]
    written |= {"records": first, "effects": {"simclr": []}, "missing": 12}
    (tmp_path / "table-1-smoke.json").write_text(json.dumps(written))
    section = table_1_section(replace(make_sources("smoke", "digits"), results=tmp_path))
    (statement,) = section.statements
    assert (statement.status, statement.effect) == ("not tested", "4 of 16 runs made")
    assert statement.needs == "`noisedim table-1 --profile smoke`, about 6 hours of training, one at a time"
    (notice,) = [block.words for block in section.blocks if isinstance(block, Notice)]
    assert notice.endswith("makes them in about 6 hours of training, one at a time")
    (shown,) = [block for block in section.blocks if isinstance(block, Table)]
    assert [row["seeds"] for row in shown.rows] == ["1"] * 4


@pytest.mark.slow
def test_one_method_of_two_leaves_the_question_about_both_open(table, tmp_path):
    written = json.loads((table[0] / "table-1-smoke.json").read_text())
    (effects,) = written["effects"].values()
    decided = [{**effect, "verdict": "neither", "seeds": 2} for effect in effects]
    # The largest difference has not the interval that reaches farthest.
    decided[0] |= {"difference": 0.03, "lower": 0.02, "upper": 0.04}
    decided[1] |= {"difference": -0.01, "lower": -0.97, "upper": 0.95}
    written |= {"methods": ["simclr", "vicreg"], "effects": {"simclr": decided, "vicreg": []}, "missing": 8}
    (tmp_path / "table-1-smoke.json").write_text(json.dumps(written))
    (statement,) = table_1_section(replace(make_sources("smoke", "digits"), results=tmp_path)).statements
    assert statement.status == "undecided"
    farthest = "farthest interval -1.00 [-97.00, +95.00] points (SimCLR, σ = 0.3; margin 5)"
    assert statement.effect == f"{farthest}; 3 of 6 decided"
    assert statement.needs.startswith("`noisedim table-1 --profile smoke`")


@pytest.mark.slow
def test_section_says_what_is_missing(table, tmp_path):
    sources = replace(make_sources("smoke", "digits"), results=tmp_path)
    (notice,) = table_1_section(sources).blocks
    assert notice == Notice("Not tested: `noisedim table-1` makes what this section reads.")
    written = json.loads((table[0] / "table-1-smoke.json").read_text())
    written |= {"missing": 3, "failed": [{"method": "simclr", "seed": 1, "error": "it broke"}]}
    (tmp_path / "table-1-smoke.json").write_text(json.dumps(written))
    notices = [block.words for block in table_1_section(sources).blocks if isinstance(block, Notice)]
    assert notices == ["3 runs of this table are missing, of which these failed: simclr, seed 1: it broke"]
