"""Speed in words: training steps by method, objectives against batch and dimension, and peers in the same run."""

from collections import Counter
from collections.abc import Sequence

from noisedim.document.content import Block, Pictures, Section, Statement, Status, Table, Text, Verdict, draw
from noisedim.report.benchmarks import COMMAND, answers, entries, environment_words
from noisedim.report.speed.figures import law_figure
from noisedim.report.speed.records import CriticMemory, FittedLaw, ObjectiveCost, PeerTiming, StepCost
from noisedim.report.speed.verdicts import PeerVerdict, peer_verdicts
from noisedim.report.study import Sources, untested

__all__ = ["peer_words", "speed_section"]

_TITLE = "How fast?"
_STATEMENT = "Each of our kernels is faster than its peer"
# What each benchmark times, in words; its case, in brackets, is said after it.
_SUBJECTS = {
    "test_memory_and_time": "the perceptron critic, row by row",
    "test_against_one_by_one": "an ensemble",
    "test_against_pingouin": "the Henze–Zirkler statistic",
    "test_whole_battery_against_one_test_of_pingouin": "the whole battery (n = 10,000, d = 16)",
    "test_loop_overhead": "a training step",
    "test_two_ranks": "a step of two ranks, one core each",
    "test_views": "augmentation (the recipe of Appendix C)",
    "test_simclr_step": "a SimCLR step of a ResNet-18, views and all",
}


def _subject(timing: PeerTiming) -> str:
    words, case = _SUBJECTS.get(timing.test, timing.test), timing.case
    if timing.n is not None and timing.dim is not None:
        case = f"n = {timing.n:,}, d = {timing.dim}"
    return f"{words} ({case})" if case and "(" not in words else words


def peer_words(verdict: PeerVerdict) -> Verdict:
    """How fast ours is compared with a peer, in words."""
    timing = verdict.timing
    words = (
        f"{timing.ratio:.3g} times the peer's time, {timing.level:.0%} interval of the median [{timing.lower:.3g}, "
        f"{timing.upper:.3g}], {timing.rounds} interleaved rounds"
    )
    if timing.peer_crop_error is not None:
        words += (
            f"; at equal crops the peer's pixels are up to {timing.peer_crop_error:.2g} from torchvision's, ours up to "
            f"{timing.crop_error:.2g} (of 1)"
        )
    if timing.throughput is not None:
        own = timing.throughput
        hardware = "" if timing.environment is None else f", on {environment_words(timing.environment)}"
        words += (
            f"; {own.images_per_second:,.0f} images per second in batches of {own.batch_size}, width {own.width}, "
            f"{own.precision}{hardware}: {own.fraction_of_matrix_rate:.1%} of the measured rate of matrix products"
        )
    answer = "not decided" if verdict.outcome == "undecided" else verdict.outcome
    return Verdict(f"How fast is {_subject(timing)} compared with {timing.peer}?", answer, words)


def _methods(costs: Sequence[StepCost]) -> list[Block]:
    if not costs:
        return []
    first = costs[0]
    table = [
        {
            "method": cost.words,
            "ms per step": f"{1000 * cost.median_seconds:.2f}",
            f"times {first.peer}": f"{cost.ratio_median:.2f} [{cost.ratio_95[0]:.2f}, {cost.ratio_95[1]:.2f}]",
            "peak memory (MB)": f"{cost.peak_bytes / 1e6:.0f}" if cost.peak_bytes else "–",
        }
        for cost in sorted(costs, key=lambda cost: cost.ratio_median)
    ]
    return [
        Text(
            f"A training step of the methods at the long study's configuration, {first.batch_size} images of 12×12, one "
            f"thread, {environment_words(first.environment)}. Ratios are of times taken in turn: their median with a "
            f"{first.ratio_level:.0%} interval. Peak memory: weights, optimiser and two steps, beyond what the process held "
            "before."
        ),
        Table(table),
    ]


def _law_words(fit: FittedLaw) -> str:
    return f"{fit.constant:.2g} + {fit.slope:.3g}·B{'²' if fit.power == 2 else ''}"


def _objectives(costs: Sequence[ObjectiveCost]) -> list[Block]:
    if not costs:
        return []
    first = costs[0]
    pictures = [
        draw(
            f"cost-{name}",
            law_figure(series, xlabel=label),
            alt=f"Seconds of one value and gradient against {label}, one line per objective",
            caption=caption,
        )
        for name, series, label, caption in (
            (
                "batch",
                {cost.objective: cost.against_batch for cost in costs},
                "batch B",
                f"Value and gradient at d = {first.dim}, one thread.",
            ),
            (
                "dimension",
                {cost.objective: cost.against_dim for cost in costs},
                "dimension d",
                f"Value and gradient at B = {2 * first.batch}, one thread.",
            ),
        )
    ]
    table = [
        {
            "objective": cost.objective,
            "work by its formula": cost.law,
            "measured power of B": f"{cost.batch_power:.2f}",
            "measured power of d": f"{cost.dim_power:.2f}",
            "fitted law (s)": _law_words(cost.fit),
            "largest relative error": f"{cost.fit.largest_relative_error:.0%}",
        }
        for cost in costs
    ]
    return [
        Text(
            "Cost of the objectives alone. Powers are slopes over the three largest sizes, not asymptotes: overheads make "
            "them smaller than the formula's, a matrix of all pairs that outgrows the caches may make them larger. The "
            "largest relative error is that of the fitted law at the times it was fitted to."
        ),
        Pictures(pictures),
        Table(table),
    ]


def _critic(found: Sequence[CriticMemory]) -> list[Block]:
    blocks: list[Block] = []
    for own in found:
        rows = [
            {
                "batch": str(batch),
                f"{own.rows_at_once} rows at a time (MB)": f"{ours / 1e6:,.0f}",
                "all pairs at once (MB)": f"{theirs / 1e6:,.0f}",
            }
            for batch, ours, theirs in zip(own.batches, own.peak_bytes, own.peak_bytes_at_once, strict=True)
        ]
        blocks += [
            Text(
                f"Peak memory of the perceptron critic on all pairs, hidden width {own.hidden}, value and gradient: "
                f"power of the batch {own.batch_power:.2f} by rows, {own.batch_power_at_once:.2f} at once."
            ),
            Table(rows),
        ]
    return blocks


def speed_section(sources: Sources) -> Section:
    """Steps, objectives, the critic's memory, and each benchmark that has a peer."""
    found = entries(sources.results)
    if not found:
        return untested(_TITLE, COMMAND, {_STATEMENT: 86})
    timings = [timing for entry in found if (timing := PeerTiming.from_entry(entry)) is not None]
    blocks = [
        *_methods(answers(sources.results, "match", StepCost)),
        *_objectives(answers(sources.results, "objective cost", ObjectiveCost)),
        *_critic(answers(sources.results, "critic memory", CriticMemory)),
    ]
    verdicts = peer_verdicts(timings)
    return Section(_TITLE, [peer_words(verdict) for verdict in verdicts], blocks, statements=_statements(verdicts))


def _statements(verdicts: Sequence[PeerVerdict]) -> list[Statement]:
    if not verdicts:
        return []
    counts = Counter(verdict.outcome for verdict in verdicts)
    status: Status = "supported" if counts["faster"] == len(verdicts) else "only when"
    if not counts["faster"]:
        status = "contradicted"
    effect = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    return [Statement(_STATEMENT, status, effect, "timed in turn", rank=86)]
