"""What an embedding is: whether it follows its prior, and what it is worth downstream."""

from noisedim.evaluation.assess import Assessment, TestResult, assess
from noisedim.evaluation.callback import AssessmentCallback
from noisedim.evaluation.certificate import Certificate, certify
from noisedim.evaluation.clustering import label_silhouette
from noisedim.evaluation.disentanglement import dci, mutual_information_gap
from noisedim.evaluation.gaussianise import flow_gaussianise, rank_gaussianise
from noisedim.evaluation.outliers import outlier_p_values
from noisedim.evaluation.probes import PROBE_NAMES, cross_validated_scores, label_curve, probe_scores
from noisedim.evaluation.stability import linear_cka, procrustes_similarity

__all__ = [
    "PROBE_NAMES",
    "Assessment",
    "AssessmentCallback",
    "Certificate",
    "TestResult",
    "assess",
    "certify",
    "cross_validated_scores",
    "dci",
    "flow_gaussianise",
    "label_curve",
    "label_silhouette",
    "linear_cka",
    "mutual_information_gap",
    "outlier_p_values",
    "probe_scores",
    "procrustes_similarity",
    "rank_gaussianise",
]
