"""Two-dimensional embeddings: the paper's Figure 2."""
