"""Figure 1 of the paper in words: capacity against information, match and usefulness, on held-out images."""

import numpy as np

from noisedim.document.content import Picture, Pictures, Section, Statement, Table, Text, Verdict, draw
from noisedim.document.words import bracketed, count_words, decided_words, mean_and_half_width, share_word
from noisedim.report.capacity.dial import Cloud, dial_figure, shown_capacities
from noisedim.report.capacity.figures import figure_1
from noisedim.report.capacity.verdicts import (
    AccuracyVerdict,
    BoundVerdict,
    Groups,
    MatchVerdict,
    accuracy_verdict,
    bound_verdict,
    match_verdict,
)
from noisedim.report.records import by_capacity, encoder_records, of_measure
from noisedim.report.scores import SCORE_WORDS
from noisedim.report.study import Sources, untested

__all__ = ["capacity_section"]

_TITLE = "Capacity against match and usefulness (the paper's Figure 1, in small)"
_MATCH, _ACCURACY = "Held-out embeddings pass the battery", "The smallest capacity costs accuracy against the largest"
_CLASSES = 10


def capacity_section(sources: Sources) -> Section:
    """Figure 1 with its table."""
    configs = sources.encoders("capacity")
    groups = by_capacity(encoder_records(configs, sources.store))
    if not groups:
        return untested(_TITLE, sources.command, {_MATCH: 20, _ACCURACY: 24})
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
    return Section(
        _TITLE,
        verdicts,
        [Pictures([picture]), _table(groups), explanation],
        statements=_statements(match, accuracy, steps=configs[0].steps),
        finding=_finding(sources.data, match, steps=configs[0].steps),
        emblem=_dial(sources, groups),
    )


def _statements(match: MatchVerdict, accuracy: AccuracyVerdict | None, *, steps: int) -> list[Statement]:
    budget = f"n = {_images(match)}, {max(match.seeds.values())} seeds, {steps:,} steps"
    needs = "" if match.status != "only when" else "more images"
    found = [Statement(_MATCH, match.status, _match_effect(match), budget, needs, rank=20)]
    if accuracy is not None:
        status = {"yes": "supported", "no": "contradicted", "not decided": "undecided"}[accuracy.outcome]
        effect = f"5-NN {bracketed(accuracy.difference, signed=True)}, {accuracy.high:g} against {accuracy.low:g} nats"
        needs = "more seeds" if status == "undecided" else ""
        found.append(Statement(_ACCURACY, status, effect, budget, needs, rank=24))  # type: ignore[arg-type]
    return found


def _match_effect(match: MatchVerdict) -> str:
    passing = match.passing
    if match.status != "only when":
        return f"{sum(match.passed.values())} of {sum(match.seeds.values())} seeds"
    inside = sum(match.passed[c] for c in passing), sum(match.seeds[c] for c in passing)
    others = [c for c in match.passed if c not in passing]
    outside = sum(match.passed[c] for c in others), sum(match.seeds[c] for c in others)
    where = f"{min(passing):g} to {max(passing):g}" if len(passing) > 1 else f"{passing[0]:g}"
    return f"at {where} nats of capacity ({inside[0]} of {inside[1]} seeds; elsewhere {outside[0]} of {outside[1]})"


def _finding(data: str, match: MatchVerdict, *, steps: int) -> str:
    budget = f"{steps:,} steps, n = {_images(match)}"
    if match.status != "only when":
        return (
            f"In two dimensions, embeddings of held-out {data} pass the battery in {_match_effect(match)} ({budget})."
        )
    return f"In two dimensions, embeddings of held-out {data} pass the battery {_match_effect(match)}; {budget}."


def _dial_words(groups: Groups) -> str:
    stars = {c: float(np.median([r.measures.get("n_star", np.inf) for r in group])) for c, group in groups.items()}
    best = max(stars, key=lambda c: stars[c])
    return (
        f"Embeddings at three noise levels, and accuracy and n* against capacity: the match is best at {best:g} nats and falls "
        "off on both sides, while accuracy changes little"
    )


def _dial(sources: Sources, groups: Groups) -> Picture | None:
    """The noise dial, from the first seed's held-out embeddings; None unless they are in the plane."""
    shown, clouds = shown_capacities(list(groups)), {}
    for config in sources.encoders("capacity"):
        run = sources.store.find(config)
        if config.dim != 2 or config.seed or config.noise.capacity not in shown or not run.is_complete:
            continue
        arrays = run.read_embeddings()
        judged = ~arrays["trained_on"].astype(bool)
        labels = arrays.get("labels")
        own: Cloud = (arrays["z"][judged], None if labels is None else labels[judged])
        clouds[config.noise.capacity] = own
    if not clouds:
        return None
    seeds = max(len(group) for group in groups.values())
    return draw(
        "noise-dial",
        dial_figure(groups, dict(sorted(clouds.items())), chance=1 / _CLASSES),
        alt=_dial_words(groups),
        caption=f"The noise dial. Above: held-out {sources.data}; dashed: 50% and 99% of N(0, I). Below: 95% intervals and "
        f"every seed's n*, {seeds} seeds (triangle: none found).",
    )


def _images(match: MatchVerdict) -> str:
    return f"{match.fewest:,}" if match.fewest == match.most else f"{match.fewest:,}–{match.most:,}"


def _match_words(found: MatchVerdict) -> Verdict:
    seeds = sum(found.seeds.values())
    rejected = seeds - sum(found.passed.values())
    return Verdict(
        "Do embeddings of images that did not train pass for N(0, I)?",
        share_word(seeds - rejected, seeds),
        f"the battery, on {_images(found)} held-out images, rejects {count_words(rejected, seeds, 'embeddings')}, all "
        "capacities together",
        is_main=True,
        numbers=[
            {"capacity (nats)": "not rejected"}
            | {f"{c:g}": f"{found.passed[c]} of {found.seeds[c]}" for c in found.passed}
        ],
    )


def _bound_words(found: BoundVerdict) -> Verdict:
    return Verdict(
        "Does the measured lower bound on the information stay below the capacity (5)?",
        "no" if found.above else "yes",
        "the bound's mean over seeds is decided to exceed the capacity at "
        f"{count_words(len(found.above), len(found.means), 'capacities')}; that the information itself never does is "
        "Theorem 3.4",
        numbers=[
            {"capacity (nats)": "lower bound (nats)"} | {f"{c:g}": f"{mean:.2f}" for c, mean in found.means.items()}
        ],
    )


def _accuracy_words(found: AccuracyVerdict) -> Verdict:
    return Verdict(
        "Does a small capacity cost accuracy downstream?",
        found.outcome,
        f"held-out 5-NN accuracy {decided_words(found.difference)} at the largest capacity than at the smallest, paired by "
        "seed",
        numbers=[
            {
                "capacity (nats)": "5-NN",
                f"{found.high:g} minus {found.low:g} [{found.difference.level:.0%}]": bracketed(
                    found.difference, signed=True
                ),
                "seeds": str(found.difference.n),
            }
            | {f"{c:g}": f"{mean:.3f}" for c, mean in found.means.items()}
        ],
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
    return Table(rows, "Held-out embeddings by capacity; mean ± half of the 95% interval over seeds")
