"""What the paper prints that is not so, or not quite: the printed form, where it fails, and what to print instead.

Each row says what kind it is, and which of the paper's hypotheses its counterexample satisfies. E20 was merged into E10;
E7 and E15 were withdrawn and say, as remarks, what remains true. The remarks are in
:mod:`noisedim.theory.claims.remarks`.
"""

from noisedim.theory.claims import hypotheses as given
from noisedim.theory.claims.record import Claim, erratum
from noisedim.theory.claims.remarks import REMARKS

__all__ = ["ERRATA"]

_CHANNEL = (given.INDEPENDENT_NOISE, given.MARKOV)

_OTHERS: tuple[Claim, ...] = (
    erratum(
        1,
        "substantive",
        "When Lemmas B.1 and B.4 hold with equality",
        "Lemmas B.1 and B.4",
        printed="Equality iff f is weakly invariant and f(X) ~ N(0, I) (B.1); iff 1/ε is whole, f is weakly invariant "
        "and f(X) ~ U(A) (B.4).",
        counterexample="X′ = X with f(X) ~ U[−√3, √3], σ = 1 (B.1), and with f(X) ~ U[0, 1], ε = 1/4 (B.4): both sides "
        "are equal and positive.",
        satisfies=(
            given.DENSITIES,
            given.KEPT,
            given.WEAKLY_INVARIANT,
            given.GAUSSIAN_NOISE,
            given.MOMENTS,
            given.UNIFORM_NOISE,
            given.UNIT_CUBE,
        ),
        by_construction=_CHANNEL,
        correction="KL(Y ‖ N(0, (1+σ²)I)) = C − I(f(X′); Y) − I(Y; f(X) | f(X′)) exactly, so B.1 holds with equality "
        "iff f is weakly invariant, whatever the law of f(X). B.4 likewise, iff f(X) = g(f(X′)), which is weak "
        "invariance once P(X = X′ | X) > 0 is asked for.",
        proof="the cross-entropy to the reference depends on E‖Y‖² (or on the support) alone, so the slack is the last "
        "term, and Lemma 3.3 says when that vanishes",
    ),
    erratum(
        2,
        "notation",
        "1/ε for 1/(2ε)",
        "Theorem 3.5 and Lemma B.4",
        printed="Equality requires 1/ε to be whole.",
        counterexample="ε = 1/3: 1/ε is whole, but no law on [0, 1] sends more than ½ log 6 = 0.8959 nats, while the "
        "bound is log 2.5 = 0.9163.",
        satisfies=(given.WHOLE, given.UNIFORM_NOISE, given.UNIT_CUBE),
        by_construction=_CHANNEL,
        correction="Equality requires 1/(2ε) to be whole. The printed conjunction says so already, as it asks for a "
        "set A of 1/(2ε)+1 elements: the “1/ε” is a redundant symbol or a misprint. The exact capacity for every ε, "
        "d[(1−r) log(n+1) + r log(n+2)] with 1/(2ε) = n + r, is added here.",
        proof="claim uniform-channel",
        references=("oettli", "blahut", "arimoto"),
    ),
    erratum(
        3,
        "hypothesis missing",
        "(6) is attained without weak invariance",
        "Theorem 3.5",
        printed="Equality only if f is weakly invariant, under the conditions of Lemma 3.1.",
        counterexample="X ~ U[0, 1], X′ = X + ½ mod 1, f = 1{x ≥ ½}, ε = ½: I = log 2, the bound, but the g with "
        "f(X) = g(f(X′)) exchanges 0 and 1. X, X′ and Y have densities; f(X) and f(X′) have none, as in the theorem's "
        "own case of equality (E12).",
        satisfies=(
            given.NOISY_DENSITY,
            given.UNIFORM_NOISE,
            given.UNIT_CUBE,
            given.WHOLE,
            given.DISCRETE_VIEW,
        ),
        by_construction=(*_CHANNEL, "X and X′ have densities"),
        correction="Ask for Lemma 3.3's P(X = X′ | X) ≥ α > 0, which the proof of Lemma B.4 uses, or replace weak "
        "invariance by f(X) = g(f(X′)).",
    ),
    erratum(
        4,
        "substantive",
        "The second form of Remark 3.6",
        "Remark 3.6",
        printed="I = d log(1 + 1/(2ε)) − (log(1+2ε) − ε), the bracket being o(ε).",
        counterexample="d = 4, ε = 0.1: I = 6.8378, the printed form gives 7.0847. The bracket over ε tends to 1, not 0.",
        satisfies=(
            given.DENSITIES,
            given.WEAKLY_INVARIANT,
            given.UNIFORM_NOISE,
            given.UNIT_CUBE,
            "f(X) ~ U[0, 1]^d (Remark 3.6)",
            "ε < 1/2 (Remark 3.6)",
        ),
        by_construction=_CHANNEL,
        correction="I = d log(1 + 1/(2ε)) − d(log(1+2ε) − ε); the remainder is Θ(ε).",
    ),
    erratum(
        5,
        "substantive",
        "The autoencoder's bound in d dimensions",
        "Section 4, Autoencoders",
        printed="I(X; Y) ≥ h(X) − (d/2) log(2πe) − ½ log E‖X − X̂(Y)‖².",
        counterexample="d = 2, X ~ N(0, 100·I), Y independent of X, X̂ = 0: the printed bound is 1.956 nats, I = 0. "
        "And X → cX leaves I as it is and moves the printed bound by (d−1) log c.",
        satisfies=("X has a density in d dimensions", "h(X) and E‖X − X̂(Y)‖² are finite"),
        by_construction=("X̂ is a function of Y",),
        correction="The last term is (d/2) log(E‖X − X̂(Y)‖²/d).",
    ),
    erratum(
        9,
        "substantive",
        "Normal sums of independent variables",
        "Section 3.1",
        printed="f(X)+Z is normally distributed iff f(X) is (Z of finite second moments).",
        counterexample="f(X) ~ N(0, 1), Z ~ U[−1, 1]: the sum is not normal.",
        satisfies=(given.NOISE_MOMENTS, given.DENSITIES),
        by_construction=_CHANNEL,
        correction="Let Z be Gaussian, as it is from Theorem 3.4 on: by Cramér's theorem the sum is then normal iff f(X) is.",
        proof="Cramér's theorem on the components of a normal sum",
    ),
    erratum(
        11,
        "hypothesis missing",
        "Lemma 2.4 needs a finite entropy of the noise",
        "Lemma 2.4",
        printed="h(X+Z | Y) = h(Z | Y) iff X = g(Y), with no condition on Z.",
        counterexample="Y constant, X uniform on {0, 1}, Z of density 1/(z log² z) on z > e: both entropies are "
        "infinite, X is not a function of Y, and I(X; X+Z) > 0.",
        satisfies=("Z has a density (mass 1)", "X is no function of Y"),
        by_construction=("X and Z are independent given Y", "X and Z have one dimension"),
        correction="Add the implicit hypothesis: h(Z | Y) is finite.",
        proof="the proof of Lemma 2.4 in the paper, where the difference of the two entropies is defined",
    ),
    erratum(
        12,
        "hypothesis missing",
        "With densities throughout, Theorem 3.5's case of equality is vacuous",
        "Lemma 3.1 and Theorem 3.5",
        printed="All vectors of the chain are absolutely continuous (Lemma 3.1, taken over by Theorem 3.5); (6) holds "
        "with equality for some f.",
        counterexample="If f(X) must have a density, Y's density is continuous and vanishes at the edges of [−ε, "
        "1+ε]^d, so Y is not uniform there and (6) is strict. With a density of at most M the shortfall is bounded "
        "from below: at ε = 1/4, by 0.0116 nats for M = 4.",
        satisfies=(given.DENSITIES, given.KEPT, given.UNIFORM_NOISE, given.UNIT_CUBE, given.WHOLE),
        by_construction=_CHANNEL,
        correction="Ask for a finite h(Z) in place of densities: Lemma 3.1 holds for f(X) with atoms, and the "
        "theorem's case of equality, which is discrete, is then not empty.",
    ),
    erratum(
        13,
        "notation",
        "The optimal law in more than one dimension",
        "Theorem 3.5 and Lemma B.4",
        printed="f(X) ~ U(A), A = {0, 2ε, 4ε, …, 1}, a set of 1/(2ε)+1 elements.",
        counterexample="d = 2, ε = 1/4: 1/(2ε)+1 = 3 points of [0, 1]² send at most log 3 = 1.0986 nats; the bound is "
        "2 log 3 = 2.1972.",
        satisfies=(given.UNIFORM_NOISE, given.UNIT_CUBE, given.WHOLE),
        by_construction=_CHANNEL,
        correction="f(X) ~ U(A^d), a set of (1/(2ε)+1)^d elements, as the proof of B.4 has it.",
    ),
    erratum(
        14,
        "substantive",
        "When I(Z; f(X)+Z) is infinite",
        "Section 3.1, after Theorem 3.4",
        printed="I(Z; f(X)+Z) is bounded except where the support of f(X) is degenerate.",
        counterexample="f(X) ~ N(0, 1) or ±e^(−1/U), U ~ U(0, 1), each half of the time, scaled to variance 1: a "
        "density, the whole line for a support, h(f(X)) = −∞ and I(Z; f(X)+Z) = ∞.",
        satisfies=(
            given.GAUSSIAN_NOISE,
            given.MOMENTS,
            "f(X) has a density (mass 1)",
            "the support of f(X) is the whole line",
        ),
        by_construction=_CHANNEL,
        correction="I(Z; f(X)+Z) = h(Y) − h(f(X)) is finite iff h(f(X)) > −∞, given finite moments; an atom is enough "
        "to make it infinite, and a density is not enough to make it finite.",
        proof="h(Y) is finite, between h(Z) and the normal law's",
    ),
    erratum(
        16,
        "proof gap",
        "What the proof of Lemma B.1 proves",
        "Appendix B, proof of Lemma B.1",
        printed="KL(Y ‖ N(m, Σ)) is bounded, with Σ the covariance of Y; “Σ is diagonal, which implies Σ = I”.",
        counterexample="f(X) ~ N(0, Σ₀) with unit variances and correlation 0.9, X′ = X: KL(Y ‖ N(m, Σ)) = 0, the "
        "lemma's KL(Y ‖ N(0, (1+σ²)I)) is positive; and with Σ₀ = I the covariance of Y is (1+σ²)I.",
        satisfies=(given.DENSITIES, given.KEPT, given.WEAKLY_INVARIANT, given.GAUSSIAN_NOISE, given.MOMENTS),
        by_construction=_CHANNEL,
        correction="Add KL(N(0, Σ) ‖ N(0, (1+σ²)I)) = h(N(0, (1+σ²)I)) − h(N(0, Σ)) (equal diagonals): the two terms "
        "cancel the step's inequality exactly. Read “Σ = (1+σ²)I”.",
    ),
    erratum(
        17,
        "notation",
        "A sign in the proof of Theorem 2.1",
        "Appendix A, proof of Theorem 2.1",
        printed="∫ p log φ_Σ = const + ½ E XᵀΣ⁻¹X (twice).",
        counterexample="d = 1, X ~ N(0, 1): ∫ p log φ = −½ log 2π − ½ = −1.4189; with the printed sign −0.4189.",
        satisfies=("X has a density", "the mean and the covariance of X are finite"),
        correction="const − ½ E XᵀΣ⁻¹X. The conclusion stands: both sides carry the same sign.",
    ),
    erratum(
        22,
        "substantive",
        "Maximising the information does not minimise KL(f(X) ‖ U) at any noise level",
        "Section 1, contribution 1",
        printed="Adding a small noise and maximising the objective minimises the Kullback–Leibler divergence of the "
        "embeddings from a Gaussian (or uniform) law.",
        counterexample="Uniform noise: at every ε > 0 the one law that maximises I is discrete, so KL(f(X) ‖ U[0, 1]) = ∞ "
        "at the maximum, while U[0, 1] itself, with KL = 0, sends less. Among laws with a density there is no maximum, and "
        "along those that approach it KL(f(X) ‖ U[0, 1]) grows without end.",
        satisfies=(given.UNIFORM_NOISE, given.UNIT_CUBE, given.KEPT, given.WEAKLY_INVARIANT),
        by_construction=_CHANNEL,
        correction="What is minimised is the divergence of the noisy law (B.1, B.4). The maximum matches f(X) itself "
        "in the Gaussian case, but near the maximum nothing is controlled without I(Z; Y): 5 Gauss–Hermite atoms at σ "
        "= 1 leave C − I = 1.3e-5 and KL(f(X) ‖ N(0, 1)) = ∞.",
    ),
    erratum(
        23,
        "substantive",
        "“Only asymptotically”",
        "Section 3.1, after Theorem 3.4",
        printed="The first inequality in Theorem 3.4 suggests that exact distribution matching is achieved only "
        "asymptotically.",
        counterexample="f(X) ~ N(0, 1), X′ = X, σ = 5 (or any other): I = C, so the match is exact at a finite noise level.",
        satisfies=(given.DENSITIES, given.KEPT, given.WEAKLY_INVARIANT, given.GAUSSIAN_NOISE, given.MOMENTS),
        by_construction=_CHANNEL,
        correction="Theorem 3.4 attains (5) at every σ, exactly at f(X) ~ N(0, I) and a weakly invariant f; Section "
        "3.2 says so too (“unlike the previous case”). It is the uniform case that is asymptotic.",
    ),
    erratum(
        24,
        "proof gap",
        "What the proof of Lemma B.4 proves of its condition for equality",
        "Appendix B, proof of Lemma B.4",
        printed="Equality iff f(X) ~ U(A): the proof shows that U(A) plus noise is uniform.",
        counterexample="None to the corrected statement: the proof shows “if” only, and says nothing of other laws of f(X).",
        satisfies=(),
        correction="“Only if”: Y uniform on [−ε, 1+ε] means F(x+2ε) = F(x) + 2ε/(1+2ε) for the distribution function F "
        "of a coordinate of f(X), with F = 0 below 0: F is a staircase of steps 2ε/(1+2ε) at 0, 2ε, 4ε, …, and it ends "
        "at 1 in x = 1 iff 1/(2ε) is whole.",
        proof="the recursion above; in d dimensions the same for the mixed differences of F",
    ),
)

ERRATA: tuple[Claim, ...] = tuple(sorted((*_OTHERS, *REMARKS), key=lambda row: int(row.id[1:])))
