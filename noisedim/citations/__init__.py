"""BibTeX for exactly what was used: claims, objectives, tests."""

import json
from collections.abc import Iterable
from typing import Any

from noisedim.citations.entries import BIBTEX
from noisedim.errors import InvalidInputError
from noisedim.objectives import METHODS
from noisedim.priors import PRIORS
from noisedim.theory.claims import claim

__all__ = ["BIBTEX", "bibtex", "keys_of_claim", "keys_of_config"]

_OF_GENERATORS = ("cgan", "projection-discriminator", "r1", "fid", "kid", "precision-recall")


def bibtex(keys: Iterable[str]) -> str:
    """The entries of these keys, each once, in the order given.

    Raises: InvalidInputError: for a key that is not there.

    >>> bibtex(["paper"]).splitlines()[0]
    '@misc{butakov2024efficient,'
    """
    entries = []
    for key in dict.fromkeys(keys):
        if key not in BIBTEX:
            raise InvalidInputError(f"reference must be one of {', '.join(BIBTEX)}; got {key!r}")
        entries.append(BIBTEX[key])
    return "\n\n".join(entries)


def keys_of_claim(claim_id: str) -> tuple[str, ...]:
    """What to cite for a claim."""
    return claim(claim_id).references


def keys_of_config(config: dict[str, Any]) -> tuple[str, ...]:
    """What to cite for a run, from its configuration as stored: the paper, the software, its objective, prior and test.

    >>> keys_of_config({"objective": {"name": "dual"}})
    ('paper', 'noisedim', 'mehler', 'henze-zirkler')
    """
    if "encoder" in config and isinstance(config["encoder"], dict):  # a generator on an encoder
        return (*keys_of_config(config["encoder"]), *_OF_GENERATORS)
    objective = config.get("objective", {})
    name = str(objective.get("name", ""))
    plain = ("deep-infomax",) if not objective.get("noisy", True) else ()
    text = str(config.get("prior", ""))
    kind = json.loads(text)["prior"] if text.startswith("{") else text
    of_objective = METHODS[name].references if name in METHODS else ()
    of_prior = PRIORS[kind].references if kind in PRIORS else ()
    return ("paper", "noisedim", *plain, *of_objective, *of_prior, "henze-zirkler")
