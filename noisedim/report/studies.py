"""The studies of the report, one line each, in the order of their sections.

A study is a folder of this package: ``plan.py`` (its one profile table and its runs), ``verdicts.py`` (numbers in, typed
verdicts out), ``section.py`` (phrases and arranges), ``figures.py``, and ``STUDIES`` in ``__init__.py``. To add one, write
the folder and its line here.
"""

from collections.abc import Sequence
from importlib import import_module

from noisedim.report.study import Study

__all__ = ["STUDIES", "load_studies"]

_FOLDERS = (
    "theory",
    "embeddings",
    "seeds",
    "capacity",
    "methods",
    "two_dimensions",
    "matching",
    "trust",
    "figure_1",
    "reproduction",
    "table_1",
    "squashes",
    "duals",
    "any_prior",
    "generation",
    "autoencoders",
    "outliers",
    "factors",
    "speed",
    "provenance",
)


def load_studies(folders: Sequence[str]) -> tuple[Study, ...]:
    """The studies of these folders of the package, in their order; most folders hold one, some several sections."""
    return tuple(study for folder in folders for study in import_module(f"noisedim.report.{folder}").STUDIES)


STUDIES = load_studies(_FOLDERS)
