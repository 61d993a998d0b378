"""Generation in words: Figures 3 and 4, what knowing the prior is worth, and the numbers."""

from collections.abc import Sequence

import numpy as np

from noisedim.document.content import (
    Block,
    Pictures,
    Section,
    Statement,
    Status,
    Table,
    Text,
    Verdict,
    draw,
)
from noisedim.document.words import bracketed, decided_words, mean_and_half_width
from noisedim.report.generation.figures import gap_figure, pictures_figure, prior_plane_figure
from noisedim.report.generation.records import MeasuredGenerator, measured_generators
from noisedim.report.generation.verdicts import (
    MARGIN,
    EquivalenceVerdict,
    HarmVerdict,
    LawGap,
    LawVerdicts,
    fidelity_verdict,
    law_gap,
    law_verdicts,
    likeness_verdict,
)
from noisedim.report.study import Sources, untested
from noisedim.statistics.intervals import Interval, student_t

__all__ = ["generation_section", "law_words"]

_TITLE = "Generation from the prior (the paper's Appendix D)"
_SAME = "Conditions from the prior generate as well as encoded ones"
_HARM = "Without matching, sampling N(0, I) hurts generation"


def _gap_cells(gap: LawGap, **p_values: float) -> dict[str, str]:
    """The gap with both of its intervals, and p-values by what they are of."""
    wide, narrow = gap.anywhere.interval(level=0.9), gap.here.interval(level=0.9)
    return {
        "encoder and conditions": gap.name,
        "lost classes": _number_words(wide)[0],
        "90%, seeds and images": _number_words(wide)[1],
        "90%, these images": _number_words(narrow)[1],
        "seeds": str(narrow.n),
    } | {_P_VALUES[name]: f"{value:.2g}" for name, value in p_values.items()}


def _number_words(interval: Interval) -> tuple[str, str]:
    estimate, _, ends = bracketed(interval, digits=2, signed=True).partition(" ")
    return estimate, ends


_P_VALUES = {"above": "p, above 0", "within": f"p, within ±{MARGIN:g}"}


_MARGIN_WORDS = f"{MARGIN:g} lost class" if MARGIN == 1 else f"{MARGIN:g} lost classes"
_SAMPLED = "images from sampled conditions"
_AS_CLOSE = f"as close to real ones as images from encoded conditions, to within {_MARGIN_WORDS}"
_FARTHER = "farther from real ones than images from encoded conditions"


def _matched_words(found: EquivalenceVerdict) -> Verdict:
    answer = {"equivalent": "yes", "not equivalent": "no", "equivalent here": "in part", "undecided": "not decided"}
    decided = {"equivalent": "are decided to be", "not equivalent": "are decided not to be"}
    words = f"{_SAMPLED} {decided.get(found.outcome, 'are not decided to be')} {_AS_CLOSE}"
    if found.outcome == "equivalent here":
        words += ". For these images yes, for others not decided"
    if found.is_closer:
        words += (
            ". Sampled ones are even a little closer; why is not tested here (it may be that the prior is matched on the "
            "images that trained, and less well on others)"
        )
    question = "Generation, with matching: are conditions from the prior as good as encoded ones?"
    return Verdict(question, answer[found.outcome], words, numbers=[_gap_cells(found.gap, within=found.p_value)])


_HARM_WORDS = {"harm": "yes", "no harm": "no", "undecided": "not decided"}
_HARM_SENTENCES = {
    "harm": f"{_SAMPLED} are decided to be {_FARTHER}",
    "no harm": f"{_SAMPLED} are decided to be {_AS_CLOSE}",
    "undecided": f"{_SAMPLED} are decided neither to be {_FARTHER}, nor to be as close to within {_MARGIN_WORDS}",
}


def _standardised_words(found: HarmVerdict) -> Verdict:
    words = _HARM_SENTENCES[found.outcome]
    if found.outcome != "harm":
        words += (
            ". In two dimensions this distance depended on mean and scale; no effect of the law's shape was measurable "
            "(the table has the other distances)"
        )
    question = "Generation, without matching: does it still hurt once that output is standardised?"
    numbers = [_gap_cells(found.gap, above=found.p_value, within=found.p_equivalent)]
    return Verdict(question, _HARM_WORDS[found.outcome], words, numbers=numbers)


def law_words(found: LawVerdicts) -> list[Verdict]:
    """The four answers about laws of conditions, in words."""
    return [
        _matched_words(found.matched),
        Verdict(
            "Generation, without matching: does sampling N(0, I) hurt, where the law of the conditions is not known?",
            _HARM_WORDS[found.raw.outcome],
            f"with Deep InfoMax's output as it comes, {_HARM_SENTENCES[found.raw.outcome]}",
            numbers=[_gap_cells(found.raw.gap, above=found.raw.p_value)],
        ),
        _standardised_words(found.standardised),
        Verdict(
            "Generation: would the comparison notice a wrong law?",
            "yes" if found.wide.is_noticed else "not decided",
            "with conditions from a law made too wide on purpose, on matched encoders, images "
            f"{'are' if found.wide.is_noticed else 'are not'} decided to be {_FARTHER}",
            numbers=[_gap_cells(found.wide.gap, above=found.wide.p_value)],
        ),
    ]


def _quality_words(records: Sequence[MeasuredGenerator]) -> list[Verdict]:
    """Does one model generate with and without a condition? On the matched encoders."""
    return [_likeness_words(records), _fidelity_words(records)]


def _likeness_words(records: Sequence[MeasuredGenerator]) -> Verdict:
    own = [record.quality.laws["prior"] for record in records]
    distances = [record.distance("prior") for record in records]
    found = likeness_verdict(distances, [len(scores.coverage.missing) for scores in own])
    return Verdict(
        "Unconditional generation, c ~ N(0, I): are the images like real ones?",
        {"alike": "yes", "not alike": "no", "partly alike": "in part"}[found.outcome],
        f"the kernel distance to real images {decided_words(found.distance, 'above', 'below', at=MARGIN)} {_MARGIN_WORDS}, and "
        f"{'every seed lacks' if all(found.missing) else 'some seeds lack' if any(found.missing) else 'no seed lacks'} a class",
        numbers=[
            {
                "conditions": "c ~ N(0, I)",
                "kernel distance (lost classes) [95%]": bracketed(found.distance, digits=2),
                "seeds": str(found.distance.n),
                "classes missing by seed": ", ".join(map(str, found.missing)),
                "precision": mean_and_half_width([scores.precision for scores in own], digits=2),
                "recall": mean_and_half_width([scores.recall for scores in own], digits=2),
            }
        ],
    )


def _fidelity_words(records: Sequence[MeasuredGenerator]) -> Verdict:
    encoder = records[0].config.encoder
    prior = encoder.build_prior()
    errors = [record.quality.laws["prior"].consistency for record in records]
    found = fidelity_verdict(errors, noise=prior.dim * encoder.noise.target(prior) ** 2)
    agreement = student_t([record.quality.laws["encoded"].same_class or 0.0 for record in records])
    rows = {
        "E‖f(G(c, z)) − c‖², c of the prior": (bracketed(found.error), str(found.error.n)),
        "the channel's noise dσ²": (f"{found.noise:.3f}", "–"),
        "unrelated images, 2d": (str(2 * prior.dim), "–"),
        "images from f(x) that are of x's class": (bracketed(agreement), str(agreement.n)),
    }
    return Verdict(
        "Conditional generation: do images have the embedding that was asked for?",
        {"within noise": "yes", "beyond noise": "no", "undecided": "not decided"}[found.outcome],
        "the mean squared distance of an image's embedding from its condition "
        f"{decided_words(found.error, 'above', 'below', at=found.noise)} the channel's own noise. Images from an embedding are "
        "not always of its class: two dimensions do not hold the class without error",
        numbers=[{"what": name, "mean [95%]": mean, "seeds": seeds} for name, (mean, seeds) in rows.items()],
    )


def _table(kinds: dict[str, list[MeasuredGenerator]]) -> Table:
    laws = {
        "encoded": "c = f(x)",
        "prior": "c ~ N(0, I)",
        "not standardised": "c ~ N(0, I), output not standardised",
        "too wide": "c ~ N(0, 4I)",
    }
    table = []
    for kind, records in kinds.items():
        for law, words in laws.items():
            if len(records) < 2 or any(law not in record.quality.laws for record in records):
                continue
            own = [record.quality.laws[law] for record in records]
            distances = [record.distance(law) for record in records]
            table.append(
                {
                    "encoder": kind,
                    "conditions": words,
                    "kernel distance (lost classes)": mean_and_half_width(distances, digits=2),
                    "Fréchet": mean_and_half_width([scores.frechet for scores in own], digits=1),
                    "precision": mean_and_half_width([scores.precision for scores in own], digits=2),
                    "recall": mean_and_half_width([scores.recall for scores in own], digits=2),
                    "classes, total variation": mean_and_half_width([s.coverage.distance for s in own], digits=2),
                    "classes missing": f"{max(len(scores.coverage.missing) for scores in own)} at most",
                    "E‖f(G(c)) − c‖²": mean_and_half_width([scores.consistency for scores in own], digits=2),
                }
            )
    return Table(table, "Distances of generated images from real ones, by encoder and law of the conditions")


def _pictures(record: MeasuredGenerator) -> list[Block]:
    config, samples = record.config, record.folder.read_samples()
    level = config.encoder.noise.target(config.encoder.build_prior())
    title = f"{config.encoder.data.name}, σ = {level:g}, seed {config.seed}"
    first = draw(
        "figure-3",
        pictures_figure({"held-out images x": samples["real"], "generated from c = f(x)": samples["encoded"]}),
        alt="Grids of held-out digits and of digits generated from their embeddings, cell by cell",
        caption=f"The paper's Figure 3: images that trained nothing, and in the same cells images from their embeddings. "
        f"{title}; the first {len(samples['real'])}, not chosen.",
    )
    blocks: list[Block] = [Pictures([first])]
    if "grid" in samples:
        plane = draw(
            "figure-4",
            prior_plane_figure(samples["grid"]),
            alt="Generated digits over the plane of N(0, I), in cells of equal probability",
            caption=f"The paper's Figure 4: one latent, conditions over the plane of N(0, I). Every cell is equally "
            f"probable, so a class's area is its share. {title}.",
        )
        free = draw(
            "figure-4-samples",
            pictures_figure({"c ~ N(0, I)": samples["prior"]}),
            alt="Generated digits with conditions drawn from the prior",
            caption=f"Unconditional: conditions and latents drawn. {title}; not chosen.",
        )
        blocks.append(Pictures([plane, free]))
    return blocks


def _protocol(first: MeasuredGenerator) -> Text:
    return Text(
        f"A conditional GAN learns the images from a frozen encoder's embeddings; conditions c = f(x) then give images "
        f"like x, conditions from the prior images of any kind, by one model. Kernel distance (KID, cubic kernel, "
        f"unbiased), Fréchet distance, precision and recall are on features of a {first.judge.features} (accuracy "
        f"{first.judge.accuracy:.3f} on {first.judge.accuracy_on} images). {first.quality.n:,} {first.record.measured_on} "
        f"images judge; they trained neither encoder, nor generator, nor classifier, and settings were chosen on a "
        f"validation part of the others. Distances are in lost classes: 1 is what real images lose by lacking one class, "
        f"{first.quality.lost_class_distance:.1f} in the kernel's own units. "
        f"The margin, {_MARGIN_WORDS}, was fixed after the validation runs and before the runs that judge. On digits a trial "
        "with another split, a third of the images, came first; only the split was changed after it, since some of its "
        "images had a part in the choice of settings. "
        f"Encoded conditions are those of the {first.quality.n:,} images, {first.quality.repeats} latents each; an image is "
        "never compared with those made from it."
    )


def _notes(matched: Sequence[MeasuredGenerator], plain: Sequence[MeasuredGenerator]) -> Text:
    config = matched[0].config
    seconds = [record.record.train_seconds for record in (*matched, *plain)]
    seeds = " or ".join(str(count) for count in dict.fromkeys((len(matched), len(plain))))
    return Text(
        f"± is half of a 95% t-interval over {seeds} seeds. Fréchet distances have a bias that "
        f"all rows share (equal numbers of images). Discriminator and generator: {config.steps:,} steps of "
        f"{config.batch_size}, R₁ with γ = {config.gamma:g}, weights averaged; {np.median(seconds):.0f} s per run on one "
        "thread, median. `noisedim generate` makes more images from a run's checkpoint."
    )


def _gap(name: str, records: Sequence[MeasuredGenerator], law: str) -> LawGap:
    values = [record.quality.laws[law].gap_in_lost_classes or 0.0 for record in records]
    return law_gap(name, values, [record.influence(law) for record in records])


def generation_section(sources: Sources) -> Section | None:
    """Figures 3 and 4, what knowing the prior is worth, and the numbers."""
    if not sources.plans["generation"]:
        return None
    records = measured_generators(sources.plans["generation"], sources.store)
    matched = [record for record in records if record.is_matched]
    plain = [record for record in records if not record.is_matched]
    if min(len(matched), len(plain)) < 2:
        return untested(_TITLE, sources.command, {_SAME: 70, _HARM: 72})
    gaps = (
        _gap("matched, c ~ N(0, I)", matched, "prior"),
        _gap("no matching, as it comes", plain, "not standardised"),
        _gap("no matching, standardised", plain, "prior"),
        _gap("matched, c ~ N(0, 4I)", matched, "too wide"),
    )
    figure = gap_figure(
        [(gap.name, gap.values, gap.here.interval(level=0.9), gap.anywhere.interval(level=0.9)) for gap in gaps],
        margin=MARGIN,
    )
    picture = draw(
        "generation-gap",
        figure,
        alt="What conditions from a law cost against encoded ones, by encoder and law, with intervals",
        caption="What sampled conditions cost against encoded ones. Dots: seeds; thick: 90% over seeds, for these images; "
        "thin: also over the choice of the images.",
    )
    blocks: list[Block] = [
        _protocol(matched[0]),
        *_pictures(matched[0]),
        Pictures([picture]),
        _table({"matched": matched, "Deep InfoMax, no noise": plain}),
        _notes(matched, plain),
    ]
    found = law_verdicts(*gaps)
    budget = f"n = {matched[0].quality.n:,}, {len(matched)} seeds, {matched[0].config.steps:,} steps"
    statements = law_statements(found, budget)
    return Section(
        _TITLE,
        [*law_words(found), *_quality_words(matched)],
        blocks,
        statements=statements,
        finding="Conditions drawn from the prior instead of encoded ones change the distance from real images by "
        f"{_short_gap(found.matched.gap)} lost classes where the prior was matched, by {_short_gap(found.raw.gap)} where it "
        f"was not ({sources.data}, {len(matched)} seeds, n = {matched[0].quality.n:,}).",
    )


def _short_gap(gap: LawGap) -> str:
    return bracketed(gap.anywhere.interval(level=0.9), digits=2, signed=True)


def law_statements(found: LawVerdicts, budget: str) -> list[Statement]:
    """Is knowing the prior worth something? In statements."""
    same: dict[str, Status] = {
        "equivalent": "supported",
        "not equivalent": "contradicted",
        "equivalent here": "only when",
    }
    status = same.get(found.matched.outcome, "undecided")
    effect = f"{_short_gap(found.matched.gap)} lost classes (margin {MARGIN:g})"
    if status == "only when":
        effect = f"for these images: {effect}"
    harm: Status = {"harm": "supported", "no harm": "contradicted"}.get(found.raw.outcome, "undecided")  # type: ignore[assignment]
    words = f"{_short_gap(found.raw.gap)} lost classes"
    if harm == "supported" and found.standardised.outcome != "harm":
        harm, words = "only when", f"not standardised: {words}; standardised {_short_gap(found.standardised.gap)}"
    return [
        Statement(_SAME, status, effect, budget, "more seeds and images" if status == "undecided" else "", rank=70),
        Statement(_HARM, harm, words, budget, "more seeds and images" if harm == "undecided" else "", rank=72),
    ]
