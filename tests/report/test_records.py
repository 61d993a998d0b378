"""Records: measures by seed and name, paired by seed, and flat for report.json."""

from dataclasses import fields

from noisedim.report.records import EncoderRecord, SeedMeasures, of_measure, paired


def test_measures_are_those_that_were_taken():
    rows = [SeedMeasures(seed=seed, measures={"knn": 0.5 + seed} if seed else {}) for seed in range(3)]
    assert of_measure(rows, "knn") == [1.5, 2.5]
    assert of_measure(rows, "mlp") == []


def test_pairs_are_of_equal_seeds_whatever_the_order():
    low = [SeedMeasures(seed=seed, measures={"knn": 10.0 * seed}) for seed in (2, 0, 1)]
    high = [SeedMeasures(seed=seed, measures={"knn": 10.0 * seed + 1}) for seed in (0, 1, 3)]
    assert paired(high, low, "knn") == [1.0, 1.0]


def test_numbers_without_a_field_are_measures(encoder_record):
    row = {"seed": 3, "knn": 0.5, "information": None, "rejected": True, "label_curve": {"1": 0.2}, "n": 360}
    found = SeedMeasures.from_row(row)
    assert (found.seed, found.measures) == (3, {"knn": 0.5, "n": 360})
    usual = encoder_record(4, knn=0.9)
    flat = {field.name: getattr(usual, field.name) for field in fields(usual) if field.name != "measures"}
    assert EncoderRecord.from_row({**flat, "knn": 0.9, "silhouette": None}) == usual
