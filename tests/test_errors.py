"""How a program of noisedim ends: exit codes that say what happened, on any terminal."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from noisedim.errors import InvalidInputError, Terminated, guarded, words_of

SLEEPS = """
import signal, sys, time
from noisedim.errors import guarded
# A shell's background job ignores SIGINT, and its children with it.
signal.signal(signal.SIGINT, signal.default_int_handler)
def work():
    print("at work", flush=True)
    time.sleep(60)
    return 0
sys.exit(guarded("p", work, when_stopped="nothing is lost"))
"""
PRINTS = """
import sys
from noisedim.errors import guarded
def work():
    print("σ → 0, « naïve »")
    print("ε = 0.1", file=sys.stderr)
    return 1
sys.exit(guarded("p", work))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_says_one_true_line_and_gives_its_code(number, code):
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as own:
        assert own.stdout.readline() == "at work\n"
        own.send_signal(number)
        _, told = own.communicate(timeout=30)
    assert (own.returncode, told) == (code, "p: stopped; nothing is lost\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_no_terminal_loses_the_answer(encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", PRINTS], capture_output=True, env=environment, check=False)
    assert done.returncode == 1
    assert "0, " in done.stdout.decode(encoding)
    assert "= 0.1" in done.stderr.decode(encoding)
    if encoding == "utf-8":
        assert done.stdout.decode() == "σ → 0, « naïve »\n"


def test_a_closed_output_gives_the_shells_code():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-c", PRINTS], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr


def test_handlers_are_put_back_and_threads_may_call_it():
    before = signal.getsignal(signal.SIGTERM)
    codes = []
    assert guarded("p", lambda: 7) == 7
    assert signal.getsignal(signal.SIGTERM) is before
    thread = threading.Thread(target=lambda: codes.append(guarded("p", lambda: 3)))
    thread.start()
    thread.join()
    assert codes == [3]


def test_errors_become_one_line_and_faults_keep_their_traceback(capsys):
    def refuse():
        raise InvalidInputError("expected rows; got none")

    def stop():
        raise Terminated

    assert guarded("p", refuse) == 2
    assert capsys.readouterr().err == "p: error: expected rows; got none\n"
    assert guarded("p", stop) == 143
    assert "stopped" in capsys.readouterr().err
    assert guarded("p", lambda: 1 // 0) == 2
    told = capsys.readouterr().err
    assert "ZeroDivisionError" in told
    assert "a fault of p" in told


def test_words_of_another_library_are_short_and_printable():
    assert words_of(ValueError("no\n number \x00\x1b[2J\ud800")) == "no number \\x00\\x1b[2J\\ud800"
    assert words_of(ValueError("x" * 300)) == "x" * 300
    assert words_of(ValueError("\x00" * 3000)) == ("\\x00" * 75)[:299] + "…"
