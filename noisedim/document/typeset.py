"""Text as it is read: real minus signs, powers of ten, `code`, anchors; the same on every page."""

import re

from markupsafe import Markup, escape

__all__ = ["anchor", "cell", "count_words", "markdown", "plain_words", "typeset", "with_code"]

# A hyphen before a number that no letter, digit or hyphen precedes: not the one in "mnist-2" or "2-D" or "--jobs".
_MINUS = re.compile(r"(?<![\w.\-])-(?=\.?\d)")
_POWER = re.compile(r"(?<![\w.])(−?\d+(?:\.\d+)?)e([+-])0*(\d+)\b")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# What opens a tag or a comment in Markdown, and what makes a link of brackets: not "p < 0.05" nor "0.5 [0.4, 0.6]".
_TAG, _LINK = re.compile(r"<(?=[A-Za-z/!?])"), "]("
_CODE = re.compile(r"(`[^`]+`)")


def typeset(words: str) -> str:
    """Minus signs and powers of ten instead of a keyboard's, but for what stands between backticks.

    >>> typeset("a change of -0.5, exact to 2e-09; run `x -1`")
    'a change of −0.5, exact to 2·10⁻⁹; run `x -1`'
    """
    return "".join(part if part.startswith("`") else _typeset(part) for part in _CODE.split(words))


def _typeset(words: str) -> str:
    def power(found: re.Match[str]) -> str:
        sign = "-" if found[2] == "-" else ""
        factor = "" if found[1] == "1" else f"{found[1]}·"
        return f"{factor}10{(sign + found[3]).translate(_SUPERSCRIPTS)}"

    return _POWER.sub(power, _MINUS.sub("−", words))


def with_code(words: str) -> Markup:
    """Typeset and escaped text, with `code` as <code>."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(typeset(words)))))


def markdown(words: str) -> str:
    r"""Typeset text for one line of Markdown, without HTML or links in it.

    Within `code` too: where code begins and ends is not known for words with stray backticks.

    >>> markdown("-1 < 0, <b>run</b> [1](x)")
    '−1 < 0, &lt;b>run&lt;/b> [1]\\(x)'
    """
    line = " ".join(typeset(words).splitlines())
    return _TAG.sub("&lt;", line).replace(_LINK, "]\\(")


def cell(words: str) -> str:
    """:func:`markdown` inside a table."""
    return markdown(words).replace("|", "\\|")


def anchor(title: str) -> str:
    """The identifier of a title, for links to it: ASCII letters and digits with hyphens between."""
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in title.lower())
    return "-".join(part for part in kept.split("-") if part)


def count_words(text: str) -> int:
    """How many words a text has: whatever holds a letter."""
    return sum(any(letter.isalpha() for letter in word) for word in text.split())


def plain_words(markup: str) -> int:
    """How many words a reader sees in HTML, which is what stands in neither script, style nor head."""
    text = re.sub(r"(?s)<(script|style|head)\b.*?</\1>", " ", markup)
    return count_words(re.sub(r"<[^>]+>", " ", text))
