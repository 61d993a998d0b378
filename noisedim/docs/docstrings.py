"""noisedim's docstrings as Markdown: what mkdocstrings does not know of their form is rewritten before it reads them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import griffe

__all__ = ["NoisedimDocstrings", "as_markdown"]

_ONE_LINE = re.compile(r"^(Returns|Raises|Yields|Source|Shapes|Examples?): +(\S.*)$")
_SEVERAL = re.compile(r"^(\s+)((?:\*{0,2}[\w.]+, )+\*{0,2}[\w.]+): (.*)$")
_ROLE = re.compile(r":\w+:`(?:[^`<]*<)?~?!?(?:[\w.]*\.)?([\w-]+)(?:\(\))?>?`")
_INLINE_MATHS = re.compile(r":math:`([^`]+)`")
_MATHS = re.compile(r"^( *)\.\. math::[ ]*(.*)$")


def as_markdown(text: str) -> str:
    """A docstring in Google's form and Markdown.

    Args:
        text: with reStructuredText's roles and formulas, sections of one line (``Returns: nats.``), entries for several
            names at once (``mean, variance: both``), and examples anywhere.
    """
    lines = _fenced_examples(_formulas(text.splitlines()))
    return _ROLE.sub(r"`\1`", _INLINE_MATHS.sub(lambda found: _mathml(found[1]), "\n".join(_sections(lines))))


def _formulas(lines: list[str]) -> Iterator[str]:
    """Formulas as MathML, which browsers draw without a script; they end at an empty line."""
    rest = iter(lines)
    for line in rest:
        found = _MATHS.match(line)
        if found is None:
            yield line
            continue
        formula = [found[2]]
        for more in rest:
            if not more.strip():
                # A formula may stand below the directive, after an empty line.
                if any(part.strip() for part in formula):
                    break
                continue
            formula.append(more.strip())
        yield from ("", f"{found[1]}{_mathml(' '.join(formula), display='block')}", "")


def _mathml(tex: str, display: str = "inline") -> str:
    from latex2mathml.converter import convert

    return convert(tex.strip().rstrip(","), display=display)


def _fenced_examples(lines: Iterable[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        begins = line.lstrip().startswith(">>> ")
        if begins and not inside:
            inside = True
            yield from ("", "```pycon")
        elif inside and not line.strip():
            inside = False
            yield "```"
        yield line
    if inside:
        yield "```"


def _sections(lines: Iterable[str]) -> Iterator[str]:
    """Sections of one line as paragraphs; entries of several names as one each."""
    continued = False
    for line in lines:
        found = _ONE_LINE.match(line)
        if found is not None:
            continued = True
            yield from ("", f"**{found[1]}:** {found[2]}")
            continue
        if continued and line.startswith("    "):
            yield line.strip()
            continue
        continued = False
        several = _SEVERAL.match(line)
        if several is None:
            yield line
            continue
        first, *others = several[2].split(", ")
        for other in others:
            yield f"{several[1]}{other}: see {first}."
        yield f"{several[1]}{first}: {several[3]}"


class NoisedimDocstrings(griffe.Extension):
    """Rewrites every docstring of the package when it is loaded."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for every object, once it is complete."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
