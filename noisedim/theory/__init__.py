"""Closed forms in float64: no randomness, no training, no plots."""
