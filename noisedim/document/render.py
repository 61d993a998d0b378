"""From pages to a folder that works offline: index.html, pages/, figures/, tables/, README.md; each written atomically."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from noisedim.document.content import (
    Definitions,
    Forest,
    Header,
    Notice,
    Page,
    Picture,
    Pictures,
    Section,
    Statement,
    Table,
    Text,
)
from noisedim.document.intervals import placed
from noisedim.document.typeset import anchor, cell, count_words, markdown, typeset, with_code
from noisedim.files import write_atomically, write_text_atomically

__all__ = ["GLOSSARY", "ICONS", "MOST_STATEMENTS", "PlacedStatement", "render"]

GLOSSARY = "glossary"
"""Key of the page that defines the terms."""
MOST_STATEMENTS = 12
"""The index shows at most this many statements, those that were tested first; the pages show all of theirs."""
MOST_WORDS = 165
"""And at most this many words of statements: they are read in one go."""
ICONS = {"supported": "✓", "contradicted": "✗", "only when": "◐", "undecided": "?", "not tested": "–"}
_OWN_FILE = re.compile(r"(?:tables/[\w.-]+\.csv|figures/[\w.-]+\.(?:png|svg)|pages/[\w.-]+\.html)")
_KINDS = {
    Text: "text",
    Notice: "notice",
    Table: "table",
    Pictures: "pictures",
    Forest: "forest",
    Definitions: "definitions",
}


@dataclass(frozen=True)
class PlacedStatement:
    """A statement and where its evidence stands: key of the page, and anchor of the section."""

    statement: Statement
    page: str
    anchor: str


def render(header: Header, pages: Sequence[Page], output: Path, *, terms: Sequence[tuple[str, str]] = ()) -> Path:
    """Write the index, a page per topic, the pictures and the tables under ``output``.

    Args:
        header: what the index says first.
        pages: in the order of the navigation.
        output: folder to write to.
        terms: words with their meanings: a page of their own, and on each page those that occur there.

    Returns: the path of ``index.html``.

    Raises: StorageError: if a file cannot be written; the previous one is left intact.
    """
    if terms:
        pages = [*pages, Page(GLOSSARY, "Glossary", [Section("Terms", [], [Definitions(terms)])])]
    before = _linked(output)
    for picture in (*([header.picture] if header.picture else []), *_pictures(pages)):
        _write_picture(output / "figures", picture)
    names = _table_names(pages)
    for page in pages:
        for section in page.sections:
            for block in section.blocks:
                if isinstance(block, Table) and block.rows:
                    write_text_atomically(output / "tables" / f"{names[id(block)]}.csv", _as_csv(block))
    templates = _environment(names)
    every = _statements(pages)
    shown = _fitting(every)
    left_out = [own for own in every if own not in shown]
    for page in pages:
        used = [] if page.key == GLOSSARY else _terms_used(page, terms)
        text = templates.get_template("page.html.jinja").render(pages=pages, page=page, terms=used)
        write_text_atomically(output / "pages" / f"{page.key}.html", text)
    for name, template in (("README.md", "index.md.jinja"), ("index.html", "index.html.jinja")):
        index = templates.get_template(template).render(
            header=header,
            pages=pages,
            statements=[own for own in every if own in shown],
            left_out=left_out,
            untested=sum(own.statement.status == "not tested" for own in left_out),
            forest=_main_forest(pages),
        )
        write_text_atomically(output / name, index)
    # What the document no longer shows would be taken for a result of it.
    for path in before - _linked(output):
        path.unlink(missing_ok=True)
    return output / "index.html"


def _linked(output: Path) -> set[Path]:
    """The tables, pictures and pages that a document in ``output`` links to: those of ours, whatever else is there."""
    pages = [output / "index.html", output / "README.md"]
    links = {link for page in pages if page.is_file() for link in _OWN_FILE.findall(page.read_text(encoding="utf-8"))}
    for page in [output / link for link in links if link.startswith("pages/")]:
        if page.is_file():
            links |= set(_OWN_FILE.findall(page.read_text(encoding="utf-8")))
    return {output / link for link in links}


def _statements(pages: Sequence[Page]) -> list[PlacedStatement]:
    found = [
        PlacedStatement(statement, page.key, section.anchor)
        for page in pages
        for section in page.sections
        for statement in section.statements
    ]
    return sorted(found, key=lambda own: own.statement.rank)


def _fitting(every: Sequence[PlacedStatement]) -> list[PlacedStatement]:
    """What the index has room for: tested statements first, each group by rank."""
    shown: list[PlacedStatement] = []
    words = 0
    for own in sorted(every, key=lambda own: own.statement.status == "not tested"):
        said = own.statement
        words += count_words(" ".join((said.status, said.text, said.effect, said.budget, said.needs)))
        if len(shown) == MOST_STATEMENTS or words > MOST_WORDS:
            break
        shown.append(own)
    return shown


def _main_forest(pages: Sequence[Page]) -> Forest | None:
    blocks = (block for page in pages for section in page.sections for block in section.blocks)
    ranked = [(block.rank, block) for block in blocks if isinstance(block, Forest) and block.rank is not None]
    return min(ranked, key=lambda own: own[0])[1] if ranked else None


def _pictures(pages: Sequence[Page]) -> list[Picture]:
    blocks = (block for page in pages for section in page.sections for block in section.blocks)
    return [picture for block in blocks if isinstance(block, Pictures) for picture in block.pictures]


def _table_names(pages: Sequence[Page]) -> dict[int, str]:
    """A name for the file of each table, by the table's identity: its section and its number there."""
    names: dict[int, str] = {}
    for page in pages:
        for section in page.sections:
            tables = [block for block in section.blocks if isinstance(block, Table)]
            names |= {id(block): f"{page.key}-{section.anchor[:48]}-{i}" for i, block in enumerate(tables, 1)}
    return names


def _as_csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table.rows[0]), lineterminator="\n")
    writer.writeheader()
    # No-break spaces keep numbers together on a page; a file of numbers has plain ones.
    writer.writerows({name: words.replace("\u00a0", " ") for name, words in row.items()} for row in table.rows)
    return text.getvalue()


def _terms_used(page: Page, terms: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    words = " ".join(_words_of(page))
    return [term for term in terms if re.search(rf"(?<!\w){re.escape(term[0])}(?!\w)", words, re.IGNORECASE)]


def _words_of(page: Page) -> list[str]:
    found = []
    for section in page.sections:
        found += [section.title, section.finding]
        found += [words for own in section.verdicts for words in (own.question, own.words)]
        found += [words for own in section.verdicts for row in own.numbers for pair in row.items() for words in pair]
        found += [words for own in section.statements for words in (own.text, own.effect)]
        for block in section.blocks:
            if isinstance(block, Text | Notice):
                found.append(block.words)
            elif isinstance(block, Table):
                found += [words for row in block.rows for pair in row.items() for words in pair]
            elif isinstance(block, Pictures):
                found += [picture.caption for picture in block.pictures]
    return found


def _environment(names: dict[int, str]) -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    def autoescape(name: str | None) -> bool:
        return name is not None and name.endswith(".html.jinja")

    def kind(block: Any) -> str:
        return _KINDS[type(block)]

    environment = Environment(
        loader=PackageLoader("noisedim.document"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "with_code": with_code,
        "typeset": typeset,
        "cell": cell,
        "markdown": markdown,
        "kind": kind,
        "anchor": anchor,
        "placed": placed,
        "placed_here": lambda section: [PlacedStatement(own, "", section.anchor) for own in section.statements],
        "file": lambda table: names[id(table)],
    }
    environment.globals |= {"icons": ICONS, "glossary": GLOSSARY}
    return environment


def _write_picture(folder: Path, picture: Picture) -> None:
    def write(file: BinaryIO) -> None:
        file.write(picture.content)

    write_atomically(folder / picture.file_name, write)
