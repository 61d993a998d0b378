"""The section on speed: peers, laws, memory and the steps of the compared methods, from benchmarks' JSON as it was."""

import json
from dataclasses import replace

from noisedim.document.content import Table, Text
from noisedim.report.benchmarks import COMMAND
from noisedim.report.build import make_sources
from noisedim.report.speed.records import PeerTiming
from noisedim.report.speed.section import peer_words, speed_section
from noisedim.report.speed.verdicts import PeerVerdict
from noisedim.runs import RunStore

ENVIRONMENT = {"accelerator": None, "cpu": "a processor", "cores": 2}


def method_entry(words, ratio):
    info = {
        "question": "match",
        "words": words,
        "peer": "the reference",
        "median_seconds": 0.004,
        "ratio_median": ratio,
        "ratio_95": [ratio - 0.1, ratio + 0.1],
        "ratio_level": 0.95,
        "batch_size": 256,
        "peak_bytes": 5_000_000,
        "environment": ENVIRONMENT,
    }
    return {"name": "test_match[a]", "stats": {"median": 0.004, "rounds": 15}, "extra_info": info}


def sources(tmp_path, made):
    (tmp_path / "benchmarks.json").write_text(json.dumps({"benchmarks": made}))
    return replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)


def test_without_the_file_the_command_is_named(tmp_path):
    empty = replace(make_sources("smoke", "digits"), store=RunStore(tmp_path / "runs"), results=tmp_path)
    assert COMMAND in " ".join(block.words for block in speed_section(empty).blocks if not isinstance(block, Text))


def test_speed_shows_laws_memory_and_peers(tmp_path):
    law = {
        "question": "objective cost",
        "objective": "dual",
        "law": "B² d",
        "batch": 512,
        "dim": 8,
        "against_batch": [[256, 0.001], [512, 0.004], [1024, 0.016]],
        "against_dim": [[2, 0.01], [8, 0.011], [32, 0.0123]],
    }
    assessment = {
        "question": "assessment cost",
        "what": "the command",
        "sizes": [[10_000, 768], [1_000_000, 64]],
        "cpu_seconds": [2.345, 20.0],
        "start_seconds": 3.21,
        "peak_bytes": [1.4e9, 2.7e9],
        "environment": ENVIRONMENT,
    }
    memory = {
        "question": "critic memory",
        "rows_at_once": 16,
        "hidden": 256,
        "batches": [128, 256],
        "peak_bytes": [10_000_000, 20_000_000],
        "peak_bytes_at_once": [100_000_000, 400_000_000],
        "batch_power": 1.0,
        "batch_power_at_once": 2.0,
        "peer": "all pairs at once",
        "ratio_median": 0.8,
        "ratio_95": [0.7, 0.9],
        "ratio_level": 0.75,
    }
    step = {
        "subject": "a SimCLR step",
        "peer": "bare loop",
        "ratio_median": 0.2,
        "ratio_95": [0.1, 0.3],
        "images_per_second": 12_345.6,
        "fraction_of_matrix_rate": 0.2345,
        "batch_size": 256,
        "width": 64,
        "precision": "bfloat16",
        "environment": ENVIRONMENT,
    }
    made = [
        method_entry("SLOWER", 2.0),
        method_entry("REFERENCE", 1.0),
        *(
            {"name": name, "group": name, "stats": {"median": 0.1, "rounds": 6}, "extra_info": info}
            for name, info in (
                ("objective", law),
                ("assessment", assessment),
                ("critic", memory),
                ("test_simclr_step", step),
            )
        ),
    ]
    section = speed_section(sources(tmp_path, made))
    (verdict,) = section.verdicts
    assert verdict.answer == "2 faster"
    assert [(row["over the peer's time [interval]"], row["level"]) for row in verdict.numbers] == [
        ("0.8 [0.7, 0.9]", "75%"),
        ("0.2 [0.1, 0.3]", "95%"),
    ]
    assert (verdict.numbers[1]["kernel"], verdict.numbers[1]["compared with"]) == ("a SimCLR step", "bare loop")
    steps, assessments, laws, critic, throughput = (block.rows for block in section.blocks if isinstance(block, Table))
    assert [row["method"] for row in steps] == ["REFERENCE", "SLOWER"]
    assert steps[1]["times the reference"] == "2.00 [1.90, 2.10]"
    assert steps[1]["peak memory (MB)"] == "5"
    assert [(row["rows"], row["CPU seconds"], row["peak memory (GB)"]) for row in assessments] == [
        ("10,000", "2.3", "1.40"),
        ("1,000,000", "20.0", "2.70"),
    ]
    assert any("3.2 s of CPU" in block.words for block in section.blocks if isinstance(block, Text))
    assert laws == [
        {
            "objective": "dual",
            "work by its formula": "B² d",
            "B = 256 (ms)": "1.0",
            "B = 1,024 (ms)": "16.0",
            "d = 32 (ms)": "12.3",
        }
    ]
    assert throughput == [
        {
            "kernel": "a SimCLR step",
            "images per second": "12,346",
            "batch": "256",
            "width": "64",
            "precision": "bfloat16",
            "hardware": "a processor, 2 cores",
            "of the rate of matrix products": "23.4%",
        }
    ]
    assert critic[1] == {"batch": "256", "16 rows at a time (MB)": "20", "all pairs at once (MB)": "400"}


def test_intervals_are_what_they_say():
    def numbers(rounds):
        info = {"peer": "a peer", "ratio_median": 0.015, "ratio_95": [0.01, 0.02]}
        timing = PeerTiming.from_entry({"name": "test_x[a-b]", "stats": {"rounds": rounds}, "extra_info": info})
        return peer_words([PeerVerdict(timing)]).numbers[0]

    assert numbers(9) == {
        "kernel": "test_x (a-b)",
        "over the peer's time [95%]": "0.015 [0.01, 0.02]",
        "decided": "faster",
        "compared with": "a peer",
        "rounds": "9",
    }
    # Three ratios lie on both sides of their median with 75%, not 95%.
    assert numbers(3)["over the peer's time [75%]"] == "0.015 [0.01, 0.02]"


def test_crops_are_compared_pixel_by_pixel(tmp_path):
    info = {
        "subject": "views",
        "peer": "kornia",
        "ratio_median": 0.5,
        "ratio_95": [0.4, 0.6],
        "kornia_crop_error": 0.061,
        "crop_error": 1.8e-7,
    }
    made = [
        {"name": f"test_views[{peer}]", "stats": {"rounds": 9}, "extra_info": {**info, "peer": peer}}
        for peer in ("kornia", "another")
    ]
    (table,) = (block for block in speed_section(sources(tmp_path, made)).blocks if isinstance(block, Table))
    assert [tuple(row.values()) for row in table.rows] == [
        ("kornia", "0.061"),
        ("another", "0.061"),
        ("this package", "1.8e-07"),
    ]


def test_what_is_open_has_one_name_in_rows_counts_and_statement(tmp_path):
    made = [
        {"name": "test_x", "stats": {"rounds": 9}, "extra_info": {"peer": "p", "ratio_median": 1, "ratio_95": ends}}
        for ends in ([0.5, 2.0], [0.1, 0.2])
    ]
    section = speed_section(sources(tmp_path, made))
    (verdict,) = section.verdicts
    assert verdict.answer == section.statements[0].effect == "1 not decided, 1 faster"
    assert [row["decided"] for row in verdict.numbers] == ["not decided", "faster"]


def test_two_cases_of_a_kernel_are_told_apart(tmp_path):
    info = {
        "subject": "a step",
        "peer": "bare loop",
        "ratio_median": 0.2,
        "ratio_95": [0.1, 0.3],
        "images_per_second": 10,
        "fraction_of_matrix_rate": 0.2,
        "batch_size": 256,
        "width": 64,
        "precision": "float32",
    }
    made = [{"name": f"test_step[{case}]", "stats": {"rounds": 9}, "extra_info": info} for case in ("a", "b")]
    (table,) = (block for block in speed_section(sources(tmp_path, made)).blocks if isinstance(block, Table))
    assert [row["kernel"] for row in table.rows] == ["a step (a)", "a step (b)"]
