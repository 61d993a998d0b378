"""The section on the forms of the dual is made of the file that the command writes, and says how to make it."""

import json
from math import log

import numpy as np
import pytest

from noisedim.document.content import Notice, Table
from noisedim.report.duals.plan import METHODS, STUDY
from noisedim.report.duals.section import duals_section, finding_words
from noisedim.report.duals.verdicts import DualComparison, DualsVerdict
from noisedim.report.study import Sources
from noisedim.runs.store import RunStore
from noisedim.runs.studies.long_study import make_study
from noisedim.statistics.intervals import Interval


def sources(folder):
    return Sources("quick", "digits", RunStore(folder / "runs"), folder)


def test_without_a_file_it_says_which_command_makes_it(tmp_path):
    section = duals_section(sources(tmp_path))
    assert isinstance(section.blocks[0], Notice)
    assert "noisedim study duals --profile digits" in section.blocks[0].words
    assert [own.status for own in section.statements] == ["not tested"]


def verdict(accuracy=(0.0, -0.01, 0.01), **ratios):
    """Forms by their ratio of divergences to the plain dual's, (estimate, lower, upper), all of one change in accuracy."""

    def interval(*ends):
        return Interval(*ends, 0.95, 4, "Student t")

    comparisons = [
        DualComparison(name.replace("_", "-"), interval(*map(log, ends)), interval(*accuracy), 1.0)
        for name, ends in ratios.items()
    ]
    return DualsVerdict(tuple(comparisons), 4, 6)


BETTER, OPEN = (0.35, 0.27, 0.45), (1.11, 0.69, 1.77)


def finding(**found):
    return finding_words("mnist", found, steps="1,000")


def test_a_form_matches_better_only_where_that_is_decided_everywhere():
    words = finding(mnist=verdict(adaptive_dual=BETTER), digits=verdict(adaptive_dual=BETTER, row_dual=OPEN))
    assert words == (
        "Divergence from the prior, as a multiple of the plain dual's: adaptive dual × 0.35 [0.27, 0.45] on mnist "
        "(4 seeds, 1,000 steps). That it matches better is decided on every data set."
    )
    partly = finding(mnist=verdict(adaptive_dual=BETTER), digits=verdict(adaptive_dual=OPEN))
    assert "That it matches better is decided on mnist, but not on digits." in partly


def test_where_nothing_is_decided_the_finding_says_so():
    words = finding(mnist=verdict(adaptive_dual=OPEN), digits=verdict(adaptive_dual=OPEN))
    assert "1.11 [0.69, 1.77]" in words
    assert "That it matches better is not decided on any data set." in words
    assert "is decided" not in words
    assert "is not decided on mnist." in finding(mnist=verdict(adaptive_dual=OPEN))


def test_another_form_on_other_data_is_named_with_the_data():
    words = finding(
        mnist=verdict(adaptive_dual=BETTER, linear_dual=OPEN),
        digits=verdict(adaptive_dual=OPEN, linear_dual=(0.5, 0.4, 0.6)),
    )
    assert "That it matches better is decided on mnist, but not on digits." in words
    assert "On digits the linear dual has the smallest estimate." in words


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ((0.0, -0.05, 0.05), (0.0, -0.05, 0.05), "loses more than 0.02 of accuracy is undecided on every data set."),
        ((0.0, -0.01, 0.01), (0.0, -0.05, 0.05), "loses more than 0.02 of accuracy is undecided on digits."),
        ((-0.1, -0.15, -0.05), (0.0, -0.01, 0.01), "loses more than 0.02 of accuracy is decided on mnist."),
    ],
)
def test_accuracy_that_is_undecided_or_lost_is_said(first, second, said):
    own = finding(mnist=verdict(first, adaptive_dual=BETTER), digits=verdict(second, adaptive_dual=BETTER))
    assert own.endswith(said)


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
