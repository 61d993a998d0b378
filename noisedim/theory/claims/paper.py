"""The paper's claims, in its order, as they are true."""

from noisedim.theory.claims.record import PAPER, Claim

__all__ = ["PAPER_CLAIMS"]

_CHANNEL = "Z independent of (X, X′), Y = f(X)+Z, h(Z) finite"
_GAUSSIAN = ("Z ~ N(0, σ²I), independent of (X, X′)", "E f(X) = 0 and Var f(X)_i = 1 for every i")
_UNIFORM = ("Z ~ U[−ε, ε]^d, independent of (X, X′)", "f(X) in [0, 1]^d")
_KEEPS = "P(X = X′ | X) > 0 almost surely"

PAPER_CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="contribution-1",
        kind="paper",
        title="Maximising the noisy information matches the noisy law",
        statement="Among embeddings with X′ = X, more information means less divergence of the noisy law, one for one: "
        "I + KL(Y ‖ N(0, (1+σ²)I)) = C, and I + KL(Y ‖ U[−ε, 1+ε]^d) = d log(1+1/(2ε)). For f(X) itself the maximum of "
        "I is at KL(f(X) ‖ N(0, I)) = 0 in the Gaussian case, at KL(f(X) ‖ U) = ∞ in the uniform one.",
        hypotheses=("those of Theorem 3.4 or of Theorem 3.5", "f weakly invariant"),
        source=f"{PAPER}, Section 1",
        printed="right of the noisy law and of the Gaussian maximum, wrong of the uniform one (E22)",
    ),
    Claim(
        id="theorem-2.1",
        kind="paper",
        title="Maximum entropy at given mean and covariance",
        statement="h(X) = h(N(m, Σ)) − KL(X ‖ N(m, Σ)), and h(N(m, Σ)) = ½ log((2πe)^d det Σ).",
        hypotheses=("X has a density", "mean m and covariance Σ finite, Σ positive definite"),
        source=f"{PAPER}, Theorem 2.1; Cover & Thomas, Theorem 8.6.5",
        printed="right; a sign in its proof is wrong (E17)",
        references=("paper", "cover-thomas"),
    ),
    Claim(
        id="theorem-2.2",
        kind="paper",
        title="Maximum entropy on a set of finite measure",
        statement="h(X) = h(U(S)) − KL(X ‖ U(S)), and h(U(S)) = log μ(S).",
        hypotheses=("X has a density", "X in S with 0 < μ(S) < ∞"),
        source=f"{PAPER}, Theorem 2.2",
        printed="right",
        references=("paper", "cover-thomas"),
    ),
    Claim(
        id="remark-2.3",
        kind="paper",
        title="Entropies of two laws do not differ by their divergence",
        statement="h(X) ≠ h(X′) − KL(X ‖ X′) in general: what is added is E log p′(X′) − E log p′(X), which vanishes "
        "where log p′ has one mean under both laws, as in Theorems 2.1 and 2.2.",
        hypotheses=("X and X′ have densities",),
        source=f"{PAPER}, Remark 2.3",
        printed="right",
    ),
    Claim(
        id="lemma-2.4",
        kind="paper",
        title="Entropy of a conditionally independent sum",
        statement="h(X+Z | Y) = h(Z | Y) + I(X; X+Z | Y) ≥ h(Z | Y), with equality iff X = g(Y) for a measurable g.",
        hypotheses=("X and Z independent given Y", "h(Z | Y) finite"),
        source=f"{PAPER}, Lemma 2.4",
        printed="right where h(Z | Y) is finite, an implicit hypothesis (E11)",
        proof="Appendix A of the paper: characteristic functions that do not vanish near 0",
    ),
    Claim(
        id="data-processing",
        kind="paper",
        title="Every step of the chain f(X)+Z ← f(X) ← X → X′ → f(X′) loses information",
        statement="I(f(X′); f(X)+Z) ≤ I(f(X′); f(X)) ≤ I(X′; f(X)) ≤ I(X; f(X)).",
        hypotheses=("the chain is Markov",),
        source=f"{PAPER}, Sections 2.2 and 3",
        printed="right",
        references=("paper", "cover-thomas"),
    ),
    Claim(
        id="section-2.2-infinite",
        kind="paper",
        title="Without noise the information is infinite",
        statement="I(X; f(X)) = ∞ for a deterministic f unless f(X) is discrete of finite entropy: quantised to cells, "
        "it is the entropy of the cell, which grows with the logarithm of their number for an f(X) with a density.",
        hypotheses=("f deterministic", "f(X) has a density"),
        source=f"{PAPER}, Section 2.2; Bell & Sejnowski (1995)",
        printed="right (“for a wide range of X and f”)",
    ),
    Claim(
        id="remark-2.5",
        kind="paper",
        title="The critics that attain the variational bounds",
        statement="E_P T − log E_Q e^T and E_P T − E_Q e^(T−1), with P the joint law and Q the product of marginals, "
        "are at most I(X; Y), with equality iff T = PMI + α Q-almost surely: any α for the first, α = 1 for the second.",
        hypotheses=("the pointwise mutual information exists", "T may be −∞ where it is"),
        source=f"{PAPER}, eqs. (2)–(4), Remark 2.5",
        printed="right where PMI is finite; it does not cover PMI = −∞, as with uniform noise (E10)",
        proof="strict convexity of e^T: Theorem 2.1 in Keziou (2003)",
        references=("paper", "donsker-varadhan", "nwj", "mine"),
    ),
    Claim(
        id="section-2.2-gradients",
        kind="paper",
        title="Mini-batch gradients of the Donsker–Varadhan bound are biased",
        statement="For a batch of B independent pairs E ∇[mean T − log mean e^T] ≠ ∇[E T − log E e^T] in general, with "
        "a difference of order 1/B; the NWJ bound's gradients are unbiased.",
        hypotheses=("T differentiable in its parameters", "Q-moments of e^T and of its gradient finite"),
        source=f"{PAPER}, Section 2.2, after Remark 2.5; Belghazi et al. (2018)",
        printed="right",
        references=("paper", "mine"),
    ),
    Claim(
        id="lemma-3.1",
        kind="paper",
        title="The infomax objective in three entropies",
        statement="I(f(X′); Y) = h(Y) − h(Z) − I(Y; f(X) | f(X′)).",
        hypotheses=(_CHANNEL,),
        source=f"{PAPER}, Lemma 3.1",
        printed="right; it asks for densities that Theorem 3.5's case of equality cannot have (E12)",
    ),
    Claim(
        id="lemma-3.3",
        kind="paper",
        title="What augmentation costs vanishes exactly for weakly invariant encoders",
        statement="I(Y; f(X) | f(X′)) = 0 iff f(X) = g(f(X)) = g(f(X′)) almost surely for a measurable g.",
        hypotheses=(_CHANNEL, _KEEPS),
        source=f"{PAPER}, Definition 3.2 and Lemma 3.3",
        printed="right; positive probability, without a common α, is enough",
        proof="Appendix A of the paper; without a common α the same argument holds at each X",
    ),
    Claim(
        id="section-3.1-entropy",
        kind="paper",
        title="At a given covariance h(f(X)+Z) is largest precisely when f(X)+Z is normal",
        statement="h(f(X)+Z) = h(N(m, Σ)) − KL(f(X)+Z ‖ N(m, Σ)), Σ the covariance of f(X)+Z: the maximum over the "
        "laws of f(X) with one covariance is attained iff f(X)+Z is normal, which a Gaussian Z allows and any other Z forbids.",
        hypotheses=("Z independent of X, finite second moments", "Cov f(X) given"),
        source=f"{PAPER}, Section 3.1, before Theorem 3.4",
        printed="right for Gaussian Z; with any other the maximum is not at a normal sum (E9)",
        proof="Theorem 2.1, and Cramér's theorem for what a normal sum needs",
    ),
    Claim(
        id="theorem-3.4",
        kind="paper",
        title="Gaussian distribution matching",
        statement="I(f(X′); Y) ≤ C = (d/2) log(1 + 1/σ²), with equality iff f is weakly invariant and f(X) ~ N(0, I); "
        "KL(f(X) ‖ N(0, I)) ≤ I(Z; Y) − I(f(X′); Y) − d log σ.",
        hypotheses=(*_GAUSSIAN, _KEEPS, "for the second bound, h(f(X)) finite"),
        source=f"{PAPER}, Theorem 3.4, eq. (5)",
        printed="right; of the two sentences after it, one contradicts it (E23) and one holds with more exceptions (E14)",
        proof="both terms of C − I = KL(Y ‖ N(0, (1+σ²)I)) + I(Y; f(X) | f(X′)) vanish; Cramér's theorem and Lemma 3.3",
    ),
    Claim(
        id="theorem-3.5",
        kind="paper",
        title="Uniform distribution matching",
        statement="I(f(X′); Y) ≤ d log(1 + 1/(2ε)), with equality iff I(Y; f(X) | f(X′)) = 0, 1/(2ε) is whole and "
        "f(X) ~ U(A^d) with A = {0, 2ε, …, 1}; KL(f(X) ‖ U[0, 1]^d) ≤ I(Z; Y) − I(f(X′); Y) − d log 2ε.",
        hypotheses=(*_UNIFORM, "for the second bound, h(f(X)) finite"),
        source=f"{PAPER}, Theorem 3.5, eq. (6)",
        printed="the bounds are right; the condition for equality lacks a hypothesis (E3), excludes itself where "
        "densities are taken over from Lemma 3.1 (E12), and has two misprints (E2, E13)",
        proof="both terms of the slack vanish; Y is uniform on [−ε, 1+ε]^d only for U(A^d), by the recursion of E24",
    ),
    Claim(
        id="remark-3.6",
        kind="paper",
        title="What a uniform embedding sends through uniform noise",
        statement="I(U; U+Z) = d(ε − log 2ε) for ε ≤ ½, d/(4ε) for ε ≥ ½; it falls short of the bound by "
        "d(log(1+2ε) − ε) for ε ≤ ½, which vanishes with ε.",
        hypotheses=("f(X) ~ U[0, 1]^d", "Z ~ U[−ε, ε]^d", "f weakly invariant"),
        source=f"{PAPER}, Remark 3.6",
        printed="the second form is wrong (E4)",
    ),
    Claim(
        id="statement-3.7",
        kind="paper",
        title="No map increases the divergence",
        statement="KL(P∘g⁻¹ ‖ Q∘g⁻¹) ≤ KL(P ‖ Q), with equality for invertible g: so a divergence to N(0, I) is also "
        "one to any law that N(0, I) is carried to.",
        hypotheses=("g measurable",),
        source=f"{PAPER}, Statement 3.7; Polyanskiy & Wu, Corollary 2.18",
        printed="right (“P∘g⁻¹ and P∘g⁻¹” should read “P∘g⁻¹ and Q∘g⁻¹”)",
        references=("paper", "polyanskiy-wu"),
    ),
    Claim(
        id="section-4-autoencoder",
        kind="paper",
        title="Reconstruction bounds information",
        statement="I(X; Y) ≥ h(X) − (d/2) log(2πe · E‖X − X̂(Y)‖² / d).",
        hypotheses=("X has a density in d dimensions",),
        source=f"{PAPER}, Section 4; Cover & Thomas, Theorem 8.6.6 (d = 1)",
        printed="wrong for d > 1 (E5)",
        references=("paper", "cover-thomas"),
    ),
    Claim(
        id="section-4-infonce",
        kind="paper",
        title="InfoNCE is a lower bound with the ceiling log K",
        statement="E[T⁺ − log (1/K)(e^(T⁺) + Σ_j e^(T⁻_j))] ≤ min(I, log K), with K−1 independent negatives.",
        hypotheses=("negatives independent of each other and of the positive, from the marginal",),
        source=f"{PAPER}, Section 4; van den Oord et al. (2018); Poole et al. (2019)",
        printed="its denominator lacks the positive (E6), and its logarithm is taken for each query (E21)",
        references=("paper", "infonce", "poole"),
    ),
    Claim(
        id="theorem-4.1",
        kind="paper",
        title="Dual form of Gaussian distribution matching",
        statement="I(f(X′); Y) ≥ E_{P⁺} T* − log E_{P⁻} e^(T*), T*(x, y) = ‖y‖²/(2(1+σ²)) − ‖y−x‖²/(2σ²) = "
        "(⟨x, y⟩ − (‖x‖² + ‖y‖²/(1+σ²))/2)/σ², with equality iff f(X) = f(X′) and f(X) ~ N(0, I); both sides are then C.",
        hypotheses=_GAUSSIAN,
        source=f"{PAPER}, Theorem 4.1",
        printed="right; its proof leaves out a step (E7)",
        proof="theory_checks/test_theorem_4_1.py, in its first lines",
    ),
    Claim(
        id="section-4-covariance",
        kind="paper",
        title="VICReg and Barlow Twins through entropies",
        statement="I(f(X′); X″) ≥ h(f(X′)) + E log q(f(X′) | X″), with equality iff q is the conditional law; "
        "h(f(X′) | X) − h(f(X′)) = −I(f(X′); X); replacing the entropy by a Gaussian's, ½ log det(2πeΣ), can only "
        "raise it, so the result bounds nothing unless f(X′) is normal.",
        hypotheses=("f(X′) has a density", "X″ is another view of X, independent of X′ given X"),
        source=f"{PAPER}, Section 4; Zbontar et al. (2021); Bardes et al. (2021)",
        printed="right; VICReg's left side is infinite for a deterministic encoder (E15)",
        proof="the slack is the mean divergence of the conditional law from q",
        references=("paper", "vicreg", "barlow-twins"),
    ),
    Claim(
        id="figure-1-capacity",
        kind="paper",
        title="The least capacity that keeps the class labels",
        statement="I(L; Y) ≤ I(f(X); Y) ≤ C, so a capacity of H(L) nats (log 10 = 2.303 for ten balanced classes) is "
        "necessary to keep the labels L in Y. Through Gaussian noise it is not sufficient: I(L; Y) = C asks for f(X) "
        "normal and a function of L at once. Through uniform noise with 1/(2ε) whole it is.",
        hypotheses=("L → X → f(X) → Y is a Markov chain", "those of Theorem 3.4 or of Theorem 3.5"),
        source=f"{PAPER}, Figure 1 (dotted line)",
        printed="right as a necessary capacity (“minimal capacity required”)",
    ),
    Claim(
        id="lemma-b.1",
        kind="paper",
        title="Divergence of the noisy embedding, Gaussian prior",
        statement="KL(Y ‖ N(0, (1+σ²)I)) = C − I(f(X′); Y) − I(Y; f(X) | f(X′)) ≤ C − I(f(X′); Y), with equality iff f "
        "is weakly invariant.",
        hypotheses=(*_GAUSSIAN, _KEEPS),
        source=f"{PAPER}, Lemma B.1",
        printed="the condition for equality is wrong (E1), and its proof has a gap (E16)",
        proof="the identity, and Lemma 3.3 for its last term",
    ),
    Claim(
        id="lemma-b.2",
        kind="paper",
        title="From the noisy embedding to the embedding, Gaussian prior",
        statement="KL(Y ‖ N(0, (1+σ²)I)) ≤ KL(f(X) ‖ N(0, I)) = KL(Y ‖ N(0, (1+σ²)I)) + I(Z; Y) − (d/2) log(1+σ²).",
        hypotheses=(*_GAUSSIAN, "h(f(X)) finite"),
        source=f"{PAPER}, Lemma B.2",
        printed="right (the last line of the proof lacks “h(”)",
    ),
    Claim(
        id="corollary-b.3",
        kind="paper",
        title="Divergence of the embedding, Gaussian prior",
        statement="KL(f(X) ‖ N(0, I)) = I(Z; Y) − I(f(X′); Y) − d log σ − I(Y; f(X) | f(X′)), so it is at most that "
        "without the last term.",
        hypotheses=(*_GAUSSIAN, "h(f(X)) finite"),
        source=f"{PAPER}, Corollary B.3",
        printed="right",
    ),
    Claim(
        id="lemma-b.4",
        kind="paper",
        title="Divergence of the noisy embedding, uniform prior",
        statement="KL(Y ‖ U[−ε, 1+ε]^d) = d log(1+1/(2ε)) − I(f(X′); Y) − I(Y; f(X) | f(X′)), so it is at most that "
        "without the last term, with equality iff f is weakly invariant (given P(X = X′ | X) > 0).",
        hypotheses=_UNIFORM,
        source=f"{PAPER}, Lemma B.4",
        printed="the condition for equality is wrong (E1), and its proof goes one way (E24)",
        proof="the identity, and Lemma 3.3 for its last term",
    ),
    Claim(
        id="lemma-b.5",
        kind="paper",
        title="From the noisy embedding to the embedding, uniform prior",
        statement="KL(f(X) ‖ U[0, 1]^d) = KL(Y ‖ U[−ε, 1+ε]^d) + I(Z; Y) − d log(1+2ε).",
        hypotheses=(*_UNIFORM, "h(f(X)) finite"),
        source=f"{PAPER}, Lemma B.5",
        printed="right",
    ),
    Claim(
        id="corollary-b.6",
        kind="paper",
        title="Divergence of the embedding, uniform prior",
        statement="KL(f(X) ‖ U[0, 1]^d) = I(Z; Y) − I(f(X′); Y) − d log 2ε − I(Y; f(X) | f(X′)), so it is at most that "
        "without the last term.",
        hypotheses=(*_UNIFORM, "h(f(X)) finite"),
        source=f"{PAPER}, Corollary B.6",
        printed="right",
    ),
)
