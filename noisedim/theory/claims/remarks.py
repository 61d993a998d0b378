"""Rows of the errata that call nothing in print false: what a reader should know of the method, and what was withdrawn."""

from noisedim.theory.claims.record import Claim, ErratumKind, erratum

__all__ = ["REMARKS"]

_KIND: ErratumKind = "remark on method"

REMARKS: tuple[Claim, ...] = (
    erratum(
        6,
        _KIND,
        "InfoNCE with negatives only approximates, and is no bound",
        "Section 4, InfoNCE, and Figure 1",
        printed="−log(e^(T(q,k⁺)) / (1/K) Σ_j e^(T(q,k⁻_j))) is used “to approximate (2)”; the paper does not call it a bound.",
        counterexample="As a bound it fails: f(X) = f(X′) ~ N(0, I), d = 2, capacity 14 nats, the optimal critic, K = "
        "1024 negatives: the value is at least 1,172 nats in expectation.",
        correction="With the positive among the K terms of the denominator it is a lower bound with the ceiling log K. "
        "A capacity above log K (14 nats of Figure 1; log 1024 = 6.93) cannot be seen by that.",
        references=("infonce", "poole"),
    ),
    erratum(
        7,
        _KIND,
        "Withdrawn: Theorem 4.1's condition for equality is right as printed",
        "Theorem 4.1 and its proof",
        printed="Equality precisely when f is weakly invariant and f(X) ~ N(0, I), under Lemma 3.1's densities.",
        counterexample="What dropping the densities of f(X′) costs: f(X) ~ N(0, 1), X′ = X or, with probability ½, an "
        "injective image of X in a null set, one unit away. Then f is weakly invariant, I = C, and the "
        "bound falls short by 1/(4σ²).",
        correction="Under Lemma 3.1's densities the printed condition is right. A gap in the proof remains: its last "
        "step takes equality in Donsker–Varadhan for I = C, where f(X) = f(X′) has to be shown. Without densities, "
        "equality iff f(X) = f(X′) and f(X) ~ N(0, I).",
        proof="theory_checks/test_theorem_4_1.py, in its first lines",
    ),
    erratum(
        8,
        _KIND,
        "(5) is out of reach with noise as augmentation",
        "Appendix C (and Section 5)",
        printed="Additive Gaussian noise, σ = 0.6, as augmentation; the paper does not say that (5) is attained with it.",
        counterexample="P(X = X′) = 0, so weak invariance forces a constant f. A linear encoder of X ~ N(0, 1) has "
        "I ≤ ½ log(1 + 1/0.36) = 0.665 nats at every noise level of the channel; of X ~ N(0, 100), 2.815 nats.",
        correction="Leave X unchanged with a positive probability (as noisedim's augmentation_probability does), or "
        "say that (5) is then an upper bound that is not attained.",
    ),
    erratum(
        10,
        _KIND,
        "Remark 2.5 does not cover a pointwise information of −∞",
        "Remark 2.5, eq. (4)",
        printed="The suprema in (2) and (3) are attained iff T = PMI + α almost surely with respect to P_{X,Y}, "
        "assuming that PMI exists.",
        counterexample="Uniform noise has PMI = −∞ on a part of the product law that P_{X,Y} does not see. X = Y "
        "uniform on {0, 1}, T = PMI where P_{X,Y} > 0 and 1 elsewhere: the Donsker–Varadhan value is log 2 − log(1 + "
        "e/2). And every real-valued critic stays below the supremum, by log(1 + e^(−M)/2) for the value −M there.",
        correction="Where PMI is finite the remark is right. With PMI = −∞, read “with respect to P_X ⊗ P_Y”, and let "
        "T take the value −∞ or say “approached”.",
        proof="strict convexity of e^T: Theorem 2.1 in Keziou (2003)",
    ),
    erratum(
        15,
        _KIND,
        "Withdrawn: VICReg's printed inequality is true",
        "Section 4, Covariance-based methods",
        printed="I(f(X′); X′) ≥ h(f(X′)) + E log q(f(X′) | X″).",
        counterexample="It follows from data processing, I(f(X′); X′) ≥ I(f(X′); X″) ≥ the right side; but for a "
        "deterministic f with a density its left side is infinite, so that it bounds nothing.",
        correction="True, but empty for a deterministic f; I(f(X′); X″) is the useful left side.",
    ),
    erratum(
        18,
        _KIND,
        "Five runs and a 99% asymptotic interval",
        "Figure 1",
        printed="5 experiments a point, 99% asymptotic confidence intervals.",
        counterexample="For normal values, mean ± 2.576 standard errors of 5 runs covers 93.8%, not 99%.",
        correction="Student's t: mean ± 4.604 standard errors.",
    ),
    erratum(
        19,
        _KIND,
        "An averaged p-value is not a p-value",
        "Section 5 and Figure 1",
        printed="Averaged p-values of small subsamples, described as smoothing.",
        counterexample="Two uniform p-values whose mean is at most α with probability 2α.",
        correction="Report the average as an index, as the paper's words allow; as a test, twice the mean is valid "
        "(Vovk & Wang, 2020).",
        references=("vovk-wang",),
    ),
    erratum(
        21,
        _KIND,
        "The estimate of the InfoNCE loss takes the logarithm for each query",
        "Section 4, InfoNCE",
        printed="L = −[E T(Q, K) − log E e^(T(Q, K))], estimated by −log(e^(T(q,k⁺)) / (1/K) Σ_j e^(T(q,k⁻_j))).",
        counterexample="T(q, k) = c(q) = ±1, each half of the time: the estimate is 0 for every sample and every K, "
        "while L = log cosh 1 = 0.4338.",
        correction="The estimate tends to −[E T − E_q log E_k e^T] as K grows, by Jensen's inequality at most L, and "
        "that value's negative, too, is at most I(Q; K).",
        proof="for each query, Donsker–Varadhan's bound on KL(P(k | q) ‖ P(k)); the mean over queries is I",
    ),
)
