"""``noisedim assess --within``: is an embedding close enough to its prior?"""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

from noisedim.errors import InvalidInputError

__all__ = ["decide_equivalence", "read_margins"]

_EXIT_CODES = {"within": 0, "beyond": 1, "undecided": 3}


def read_margins(texts: Sequence[str]) -> float | dict[str, float]:
    """One number for all effects, or NAME=NUMBER for some.

    >>> read_margins(["0.05"]), read_margins(["variance=0.05", "d2=0.02"])
    (0.05, {'variance': 0.05, 'd2': 0.02})
    """
    margins = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if math.isnan(value) or bool(equals) != bool(name) or (not equals and len(texts) > 1) or name in margins:
            raise InvalidInputError(f"--within takes one number, or NAME=NUMBER once per effect; got {text!r}")
        margins[name] = value
    return margins.get("", margins)


def decide_equivalence(
    path: Path, within: Sequence[str], *, name: str | None, prior: str, alpha: float, seed: int, output: Path | None
) -> int:
    """Print the decision, write it as JSON if asked to, and return the exit code: 0 within, 1 beyond, 3 undecided."""
    from noisedim.assessment.equivalence import equivalence
    from noisedim.cli.options import read_rows
    from noisedim.files import write_json_atomically

    margins = read_margins(within)
    if output is not None and output.suffix == ".html":
        raise InvalidInputError("--within writes JSON: --output takes a folder or a .json file")
    found = equivalence(read_rows(path, name), margins, prior=prior, alpha=alpha, seed=seed)
    print(found)
    if output is not None:
        file = output if output.suffix == ".json" else output / "equivalence.json"
        plain = dataclasses.asdict(found)
        for effect in plain["effects"]:  # JSON has no infinity
            effect |= {key: None for key, value in effect.items() if value == math.inf}
        write_json_atomically(file, {"outcome": found.outcome, **plain, "effects": list(plain["effects"])})
    return _EXIT_CODES[found.outcome]
