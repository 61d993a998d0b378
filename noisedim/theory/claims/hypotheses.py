"""The paper's hypotheses, as the errata name them: which of them a counterexample satisfies is said with these words."""

__all__ = [
    "DENSITIES",
    "DISCRETE_VIEW",
    "GAUSSIAN_NOISE",
    "INDEPENDENT_NOISE",
    "KEPT",
    "MARKOV",
    "MOMENTS",
    "NOISE_MOMENTS",
    "NOISY_DENSITY",
    "UNIFORM_NOISE",
    "UNIT_CUBE",
    "WEAKLY_INVARIANT",
    "WHOLE",
]

# Checked by noisedim.verification.hypotheses, from the source and the noise.
DENSITIES = "f(X), f(X′) and Y have densities (Lemma 3.1)"
NOISY_DENSITY = "Y has a density (Lemma 3.1)"
KEPT = "P(X = X′ | X) ≥ α > 0 (Lemma 3.3)"
WEAKLY_INVARIANT = "f is weakly invariant (Definition 3.2)"
GAUSSIAN_NOISE = "Z ~ N(0, σ²I) (Theorem 3.4)"
MOMENTS = "E f(X) = 0 and Var f(X)_i = 1 (Theorem 3.4)"
UNIFORM_NOISE = "Z ~ U[−ε, ε]^d (Theorem 3.5)"
UNIT_CUBE = "f(X) in [0, 1]^d (Theorem 3.5)"
WHOLE = "1/ε is whole (Theorem 3.5)"
NOISE_MOMENTS = "Z has finite second moments (Section 3.1)"
DISCRETE_VIEW = "f(X) is discrete, as in Theorem 3.5's own case of equality"

# By the way every source is built: Z is drawn apart from (X, X′), and f(X′) sees X through X′ alone.
INDEPENDENT_NOISE = "Z is independent of (X, X′) (Lemma 3.1)"
MARKOV = "Y ← X → X′ → f(X′) is a Markov chain (Lemma 3.1)"
