"""The pages of the report, in their order: every study names the one that shows its section."""

from dataclasses import dataclass

__all__ = ["PAGES", "Page"]


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        key: its file's name without the ending.
        title: its heading.
    """

    key: str
    title: str


PAGES = {
    page.key: page
    for page in (
        Page("claims", "Claims and errata"),
        Page("methods", "Methods"),
        Page("capacity", "Capacity, and the paper's Figures 1 and 2"),
        Page("tests", "The tests"),
        Page("table-1", "Noise in other methods (Table 1)"),
        Page("any-prior", "Any prior"),
        Page("generation", "Generation"),
        Page("uses", "Outliers and factors"),
        Page("speed", "Speed"),
        Page("sources", "Where the numbers come from"),
    )
}
"""By key, in the order of the navigation."""
