"""The section on the forms of the dual is made of the file that the command writes, and says how to make it."""

import json
from dataclasses import asdict

import numpy as np

from noisedim.document.content import Notice, Table
from noisedim.report.duals.plan import METHODS, configs, make_duals
from noisedim.report.duals.section import duals_section
from noisedim.report.study import Sources
from noisedim.runs.store import RunStore


def sources(folder):
    return Sources("quick", "digits", RunStore(folder / "runs"), folder)


def test_without_a_file_it_says_which_command_makes_it(tmp_path):
    section = duals_section(sources(tmp_path))
    assert isinstance(section.blocks[0], Notice)
    assert "noisedim duals --profile digits" in section.blocks[0].words
    assert [own.status for own in section.statements] == ["not tested"]


def test_runs_are_made_once_and_shown(tmp_path):
    path = tmp_path / "duals-smoke.json"
    made = make_duals("smoke", path)
    assert len(made) == len(list(configs("smoke"))) == 2 * len(METHODS)
    again = []
    assert make_duals("smoke", path, on_finished=again.append) == made
    assert not again
    section = duals_section(sources(tmp_path))
    assert [verdict.answer for verdict in section.verdicts] != ["not measured"]
    rows = next(block for block in section.blocks if isinstance(block, Table)).rows
    assert len(rows) == len(METHODS) - 1
    # One record lost: made anew, and only it; the same but for its time.
    content = json.loads(path.read_text())
    lost = content["records"].pop(3)
    path.write_text(json.dumps(content))
    make_duals("smoke", path, on_finished=again.append)
    (new,) = again
    assert {**asdict(new), "seconds": 0} == {name: 0 if name == "seconds" else lost[name] for name in asdict(new)}
    assert np.isfinite(new.knn)
