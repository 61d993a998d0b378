"""What the tests of README and of the documentation share: code blocks, and what they say that they print."""

import re
from dataclasses import dataclass

_BLOCK = re.compile(
    r"(?:<!-- needs: (?P<needs>[\w, ]+) -->\n)?```python(?P<title>[^\n]*)\n(?P<code>.*?)```\n"
    r"(?:\n```text title=\"prints\"\n(?P<prints>.*?)```)?",
    flags=re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One block of Python.

    Attributes:
        code: its lines.
        prints: what is said to be printed, in the block that follows or in comments after calls of print; None if nothing
            is said.
        needs: modules without which it is not run.
    """

    code: str
    prints: str | None
    needs: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """All blocks of Python of a page, in their order."""
    found = []
    for match in _BLOCK.finditer(text):
        said = re.findall(r"^print\(.*\)  # (.*)$", match["code"], flags=re.MULTILINE)
        prints = match["prints"]
        if prints is None and said:
            prints = "\n".join(said) + "\n"
        needs = tuple(name.strip() for name in (match["needs"] or "").split(",") if name.strip())
        found.append(Block(match["code"], prints, needs))
    return found


def commands(text: str) -> list[str]:
    """The lines of all blocks of shell commands, without comments."""
    return [
        line.split("#")[0].strip()
        for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
        for line in block.splitlines()
    ]
