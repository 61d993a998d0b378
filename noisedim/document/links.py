"""Whether every link of a rendered folder leads somewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path

__all__ = ["broken_links"]


class _Targets(HTMLParser):
    """The identifiers and the links of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "a" and found.get("href") is not None:
            self.links.append(str(found["href"]))


def _targets(path: Path) -> _Targets:
    targets = _Targets()
    targets.feed(path.read_text())
    return targets


def broken_links(folder: Path) -> list[str]:
    """What is wrong with the links of index.html, the pages and README.md under ``folder``; empty if nothing is.

    A link is broken if its file is not there, or its anchor is not in that file; an anchor that a page has twice is named, too.
    """
    paths = [folder / "index.html", *sorted((folder / "pages").glob("*.html"))]
    pages = {path.resolve(): _targets(path) for path in paths}
    found = []
    for path, own in pages.items():
        found += [f"{path.name} has #{name} twice" for name in sorted({n for n in own.ids if own.ids.count(n) > 1})]
        for link in own.links:
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            if not target.is_file() or (anchor and anchor not in pages[target].ids):
                found.append(f"{path.name}: {link}")
    markdown = (folder / "README.md").read_text()
    for link in re.findall(r"\]\(([^)]+)\)", markdown):
        name, _, anchor = link.partition("#")
        target = (folder / name).resolve()
        if not target.is_file() or (anchor and anchor not in pages[target].ids):
            found.append(f"README.md: {link}")
    return found
