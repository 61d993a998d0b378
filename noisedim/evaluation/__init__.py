"""What an embedding is: whether it follows its prior, and what it is worth downstream."""

from noisedim.evaluation.assess import Assessment, TestResult, assess
from noisedim.evaluation.clustering import label_silhouette
from noisedim.evaluation.probes import PROBE_NAMES, cross_validated_scores, probe_scores

__all__ = [
    "PROBE_NAMES",
    "Assessment",
    "TestResult",
    "assess",
    "cross_validated_scores",
    "label_silhouette",
    "probe_scores",
]
