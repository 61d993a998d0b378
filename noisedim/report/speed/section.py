"""Speed in words: training steps by method, assessments, objectives against batch and dimension, peers in the same run."""

from collections import Counter
from collections.abc import Sequence

from noisedim.document.content import Block, Section, Statement, Status, Table, Text, Verdict
from noisedim.report.benchmarks import COMMAND, answers, entries, environment_words
from noisedim.report.speed.records import AssessmentCost, CriticMemory, ObjectiveCost, PeerTiming, StepCost
from noisedim.report.speed.verdicts import PeerVerdict, peer_verdicts
from noisedim.report.study import Sources, untested

__all__ = ["peer_words", "speed_section"]

_TITLE = "How fast?"
_STATEMENT = "Each of our kernels is faster than its peer"


def _subject(timing: PeerTiming) -> str:
    case = timing.case
    if timing.n is not None and timing.dim is not None:
        case = f"n = {timing.n:,}, d = {timing.dim}"
    return f"{timing.subject} ({case})" if case else timing.subject


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
        Table(table, "A training step of each method"),
    ]


def _objectives(costs: Sequence[ObjectiveCost]) -> list[Block]:
    if not costs:
        return []
    first = costs[0]
    table = [
        {
            "objective": cost.objective,
            "work by its formula": cost.law,
            **{f"B = {size:,.0f} (ms)": f"{1000 * seconds:.1f}" for size, seconds in cost.against_batch[::2]},
            **{f"d = {dim:,.0f} (ms)": f"{1000 * seconds:.1f}" for dim, seconds in cost.against_dim[2:]},
        }
        for cost in sorted(costs, key=lambda cost: cost.against_batch[-1][1])
    ]
    return [
        Text(
            f"Value and gradient of the objectives alone, one thread: against the batch B at d = {first.dim}, against the "
            f"dimension d at B = {2 * first.batch:,}. A matrix of all pairs that outgrows the caches costs more than its "
            "formula says."
        ),
        Table(table, "Each objective alone"),
    ]


def _assessments(costs: Sequence[AssessmentCost]) -> list[Block]:
    rows = []
    for cost in costs:
        peaks = cost.peak_bytes or (None,) * len(cost.sizes)
        for (n, dim), seconds, peak in zip(cost.sizes, cost.cpu_seconds, peaks, strict=True):
            rows.append(
                {
                    "what": cost.what,
                    "rows": f"{n:,}",
                    "coordinates": f"{dim:,}",
                    "CPU seconds": f"{seconds:.1f}",
                    "peak memory (GB)": "–" if peak is None else f"{peak / 1e9:.2f}",
                }
            )
    if not rows:
        return []
    starts = [cost.start_seconds for cost in costs if cost.start_seconds is not None]
    words = f" The command's start, {starts[0]:.1f} s of CPU with all imports, is taken off." if starts else ""
    where = environment_words(costs[0].environment)
    return [Text(f"What an assessment costs, one thread, {where}.{words}"), Table(rows, "An assessment by size")]


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
            Table(rows, "Peak memory of the perceptron critic"),
        ]
    return blocks


def speed_section(sources: Sources) -> Section:
    """Steps, assessments, objectives, the critic's memory, and each benchmark that has a peer."""
    found = entries(sources.results)
    if not found:
        return untested(_TITLE, COMMAND, {_STATEMENT: 86})
    timings = [timing for entry in found if (timing := PeerTiming.from_entry(entry)) is not None]
    blocks = [
        *_methods(answers(sources.results, "match", StepCost)),
        *_assessments(answers(sources.results, "assessment cost", AssessmentCost)),
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
