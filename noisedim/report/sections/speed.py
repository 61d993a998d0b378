"""How fast? Training steps by method, objectives against batch and dimension, and peers in the same run."""

from typing import Any

from noisedim.document.content import Block, Pictures, Section, Table, Text, Verdict, draw
from noisedim.report.benchmarks import absent, entries, environment_words, method_rows
from noisedim.report.comparison_figures import law_figure
from noisedim.report.study import Sources

__all__ = ["peer_verdicts", "speed_section"]

_TITLE = "How fast?"
# Times that differ by less than this share are called equal, if the interval says so.
_AS_FAST = 0.1
# With fewer rounds even the least and the greatest ratio do not hold the median with 95%.
_FEWEST_ROUNDS = 6

# What each benchmark times, in words; its case, in brackets, is said after it.
_SUBJECTS = {
    "test_memory_and_time": "the perceptron critic, row by row",
    "test_against_one_by_one": "an ensemble",
    "test_against_pingouin": "the Henze–Zirkler statistic",
    "test_whole_battery_against_one_test_of_pingouin": "the whole battery (n = 10,000, d = 16)",
    "test_loop_overhead": "a training step",
    "test_two_ranks": "a step of two ranks, a core each",
    "test_views": "augmentation (the recipe of Appendix C)",
    "test_simclr_step": "a SimCLR step of a ResNet-18, views and all",
}


def _subject(entry: dict[str, Any]) -> str:
    name, _, case = entry["name"].partition("[")
    info = entry["extra_info"]
    if "n" in info and "dim" in info:
        case = f"n = {info['n']:,}, d = {info['dim']}"
    words = _SUBJECTS.get(name, name)
    case = case.rstrip("]")
    return f"{words} ({case})" if case and "(" not in words else words


def peer_verdicts(found: list[dict[str, Any]]) -> list[Verdict]:
    """One answer a benchmark that has a peer: the median ratio of times, interleaved in one run."""
    verdicts = []
    for entry in found:
        info = entry["extra_info"]
        if "ratio_median" not in info:
            continue
        ratio, (low, high) = info["ratio_median"], info["ratio_95"]
        answer = "faster" if high < 1 else "slower" if low > 1 else "not decided"
        if answer == "not decided" and low >= 1 - _AS_FAST and high <= 1 + _AS_FAST:
            answer = "as fast"
        rounds = entry["stats"]["rounds"]
        # Files from before the level was written: the least and the greatest of few ratios hold the median that often.
        level = info.get("ratio_level", 0.95 if rounds >= _FEWEST_ROUNDS else 1 - 2.0 ** (1 - rounds))
        interval = f"{level:.0%} interval of the median [{low:.3g}, {high:.3g}], {rounds} interleaved rounds"
        accuracy = ""
        if "kornia_crop_error" in info:
            accuracy = (
                f"; at equal crops the peer's pixels are up to {info['kornia_crop_error']:.2g} from torchvision's, "
                f"ours up to {info['crop_error']:.2g} (of 1)"
            )
        throughput = ""
        if "images_per_second" in info:
            throughput = (
                f"; {info['images_per_second']:,.0f} images a second in batches of {info['batch_size']}, width "
                f"{info['width']}, {info['precision']}, on {environment_words(info)}: {info['fraction_of_matrix_rate']:.1%} "
                "of the measured rate of matrix products"
            )
        verdicts.append(
            Verdict(
                f"How fast is {_subject(entry)} beside {info['peer']}?",
                answer,
                f"{ratio:.3g} times the peer's time, {interval}{accuracy}{throughput}",
            )
        )
    return verdicts


def _methods_table(sources: Sources) -> list[Block]:
    blocks: list[Block] = []
    for data, rows in method_rows(sources.results).items():
        least = min(row.step_seconds for row in rows)
        table = [
            {
                "method": row.words,
                "ms a step": f"{1000 * row.step_seconds:.2f}",
                "samples a second": f"{row.info['batch_size'] / row.step_seconds:,.0f}",
                "times the fastest": f"{row.step_seconds / least:.2f}",
                "peak memory (MB)": f"{peak / 1e6:.0f}" if (peak := row.info.get("peak_bytes")) else "–",
            }
            for row in sorted(rows, key=lambda row: row.step_seconds)
        ]
        info = rows[0].info
        blocks += [
            Text(
                f"A training step on {data}, {info['batch_size']} images, one thread, {environment_words(info)}; median "
                "of 20. Peak memory: weights, optimiser and one step, beyond what the process held before."
            ),
            Table(table),
        ]
    return blocks


def _law_words(fit: dict[str, Any]) -> str:
    return f"{fit['constant']:.2g} + {fit['slope']:.3g}·B{'²' if fit['power'] == 2 else ''}"


def _objectives(found: list[dict[str, Any]]) -> list[Block]:
    infos = [entry["extra_info"] for entry in found]
    infos = [info for info in infos if info.get("question") == "objective cost"]
    if not infos:
        return []
    first = infos[0]
    pictures = [
        draw(
            f"cost-{name}",
            law_figure({info["objective"]: info[key] for info in infos}, xlabel=label),
            alt=f"Seconds of one value and gradient against {label}, one line an objective",
            caption=caption,
        )
        for name, key, label, caption in (
            ("batch", "against_batch", "batch B", f"Value and gradient at d = {first['dim']}, one thread."),
            ("dimension", "against_dim", "dimension d", f"Value and gradient at B = {2 * first['batch']}, one thread."),
        )
    ]
    table = [
        {
            "objective": info["objective"],
            "work by its formula": info["law"],
            "measured power of B": f"{info['batch_power']:.2f}",
            "measured power of d": f"{info['dim_power']:.2f}",
            "fitted law (s)": _law_words(info["fit"]),
            "largest relative error": f"{info['fit']['largest_relative_error']:.0%}",
        }
        for info in infos
    ]
    return [
        Text(
            "Cost of the objectives alone. Powers are slopes over the three largest sizes. They are no asymptotes: overheads "
            "make them smaller than the formula's, a matrix of all pairs that outgrows the caches may make them larger. "
            "The largest relative error says how far the fitted law is from the times it was fitted to."
        ),
        Pictures(pictures),
        Table(table),
    ]


def _critic(found: list[dict[str, Any]]) -> list[Block]:
    blocks: list[Block] = []
    for info in (entry["extra_info"] for entry in found):
        if info.get("question") != "critic memory":
            continue
        rows = [
            {
                "batch": str(batch),
                f"{info['rows_at_once']} rows at a time (MB)": f"{ours / 1e6:,.0f}",
                "all pairs at once (MB)": f"{theirs / 1e6:,.0f}",
            }
            for batch, ours, theirs in zip(info["batches"], info["peak_bytes"], info["peak_bytes_at_once"], strict=True)
        ]
        blocks += [
            Text(
                f"Peak memory of the perceptron critic on all pairs, hidden width {info['hidden']}, value and gradient: "
                f"power of the batch {info['batch_power']:.2f} by rows, {info['batch_power_at_once']:.2f} at once."
            ),
            Table(rows),
        ]
    return blocks


def speed_section(sources: Sources) -> Section:
    """Steps, objectives, the critic's memory, and whatever has a peer."""
    found = entries(sources.results)
    if not found:
        return absent(_TITLE)
    blocks = [*_methods_table(sources), *_objectives(found), *_critic(found)]
    return Section(_TITLE, peer_verdicts(found), blocks)
