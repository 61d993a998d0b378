"""Records: measures by seed and name, paired by seed, and flat for report.json."""

from types import SimpleNamespace

from noisedim.report.records import EncoderRecord, of_measure, paired


def test_measures_are_those_that_were_taken(encoder_record):
    rows = [encoder_record(0), encoder_record(1, knn=1.5), encoder_record(2, knn=2.5)]
    assert of_measure(rows, "knn") == [1.5, 2.5]
    assert of_measure(rows, "mlp") == []


def test_pairs_are_of_equal_seeds_whatever_the_order(encoder_record):
    low = [encoder_record(seed, knn=10.0 * seed) for seed in (2, 0, 1)]
    high = [encoder_record(seed, knn=10.0 * seed + 1) for seed in (0, 1, 3)]
    assert paired(high, low, "knn") == [1.0, 1.0]


def test_numbers_of_a_row_without_a_field_are_measures(encoder_record):
    usual = encoder_record(4, knn=0.9, information=0.5)
    flat = {name: value for name, value in vars(usual).items() if name != "measures"}
    row = {**flat, "knn": 0.9, "information": 0.5, "silhouette": None, "label_curve": {"1": 0.2}, "run": "abc"}
    run = SimpleNamespace(row=lambda: row, capacity=1 / 3)
    assert EncoderRecord.from_run(run) == encoder_record(4, knn=0.9, information=0.5, capacity=0.333333)
