"""Closed forms on spheres and on the torus."""
