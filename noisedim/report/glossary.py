"""The terms that the report uses, each in a sentence or two."""

__all__ = ["TERMS"]

TERMS = (
    (
        "accuracy",
        "The share of images whose class a simple classifier tells from the embedding. Unless said otherwise it is a vote "
        "of the 5 nearest neighbours (5-NN), on images that did not train.",
    ),
    (
        "battery",
        "All tests of “the sample is drawn from the prior” run together: coordinates, norms, eigenvalues, "
        "directions, repeated rows, moments and joint laws. Holm's procedure with an effective number of tests keeps the "
        "chance of any false alarm near 5%, as measured on the page of tests.",
    ),
    (
        "capacity",
        "The most information, in nats, that a channel with additive noise lets through: (d/2) log(1 + 1/σ²) for Gaussian "
        "noise of deviation σ on d coordinates of unit variance. Less noise, more capacity.",
    ),
    (
        "certificate",
        "The capacity minus what the objective reaches: an upper bound, in nats, on the divergence of the noisy embedding "
        "from the noisy prior. `noisedim certify` gives such a bound at a confidence level, from held-out rows.",
    ),
    (
        "D₂",
        "The Rényi divergence of order 2 between the embedding and the prior after both are blurred by Gaussian noise, in "
        "nats; 0 for a perfect match. It hardly sees structure finer than that noise.",
    ),
    (
        "dual",
        "A lower bound on the information whose optimal critic is known in closed form, so that nothing but the encoder is "
        "trained.",
    ),
    ("held-out", "Not used for training, nor to choose any setting."),
    (
        "index",
        "The paper's measure of normality: p-values of a test, averaged over random parts of 50 images. It is no test. A "
        "normal sample scores about 0.5, and so do laws whose departure 50 images cannot show.",
    ),
    (
        "lost class",
        "A unit of distance between sets of images: 1 is the kernel distance that real images lose by lacking one of their "
        "classes.",
    ),
    (
        "margin",
        "The largest difference that counts as none, fixed before the runs that judge. Two methods are equivalent where the "
        "whole interval of their difference lies within it.",
    ),
    (
        "n*",
        "The sample size at which the battery tells the embedding from the prior half of the time. Larger is a closer match; "
        "infinite if no part of the sample is told apart.",
    ),
    ("nat", "The unit of information with natural logarithms: 1.44 bits."),
    (
        "noise injection",
        "The paper's method: noise of a known law is added to a normalised embedding, and the information through this "
        "channel is maximised. Its maximum is reached where the embedding follows the prior.",
    ),
    ("prior", "The law that the embedding is meant to follow, such as N(0, I) or U[0, 1]^d."),
    (
        "sliced W₂",
        "The Wasserstein distance between one-dimensional projections of the embedding and of the prior, averaged over "
        "directions, in standard deviations.",
    ),
    ("undecided", "The interval contains values on both sides: it would take more seeds or images to tell."),
)
"""Pairs of a term and its meaning, in the order of the alphabet."""
