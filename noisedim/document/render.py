"""From sections to index.html (self-contained), README.md and figures; each file is written atomically."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from noisedim.document.content import Header, Notice, Picture, Pictures, Section, Table, Text
from noisedim.files import write_atomically, write_text_atomically

__all__ = ["render"]


def render(header: Header, sections: Sequence[Section], output: Path) -> Path:
    """Write ``index.html``, ``README.md`` and ``figures/`` under ``output``.

    Args:
        header: what stands above the sections.
        sections: in the order of the page.
        output: folder to write to.

    Returns: the path of ``index.html``.

    Raises: StorageError: if a file cannot be written; the previous one is left intact.
    """
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Pictures):
                for picture in block.pictures:
                    _write_picture(output / "figures", picture)
    templates = _environment()
    for name, template in (("README.md", "document.md.jinja"), ("index.html", "document.html.jinja")):
        text = templates.get_template(template).render(header=header, sections=sections)
        write_text_atomically(output / name, text)
    return output / "index.html"


def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup, escape

    def autoescape(name: str | None) -> bool:
        return name is not None and name.endswith(".html.jinja")

    def with_code(words: str) -> Markup:
        """Escaped text with `code` as <code>."""
        return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(words))))

    def cell(words: str) -> str:
        """Text inside a Markdown table."""
        return words.replace("|", "\\|").replace("\n", " ")

    def kind(block: Any) -> str:
        return {Text: "text", Notice: "notice", Table: "table", Pictures: "pictures"}[type(block)]

    environment = Environment(
        loader=PackageLoader("noisedim.document"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"with_code": with_code, "cell": cell, "kind": kind}
    return environment


def _write_picture(folder: Path, picture: Picture) -> None:
    def write(file: BinaryIO) -> None:
        file.write(picture.png)

    write_atomically(folder / f"{picture.name}.png", write)
    if picture.svg is not None:
        write_text_atomically(folder / f"{picture.name}.svg", picture.svg)
