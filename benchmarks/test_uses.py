"""What else is a matched embedding good for? Outliers by its norm and factors by its coordinates, compared with others.

The times are those of judging: p-values of embeddings, and MIG.
"""

import numpy as np
import pytest

from noisedim.downstream.disentanglement import mutual_information_gap
from noisedim.downstream.outliers import outlier_p_values
from noisedim.report.benchmarks import to_entry
from noisedim.report.factors.plan import FACTOR_METHODS, WITHOUT_ENCODER, make_variants, variant_without_encoder
from noisedim.report.outliers.plan import OUTLIER_METHODS, make_variant, pixel_variant


@pytest.mark.parametrize("variant", list(OUTLIER_METHODS))
@pytest.mark.benchmark(group="uses")
def test_outliers(benchmark, one_thread, profile, base, variant, store, making):
    found = make_variant(variant, base, store, steps=profile.outlier_steps, **making)
    benchmark.extra_info |= {**to_entry("outliers", found), "protocol": profile.words}
    assert found.records or found.failed
    z = np.random.default_rng(0).standard_normal((10_000, OUTLIER_METHODS[variant].dim))
    benchmark.pedantic(outlier_p_values, args=(z,), rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="uses")
def test_outliers_in_pixels(benchmark, one_thread, base):
    found = benchmark.pedantic(pixel_variant, args=(base,), rounds=1)
    benchmark.extra_info |= to_entry("outliers", found)
    assert len(found.records) > 1


@pytest.fixture(scope="session")
def factor_variants(profile, store, making):
    """Every variant, its records and the runs that failed."""
    return make_variants(store, steps=profile.factor_steps, seeds=profile.seeds, **making)


@pytest.mark.parametrize("variant", list(FACTOR_METHODS))
@pytest.mark.benchmark(group="uses")
def test_factors(benchmark, one_thread, variant, factor_variants):
    found = factor_variants[variant]
    benchmark.extra_info |= to_entry("factors", found)
    assert found.records or found.failed
    rng = np.random.default_rng(0)
    z, factors = rng.standard_normal((1536, 6)), rng.integers(0, 4, (1536, 5))
    benchmark.pedantic(mutual_information_gap, args=(z, factors), rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("variant", WITHOUT_ENCODER)
@pytest.mark.benchmark(group="uses")
def test_factors_without_an_encoder(benchmark, one_thread, profile, variant):
    found = benchmark.pedantic(variant_without_encoder, args=(variant,), kwargs={"seeds": profile.seeds}, rounds=1)
    benchmark.extra_info |= to_entry("factors", found)
    assert len(found.records) == profile.seeds
