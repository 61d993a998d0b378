"""From sections to index.html (self-contained), README.md and figures, each written whole."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from noisedim.files import write_atomically, write_json_atomically, write_text_atomically
from noisedim.report.collect import environments, missing_runs, run_rows
from noisedim.report.content import Notice, Picture, Pictures, Section, Sources, Table, Text
from noisedim.report.figures import figure_style
from noisedim.report.sections import SECTIONS

__all__ = ["build_sections", "render"]


def build_sections(sources: Sources) -> list[Section]:
    """All sections that have something to say."""
    import matplotlib as mpl

    with mpl.rc_context(figure_style()):  # type: ignore[arg-type]
        sections = [make(sources) for make in SECTIONS]
    return [section for section in sections if section is not None]


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
        loader=PackageLoader("noisedim.report"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"with_code": with_code, "cell": cell, "kind": kind}
    return environment


def render(sources: Sources, failed: Sequence[str], output: Path) -> Path:
    """Write ``index.html``, ``README.md``, ``figures/`` and ``results/report.json`` under ``output``.

    Args:
        sources: what the sections read.
        failed: runs that ended in an error, in words.
        output: the folder.

    Returns: the path of ``index.html``.

    Raises: StorageError: if a file cannot be written; the old one is intact.
    """
    plan, store = sources.plan, sources.store
    sections = build_sections(sources)
    context = {
        "plan": plan,
        "sections": sections,
        "failed": failed,
        "missing": missing_runs(plan, store),
        "runs": len({config.digest() for config in plan.configs if store.open(config).is_complete}),
    }
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Pictures):
                for picture in block.pictures:
                    _write_picture(output / "figures", picture)
    roles = {
        "headline": plan.headline,
        "figure_1": plan.figure_1,
        "figure_2": plan.figure_2,
        "squashes": plan.squashes,
    }
    record = {
        "command": plan.command,
        "rows": [{"role": role, **row} for role, configs in roles.items() for row in run_rows(configs, store)],
        "environments": environments(plan, store),
        "failed": list(failed),
    }
    write_json_atomically(sources.results / "report.json", record)
    templates = _environment()
    write_text_atomically(output / "README.md", templates.get_template("report.md.jinja").render(context))
    write_text_atomically(output / "index.html", templates.get_template("report.html.jinja").render(context))
    return output / "index.html"


def _write_picture(folder: Path, picture: Picture) -> None:
    def write(file: BinaryIO) -> None:
        file.write(picture.png)

    write_atomically(folder / f"{picture.name}.png", write)
    if picture.svg is not None:
        write_text_atomically(folder / f"{picture.name}.svg", picture.svg)
