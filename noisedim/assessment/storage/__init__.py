"""Embeddings in the files that people keep them in: read and written."""
