"""Old public names still work for one release, and say where they went."""

import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path

import pytest

from noisedim.moved import MOVED

ROOT = Path(__file__).parents[1]
# Public names of the package noisedim.evaluation before it was divided into assessment and downstream.
EVALUATION = """
PROBE_NAMES Assessment AssessmentCallback Certificate TestResult assess certify cross_validated_scores dci
flow_gaussianise label_curve label_silhouette linear_cka mutual_information_gap outlier_p_values probe_scores
procrustes_similarity rank_gaussianise
"""


@pytest.mark.parametrize("name", EVALUATION.split())
def test_every_old_name_of_evaluation_works_and_warns(name):
    with pytest.warns(DeprecationWarning, match=f"noisedim.evaluation.{name} is now ") as warned:
        found = getattr(import_module("noisedim.evaluation"), name)
    new = str(warned[0].message).split(" is now ")[1].split(";")[0]
    module, _, own = new.rpartition(".")
    assert found is getattr(import_module(module), own)
    assert warned[0].filename == __file__


@pytest.mark.parametrize("old", [old for old, new in MOVED.items() if isinstance(new, str)])
def test_every_old_module_gives_the_public_names_of_the_new_one(old):
    new = import_module(MOVED[old])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module = import_module(old)  # importing alone does not warn
    for name in new.__all__:
        with pytest.warns(DeprecationWarning, match=f"{old}.{name} is now {new.__name__}.{name}"):
            assert getattr(module, name) is getattr(new, name)


@pytest.mark.slow
def test_a_from_import_warns_at_the_line_that_imports(tmp_path):
    script = tmp_path / "user.py"
    script.write_text(
        "from noisedim.evaluation import dci\nfrom noisedim.statistics.henze_zirkler import henze_zirkler\n"
    )
    run = [sys.executable, "-W", "always::DeprecationWarning", str(script)]
    done = subprocess.run(run, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    assert f"{script}:1: DeprecationWarning: noisedim.evaluation.dci is now noisedim.downstream.dci" in done.stderr
    assert f"{script}:2: DeprecationWarning" in done.stderr


def test_names_that_never_were_are_refused_without_a_warning():
    with pytest.raises(AttributeError, match="'noisedim.evaluation' has no attribute 'nothing'"):
        import_module("noisedim.evaluation").nothing  # noqa: B018
    with pytest.raises(AttributeError, match="'noisedim.evaluation.probes' has no attribute 'nothing'"):
        import_module("noisedim.evaluation.probes").nothing  # noqa: B018


def test_nothing_of_noisedim_uses_an_old_name():
    for path in (ROOT / "noisedim").rglob("*.py"):
        if path.name != "moved.py" and "moved_names" not in path.read_text(encoding="utf-8"):
            text = path.read_text(encoding="utf-8")
            assert not [old for old in MOVED if f"{old} import" in text or f"import {old}\n" in text], path
