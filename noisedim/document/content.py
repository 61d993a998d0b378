"""What a document consists of: sections of verdicts, text, tables and pictures.

The same blocks are rendered as an HTML page and as Markdown. Text is plain, with `code` between backticks. It is escaped
when rendered, so text that came from a run cannot inject markup.
"""

import base64
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "Block",
    "Header",
    "Notice",
    "Picture",
    "Pictures",
    "Section",
    "Statement",
    "Status",
    "Table",
    "Text",
    "Verdict",
    "draw",
]

# A larger SVG is not kept; the PNG is enough.
_MOST_SVG_CHARACTERS = 400_000
# The overview counts the answers of a section with more answers than this, instead of listing them.
_MOST_LISTED = 6


Status = Literal["supported", "contradicted", "only when", "undecided", "not tested"]
"""What the evidence says of a statement."""


@dataclass(frozen=True)
class Statement:
    """A sentence that may be true or false, what the evidence says of it, and how much evidence that is.

    Attributes:
        text: the statement, without a full stop.
        status: ``only when`` where it holds under a condition, which ``effect`` names.
        effect: the size of the effect with its interval.
        budget: how many images and seeds, and how long each trained.
        needs: what would decide it, if it is not decided.
        rank: the matrix of all statements lists the smallest first.
    """

    text: str
    status: Status
    effect: str
    budget: str
    needs: str = ""
    rank: int = 100


@dataclass(frozen=True)
class Verdict:
    """A question, its answer in a word or two (``yes``, ``no``, ``in part``, ``not measured``), and the numbers behind it.

    Attributes:
        is_main: whether the document opens with it, for a reader who has five minutes.
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
    """A highlighted paragraph: a run that failed, or a missing part and the command that makes it."""

    words: str


@dataclass(frozen=True)
class Table:
    """Rows of cells by column name; every row has the same columns."""

    rows: Sequence[dict[str, str]]


@dataclass(frozen=True)
class Picture:
    """A figure as PNG and SVG, with a caption and a text alternative."""

    name: str
    png: bytes
    svg: str | None
    alt: str
    caption: str

    @property
    def data_uri(self) -> str:
        """The PNG as a data URI, for a page that needs no other file."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side where the screen is wide enough; a single picture takes the whole width."""

    pictures: Sequence[Picture]


Block = Text | Notice | Table | Pictures


@dataclass(frozen=True)
class Section:
    """One part of a document.

    Attributes:
        title: its heading.
        verdicts: its answers; the overview at the top lists them, too.
        blocks: what follows the verdicts.
        statements: its rows of the matrix of statements.
        finding: what it found, in one sentence.
    """

    title: str
    verdicts: Sequence[Verdict]
    blocks: Sequence[Block]
    statements: Sequence[Statement] = ()
    finding: str = ""

    @property
    def tally(self) -> str:
        """The number of answers of each kind if there are too many to list, else an empty string."""
        if len(self.verdicts) <= _MOST_LISTED:
            return ""
        counts = Counter(verdict.answer for verdict in self.verdicts)
        return f"{len(self.verdicts)} questions: " + ", ".join(f"{count} {answer}" for answer, count in counts.items())

    @property
    def anchor(self) -> str:
        """The identifier that links to the heading use."""
        kept = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in self.title.lower())
        return "-".join(part for part in kept.split("-") if part)


@dataclass(frozen=True)
class Header:
    """What stands above all sections.

    Attributes:
        page_title: title of the browser's tab.
        heading: main heading.
        lead: paragraph below the heading.
        notices: what must not be overlooked, one highlighted paragraph each.
    """

    page_title: str
    heading: str
    lead: str
    notices: Sequence[str] = ()


def draw(name: str, figure: "Figure", *, alt: str, caption: str) -> Picture:
    """A figure as a picture called ``name``; equal figures give equal bytes."""
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    # A scatter plot has thousands of marks, which would take megabytes as vectors.
    for axes in figure.axes:
        for collection in axes.collections:
            collection.set_rasterized(True)
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    text = svg.getvalue()
    return Picture(name, png.getvalue(), text if len(text) < _MOST_SVG_CHARACTERS else None, alt, caption)
