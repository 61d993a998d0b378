"""Lemma B.4: KL(Y ‖ U[−ε, 1+ε]^d) = d log(1+1/(2ε)) − I(f(X′); Y) − I(Y; f(X) | f(X′)).

Hypotheses: Z ~ U[−ε, ε]^d independent of (X, X′), f(X) in [0, 1]^d. Equality without the last term iff it vanishes, for any
law of f(X) and any ε; the paper also asks for U(A) and a whole 1/ε (E1, E2).
Source: arXiv 2410.06993, Lemma B.4.
"""

from noisedim.theory import bounds
from noisedim.theory.laws import Law, Uniform
from noisedim.theory.sources import LazySource, Source
from noisedim.verification import Trial, check
from noisedim.verification.scenarios import lattice, unit_pairs


@check("lemma-b.4", cases=unit_pairs(epsilons=(0.25, 1 / 3, 2.0)))
def bound_and_slack(trial: Trial, case: tuple[Source, float]) -> None:
    """The bound, and its slack, for laws on [0, 1] with X′ = X always, half of the time, and never."""
    source, epsilon = case
    noise = Uniform(-epsilon, epsilon)
    upper = bounds.uniform_noisy_kl_upper_bound(source.information(noise), source.dim, epsilon)
    divergence = source.noisy_divergence(noise, Uniform(-epsilon, 1 + epsilon))
    trial.at_most("KL(Y ‖ U) and the bound", divergence, upper)
    trial.equal("bound and KL + I(Y; f(X) | f(X′))", upper, divergence + source.residual_information(noise))


@check("lemma-b.4", cases={f"d={d},eps=1/{n}": (d, 1 / n) for d in (1, 2, 16) for n in (2, 4, 20)})
def lattice_fills_the_box(trial: Trial, case: tuple[int, float]) -> None:
    """U(A^d) plus noise is exactly uniform on [−ε, 1+ε]^d: the convolution of the paper's proof."""
    dim, epsilon = case
    law: Law = lattice(epsilon)
    source, noise = LazySource(law, dim=dim), Uniform(-epsilon, epsilon)
    trial.equal("KL(Y ‖ U)", source.noisy_divergence(noise, Uniform(-epsilon, 1 + epsilon)), 0.0)
    trial.equal("the bound", bounds.uniform_noisy_kl_upper_bound(source.information(noise), dim, epsilon), 0.0)
