"""Records: measures by seed and name, paired by seed, and flat for report.json."""

from noisedim.report.records import SeedMeasures, of_measure, paired


def test_measures_are_those_that_were_taken():
    rows = [SeedMeasures(seed=seed, measures={"knn": 0.5 + seed} if seed else {}) for seed in range(3)]
    assert of_measure(rows, "knn") == [1.5, 2.5]
    assert of_measure(rows, "mlp") == []


def test_pairs_are_of_equal_seeds_whatever_the_order():
    low = [SeedMeasures(seed=seed, measures={"knn": 10.0 * seed}) for seed in (2, 0, 1)]
    high = [SeedMeasures(seed=seed, measures={"knn": 10.0 * seed + 1}) for seed in (0, 1, 3)]
    assert paired(high, low, "knn") == [1.0, 1.0]


def test_a_benchmarks_record_keeps_numbers_only():
    record = {"seed": 3, "knn": 0.5, "information": None, "rejected": True, "label_curve": {"1": 0.2}, "n": 360}
    found = SeedMeasures.from_benchmark(record)
    assert (found.seed, found.measures) == (3, {"knn": 0.5, "n": 360})


def test_a_row_is_flat(encoder_record):
    row = encoder_record(4, knn=0.9, capacity=2.0).row()
    assert (row["seed"], row["knn"], row["capacity"]) == (4, 0.9, 2.0)
    assert "measures" not in row
