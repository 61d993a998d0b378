"""What is stated here first, and what is said of trained encoders and of the checks themselves."""

from noisedim.theory.claims.record import Claim

__all__ = ["ADDED"]

_HERE = "new; derivation in the docstrings of noisedim.theory"

ADDED: tuple[Claim, ...] = (
    Claim(
        id="dual-gaussian",
        kind="new",
        title="Theorem 4.1's bound with the noise integrated out",
        statement="J = C − E‖f(X)−f(X′)‖²/(2σ²) − log E κ(f(X₁), f(X₂′)), with Mehler's kernel "
        "κ(a, b) = (1−r²)^(−d/2) exp((2r⟨a,b⟩ − r²(‖a‖²+‖b‖²))/(2(1−r²))), r = 1/(1+σ²), and X₁, X₂ independent; when "
        "f(X) and f(X′) have one law, log E κ = D₂(Y ‖ N(0, (1+σ²)I)).",
        hypotheses=("E‖f(X)‖² = d", "Z ~ N(0, σ²I)"),
        source=_HERE,
        references=("noisedim", "mehler", "renyi"),
    ),
    Claim(
        id="dual-hermite",
        kind="new",
        title="The dual's kernel matches Hermite moments, weighted by the noise",
        statement="κ(a, b) = Σ_n r^|n| h_n(a) h_n(b) with orthonormal Hermite polynomials, so "
        "D₂ = log(1 + Σ_{|n|≥1} r^|n| (E h_n(f))²).",
        hypotheses=("κ integrable",),
        source=_HERE,
        references=("noisedim", "mehler"),
    ),
    Claim(
        id="dual-certificate",
        kind="new",
        title="The objective certifies the noisy law",
        statement="KL(Y ‖ N(0, (1+σ²)I)) ≤ D₂(Y ‖ N(0, (1+σ²)I)) ≤ C − J.",
        hypotheses=("E‖f(X)‖² = d", "f(X) and f(X′) have one law"),
        source=_HERE,
        references=("noisedim", "renyi"),
    ),
    Claim(
        id="dual-uniform",
        kind="new",
        title="The uniform prior's kernel",
        statement="log E κ(f(X₁), f(X₂)) = D₂(Y ‖ U[−ε, 1+ε]^d) for κ(a, b) = Π_i (1+2ε) max(0, 2ε−|a_i−b_i|)/(2ε)².",
        hypotheses=("Z ~ U[−ε, ε]^d", "f(X) in [0, 1]^d"),
        source=_HERE,
        references=("noisedim", "renyi"),
    ),
    Claim(
        id="uniform-channel",
        kind="new",
        title="The exact capacity that Theorem 3.5 bounds",
        statement="sup I(f(X); f(X)+Z) = d[(1−r) log(n+1) + r log(n+2)] with 1/(2ε) = n + r, n whole, 0 ≤ r < 1: "
        "log(1+t) interpolated linearly at whole t = 1/(2ε), so the bound (6) is met iff 1/(2ε) is whole.",
        hypotheses=("Z ~ U[−ε, ε]^d", "f(X) in [0, 1]^d"),
        source="Oettli (1974) for d = 1",
        proof="noisedim.theory.capacity, by the phase modulo 2ε; log(1+t) is strictly concave between whole t",
        references=("noisedim", "oettli", "blahut", "arimoto"),
    ),
    Claim(
        id="trained-encoders",
        kind="evidence",
        title="The inequalities on encoders that noisedim trained",
        statement="On images that trained nothing: I ≤ C and I ≤ log n, KL of the noisy law lies between a lower and an "
        "upper estimate, and the certified gap C − J falls as training goes on. With X uniform over the held-out images the "
        "inequalities can be decided; for the population, n images are too few and the row says so.",
        hypotheses=("those of Theorems 3.4 and 3.5, with the moments that the held-out embeddings have",),
        source="noisedim.training on scikit-learn's digits",
        references=("paper", "noisedim"),
    ),
    Claim(
        id="mutations",
        kind="evidence",
        title="The checks can fail",
        statement="Every formula of noisedim.theory, wrong by 2%, by a factor d, by σ for σ², by a sign or in its printed "
        "form, and every law replaced by a counter-model, is refuted by at least one named check.",
        source="theory_checks/test_mutations.py",
        references=("noisedim",),
    ),
)
