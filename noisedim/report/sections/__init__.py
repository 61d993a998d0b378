"""The report's sections, in order: each a function from :class:`~noisedim.report.content.Sources` to a section.

To add one: a module here with such a function, and its name in ``SECTIONS``. A section reads files and never trains;
where its files are missing it says which command makes them.
"""

from collections.abc import Callable

from noisedim.report.content import Section, Sources
from noisedim.report.sections.any_prior import any_prior_section
from noisedim.report.sections.autoencoders import autoencoder_section
from noisedim.report.sections.capacity import capacity_section
from noisedim.report.sections.compared import compared_section
from noisedim.report.sections.embeddings import embeddings_section
from noisedim.report.sections.factors import factors_section
from noisedim.report.sections.generation import generation_section
from noisedim.report.sections.methods import cost_section, match_section
from noisedim.report.sections.outliers import outliers_section
from noisedim.report.sections.provenance import provenance_section
from noisedim.report.sections.reproduction import reproduction_section
from noisedim.report.sections.seeds import seeds_section
from noisedim.report.sections.speed import speed_section
from noisedim.report.sections.squashes import squashes_section
from noisedim.report.sections.table_1 import table_1_section
from noisedim.report.sections.theory import theory_section
from noisedim.report.sections.trust import trust_section

__all__ = ["SECTIONS"]

SECTIONS: tuple[Callable[[Sources], Section | None], ...] = (
    theory_section,
    embeddings_section,
    seeds_section,
    capacity_section,
    match_section,
    cost_section,
    compared_section,
    trust_section,
    reproduction_section,
    table_1_section,
    squashes_section,
    any_prior_section,
    generation_section,
    autoencoder_section,
    outliers_section,
    factors_section,
    speed_section,
    provenance_section,
)
