"""Priors whose values are directions: spheres, balls and the torus, with the noise that suits them."""
