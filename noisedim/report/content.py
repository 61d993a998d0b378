"""What a report is made of: sections of verdicts, text, tables and pictures. Knows no section by name.

A section is built from files and rendered twice, to a page and to Markdown, from the same blocks. Text is plain, with
`code` between backticks; nothing in it is markup, so nothing that a run wrote can become any.
"""

import base64
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noisedim.report.profiles import Plan
from noisedim.runs.store import RunStore

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Block", "Notice", "Picture", "Pictures", "Section", "Sources", "Table", "Text", "Verdict", "draw"]

# Vector graphics above this size are left out: the PNG serves.
_MOST_SVG_CHARACTERS = 400_000
# Sections with more answers than this are counted at the top, not listed.
_MOST_LISTED = 6


@dataclass(frozen=True)
class Sources:
    """Where sections read.

    Attributes:
        plan: the runs of the profile.
        store: where they are.
        results: the folder of theory.json, benchmarks.json and the runs.
    """

    plan: Plan
    store: RunStore
    results: Path


@dataclass(frozen=True)
class Verdict:
    """A question, the answer in a word or two (``yes``, ``no``, ``in part``, ``not measured``), and the figures.

    Attributes:
        is_main: whether a reader of five minutes must see it: then it opens the report, with its figures.
    """

    question: str
    answer: str
    words: str
    is_main: bool = False


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    words: str


@dataclass(frozen=True)
class Notice:
    """A paragraph that must not be overlooked: a failed run, a part that is missing and the command that makes it."""

    words: str


@dataclass(frozen=True)
class Table:
    """Rows of cells by column name; every row has the same columns."""

    rows: Sequence[dict[str, str]]


@dataclass(frozen=True)
class Picture:
    """A figure as files, and as text for those who do not see it."""

    name: str
    png: bytes
    svg: str | None
    alt: str
    caption: str

    @property
    def data_uri(self) -> str:
        """The PNG inside the page."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side where there is room; a single one takes the width."""

    pictures: Sequence[Picture]


Block = Text | Notice | Table | Pictures


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        title: the heading.
        verdicts: its answers, shown at the top of the report.
        blocks: what is below the heading.
    """

    title: str
    verdicts: Sequence[Verdict]
    blocks: Sequence[Block]

    @property
    def tally(self) -> str:
        """How many answers of each kind, where there are too many to list; else empty."""
        if len(self.verdicts) <= _MOST_LISTED:
            return ""
        counts = Counter(verdict.answer for verdict in self.verdicts)
        return f"{len(self.verdicts)} questions: " + ", ".join(f"{count} {answer}" for answer, count in counts.items())

    @property
    def anchor(self) -> str:
        """The heading's name in links."""
        kept = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in self.title.lower())
        return "-".join(part for part in kept.split("-") if part)


def draw(name: str, figure: "Figure", *, alt: str, caption: str) -> Picture:
    """A figure as a picture called ``name``, the same bytes for the same figure."""
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    # Scatter plots have thousands of marks: as vectors they would weigh megabytes.
    for axes in figure.axes:
        for collection in axes.collections:
            collection.set_rasterized(True)
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    text = svg.getvalue()
    return Picture(name, png.getvalue(), text if len(text) < _MOST_SVG_CHARACTERS else None, alt, caption)
