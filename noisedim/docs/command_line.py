"""The page of the command line: the help of every command, printed by its own parser."""

import contextlib
import io
import os
from collections.abc import Iterator

__all__ = ["command_line_page", "help_text"]

_WIDTH = 110


def command_line_page() -> str:
    """Every command with its help."""
    from noisedim.cli import COMMANDS

    parts = [
        "# Command line",
        "Printed by the parsers of `noisedim`. Exit codes: 0 done, 1 a departure was found (`assess`), a claim failed "
        "(`verify`) or nothing could be certified (`certify`), 2 bad input, 3 undecided (`assess --within`), 130 stopped.",
    ]
    with _fixed_width():
        for name in COMMANDS:
            parts += [f"## noisedim {name}", f"```text\n{help_text([name])}\n```"]
            if name == "prior":
                for action in ("fit", "sample", "map"):
                    parts += [f"### noisedim prior {action}", f"```text\n{help_text([name, action])}\n```"]
    return "\n\n".join(parts)


def help_text(command: list[str]) -> str:
    """What ``noisedim COMMAND --help`` prints."""
    from noisedim.cli import main

    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        main([*command, "--help"])
    return "\n".join(line.rstrip() for line in said.getvalue().strip().splitlines())


@contextlib.contextmanager
def _fixed_width() -> Iterator[None]:
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(_WIDTH)
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
