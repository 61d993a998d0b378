"""Old names of public modules and functions, kept for one release: the table, and the lookup that warns.

Imports nothing: a room that keeps an old name holds a module of two lines, and the new module is imported when asked for.
"""

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["MOVED", "REMOVED_IN", "moved_names"]

REMOVED_IN = "0.2"

MOVED: dict[str, str | dict[str, str]] = {
    "noisedim.evaluation": {
        "PROBE_NAMES": "noisedim.downstream",
        "Assessment": "noisedim.assessment",
        "AssessmentCallback": "noisedim.assessment",
        "Certificate": "noisedim.assessment",
        "TestResult": "noisedim.assessment",
        "assess": "noisedim.assessment",
        "certify": "noisedim.assessment",
        "cross_validated_scores": "noisedim.downstream",
        "dci": "noisedim.downstream",
        "flow_gaussianise": "noisedim.downstream",
        "label_curve": "noisedim.downstream",
        "label_silhouette": "noisedim.downstream",
        "linear_cka": "noisedim.downstream",
        "mutual_information_gap": "noisedim.downstream",
        "outlier_p_values": "noisedim.downstream",
        "probe_scores": "noisedim.downstream",
        "procrustes_similarity": "noisedim.downstream",
        "rank_gaussianise": "noisedim.downstream",
    },
    "noisedim.evaluation.certificate": "noisedim.assessment.certificate",
    "noisedim.evaluation.clustering": "noisedim.downstream.clustering",
    "noisedim.evaluation.disentanglement": "noisedim.downstream.disentanglement",
    "noisedim.evaluation.gaussianise": "noisedim.downstream.gaussianise",
    "noisedim.evaluation.generation": "noisedim.generation.judge",
    "noisedim.evaluation.inputs": "noisedim.assessment.storage.read",
    "noisedim.evaluation.linear_probe": "noisedim.downstream.linear_probe",
    "noisedim.evaluation.outliers": "noisedim.downstream.outliers",
    "noisedim.evaluation.probes": "noisedim.downstream.probes",
    "noisedim.evaluation.stability": "noisedim.downstream.similarity",
    "noisedim.statistics.distances": "noisedim.normality.mehler",
    "noisedim.statistics.ranking": "noisedim.statistics.differences",
    "noisedim.statistics.henze_zirkler": "noisedim.normality.henze_zirkler",
    "noisedim.training.generation": "noisedim.generation.train",
    "noisedim.training.generation_config": "noisedim.generation.config",
}
"""Where the names of an old module are now: one new module for all of them, or one for each name."""


def moved_names(old: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of the old module ``old``: finds a name in its new module, with a ``DeprecationWarning``.

    Args:
        old: a key of :data:`MOVED`.

    Returns: a function from a name to the object; it raises AttributeError for a name that the old module never had.
    """
    where = MOVED[old]

    def __getattr__(name: str) -> Any:
        new = where.get(name) if isinstance(where, dict) else where
        # Python itself asks modules for names such as __path__, which are not looked up elsewhere.
        if new is None or name.startswith("__"):
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        try:
            found = getattr(import_module(new), name)
        except AttributeError:
            raise AttributeError(f"module {old!r} has no attribute {name!r}") from None
        warnings.warn(
            f"{old}.{name} is now {new}.{name}; the old name goes in noisedim {REMOVED_IN}",
            DeprecationWarning,
            stacklevel=2,
        )
        return found

    return __getattr__
