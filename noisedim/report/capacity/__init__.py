"""Capacity against match and usefulness: the paper's Figure 1."""
