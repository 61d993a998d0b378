"""The pages of the report, in their order: every study names the one that shows its section."""

__all__ = ["LEADS", "PAGES"]

PAGES = {
    "claims": "Claims and errata",
    "methods": "Methods",
    "duals": "Dual forms",
    "capacity": "Capacity and Figure 1",
    "tests": "The tests",
    "table-1": "Table 1",
    "any-prior": "Any prior",
    "generation": "Generation",
    "uses": "Outliers and factors",
    "speed": "Speed",
    "sources": "Sources",
}
"""Titles by key, which is the name of the file, in the order of the navigation."""

LEADS = ("methods", "capacity", "claims", "tests", "generation")
"""The index opens with the findings of the first three of these that have one."""
