"""``noisedim docs``."""

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Docs", "help_texts"]

_WIDTH = 110
_ACTIONS = {"prior": ("fit", "sample", "map")}


@dataclass(frozen=True, kw_only=True)
class Docs:
    """Build the documentation as a folder of HTML pages that need no network; a warning is an error.

    Read index.html in a browser; the search box needs a server, such as python -m http.server -d build/docs.

    Example: noisedim docs --output build/docs
    """

    output: Path = Path("build/docs")
    """Folder to write to: new, empty, or that of an earlier build."""

    def run(self) -> int:
        """Build it and say where it is."""
        from noisedim.docs.build import build_site

        print(f"documentation: {build_site(self.output, help_texts())}")
        return 0


def help_texts() -> dict[str, str]:
    """What ``noisedim COMMAND --help`` prints, by the command."""
    from noisedim.cli import COMMANDS

    with _fixed_width():
        return {
            " ".join(command): _help(command)
            for name in COMMANDS
            for command in ([name], *([name, action] for action in _ACTIONS.get(name, ())))
        }


def _help(command: list[str]) -> str:
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
