"""Tests of sums over all pairs of rows."""
