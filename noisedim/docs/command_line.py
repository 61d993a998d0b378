"""The page of the command line: the help of every command, as its own parser prints it."""

from collections.abc import Mapping

__all__ = ["command_line_page"]


def command_line_page(helps: Mapping[str, str]) -> str:
    """Every command with its help, by the command's name."""
    parts = [
        "# Command line",
        "Printed by the parsers of `noisedim`. What each exit code means: "
        "[Decide by exit codes in CI](../how-to/exit-codes.md).",
    ]
    for name, text in helps.items():
        level = "##" if " " not in name else "###"
        parts += [f"{level} noisedim {name}", f"```text\n{text}\n```"]
    return "\n\n".join(parts) + "\n"
