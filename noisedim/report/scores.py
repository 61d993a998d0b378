"""Names of the downstream scores in tables."""

__all__ = ["SCORE_WORDS"]

SCORE_WORDS = {
    "knn": "5-NN",
    "naive_bayes": "naive Bayes",
    "mlp": "perceptron",
    "linear": "linear",
    "silhouette": "silhouette",
}
