"""The paper's claims, in its order, as they are true."""

from noisedim.theory.claims.record import PAPER, Claim

__all__ = ["PAPER_CLAIMS"]

_CHANNEL = "Z independent of (X, X′), Y = f(X)+Z, h(Z) finite"
_GAUSSIAN = ("Z ~ N(0, σ²I), independent of (X, X′)", "E f(X) = 0 and Var f(X)_i = 1 for every i")
_UNIFORM = ("Z ~ U[−ε, ε]^d, independent of (X, X′)", "f(X) in [0, 1]^d")
_KEEPS = "P(X = X′ | X) > 0 almost surely"

PAPER_CLAIMS: tuple[Claim, ...] = (
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
        id="lemma-2.4",
        kind="paper",
        title="Entropy of a conditionally independent sum",
        statement="h(X+Z | Y) = h(Z | Y) + I(X; X+Z | Y) ≥ h(Z | Y), with equality iff X = g(Y) for a measurable g.",
        hypotheses=("X and Z independent given Y", "h(Z | Y) finite"),
        source=f"{PAPER}, Lemma 2.4",
        printed="right where h(Z | Y) is finite, which it does not ask for (E11)",
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
        id="remark-2.5",
        kind="paper",
        title="The critics that attain the variational bounds",
        statement="E_P T − log E_Q e^T and E_P T − E_Q e^(T−1), with P the joint law and Q the product of marginals, are "
        "at most I(X; Y), with equality iff T = PMI + α Q-almost surely: any α for the first, α = 1 for the second.",
        hypotheses=("the pointwise mutual information exists", "T may be −∞ where it is"),
        source=f"{PAPER}, eqs. (2)–(4), Remark 2.5",
        printed="the measure in (4) is wrong (E10), and real-valued critics need not attain the supremum (E20)",
        references=("paper", "donsker-varadhan", "nwj", "mine"),
    ),
    Claim(
        id="lemma-3.1",
        kind="paper",
        title="The infomax objective in three entropies",
        statement="I(f(X′); Y) = h(Y) − h(Z) − I(Y; f(X) | f(X′)).",
        hypotheses=(_CHANNEL,),
        source=f"{PAPER}, Lemma 3.1",
        printed="right; it asks for densities that it does not need (E12)",
    ),
    Claim(
        id="lemma-3.3",
        kind="paper",
        title="What augmentation costs vanishes exactly for weakly invariant encoders",
        statement="I(Y; f(X) | f(X′)) = 0 iff f(X) = g(f(X)) = g(f(X′)) almost surely for a measurable g.",
        hypotheses=(_CHANNEL, _KEEPS),
        source=f"{PAPER}, Definition 3.2 and Lemma 3.3",
        printed="right; positive probability, without a common α, is enough",
    ),
    Claim(
        id="theorem-3.4",
        kind="paper",
        title="Gaussian distribution matching",
        statement="I(f(X′); Y) ≤ C = (d/2) log(1 + 1/σ²), with equality iff f is weakly invariant and f(X) ~ N(0, I); "
        "KL(f(X) ‖ N(0, I)) ≤ I(Z; Y) − I(f(X′); Y) − d log σ.",
        hypotheses=(*_GAUSSIAN, _KEEPS, "for the second bound, h(f(X)) finite"),
        source=f"{PAPER}, Theorem 3.4, eq. (5)",
        printed="right",
    ),
    Claim(
        id="theorem-3.5",
        kind="paper",
        title="Uniform distribution matching",
        statement="I(f(X′); Y) ≤ d log(1 + 1/(2ε)), with equality iff I(Y; f(X) | f(X′)) = 0, 1/(2ε) is whole and "
        "f(X) ~ U(A^d) with A = {0, 2ε, …, 1}; KL(f(X) ‖ U[0, 1]^d) ≤ I(Z; Y) − I(f(X′); Y) − d log 2ε.",
        hypotheses=(*_UNIFORM, "for the second bound, h(f(X)) finite"),
        source=f"{PAPER}, Theorem 3.5, eq. (6)",
        printed="the bounds are right, the condition for equality is wrong (E2, E3, E12, E13)",
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
        printed="its denominator lacks the positive (E6)",
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
        printed="right but for the condition for equality (E7)",
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
        printed="the left side of VICReg's bound is wrong (E15)",
        references=("paper", "vicreg", "barlow-twins"),
    ),
    Claim(
        id="lemma-b.1",
        kind="paper",
        title="Divergence of the noisy embedding, Gaussian prior",
        statement="KL(Y ‖ N(0, (1+σ²)I)) = C − I(f(X′); Y) − I(Y; f(X) | f(X′)) ≤ C − I(f(X′); Y), with equality iff f is "
        "weakly invariant.",
        hypotheses=(*_GAUSSIAN, _KEEPS),
        source=f"{PAPER}, Lemma B.1",
        printed="the condition for equality is wrong (E1), and its proof proves less (E16)",
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
        printed="the condition for equality is wrong (E1)",
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
