"""Uses of an embedding: probes, clustering, disentanglement, similarity, outliers, Gaussianisation after training."""

from noisedim.downstream.clustering import label_silhouette
from noisedim.downstream.disentanglement import dci, mutual_information_gap
from noisedim.downstream.gaussianise import flow_gaussianise, rank_gaussianise
from noisedim.downstream.outliers import outlier_p_values
from noisedim.downstream.probes import PROBE_NAMES, cross_validated_scores, label_curve, probe_scores
from noisedim.downstream.similarity import linear_cka, procrustes_similarity

__all__ = [
    "PROBE_NAMES",
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
