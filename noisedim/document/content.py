"""What a document consists of: sections of verdicts, text, tables and pictures.

The same blocks are rendered as an HTML page and as Markdown. Text is plain, with `code` between backticks. It is escaped
when rendered, so text that came from a run cannot inject markup.
"""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import numpy as np

from noisedim.document.typeset import anchor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "Block",
    "Definitions",
    "Forest",
    "ForestPanel",
    "ForestRow",
    "Header",
    "Notice",
    "Page",
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

# Larger or more crowded pictures are kept in pixels: thousands of marks take megabytes as vectors.
_MOST_SVG_CHARACTERS = 150_000
_MOST_MARKS = 600
_PIXELS_PER_INCH = 100
# Colours of a picture in pixels: enough for the smooth edges of a few hues.
_COLOURS = 96
# Of an SVG file: what no browser draws.
_PREAMBLE = re.compile(rb"<\?xml[^>]*>|<!DOCTYPE[^>]*>|<metadata>.*?</metadata>", re.DOTALL)
_SAFE_IN_ADDRESS = " !$()*+,-./:;=?@[]^_`{|}~"


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
    """A question, its answer in a word or two (``yes``, ``no``, ``in part``, ``not measured``), and what is behind it.

    Attributes:
        question: unlike any other of its page.
        answer: in a word or two.
        words: what was compared and how it was decided, in a sentence.
        is_main: whether it is one that a reader with five minutes looks for.
        numbers: what decided it, by column name, one row per comparison; every row has the same columns, the first names it.
    """

    question: str
    answer: str
    words: str
    is_main: bool = False
    numbers: Sequence[Mapping[str, str]] = ()


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
    """Rows of cells by column name; every row has the same columns.

    Attributes:
        rows: the first column names the row.
        caption: what the table shows, in a few words; no two tables of a page have the same.
    """

    rows: Sequence[dict[str, str]]
    caption: str


@dataclass(frozen=True)
class ForestRow:
    """One estimate with its interval.

    Attributes:
        name: of the method.
        estimate, lower, upper: ends may be infinite.
        is_ours: whether it is set off from the others.
    """

    name: str
    estimate: float
    lower: float
    upper: float
    is_ours: bool = False


@dataclass(frozen=True)
class ForestPanel:
    """One measure of all methods.

    Attributes:
        label: on the switch, such as ``accuracy``.
        words: what is measured and which end is better, as the heading of the numbers.
        rows: in any order; the best stand first.
        larger_is_better: how they are sorted.
        logarithmic: whether the axis is; then estimates must be positive.
    """

    label: str
    words: str
    rows: Sequence[ForestRow]
    larger_is_better: bool = True
    logarithmic: bool = False


@dataclass(frozen=True)
class Forest:
    """Intervals of all methods, one panel shown at a time, with a switch between measures.

    Attributes:
        name: its key, for the names of files and elements.
        panels: the first is shown first.
        caption: what they are intervals of: data, seeds, budget.
        rank: the index shows the forest of the smallest rank; None for one that only its page shows.
    """

    name: str
    panels: Sequence[ForestPanel]
    caption: str
    rank: int | None = None


@dataclass(frozen=True)
class Definitions:
    """Terms and what they mean."""

    terms: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Picture:
    """A figure with a caption and a text alternative.

    Attributes:
        name: of its file, without the ending.
        content: of its file.
        ending: ``svg`` for lines, which are sharp at every size; ``png`` for thousands of marks and for images.
        alt: what it shows, for those who do not see it.
        caption: below it.
        width: at which its letters are as large as the text around it, in a page's pixels.
    """

    name: str
    content: bytes
    ending: Literal["svg", "png"]
    alt: str
    caption: str
    width: int

    @property
    def file_name(self) -> str:
        """Its file's name, with the ending."""
        return f"{self.name}.{self.ending}"

    @property
    def data_uri(self) -> str:
        """The picture as a data URI: for a page that needs no other file."""
        if self.ending == "svg":
            # A sixth shorter than base64. What HTML or an address would take for its own is written as %xx.
            text = re.sub(r"\s*\n\s*", " ", _PREAMBLE.sub(b"", self.content).decode())
            return f"data:image/svg+xml,{quote(text, safe=_SAFE_IN_ADDRESS)}"
        return f"data:image/{self.ending};base64,{base64.b64encode(self.content).decode()}"


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side where the screen is wide enough; a single picture takes the whole width."""

    pictures: Sequence[Picture]


Block = Text | Notice | Table | Pictures | Forest | Definitions


@dataclass(frozen=True)
class Section:
    """One part of a document.

    Attributes:
        title: its heading.
        verdicts: its answers in detail.
        blocks: what follows the verdicts.
        statements: its rows of the matrix of statements.
        finding: what it found, in one sentence.
        emblem: a picture for the index, which shows the first that a section has.
    """

    title: str
    verdicts: Sequence[Verdict]
    blocks: Sequence[Block]
    statements: Sequence[Statement] = ()
    finding: str = ""
    emblem: Picture | None = None

    @property
    def anchor(self) -> str:
        """The identifier that links to the heading use."""
        return anchor(self.title)


@dataclass(frozen=True)
class Header:
    """What the index says before anything else.

    Attributes:
        page_title: title of the browser's tab.
        heading: main heading.
        lead: sentences below the heading.
        notices: what must not be overlooked, one highlighted paragraph each.
        budget: what the numbers rest on, in small print.
        picture: what the document is about, at a glance; None if there is nothing to draw.
    """

    page_title: str
    heading: str
    lead: Sequence[str]
    notices: Sequence[str] = ()
    budget: str = ""
    picture: Picture | None = None


@dataclass(frozen=True)
class Page:
    """One page: the sections of one topic.

    Attributes:
        key: its file's name without the ending.
        title: its heading.
        sections: in their order.
    """

    key: str
    title: str
    sections: Sequence[Section]

    @property
    def finding(self) -> str:
        """The first finding of its sections: the sentence that opens the page."""
        return next((section.finding for section in self.sections if section.finding), "")


def draw(name: str, figure: "Figure", *, alt: str, caption: str) -> Picture:
    """A figure as a picture called ``name``; equal figures give equal bytes."""
    width = round(_PIXELS_PER_INCH * figure.get_figwidth())
    if not _is_crowded(figure):
        svg = io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        content = _TAG.sub(_rounded, svg.getvalue())
        if len(content) <= _MOST_SVG_CHARACTERS:
            return Picture(name, content, "svg", alt, caption, width)
    png = io.BytesIO()
    figure.savefig(png, format="png", pil_kwargs={"compress_level": 0})  # packed below
    return Picture(name, _with_few_colours(png.getvalue()), "png", alt, caption, width)


# Hundredths of a point are finer than any screen; matplotlib writes millionths. Only in tags: labels are text between them.
_TAG, _DIGITS = re.compile(rb"<[^>]*>"), re.compile(rb"(\.\d\d)\d+")


def _rounded(tag: re.Match[bytes]) -> bytes:
    return _DIGITS.sub(rb"\1", tag[0])


def _is_crowded(figure: "Figure") -> bool:
    axes = figure.axes  # those of its parts, too
    marks = sum(len(np.atleast_1d(collection.get_offsets())) for own in axes for collection in own.collections)
    return marks > _MOST_MARKS or any(own.images for own in axes)


def _with_few_colours(png: bytes) -> bytes:
    """The picture with a palette: a third of the size, and no visible difference in a chart."""
    from PIL import Image

    small = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
    return min(png, small.getvalue(), key=len)
