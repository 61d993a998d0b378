"""Figure 1 of the paper in words: capacity against information, match and usefulness, on held-out images."""

from noisedim.document.content import Pictures, Section, Table, Text, Verdict, draw
from noisedim.document.words import interval_words, mean_and_half_width, share_word
from noisedim.report.capacity.figures import figure_1
from noisedim.report.capacity.verdicts import (
    AccuracyVerdict,
    BoundVerdict,
    Groups,
    MatchVerdict,
    accuracy_verdict,
    bound_verdict,
    by_capacity,
    match_verdict,
)
from noisedim.report.records import encoder_records, of_measure
from noisedim.report.scores import SCORE_WORDS
from noisedim.report.study import Sources

__all__ = ["capacity_section"]

_TITLE = "Capacity against match and usefulness (the paper's Figure 1, in small)"
_CLASSES = 10


def capacity_section(sources: Sources) -> Section:
    """Figure 1 with its table."""
    configs = sources.encoders("capacity")
    groups = by_capacity(encoder_records(configs, sources.store))
    if not groups:
        verdict = Verdict("Is the paper's Figure 1 reproduced?", "not measured", "the runs are not there")
        return Section(_TITLE, [verdict], [])
    match = match_verdict(groups)
    verdicts = [_match_words(match)]
    bound, accuracy = bound_verdict(groups), accuracy_verdict(groups)
    if bound is not None:
        verdicts.append(_bound_words(bound))
    if accuracy is not None:
        verdicts.append(_accuracy_words(accuracy))
    seeds = len({record.seed for group in groups.values() for record in group})
    picture = draw(
        "figure-1",
        figure_1(groups, classes=_CLASSES),
        alt="Information, match to the prior and downstream scores against the capacity of the channel",
        caption=f"Means and 95% t-intervals over {seeds} seeds, each of which leaves out another fifth of the images and is "
        f"measured on it (n = {_images(match)} images); dots are seeds. The vertical line is the smallest capacity that can "
        f"hold the class, log {_CLASSES} nats.",
    )
    explanation = Text(
        f"{configs[0].steps:,} steps per run. The index is the paper's: p-values averaged over parts of 50 images. It is not "
        "a test: a normal sample scores about 0.5, and so do laws whose departure 50 images do not show. “Not rejected” "
        "counts seeds that the calibrated battery does not reject on all held-out images. ± is half of a 95% t-interval "
        "over seeds; folds share training images, so intervals are approximate."
    )
    return Section(_TITLE, verdicts, [Pictures([picture]), _table(groups), explanation])


def _images(match: MatchVerdict) -> str:
    return f"{match.fewest:,}" if match.fewest == match.most else f"{match.fewest:,}–{match.most:,}"


def _match_words(found: MatchVerdict) -> Verdict:
    listed = ", ".join(f"{found.passed[c]}/{found.seeds[c]} at {c:g}" for c in found.passed)
    return Verdict(
        "Do embeddings of images that did not train pass for N(0, I)?",
        share_word(sum(found.passed.values()), sum(found.seeds.values())),
        f"seeds that the battery does not reject, by capacity in nats: {listed} (n = {_images(found)} held-out images)",
        is_main=True,
    )


def _bound_words(found: BoundVerdict) -> Verdict:
    means = ", ".join(f"{mean:.2f} at {c:g}" for c, mean in found.means.items())
    return Verdict(
        "Does the measured lower bound on the information stay below the capacity (5)?",
        "no" if found.above else "yes",
        f"means over seeds, nats, by capacity: {means}. That the information itself does is Theorem 3.4",
    )


def _accuracy_words(found: AccuracyVerdict) -> Verdict:
    return Verdict(
        "Does a small capacity cost accuracy downstream?",
        found.outcome,
        f"held-out 5-NN accuracy, {found.high:g} minus {found.low:g} nats, paired by seed: "
        f"{interval_words(found.difference)}; at the capacities {', '.join(f'{c:g}' for c in found.means)}: "
        + ", ".join(f"{mean:.3f}" for mean in found.means.values()),
    )


def _table(groups: Groups) -> Table:
    names = {"information": "information (nats)", "index_henze_zirkler": "HZ index", **SCORE_WORDS}
    rows = []
    for capacity, group in groups.items():
        cells = {
            "capacity (nats)": f"{capacity:g}",
            "σ": f"{group[0].level:.3g}",
            "not rejected": f"{sum(not record.rejected for record in group)} of {len(group)}",
        }
        cells |= {words: mean_and_half_width(v) for name, words in names.items() if (v := of_measure(group, name))}
        rows.append(cells)
    return Table(rows)
