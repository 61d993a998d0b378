"""Inputs of every type and size, put where a number, a file's content or an array belongs: a result, or noisedim's own error.

Neither another exception, nor more than ten seconds, nor growing memory. A short run in every test run; ``pytest -m faults``
tries 100,000 (NOISEDIM_FAULTS times 2,000).
"""

import math
import random
import resource
import time
import warnings

import numpy as np
import pytest
import torch

from noisedim import checks
from noisedim.errors import NoisedimError
from noisedim.generation.config import GanConfig
from noisedim.normality.p_values import simulations_for
from noisedim.priors import prior_from_spec
from noisedim.runs.studies.long_study import StudyFile
from noisedim.schema import structured
from noisedim.statistics.combining import holm
from noisedim.statistics.design import min_samples
from noisedim.statistics.intervals import clopper_pearson, scale_chi_square, student_t
from noisedim.statistics.roc import auroc
from noisedim.theory.bounds import gaussian_capacity, gaussian_kl_upper_bound, sigma_for_capacity
from noisedim.theory.dual import gaussian_dual_kernel
from noisedim.training import TrainConfig

_LONGEST_SECONDS, _MOST_MEGABYTES = 10.0, 300.0
ODD = (
    None, True, False, 0, 1, 2, 3, -1, 7.5, 0.0, -0.0, 0.5, 1e-320, 1e-30, 1e30, 1e308, -1e308, math.nan, math.inf, -math.inf,
    10**20, 10**400, -(10**5000), "", "1", "normal", "nan", "\x00", "ä\ud800", "x" * 5000, b"1", [], [1.0], [[1.0, 2.0], [3.0]],
    {}, {"a": 1}, {"prior": "ball"}, (), (1, 2), set(), 1j, object(), np.float32(0.5), np.int8(3), np.array(2.0),
    np.array([]), np.array([1.0, math.nan]), np.eye(2), np.array(["a"]), np.array([None]), np.datetime64("2020-01-01"),
    torch.tensor(1.0), torch.zeros(3, 2), torch.zeros(0, 2), torch.tensor([1, 2]), torch.zeros(2, dtype=torch.complex64),
)  # fmt: skip
OF_FILES = tuple(value for value in ODD if value is None or type(value) in (bool, int, float, str, list, dict))
SPECS = (
    {"prior": "normal", "dim": 2},
    {"prior": "uniform", "dim": 2, "squash": "clip"},
    {"prior": "gaussian", "mean": [0.0, 1.0], "covariance": [[1.0, 0.2], [0.2, 2.0]]},
    {"prior": "box", "low": [0.0, 0.0], "high": [1.0, 2.0]},
    {"prior": "ball", "dim": 2, "radius": 1.0},
    {"prior": "sphere", "dim": 2, "radius": 1.0, "noise": "normal"},
    {"prior": "torus", "dim": 2},
    {"prior": "mixture", "weights": [1.0, 2.0], "means": [[0.0], [1.0]], "covariances": [[[1.0]], [[0.5]]]},
    {"prior": "product", "laws": [{"name": "gamma", "args": [2.0], "kwds": {"scale": 1.0}}, {"name": "norm"}]},
)


def changed(data, chance):
    """A copy of nested data with one odd value put in, or one part left out, at a random place."""
    if isinstance(data, dict) and data and chance.random() < 0.9:
        key = chance.choice(list(data))
        if chance.random() < 0.1:
            return {name: value for name, value in data.items() if name != key}
        if chance.random() < 0.05:
            return {**data, chance.choice(("", "x", "\x00", "x" * 3000)): chance.choice(OF_FILES)}
        return {**data, key: changed(data[key], chance)}
    if isinstance(data, list) and data and chance.random() < 0.7:
        at = chance.randrange(len(data))
        return [*data[:at], changed(data[at], chance), *data[at + 1 :]]
    return chance.choice(OF_FILES)


def _prior(chance):
    prior = prior_from_spec(changed(chance.choice(SPECS), chance))
    if prior.dim > 64:
        return None
    draws = prior.sample(4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert bool(torch.isfinite(draws).all()), f"{prior!r} has samples that are not finite"
    return None if prior.name == "sphere" else prior.log_prob(draws)


CONFIGS = (TrainConfig, GanConfig)
STUDY = {"study": "methods", "profile": "p", "command": "c", "environments": [{"a": 1}], "records": []}
FUNCTIONS = (
    (gaussian_capacity, 2),
    (gaussian_kl_upper_bound, 4),
    (sigma_for_capacity, 2),
    (gaussian_dual_kernel, 3),
    (student_t, 1),
    (clopper_pearson, 2),
    (scale_chi_square, 2),
    (auroc, 2),
    (holm, 1),
    (simulations_for, 2),
    (lambda delta, alpha, beta: min_samples(delta, alpha, beta, width=1, deviation=1), 3),
    (lambda value: checks.embedding_matrix("z", value), 1),
    (lambda value: checks.embedding_tensor("z", value), 1),
    (lambda value: checks.positive("x", value), 1),
    (lambda value: checks.positive_integer("x", value), 1),
    (lambda value: checks.unit_interval("x", value), 1),
    (lambda value: checks.random_seed("x", value), 1),
    (lambda value: checks.rate("x", value), 1),
    (lambda value: checks.one_of("x", value, ("a", "b")), 1),
)


def _function(chance):
    function, arguments = chance.choice(FUNCTIONS)
    return function(*(chance.choice(ODD) for _ in range(arguments)))


def _config(chance):
    kind = chance.choice(CONFIGS)
    return kind.from_dict(changed(kind().to_dict(), chance))


def _study(chance):
    return structured(changed(STUDY, chance), StudyFile, where="study.json", surplus="ignored")


TARGETS = (_function, _function, _config, _study, _prior)


def fuzz(times, seed):
    """What was neither a result nor noisedim's own error, by input number."""
    chance, foreign = random.Random(seed), []
    for i in range(times):
        target, state = TARGETS[i % len(TARGETS)], chance.getstate()
        began = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                target(chance)
        except NoisedimError as error:
            if len(str(error)) > 2000:
                foreign.append((i, target.__name__, "a message that no one can read"))
        except UserWarning:
            pass
        except Exception as error:
            chance.setstate(state)
            foreign.append((i, target.__name__, repr(error)[:160]))
            chance.random()
        if time.process_time() - began > _LONGEST_SECONDS:
            foreign.append((i, target.__name__, "it took longer than 10 s"))
    return foreign


def test_a_few_odd_inputs():
    foreign = fuzz(1000, 1)
    assert not foreign, "\n".join(map(str, foreign[:20]))


@pytest.mark.slow
@pytest.mark.faults
def test_many_odd_inputs(counted):
    times = 2000 * counted.times
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    foreign = fuzz(times, 2)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    counted("fuzzed", times, seed=2, foreign=len(foreign))
    assert not foreign, "\n".join(map(str, foreign[:20]))
    assert grown < _MOST_MEGABYTES
