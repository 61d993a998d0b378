"""What else is a matched embedding good for? Outliers by its norm, factors by its coordinates; beside what others do.

The times are those of judging: p-values of embeddings, and MIG.
"""

from dataclasses import replace

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config

from noisedim.data import load_images
from noisedim.downstream.disentanglement import mutual_information_gap
from noisedim.downstream.outliers import outlier_p_values
from noisedim.runs import make_runs
from noisedim.runs.factors import (
    FACTOR_METHODS,
    factor_config,
    factor_record,
    pixel_factor_record,
    reference_factor_record,
)
from noisedim.runs.outliers import (
    FALSE_ALARMS,
    NOMINAL,
    OUTLIER_METHODS,
    outlier_config,
    outlier_record,
    pixel_outlier_record,
)
from noisedim.runs.sweep import available_cores
from noisedim.training import TrainConfig

# Ten encoders a variant: none trains longer than this.
_MOST_OUTLIER_STEPS = 10_000
_FACTOR_STEPS = 400


def outlier_base(base: TrainConfig, variant: str) -> TrainConfig:
    # In two dimensions for as long as the comparison does, so that the embedding follows the prior; the others less.
    share = 1.0 if variant == "dual-2" else 3 / 7
    return replace(base, steps=round(share * min(base.steps, _MOST_OUTLIER_STEPS)))


def classes(base: TrainConfig) -> list[int]:
    labels = load_images(base.data.name, limit=base.data.limit).labels
    assert labels is not None, "outliers are classes that are left out"
    return labels.unique().tolist()


def made(configs, store, making):
    outcomes = make_runs(configs, store, **making)
    failed = [(run.config, {"seed": run.config.seed, "error": run.error}) for run in outcomes if run.folder is None]
    return [run for run in outcomes if run.folder is not None], failed


@pytest.mark.parametrize("variant", list(OUTLIER_METHODS))
@pytest.mark.benchmark(group="uses")
def test_outliers(benchmark, one_thread, profile, base, dataset, variant, store, making):
    short = outlier_base(base, variant)
    runs, failed = made([outlier_config(variant, short, label) for label in classes(base)], store, making)
    benchmark.extra_info |= {
        "question": "outliers",
        "variant": variant,
        "words": OUTLIER_METHODS[variant].words,
        "data": dataset,
        "dim": OUTLIER_METHODS[variant].dim,
        "steps": short.steps,
        "batch_size": short.batch_size,
        "protocol": profile.words,
        "nominal": list(NOMINAL),
        "false_alarm_grid": FALSE_ALARMS.tolist(),
        "records": [outlier_record(run.folder, run.config) for run in runs],
        "failed": [entry for _, entry in failed],
    }
    assert runs or failed
    z = np.random.default_rng(0).standard_normal((10_000, OUTLIER_METHODS[variant].dim))
    benchmark.pedantic(outlier_p_values, args=(z,), rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="uses")
def test_outliers_in_pixels(benchmark, one_thread, base, dataset):
    configs = [outlier_config("dual-2", outlier_base(base, "dual-2"), label) for label in classes(base)]
    records = benchmark.pedantic(lambda: [pixel_outlier_record(config) for config in configs], rounds=1)
    benchmark.extra_info |= {
        "question": "outliers",
        "variant": "pixels",
        "words": "pixels, no encoder",
        "data": dataset,
        "false_alarm_grid": FALSE_ALARMS.tolist(),
        "records": records,
        "failed": [],
    }
    assert len(records) > 1


@pytest.fixture(scope="session")
def factor_records(profile, store, making):
    """Of each variant its configurations, their records and the runs that failed; all at once, so that no core waits."""
    steps = min(profile.base.steps, _FACTOR_STEPS)
    configs = {
        variant: [factor_config(variant, steps=steps, seed=seed) for seed in range(profile.seeds)]
        for variant in FACTOR_METHODS
    }
    runs, failed = made([config for group in configs.values() for config in group], store, making)
    with parallel_config(backend="loky", inner_max_num_threads=1):
        records = Parallel(n_jobs=available_cores())(delayed(factor_record)(run.folder, run.config) for run in runs)
    found = {}
    for variant, group in configs.items():
        own = [record for run, record in zip(runs, records, strict=True) if run.config in group]
        found[variant] = group, own, [entry for config, entry in failed if config in group]
    return found


@pytest.mark.parametrize("variant", list(FACTOR_METHODS))
@pytest.mark.benchmark(group="uses")
def test_factors(benchmark, one_thread, variant, factor_records):
    configs, records, failed = factor_records[variant]
    benchmark.extra_info |= {
        "question": "factors",
        "variant": variant,
        "words": FACTOR_METHODS[variant].words,
        "dim": FACTOR_METHODS[variant].dim,
        "steps": configs[0].steps,
        "batch_size": configs[0].batch_size,
        "factors": load_images("shapes").factor_names,
        "records": records,
        "failed": failed,
    }
    assert records or failed
    rng = np.random.default_rng(0)
    z, factors = rng.standard_normal((1536, 6)), rng.integers(0, 4, (1536, 5))
    benchmark.pedantic(mutual_information_gap, args=(z, factors), rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("variant", ["pixels", "perfect", "rotated"])
@pytest.mark.benchmark(group="uses")
def test_factors_without_an_encoder(benchmark, one_thread, profile, variant):
    """Independent components of pixels; and, to have a scale, the factors themselves and their random rotation."""
    configs = [factor_config("dual", steps=1, seed=seed) for seed in range(profile.seeds)]
    words, judge = {
        "pixels": ("PCA, then ICA, of pixels", pixel_factor_record),
        "perfect": ("the factors themselves", lambda config: reference_factor_record(config, rotate=False)),
        "rotated": ("the factors, rotated at random", lambda config: reference_factor_record(config, rotate=True)),
    }[variant]
    records = benchmark.pedantic(lambda: [judge(config) for config in configs], rounds=1)
    benchmark.extra_info |= {
        "question": "factors",
        "variant": variant,
        "words": words,
        "dim": configs[0].dim,
        "records": records,
        "failed": [],
    }
    assert len(records) == profile.seeds
