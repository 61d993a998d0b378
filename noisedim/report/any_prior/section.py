"""Any prior in words: the embedding of N(0, I) mapped to other laws, compared with embeddings trained for them."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from noisedim.document.content import Block, Notice, Pictures, Section, Statement, Status, Table, Text, Verdict
from noisedim.document.words import bracketed, count_words, mean_and_half_width
from noisedim.report.any_prior.pictures import prior_picture
from noisedim.report.any_prior.plan import SHOWN_TARGETS
from noisedim.report.any_prior.records import TargetRoutes
from noisedim.report.any_prior.verdicts import (
    RouteDifference,
    Targets,
    accuracy_verdict,
    divergence_verdict,
    match_verdict,
)
from noisedim.report.benchmarks import COMMAND, answers
from noisedim.report.study import Sources, untested

__all__ = ["accuracy_words", "any_prior_section", "divergence_words", "match_words"]

_TITLE = "Any prior (Section 3.3)"
_STATEMENT = "An embedding mapped afterwards is as close to a prior as one trained for it"
_ROUTES = {
    "mapped": "trained for N(0, I), then mapped",
    "cube": "trained for it (Theorem 3.5)",
    "own": "trained with noise in the target's own coordinates",
}
_NOT_MEASURED = ("not measured", "the runs are not there")


def _how(target: str, route: str) -> str:
    """How an embedding came to its prior, in words."""
    return "trained for it (Theorem 3.4)" if target == "normal" else _ROUTES[route]


def _by_route(targets: Targets, found: Sequence[RouteDifference], measure: str) -> list[dict[str, str]]:
    return [
        {
            "prior": targets[own.target].law,
            "mapped, compared with": _how(own.target, own.route),
            f"{measure}, difference [95%]": bracketed(own.difference.interval, signed=True),
            "seeds": str(own.difference.interval.n),
            "decided": {1: "larger", -1: "smaller", 0: "no"}[own.difference.sign()],
        }
        for own in found
    ]


def match_words(targets: Targets) -> Verdict:
    """Whether mapping afterwards matches the target as well as training for it does, in words."""
    question = (
        "Is an embedding that was mapped to its prior after training as close to it as one trained for that prior?"
    )
    found = match_verdict(targets)
    if found is None:
        return Verdict(question, *_NOT_MEASURED)
    total = len(found.differences)
    answer = {
        "closer": "yes, closer",
        "farther": "no",
        "both": f"closer in {found.closer}, farther in {found.farther} of {total}",
        "some closer": f"closer in {found.closer} of {total}, else not decided",
        "undecided": "not decided",
    }[found.outcome]
    return Verdict(
        question,
        answer,
        "by sliced W₂ on held-out images the mapped embedding is decided to be closer in "
        f"{count_words(found.closer, total, 'comparisons')} and farther in {found.farther or 'none'}, at 5% after Holm. "
        f"Distances are taken to N(0, I), after the prior's bijection to it; the capacity is {found.capacity:.2f} nats. With "
        "noise before the map, training for a prior and mapping to it are bit-identical",
        numbers=_by_route(targets, found.differences, "sliced W₂"),
    )


def accuracy_words(targets: Targets) -> Verdict:
    """Whether mapping after training costs accuracy, in words."""
    question = "Does mapping after training cost accuracy?"
    found = accuracy_verdict(targets)
    if found is None:
        return Verdict(question, *_NOT_MEASURED)
    by_map = [
        {
            "prior": targets[target].law,
            "mapped, compared with": "the same before the map",
            "5-NN, difference [95%]": bracketed(difference.interval, signed=True),
            "seeds": str(difference.interval.n),
            "decided": {1: "larger", -1: "smaller", 0: "no"}[difference.sign()],
        }
        for target, difference in found.by_map.items()
    ]
    return Verdict(
        question,
        f"in {found.lost} of {found.comparisons} comparisons" if found.lost else "no loss decided",
        f"5-NN accuracy on held-out images is decided to be lower after the map in {found.lost or 'none'} of the comparisons: "
        f"{len(found.by_map)} with the same embedding before the map, {len(found.by_route)} with one trained for the prior, "
        "each family at 5% after Holm",
        numbers=[*by_map, *_by_route(targets, found.by_route, "5-NN")],
    )


def divergence_words(targets: Targets) -> Verdict:
    """Statement 3.7 as estimates from finite samples have it, in words."""
    question = "Is KL(f(X) ‖ prior) the same before and after the map, as Statement 3.7 says of bijections?"
    found = divergence_verdict(targets)
    if found is None:
        return Verdict(question, *_NOT_MEASURED)
    numbers = [
        {"prior": targets[target].law, "after minus before (nats) [95% jointly]": bracketed(interval, signed=True)}
        for target, interval in found.intervals.items()
    ]
    return Verdict(
        question,
        f"to within {math.ceil(100 * found.largest) / 100:.2f} nats",
        "the divergence after the map differs by no more than this from the one before, in t-intervals over seeds that hold "
        "jointly. Both are estimated by 5 nearest neighbours on held-out images, less what samples of the prior itself give. "
        "The estimates' bias depends on the law, so a map may change it. With noise the law of an embedding is known, and "
        "`noisedim verify statement-3.7` integrates both sides for trained encoders",
        numbers=numbers,
    )


def _table(targets: Targets) -> Table:
    rows = []
    for own in targets.values():
        for route, records in own.routes.items():
            if len(records) < 2:
                continue
            rows.append(
                {
                    "prior": own.law,
                    "how": _how(own.target, route),
                    "not rejected": f"{sum(not record.rejected for record in records)} of {len(records)}",
                    "sliced W₂ (sd)": mean_and_half_width([record.sliced_w2 for record in records]),
                    "D₂ (nats)": mean_and_half_width([record.d2 for record in records]),
                    "5-NN": mean_and_half_width([record.knn for record in records]),
                    "linear": mean_and_half_width([record.linear for record in records]),
                    "training (s)": mean_and_half_width([record.train_seconds for record in records], digits=1),
                }
            )
    return Table(rows, "Each prior by its route; mean ± half of the 95% interval over seeds")


def _pictures(sources: Sources) -> list[Block]:
    runs = [(config, sources.store.find(config)) for config in sources.encoders("seeds") if config.dim == 2]
    runs = [(config, folder) for config, folder in runs if folder.is_complete]
    if not runs:
        return [Notice(f"The runs that are mapped are not there yet: `{sources.command}` makes them.")]
    config, folder = runs[0]
    arrays = folder.read_embeddings()
    z, labels = arrays["z"].astype(np.float64), arrays.get("labels")
    words = (
        f"One encoder, trained for N(0, I) (σ = {config.noise.target(config.build_prior()):g}, seed {config.seed}, "
        f"{len(z):,} images), its embedding mapped to four other priors with no further training. A bijection keeps "
        "information and every divergence: the battery's results for the embedding under N(0, I) hold for each of these "
        "under its own prior."
    )
    return [Text(words), Pictures([prior_picture(name, z, labels) for name in SHOWN_TARGETS])]


def _protocol(first: TargetRoutes) -> Text:
    return Text(
        f"Mapped after training, compared with trained for the target: {first.protocol}; capacity {first.capacity:.2f} nats "
        f"for both channels, fold 0 judges (n = {first.routes['mapped'][0].n}). Distances are taken on the side of N(0, I), "
        "to be comparable across priors; accuracies in the prior's own coordinates. Noise in the target's own coordinates "
        "has the same σ, in units of the target's mean spread: that is not the same capacity, and like the other routes it "
        "was not tuned; it has fewer seeds, as its steps cost more."
    )


def any_prior_section(sources: Sources) -> Section:
    """Pictures of mapped embeddings from the headline's runs; numbers from the benchmark."""
    found = answers(sources.results, "any prior", TargetRoutes)
    targets = {own.target: own for own in found}
    pictures = _pictures(sources)
    if not targets:
        section = untested(_TITLE, COMMAND, {_STATEMENT: 60})
        return replace(section, blocks=[*pictures, *section.blocks])
    return Section(
        _TITLE,
        [match_words(targets), accuracy_words(targets), divergence_words(targets)],
        [*pictures, _protocol(found[0]), _table(targets)],
        statements=_statements(targets, found[0]),
    )


def _statements(targets: Targets, first: TargetRoutes) -> list[Statement]:
    found = match_verdict(targets)
    if found is None:
        return []
    total = len(found.differences)
    statuses: dict[str, Status] = {"closer": "supported", "farther": "contradicted", "both": "only when"}
    status = statuses.get(found.outcome, "undecided")
    effect = f"closer in {found.closer}, farther in {found.farther} of {total} (sliced W₂)"
    budget = f"{first.data}, {len(first.routes['mapped'])} seeds"
    return [Statement(_STATEMENT, status, effect, budget, "more seeds" if status == "undecided" else "", rank=60)]
