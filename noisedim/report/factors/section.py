"""Factors in words: what MIG and DCI say of each embedding, and of the factors themselves."""

from collections.abc import Mapping, Sequence

from noisedim.document.content import Block, Notice, Pictures, Section, Statement, Status, Table, Text, Verdict, draw
from noisedim.document.words import bracketed, count_words, mean_and_half_width
from noisedim.report.benchmarks import COMMAND, answers
from noisedim.report.factors.figures import dots_figure
from noisedim.report.factors.records import FactorVariant, Measure
from noisedim.report.factors.verdicts import Variants, axes_verdict, methods_verdict, prior_verdict, views_verdict
from noisedim.report.study import Sources, untested
from noisedim.statistics.differences import Difference

__all__ = ["axes_words", "factors_section", "methods_words", "prior_words", "views_words"]

_TITLE = "Other uses: factors of the data"
_STATEMENT = "Coordinates hold single factors more than rotated ones do"
_MEASURES: dict[Measure, str] = {
    "mig": "MIG",
    "mig_rotated": "MIG after random rotations",
    "disentanglement": "disentanglement (DCI)",
    "completeness": "completeness (DCI)",
    "informativeness": "informativeness (DCI)",
}
_NOT_MEASURED = ("not measured", "the runs are not there")
_SIGN_WORDS = {1: "more", -1: "less", 0: "not decided"}


def _by_sign(differences: Mapping[str, Difference]) -> str:
    """What is decided of which: ``higher for shape, lower for x and y``."""
    said = {1: "higher", -1: "lower", 0: "neither higher nor lower"}
    groups = {words: [name for name, own in differences.items() if own.sign() == sign] for sign, words in said.items()}
    return ", ".join(f"{words} for {_listed(names)}" for words, names in groups.items() if names)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def axes_words(variants: Variants) -> Verdict:
    """Whether coordinates hold more of single factors than random rotations, in words."""
    question = "Do the coordinates of a noise-injected embedding hold single factors more than its random rotations do?"
    found = axes_verdict(variants)
    if found is None:
        return Verdict(question, *_NOT_MEASURED)
    differences = {**found.ours, **found.others}
    above = sum(own.sign() > 0 for own in found.ours.values())
    numbers = [
        {
            "embedding": own.words,
            "MIG minus rotated [95%]": bracketed(differences[name].interval, signed=True),
            "decided": _SIGN_WORDS[differences[name].sign()],
        }
        for name, own in variants.items()
        if name in differences
    ]
    return Verdict(
        question,
        {"all more": "yes", "some more": "in part", "undecided": "not decided"}[found.outcome],
        f"MIG is decided to be above its mean over random rotations for {count_words(above, len(found.ours), 'embeddings')} by "
        "noise injection, paired by seed, at 5% after Holm. Rotations change neither N(0, I) nor the dual under it, so neither "
        "prefers any axes; the cube has axes",
        numbers=numbers,
    )


def prior_words(variants: Variants) -> Verdict:
    """Whether the uniform prior aligns coordinates with factors better than the normal one, in words."""
    question = "Does a uniform prior align coordinates with factors better than a normal one?"
    found = prior_verdict(variants)
    if found is None:
        return Verdict(question, *_NOT_MEASURED)
    answer = {
        "aligned": "yes",
        "partly aligned": "in part",
        "higher, not aligned": "higher, but not by its axes",
        "lower": "no",
        "undecided": "not decided",
    }[found.outcome]
    judged = {_MEASURES[measure]: own for measure, own in found.differences.items()}
    differences = {f"{_MEASURES[measure]}, uniform minus normal": own for measure, own in found.differences.items()}
    differences |= {
        "MIG, the same after random rotations of both (in normal coordinates)": found.rotated,
        "MIG, uniform minus its own rotations": found.own_axes,
    }
    return Verdict(
        question,
        answer,
        f"with the uniform prior the measure is decided to be {_by_sign(judged)}, paired by seed, at 5% after Holm; its MIG "
        f"{'is' if found.own_axes.sign() > 0 else 'is not'} decided to be above that of its own rotations, which have other "
        "axes",
        numbers=[
            {"measure": name, "difference [95%]": bracketed(own.interval, signed=True)}
            for name, own in differences.items()
        ],
    )


def methods_words(variants: Variants) -> Verdict:
    """Whether the dual is as disentangled as other methods, in words."""
    question = "Is a noise-injected embedding as disentangled as what others make?"
    found = methods_verdict(variants)
    if found is None:
        return Verdict(question, *_NOT_MEASURED)
    numbers = [
        {
            "compared with": variants[other].words,
            "measure": _MEASURES[measure],
            "difference [95%]": bracketed(difference.interval, signed=True),
            "decided": _SIGN_WORDS[difference.sign()],
        }
        for (other, measure), difference in found.differences.items()
    ]
    signs = [own.sign() for own in found.differences.values()]
    return Verdict(
        question,
        {"ahead": "yes", "behind": "no", "mixed": "in part", "undecided": "not decided"}[found.outcome],
        f"the {variants['dual'].words}, is decided to be more disentangled in "
        f"{count_words(signs.count(1), len(signs), 'comparisons')} and less in {signs.count(-1) or 'none'}, paired by "
        "seed, at 5% after Holm",
        numbers=numbers,
    )


def views_words(variants: Variants) -> Verdict:
    """Whether what changes between the views decides what is kept, in words."""
    question = "Does what changes between the views decide what the embedding keeps?"
    found = views_verdict(variants)
    if found is None:
        return Verdict(question, *_NOT_MEASURED)
    return Verdict(
        question,
        {"decides": "yes", "decides in part": "in part", "undecided": "not decided"}[found.outcome],
        "where views are shifted, the accuracy with which a factor is told from the embedding is decided to be "
        f"{_by_sign(found.differences)}, paired by seed, at 5% after Holm",
        numbers=[
            {"factor": name, "difference in accuracy [95%]": bracketed(own.interval, signed=True)}
            for name, own in found.differences.items()
        ],
    )


def _table(variants: Variants) -> Table:
    rows = []
    for variant in variants.values():
        cells = {"embedding": variant.words}
        for measure, words in _MEASURES.items():
            values = list(variant.values(measure).values())
            cells[words] = mean_and_half_width(values) if len(values) > 1 else "–"
        rows.append(cells)
    return Table(rows, "Measures of disentanglement by embedding; mean ± half of the 95% interval over seeds")


def _accuracy_table(variants: Variants, factors: tuple[str, ...]) -> Table:
    rows = []
    for variant in variants.values():
        cells = {"embedding": variant.words}
        for i, factor in enumerate(factors):
            values = [record.accuracies[i] for record in variant.records]
            cells[factor] = mean_and_half_width(values) if len(values) > 1 else "–"
        rows.append(cells)
    return Table(
        rows, "Accuracy with which each factor is told from the embedding; mean ± half of the 95% interval over seeds"
    )


def _figure_panels(variants: Variants) -> dict[str, dict[str, dict[str, list[float]]]]:
    measures: tuple[Measure, ...] = ("mig", "disentanglement")
    panels: dict[str, dict[str, dict[str, list[float]]]] = {}
    for measure in measures:
        panel = panels.setdefault(_MEASURES[measure], {})
        for variant in variants.values():
            panel[variant.words] = {"as it is": list(variant.values(measure).values())}
            turned = list(variant.values("mig_rotated").values())
            if measure == "mig" and turned:
                panel[variant.words]["after random rotations"] = turned
    return panels


def _protocol(variants: Variants) -> Text:
    first = next(iter(variants.values()))
    trained = next((own for own in variants.values() if own.steps is not None), None)
    protocol = f", {trained.steps:,} steps of {trained.batch_size}" if trained else ""
    return Text(
        "Shapes: 3,072 drawn images of 16×16, every combination of shape, size, x, y and brightness once; one half "
        f"trains, the other judges (n = {first.records[0].n:,}), d = {first.dim}{protocol}, usual settings, no tuning. "
        "Views differ by pixel noise, and in one variant by shifts too. MIG counts in 20 bins of equal frequency, so that "
        "increasing maps of a coordinate change nothing and priors of different shape are compared alike; with nothing to "
        f"find, counting alone gives {first.records[0].mig_at_independence:.3f}. The factors themselves and their random "
        "rotation show what the measures can say. ± is half of a 95% t-interval over seeds."
    )


def factors_section(sources: Sources) -> Section:
    """MIG and DCI by method, with what the measures say of the factors themselves."""
    found = answers(sources.results, "factors", FactorVariant)
    variants = {own.variant: own for own in found if own.records}
    if not variants:
        return untested(_TITLE, COMMAND, {_STATEMENT: 84})
    factors = next((own.factors for own in variants.values() if own.factors), ())
    seeds = len(next(iter(variants.values())).records)
    picture = draw(
        "factors",
        dots_figure(_figure_panels(variants)),
        alt="Mutual information gap and disentanglement by method",
        caption=f"Means over {seeds} seeds with 95% t-intervals, every seed as a dot; held-out shapes.",
    )
    blocks: list[Block] = [
        *(
            Notice(f"{own.words}, seed {failure.seed} failed: {failure.error}")
            for own in found
            for failure in own.failed
        ),
        _protocol(variants),
        Pictures([picture]),
        _table(variants),
    ]
    if factors:
        blocks += [
            Text("Accuracy with which a random forest tells each factor from the embedding:"),
            _accuracy_table(variants, factors),
        ]
    unfinished = sum(record.converged is False for own in variants.values() for record in own.records)
    if unfinished:
        blocks.append(Text(f"ICA of the pixels had not converged after its 500 iterations in {unfinished} seeds."))
    verdicts = [prior_words(variants), axes_words(variants), methods_words(variants), views_words(variants)]
    return Section(_TITLE, verdicts, blocks, statements=_statements(variants, seeds))


def _statements(variants: Variants, seeds: int) -> list[Statement]:
    found = axes_verdict(variants)
    if found is None:
        return []
    statuses: dict[str, Status] = {"all more": "supported", "some more": "only when"}
    status = statuses.get(found.outcome, "undecided")
    effect = "MIG minus rotated: " + "; ".join(
        f"{variants[name].words} {bracketed(own.interval, signed=True)}" for name, own in found.ours.items()
    )
    budget = f"shapes, {seeds} seeds"
    return [Statement(_STATEMENT, status, effect, budget, "more seeds" if status == "undecided" else "", rank=84)]
