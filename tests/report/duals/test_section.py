"""The section on the forms of the dual is made of the file that the command writes, and says how to make it."""

import json

import numpy as np
import pytest

from noisedim.document.content import Notice, Table
from noisedim.report.duals.plan import METHODS, STUDY
from noisedim.report.duals.section import duals_section
from noisedim.report.study import Sources
from noisedim.runs.store import RunStore
from noisedim.runs.studies.long_study import make_study


def sources(folder):
    return Sources("quick", "digits", RunStore(folder / "runs"), folder)


def test_without_a_file_it_says_which_command_makes_it(tmp_path):
    section = duals_section(sources(tmp_path))
    assert isinstance(section.blocks[0], Notice)
    assert "noisedim study duals --profile digits" in section.blocks[0].words
    assert [own.status for own in section.statements] == ["not tested"]


@pytest.mark.slow
def test_runs_are_made_once_and_shown(tmp_path):
    path = tmp_path / "duals-smoke.json"
    made = make_study(STUDY, "smoke", path)
    assert len(made) == len(STUDY.profile("smoke")) == 2 * len(METHODS)
    section = duals_section(sources(tmp_path))
    # Twenty steps and two seeds decide nothing.
    assert [verdict.answer for verdict in section.verdicts] == ["not decided"]
    protocol, forms, *_ = (block.rows for block in section.blocks if isinstance(block, Table))
    assert [row["made by"] for row in protocol] == [f"`{STUDY.command('smoke')}`"]
    assert len(forms) == len(METHODS) - 1
    # One record lost: made anew, and the same but for its time.
    content = json.loads(path.read_text())
    lost = content["records"].pop(3)
    path.write_text(json.dumps(content))
    again = make_study(STUDY, "smoke", path)
    new = next(record for record in again if record.config == lost["config"])
    assert new.whole == lost["whole"]
    assert np.isfinite(new.whole["knn"])
