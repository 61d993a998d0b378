"""The headline's verdicts: what they count."""

from pathlib import Path

import pytest

from noisedim.report.seeds.section import seeds_section
from noisedim.report.seeds.verdicts import classes_verdict, match_verdict
from noisedim.report.study import Sources
from noisedim.runs import RunStore


def test_match_counts_the_battery_and_henze_zirkler_apart(encoder_record):
    p_values = (0.04, 0.06, 0.9)
    found = match_verdict([encoder_record(i, p_henze_zirkler=p, rejected=i < 2) for i, p in enumerate(p_values)])
    assert (found.seeds, found.passed, found.passed_henze_zirkler) == (3, 1, 2)
    assert found.p_henze_zirkler == p_values


def test_the_p_values_that_the_sentence_speaks_of_are_shown(encoder_record, monkeypatch):
    p_values = (0.6, 0.1, 0.085)
    records = [
        encoder_record(i, p_henze_zirkler=p, p_value=p / 5, rejected=False, information=1.0)
        for i, p in enumerate(p_values)
    ]
    monkeypatch.setattr("noisedim.report.seeds.section.encoder_records", lambda *_: records)
    verdict = seeds_section(Sources("quick", "digits", RunStore(Path()), Path(), {"seeds": ()})).verdicts[0]
    assert (verdict.answer, verdict.words.partition(".")[0]) == ("yes", "the whole battery rejects none of the 3 seeds")
    assert [row["p, seed by seed"] for row in verdict.numbers] == ["0.6, 0.1, 0.085", "0.12, 0.02, 0.017"]


@pytest.mark.parametrize(("knn", "outcome"), [(0.97, "yes"), (0.85, "in part"), (0.1, "no")])
def test_whether_classes_survive_has_three_answers(encoder_record, knn, outcome):
    found = classes_verdict([encoder_record(seed, knn=knn + 0.001 * (seed - 2)) for seed in range(5)])
    assert found.outcome == outcome
    assert (found.worst, found.best) == pytest.approx((knn - 0.002, knn + 0.002))


def test_without_labels_there_is_no_verdict_on_classes(encoder_record):
    assert classes_verdict([encoder_record()]) is None
