"""Speed in words: training steps by method, assessments, objectives against batch and dimension, peers in the same run."""

from collections import Counter
from collections.abc import Sequence

from noisedim.document.content import Block, Section, Statement, Status, Table, Text, Verdict
from noisedim.report.benchmarks import COMMAND, answers, entries, environment_words
from noisedim.report.speed.records import AssessmentCost, CriticMemory, ObjectiveCost, PeerTiming, StepCost
from noisedim.report.speed.verdicts import PeerVerdict, peer_verdicts
from noisedim.report.study import Sources, untested
from noisedim.runs.studies.protocols import SMALL

__all__ = ["peer_words", "speed_section"]

_TITLE = "How fast?"
_STATEMENT = "Each of our kernels is faster than its peer"


def _subject(timing: PeerTiming) -> str:
    case = timing.case
    if timing.n is not None and timing.dim is not None:
        case = f"n = {timing.n:,}, d = {timing.dim}"
    return f"{timing.subject} ({case})" if case else timing.subject


def peer_words(verdicts: Sequence[PeerVerdict]) -> Verdict:
    """How fast each of ours is compared with its peer, in words."""
    levels = {own.timing.level for own in verdicts}
    # One level stands above all intervals; of several, each row names its own.
    shared = f"{levels.pop():.0%}" if len(levels) == 1 else ""
    return Verdict(
        "How fast is each kernel compared with its peer?",
        _counted(verdicts),
        "a kernel is faster or slower where the interval of the median ratio, our time over the peer's, excludes equal times; "
        "the two are timed in turn",
        numbers=[_peer_row(own, shared) for own in verdicts],
    )


def _peer_row(verdict: PeerVerdict, shared_level: str) -> dict[str, str]:
    timing = verdict.timing
    ratio = f"{timing.ratio:.3g} [{timing.lower:.3g}, {timing.upper:.3g}]"
    row = {
        "kernel": _subject(timing),
        f"over the peer's time [{shared_level or 'interval'}]": ratio,
        "decided": _outcome_words(verdict),
        "compared with": timing.peer,
        "rounds": str(timing.rounds),
    }
    return row if shared_level else {**row, "level": f"{timing.level:.0%}"}


def _outcome_words(verdict: PeerVerdict) -> str:
    return "not decided" if verdict.outcome == "undecided" else verdict.outcome


def _counted(verdicts: Sequence[PeerVerdict]) -> str:
    counts = Counter(_outcome_words(verdict) for verdict in verdicts)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())


def _crops(timings: Sequence[PeerTiming]) -> list[Block]:
    compared = [own for own in timings if own.peer_crop_error is not None]
    errors = [(own.peer, own.peer_crop_error) for own in compared]
    ours = [own.crop_error for own in compared if own.crop_error is not None]
    if ours:
        # The same crops whoever the peer is: one row, the largest difference.
        errors.append(("this package", max(ours)))
    rows = [{"views by": name, "largest difference (of 1)": f"{error:.2g}"} for name, error in errors]
    return [Table(rows, "Pixels compared with torchvision's at equal crops")] if rows else []


def _throughput(timings: Sequence[PeerTiming]) -> list[Block]:
    rows = [
        {
            "kernel": _subject(own),
            "images per second": f"{own.throughput.images_per_second:,.0f}",
            "batch": str(own.throughput.batch_size),
            "width": str(own.throughput.width),
            "precision": own.throughput.precision,
            "hardware": "–" if own.environment is None else environment_words(own.environment),
            "of the rate of matrix products": f"{own.throughput.fraction_of_matrix_rate:.1%}",
        }
        for own in timings
        if own.throughput is not None
    ]
    return [Table(rows, "Images per second, and the share of the measured rate of matrix products")] if rows else []


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
            f"A training step of the methods at the long study's configuration, {first.batch_size} images of {SMALL}×{SMALL}, "
            f"one thread, {environment_words(first.environment)}. Ratios are of times taken in turn: their median with a "
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
        *_throughput(timings),
        *_crops(timings),
    ]
    verdicts = peer_verdicts(timings)
    words = [peer_words(verdicts)] if verdicts else []
    return Section(_TITLE, words, blocks, statements=_statements(verdicts))


def _statements(verdicts: Sequence[PeerVerdict]) -> list[Statement]:
    if not verdicts:
        return []
    counts = Counter(verdict.outcome for verdict in verdicts)
    status: Status = "supported" if counts["faster"] == len(verdicts) else "only when"
    if not counts["faster"]:
        status = "contradicted"
    return [Statement(_STATEMENT, status, _counted(verdicts), "timed in turn", rank=86)]
