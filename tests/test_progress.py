"""The progress display: plain lines in a log, also while nothing advances; a bar on a terminal."""

import io
import threading

import pytest

from noisedim.progress import completed_step, progress_display, progress_of_steps, without_steps


class Clock:
    """Seconds that the test sets."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Log(io.StringIO):
    """A file that says when it has a number of lines."""

    def __init__(self, lines=0):
        super().__init__()
        self.wanted, self.has_lines = lines, threading.Event()

    def write(self, text):
        written = super().write(text)
        if self.getvalue().count("\n") >= self.wanted:
            self.has_lines.set()
        return written


def lines(file):
    return file.getvalue().splitlines()


def test_a_log_gets_a_line_at_the_start_and_at_the_end():
    log, clock = io.StringIO(), Clock()
    with progress_display("runs", 4, file=log, clock=clock, seconds_between_lines=3600) as display:
        display.start()
        clock.now += 30
        display.advance("last dual, seed 0")
        display.advance("last dual, seed 1: FAILED")
    assert lines(log) == ["runs: 0 of 4", "runs: 2 of 4; last dual, seed 1: FAILED; 30 s elapsed, about 30 s left"]


def test_a_log_gets_lines_while_nothing_advances():
    log = Log(lines=3)
    with progress_display("runs", 4, file=log, clock=Clock(), seconds_between_lines=1e-3) as display:
        display.start()
        assert log.has_lines.wait(60)
    assert set(lines(log)) == {"runs: 0 of 4"}


def test_what_reports_nothing_prints_nothing():
    log = io.StringIO()
    with progress_display("training", 4, file=log):
        pass
    assert log.getvalue() == ""


def test_time_left_of_a_resumed_run_counts_from_where_it_resumed():
    log, clock = io.StringIO(), Clock()
    with progress_display("training", 4000, file=log, clock=clock, seconds_between_lines=3600) as display:
        display.update(3000, "loss +1.000")
        clock.now += 10
        display.update(3100, "loss +0.900")
    # 100 steps took 10 s, so 900 take 90 s; 3,100 steps in 10 s would give 3 s.
    assert lines(log)[-1] == "training: 3,100 of 4,000; loss +0.900; 10 s elapsed, about 90 s left"


def test_an_unknown_total_is_counted_and_no_time_is_predicted():
    log, clock = io.StringIO(), Clock()
    with progress_display("runs", None, file=log, clock=clock, seconds_between_lines=3600) as display:
        display.start()
        clock.now += 2 * 3600 + 300
        display.advance()
    assert lines(log)[-1] == "runs: 1; 2 h 05 min elapsed"


def test_lines_that_stay_are_printed_at_once():
    log = io.StringIO()
    with progress_display("runs", 2, file=log, seconds_between_lines=3600) as display:
        display.say("30 runs to make")
        assert lines(log)[-1] == "30 runs to make"


def test_a_failure_inside_ends_the_display():
    before = threading.active_count()

    def fail():
        with progress_display("runs", 2, file=io.StringIO(), seconds_between_lines=1e-3) as display:
            display.start()
            assert threading.active_count() == before + 1
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert threading.active_count() == before


def test_a_terminal_gets_a_bar_and_standard_output_stays_where_it_was(monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with progress_display("runs", 2, file=terminal) as display:
        display.start()
        print("a result")
        display.advance("last [seed 1]")
    assert "1/2" in terminal.getvalue()
    assert "[seed 1]" in terminal.getvalue()
    assert "a result" not in terminal.getvalue()
    assert capsys.readouterr().out == "a result\n"


def test_steps_are_shown_once_they_take_long():
    log = Log(lines=1)
    with progress_of_steps("tests", 4, file=log, seconds_before=1e-3):
        completed_step("mean")
        assert log.has_lines.wait(60)
        completed_step("scale")
        with without_steps("n*"):
            completed_step("one of those inside")
    # On a busy machine the display may come before the first step is done.
    assert lines(log)[0].startswith(("tests: 0 of 4", "tests: 1 of 4"))
    assert lines(log)[-1].startswith("tests: 4 of 4; done")


def test_steps_that_are_soon_over_show_nothing():
    log = io.StringIO()
    with progress_of_steps("tests", 2, file=log, seconds_before=3600):
        completed_step("mean")
    completed_step("after it")  # nobody listens
    assert log.getvalue() == ""


def test_steps_that_are_interrupted_are_not_said_to_be_done():
    log = Log(lines=1)

    def interrupted():
        with progress_of_steps("tests", 4, file=log, seconds_before=1e-3):
            assert log.has_lines.wait(60)
            completed_step("mean")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "done" not in log.getvalue()
    assert lines(log)[-1].startswith("tests: 1 of 4")
