"""What is stated here first, and what is said of trained encoders and of the checks themselves."""

from noisedim.theory.claims.record import Claim

__all__ = ["ADDED"]

_HERE = "new; derivation in the docstrings of noisedim.theory"
_KNOWN = "not in the paper; known"

ADDED: tuple[Claim, ...] = (
    Claim(
        id="dual-gaussian",
        kind="new",
        title="Theorem 4.1's bound with the noise integrated out",
        statement="J = C − E‖f(X)−f(X′)‖²/(2σ²) − log E κ(f(X₁), f(X₂′)), with Mehler's kernel "
        "κ(a, b) = (1−r²)^(−d/2) exp((2r⟨a,b⟩ − r²(‖a‖²+‖b‖²))/(2(1−r²))), r = 1/(1+σ²), and X₁, X₂ independent; when "
        "f(X) and f(X′) have one law, log E κ = D₂(Y ‖ N(0, (1+σ²)I)).",
        hypotheses=("E‖f(X)‖² = d", "Z ~ N(0, σ²I)"),
        source=f"{_HERE}; that a χ²-divergence from a Gaussian-smoothed law is a kernel mean is known (Goldfeld et al., 2020)",
        references=("noisedim", "mehler", "renyi", "smoothed-measures"),
    ),
    Claim(
        id="dual-hermite",
        kind="new",
        title="The dual's kernel matches Hermite moments, weighted by the noise",
        statement="κ(a, b) = Σ_n r^|n| h_n(a) h_n(b) with orthonormal Hermite polynomials, so "
        "D₂ = log(1 + Σ_{|n|≥1} r^|n| (E h_n(f))²) = log(1 + MMD²), the maximum mean discrepancy from N(0, I) with kernel κ.",
        hypotheses=("κ integrable", "f(X) and f(X′) have one law"),
        source="Mehler (1866) for the series; Gretton et al. (2012) for kernel discrepancies",
        printed=_KNOWN,
        references=("mehler", "kernel-two-sample", "smoothed-measures"),
    ),
    Claim(
        id="dual-certificate",
        kind="new",
        title="The objective certifies the noisy law",
        statement="KL(Y ‖ N(0, (1+σ²)I)) ≤ C − I(f(X′); Y) ≤ C − J always; D₂(Y ‖ N(0, (1+σ²)I)) ≤ C − J when f(X) and "
        "f(X′) have one law, and not in general.",
        hypotheses=("E‖f(X)‖² = d", "for D₂, f(X) and f(X′) have one law"),
        source=_HERE,
        references=("noisedim", "renyi"),
    ),
    Claim(
        id="dual-infinite",
        kind="new",
        title="Where the dual is −∞",
        statement="For f(X) ~ N(0, Σ), log E κ = −½ log det(I − r²(Σ−I)²) where every eigenvalue of Σ is below "
        "1 + 1/r = 2 + σ², and infinite elsewhere; for tails heavier than normal (Laplace) E κ = ∞, so J = −∞, at every "
        "σ. The row-wise dual is at least C − E‖f(X)−f(X′)‖²/(2σ²) + (d/2) log(1−r²) − E‖f(X)‖²/2 + "
        "(E‖f(X)‖²−d)/(2(1+σ²)) for every law.",
        hypotheses=("Z ~ N(0, σ²I)", "for the last, E‖f(X)‖² and E‖f(X′)‖² finite"),
        source=f"{_HERE}; that χ² to a Gaussian-smoothed law may be infinite: Goldfeld et al. (2020)",
        references=("noisedim", "smoothed-measures"),
    ),
    Claim(
        id="dual-rows",
        kind="new",
        title="The row-wise dual is a bound at every batch size",
        statement="J_B = C + (mean ‖f_i‖² − d)/(2(1+σ²)) − mean ‖f_i−f_i′‖²/(2σ²) − mean_i log[(1/B) Σ_j κ(f_i, f_j′)], "
        "j = i included, is at most log B in every batch, and E J_B ≤ E InfoNCE_B(T*) ≤ min(I, log B); as B → ∞, "
        "J ≤ J_row ≤ I. With a share λ of each row's own critic taken out first the value is at most E_Z InfoNCE_B of the "
        "same batch for every λ, so the largest is. The plug-in of J over i ≠ j is no bound.",
        hypotheses=("Z ~ N(0, σ²I) independent of (X, X′)", "pairs independent", "E‖f(X)‖² finite"),
        source=f"{_HERE}; InfoNCE: van den Oord et al. (2018), Poole et al. (2019)",
        references=("noisedim", "infonce", "poole"),
    ),
    Claim(
        id="dual-linear",
        kind="new",
        title="The linear dual is estimated without bias",
        statement="J_lin = mean t_i − mean_{i≠j} κ_ij + 1 has expectation E t − E κ + 1 ≤ J ≤ I at every batch size B ≥ 2, "
        "and its gradient that of the expectation; the plug-in of J has neither.",
        hypotheses=("pairs independent", "κ integrable"),
        source=f"{_HERE}; the bound is Nguyen, Wainwright & Jordan's (2010) at T − 1",
        references=("noisedim", "nwj"),
    ),
    Claim(
        id="dual-batch-bias",
        kind="new",
        title="What a batch can see",
        statement="E log Ū − log E κ = −[2(B−2)ζ₁ + ζ₂]/(B(B−1)(E κ)²) + o(1/B) for the mean Ū of κ over the pairs of a "
        "batch, and −((1−r²)^(−d) − 1)/(B(B−1)) to second order at the prior, half a nat at B = √(2(1−r²)^(−d)), where "
        "C = log B − ½ log 2 + (d/2) log(1+r) ≤ log B + (d/2) log 2 − 0.346.",
        hypotheses=("κ has four moments, and is bounded away from 0",),
        source=f"{_HERE}; Hoeffding (1948) for the variance. The rule is a heuristic",
        references=("noisedim", "hoeffding"),
    ),
    Claim(
        id="dual-adaptive",
        kind="new",
        title="The dual of views with a correlation",
        statement="With the critic of standard normal views of correlation ρ, J_ρ = E T_ρ − log E κ_ρ ≤ I for every ρ, κ_ρ "
        "Mehler's kernel at r = ρ/(1+σ²); ρ = 1 is Theorem 4.1's. For views that are standard normal with correlation m, "
        "J_ρ = d[−½ log(1−ρ²c²) + ρc²(m−ρ)/(1−ρ²c²)], c² = 1/(1+σ²), is largest at ρ = m, where it is I. When f(X) and "
        "f(X′) have one law with E‖f(X)‖² = d, a maximiser lies at or below m = E⟨f(X), f(X′)⟩/d ≥ 0.",
        hypotheses=(
            "Z ~ N(0, σ²I) independent of (X, X′)",
            "ρ chosen without the data it is averaged over, or as stated",
        ),
        source=f"{_HERE}; Donsker & Varadhan (1983); the semigroup property is Mehler's",
        references=("noisedim", "mehler", "donsker-varadhan"),
    ),
    Claim(
        id="dual-uniform",
        kind="new",
        title="The uniform prior's kernel",
        statement="log E κ(f(X₁), f(X₂)) = D₂(Y ‖ U[−ε, 1+ε]^d) for κ(a, b) = Π_i (1+2ε) max(0, 2ε−|a_i−b_i|)/(2ε)².",
        hypotheses=("Z ~ U[−ε, ε]^d", "f(X) in [0, 1]^d"),
        source=_HERE,
        references=("noisedim", "renyi", "product-kernels"),
    ),
    Claim(
        id="dual-leaky",
        kind="new",
        title="A dual for the uniform prior that is a bound",
        statement="J_η = Σ_i E[q_i log(1 + (1−η)(1+2ε)/(2εη)) + log η] − log E Π_i [η + (1−η)κ_i] ≤ I for every η in "
        "(0, 1], q_i = (1 − |f_i−f_i′|/(2ε))₊. Its first term is largest at η = min(1, (1−q̄)(1+2ε)), where it is "
        "d·kl(q̄ ‖ 2ε/(1+2ε)) or 0; of equal views J_η tends to C − D₂ as η → 0. For the law that attains Theorem 3.5's "
        "bound, with coordinates redrawn independently with probability 1−k, J_η is I at η = 1−k.",
        hypotheses=("Z ~ U[−ε, ε]^d independent of (X, X′)", "f(X), f(X′) in [0, 1]^d"),
        source=f"{_HERE}; Donsker & Varadhan (1983)",
        references=("noisedim", "donsker-varadhan"),
    ),
    Claim(
        id="dual-channels",
        kind="new",
        title="Every channel has a dual",
        statement="For a channel p(y | x) and any law m, with p_f = p(· | f(X)) and κ(a, b) = ∫ p(y|a)p(y|b)/m(y): "
        "J = E KL(p_f ‖ m) − E KL(p_f ‖ p_f′) − log E κ(f(X₁), f(X₂′)) ≤ I(f(X′); Y), and "
        "KL(P_Y ‖ m) = E KL(p_f ‖ m) − I(f(X); Y).",
        hypotheses=("Y depends on (X, X′) through f(X) only", "the divergences finite"),
        source="Donsker & Varadhan (1983); the identity is the compensation formula (Polyanskiy & Wu, 2024); κ is a "
        "probability product kernel (Jebara, Kondor & Howard, 2004)",
        printed=_KNOWN + " but for the combination",
        references=("donsker-varadhan", "polyanskiy-wu", "product-kernels"),
    ),
    Claim(
        id="dual-spheres",
        kind="new",
        title="The dual on spheres and tori, in closed form",
        statement="Sphere S^d with von Mises–Fisher noise of concentration k: C = k·A(k) − log M(k), alignment "
        "k·A(k)(1−⟨f, f′⟩), κ(a, b) = M(k‖a+b‖)/M(k)², M(t) = ₀F₁(; (d+1)/2; t²/4), A = M′/M; every input law sends at most "
        "C, the uniform law sends C. Torus: d circles, κ = Π I₀(2k cos((a_i−b_i)/2))/I₀(k)².",
        hypotheses=("Y depends on (X, X′) through f(X) only", "f(X), f(X′) on the sphere"),
        source=f"{_HERE}; the law: Mardia & Jupp (2000)",
        references=("noisedim", "directional-statistics", "product-kernels"),
    ),
    Claim(
        id="dual-spheres-fitted",
        kind="new",
        title="The dual on spheres of views that are not equal",
        statement="With the critic k′⟨x, y⟩ − log M(k′): E_Z T = k′A(k)⟨f, f′⟩ − log M(k′), log κ = log M(‖kf + k′f′‖) "
        "− log M(k) − log M(k′), and J ≤ I for every k′. E T is largest at A(k′) = A(k)·E⟨f, f′⟩, where it is C(k′): J "
        "itself if f(X) is uniform. For uniform f(X) the mean of κ over a batch has a relative variance of 1 about "
        "B = √(2E κ²), which for little noise is e^(C/2 + d/4)·2^((1−d)/2) to first order.",
        hypotheses=("Y depends on (X, X′) through f(X) only", "f(X), f(X′) on the sphere"),
        source=f"{_HERE}; Donsker & Varadhan (1983)",
        references=("noisedim", "directional-statistics", "donsker-varadhan"),
    ),
    Claim(
        id="sliced-epps-pulley",
        kind="new",
        title="Epps and Pulley's statistic over all slices",
        statement="E_u exp(−β²⟨u, a−b⟩²/2) = ₁F₁(½; d/2; −β²‖a−b‖²/2), so the statistic averaged over all slices is a squared "
        "MMD with that kernel: its mean over pairs, less twice (1+β²)^(−½) ₁F₁(½; d/2; −β²‖z‖²/(2(1+β²))), plus "
        "(1+2β²)^(−½).",
        hypotheses=("u uniform on the unit sphere",),
        source="Hertrich (2024), Nadjahi et al. (2020) for sliced kernels; the statistic: Epps & Pulley (1983), "
        "Baringhaus & Henze (1988), Balestriero & LeCun (2025)",
        printed=_KNOWN + " but for the three terms together",
        references=("sliced-kernels", "sliced-divergences", "sliced-mmd", "epps-pulley", "baringhaus-henze", "sigreg"),
    ),
    Claim(
        id="sliced-mehler",
        kind="new",
        title="Mehler's kernel over all slices",
        statement="E_u κ_r(⟨u, a⟩, ⟨u, b⟩) = (1−r²)^(−½) Φ₂(½, ½; d/2; λ₁, λ₂), Humbert's function of the two eigenvalues of "
        "[r(ab′+ba′) − r²(aa′+bb′)]/(2(1−r²)); its mean against N(0, I) is 1 at every point.",
        hypotheses=("u uniform on the unit sphere", "0 < r < 1"),
        source=_HERE,
        references=("noisedim", "mehler", "sliced-divergences"),
    ),
    Claim(
        id="sliced-moments",
        kind="new",
        title="What slices weigh",
        statement="Averaging (E h_n(⟨u, f⟩))² over slices multiplies the part of the moments of order n with k free indices by "
        "n!/(2^k (n−k)!) · Γ(d/2)Γ((n−k+1)/2)/(√π Γ((n+k+d)/2)), the traceless part by n!/(d(d+2)…(d+2n−2)). Epps and "
        "Pulley's distance is (2n−1)!!/n! · sⁿ/√(1+2β²), s = β²/(1+2β²), times the square of the only moment that departs; "
        "Mehler's rⁿ.",
        hypotheses=("moments of order n finite",),
        source=f"{_HERE}; the weights are Funk and Hecke's",
        references=("noisedim", "mehler", "sigreg"),
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
