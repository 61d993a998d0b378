"""The long studies, one line each: what `noisedim study NAME` makes and the report reads. Each is a folder's ``plan.STUDY``."""

from importlib import import_module

from noisedim.checks import one_of
from noisedim.runs.studies.long_study import LongStudy

__all__ = ["LONG_STUDIES", "long_study"]

LONG_STUDIES = ("duals", "methods", "two_dimensions", "matching", "figure_1")


def long_study(name: str) -> LongStudy:
    """The study called ``name``.

    Raises: InvalidInputError: for an unknown name.
    """
    folder = one_of("study", name.replace("-", "_"), LONG_STUDIES)
    study: LongStudy = import_module(f"noisedim.report.{folder}.plan").STUDY
    return study
