"""What the paper prints that is not so: the printed form, a counterexample that is computed, and what to print instead."""

from noisedim.theory.claims.record import PAPER, Claim

__all__ = ["ERRATA"]


def _erratum(
    number: int,
    title: str,
    where: str,
    *,
    printed: str,
    counterexample: str,
    correction: str,
    references: tuple[str, ...] = (),
) -> Claim:
    return Claim(
        id=f"E{number}",
        kind="erratum",
        title=title,
        statement=correction,
        source=f"{PAPER}, {where}",
        printed=printed,
        correction=correction,
        counterexample=counterexample,
        references=("paper", *references),
    )


ERRATA: tuple[Claim, ...] = (
    _erratum(
        1,
        "When Lemmas B.1 and B.4 hold with equality",
        "Lemmas B.1 and B.4",
        printed="Equality iff f is weakly invariant and f(X) ~ N(0, I) (B.1); iff 1/ε is whole, f is weakly invariant and "
        "f(X) ~ U(A) (B.4).",
        counterexample="X′ = X with f(X) ~ U[−√3, √3], σ = 1 (B.1), and with f(X) ~ U[0, 1], ε = 1/4 (B.4): both sides "
        "are equal and positive.",
        correction="Equality iff f is weakly invariant, whatever the law of f(X): the cross-entropy to the reference "
        "depends on E‖Y‖² (or on the support) alone, so the slack is exactly I(Y; f(X) | f(X′)).",
    ),
    _erratum(
        2,
        "Which noise lets a law attain (6)",
        "Theorem 3.5 and Lemma B.4",
        printed="Equality requires 1/ε to be whole.",
        counterexample="ε = 1/3: 1/ε is whole, but no law on [0, 1] sends more than ½ log 6 = 0.8959 nats, while the bound "
        "is log 2.5 = 0.9163 (found by search over all laws, with a certificate).",
        correction="Equality requires 1/(2ε) to be whole; otherwise the capacity is d[(1−r) log(n+1) + r log(n+2)], "
        "1/(2ε) = n + r.",
        references=("oettli", "blahut", "arimoto"),
    ),
    _erratum(
        3,
        "(6) is attained without weak invariance",
        "Theorem 3.5",
        printed="Equality only if f is weakly invariant (under the conditions of Lemma 3.1).",
        counterexample="X uniform on {0, 1}, X′ = 1 − X, f the identity, ε = ½: I = log 2, the bound, and f(X) ≠ g(f(X)) "
        "for the g with f(X) = g(f(X′)).",
        correction="Ask for Lemma 3.3's P(X = X′ | X) > 0, or replace weak invariance by f(X) = g(f(X′)).",
    ),
    _erratum(
        4,
        "The second form of Remark 3.6",
        "Remark 3.6",
        printed="I = d log(1 + 1/(2ε)) − (log(1+2ε) − ε), the bracket being o(ε).",
        counterexample="d = 4, ε = 0.1: I = 6.8378, the printed form gives 7.0847. The bracket over ε tends to 1, not 0.",
        correction="I = d log(1 + 1/(2ε)) − d(log(1+2ε) − ε); the remainder is Θ(ε).",
    ),
    _erratum(
        5,
        "The autoencoder's bound in d dimensions",
        "Section 4, Autoencoders",
        printed="I(X; Y) ≥ h(X) − (d/2) log(2πe) − ½ log E‖X − X̂(Y)‖².",
        counterexample="d = 2, X ~ N(0, 100·I), Y independent of X, X̂ = 0: the printed bound is 1.956 nats, I = 0.",
        correction="The last term is (d/2) log(E‖X − X̂(Y)‖²/d).",
    ),
    _erratum(
        6,
        "InfoNCE with negatives only is no bound",
        "Section 4, InfoNCE",
        printed="−log(e^(T(q,k⁺)) / (1/K) Σ_j e^(T(q,k⁻_j))), its negative taken for a lower bound on I.",
        counterexample="f(X) = f(X′) ~ N(0, I), d = 2, capacity 14 nats, the optimal critic, K = 1024 negatives: the value "
        "is at least 1,172 nats in expectation.",
        correction="Include the positive in the denominator's K terms: a lower bound with the ceiling log K. A capacity "
        "above log K (14 nats of Figure 1; log 1024 = 6.93) cannot be seen by it.",
        references=("infonce", "poole"),
    ),
    _erratum(
        7,
        "When Theorem 4.1 holds with equality",
        "Theorem 4.1",
        printed="Equality precisely when f is weakly invariant and f(X) ~ N(0, I).",
        counterexample="f(X) ~ N(0, 1), X′ = X or, with probability ½, an injective image of X in a null set, one unit away: "
        "f is weakly invariant and I = C, but the bound falls short of C.",
        correction="Equality iff f(X) = f(X′) almost surely and f(X) ~ N(0, I). Weak invariance is enough where the "
        "law of f(X′) has a density.",
    ),
    _erratum(
        8,
        "The experiment's augmentation breaks the theorem's hypothesis",
        "Appendix C (and Section 5)",
        printed="Additive Gaussian noise, σ = 0.6, as augmentation, with (5) as the attainable maximum.",
        counterexample="P(X = X′) = 0, so weak invariance forces a constant f; a linear encoder of X ~ N(0, 1) has "
        "I ≤ ½ log(1 + 1/0.36) = 0.665 nats at every noise level of the channel, against a capacity without limit.",
        correction="Leave X unchanged with a positive probability (as noisedim's augmentation_probability does), or say "
        "that (5) is then out of reach.",
    ),
    _erratum(
        9,
        "Normal sums of independent variables",
        "Section 3.1",
        printed="f(X)+Z is normally distributed iff f(X) is (Z of finite second moments).",
        counterexample="f(X) ~ N(0, 1), Z ~ U[−1, 1]: the sum is not normal.",
        correction="Let Z be Gaussian: by Cramér's theorem the sum is normal iff both parts are.",
    ),
    _erratum(
        10,
        "Almost surely with respect to what",
        "Remark 2.5, eq. (4)",
        printed="The suprema are attained iff T = PMI + α almost surely with respect to P_{X,Y}.",
        counterexample="X = Y uniform on {0, 1}, T = PMI where P_{X,Y} > 0 and T = 1 elsewhere: P_{X,Y}-a.s. right, and "
        "the Donsker–Varadhan value is log 2 − log(1 + e/2) < log 2.",
        correction="With respect to P_X ⊗ P_Y.",
    ),
    _erratum(
        11,
        "Lemma 2.4 needs a finite entropy of the noise",
        "Lemma 2.4",
        printed="h(X+Z | Y) = h(Z | Y) iff X = g(Y), with no condition on Z.",
        counterexample="Y constant, X uniform on {0, 1}, Z of density 1/(z log² z) on z > e: both entropies are infinite, "
        "X is not a function of Y, and I(X; X+Z) > 0. (A discrete Z does the same with −∞.)",
        correction="Add: h(Z | Y) is finite.",
    ),
    _erratum(
        12,
        "Absolute continuity excludes Theorem 3.5's own equality",
        "Lemma 3.1 and Theorem 3.5",
        printed="All vectors of the chain are absolutely continuous (Lemma 3.1, taken over by Theorem 3.5).",
        counterexample="Under it (6) is never attained: the only law that attains it is U(A^d), which has no density; a "
        "law with a density stays strictly below.",
        correction="Ask only for a finite h(Z); Lemma 3.1 holds for f(X) with atoms.",
    ),
    _erratum(
        13,
        "The optimal law in more than one dimension",
        "Theorem 3.5 and Lemma B.4",
        printed="f(X) ~ U(A), A = {0, 2ε, 4ε, …, 1}, a set of 1/(2ε)+1 elements.",
        counterexample="d = 2, ε = 1/4: 1/(2ε)+1 = 3 points of [0, 1]² send at most log 3 = 1.0986 nats; the bound is "
        "2 log 3 = 2.1972.",
        correction="f(X) ~ U(A^d), a set of (1/(2ε)+1)^d elements.",
    ),
    _erratum(
        14,
        "When I(Z; f(X)+Z) is infinite",
        "Section 3.1, after Theorem 3.4",
        printed="I(Z; f(X)+Z) is bounded except where the support of f(X) is degenerate.",
        counterexample="f(X) normal with probability 0.99 and 0 otherwise: the support is the whole line and "
        "I(Z; f(X)+Z) = ∞, because Z is seen exactly where f(X) = 0 is known.",
        correction="I(Z; f(X)+Z) = h(Y) − h(f(X)) is infinite as soon as f(X) has an atom, or any part without density; "
        "finite iff h(f(X)) > −∞ (given finite moments).",
    ),
    _erratum(
        15,
        "The left side of VICReg's bound",
        "Section 4, Covariance-based methods",
        printed="I(f(X′); X′) ≥ h(f(X′)) + E log q(f(X′) | X″).",
        counterexample="f the identity, X′ = X + N′, X″ = X + N″, all normal: the right side is at most "
        "I(f(X′); X″), finite, and equal to it at the best q; the left side is infinite, as f(X′) is a function of X′.",
        correction="I(f(X′); X″) on the left.",
    ),
    _erratum(
        16,
        "What the proof of Lemma B.1 proves",
        "Appendix B, proof of Lemma B.1",
        printed="KL(Y ‖ N(m, Σ)) is bounded, with Σ the covariance of Y; “Σ is diagonal, which implies Σ = I”.",
        counterexample="f(X) ~ N(0, Σ₀) with unit variances and correlation 0.9, X′ = X: KL(Y ‖ N(m, Σ)) = 0, the "
        "lemma's KL(Y ‖ N(0, (1+σ²)I)) is positive; and with Σ₀ = I the covariance of Y is (1+σ²)I.",
        correction="Add KL(N(0, Σ) ‖ N(0, (1+σ²)I)) = h(N(0, (1+σ²)I)) − h(N(0, Σ)) (equal diagonals): the two terms cancel "
        "the step's inequality exactly. Read “Σ = (1+σ²)I”.",
    ),
    _erratum(
        17,
        "A sign in the proof of Theorem 2.1",
        "Appendix A, proof of Theorem 2.1",
        printed="∫ p log φ_Σ = const + ½ E XᵀΣ⁻¹X (three times).",
        counterexample="d = 1, X ~ N(0, 1): ∫ p log φ = −½ log 2π − ½ = −1.4189; with the printed sign −0.4189.",
        correction="const − ½ E XᵀΣ⁻¹X. The conclusion stands: both sides carry the same sign.",
    ),
    _erratum(
        18,
        "Five runs and a 99% asymptotic interval",
        "Figure 1",
        printed="5 experiments a point, 99% asymptotic confidence intervals.",
        counterexample="For normal values, mean ± 2.576 standard errors of 5 runs covers 93.8%, not 99%.",
        correction="Student's t: mean ± 4.604 standard errors.",
    ),
    _erratum(
        19,
        "An averaged p-value is not a p-value",
        "Section 5 and Figure 1",
        printed="Averaged p-values of small subsamples, read as the p-value of a test.",
        counterexample="Two uniform p-values whose mean is at most α with probability 2α.",
        correction="Report the average as an index; as a test, twice the mean is valid (Vovk & Wang, 2020).",
        references=("vovk-wang",),
    ),
    _erratum(
        20,
        "With bounded noise no real-valued critic attains the supremum",
        "Remark 2.5",
        printed="The suprema over T: Ω → ℝ in (2) and (3) are attained.",
        counterexample="X′ = X uniform on {0, 1}, Z ~ U[−¼, ¼]: PMI = −∞ on half of the product law, and every real-valued "
        "critic stays below log 2, by log(1 + e^(−M)/2) for the value −M there.",
        correction="Let T take the value −∞, or say “approached”.",
    ),
)
