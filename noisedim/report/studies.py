"""The studies of the report, one line each, in the order of their sections.

A study is a folder of this package: ``plan.py`` (its one profile table and its runs), ``verdicts.py`` (numbers in, typed
verdicts out), ``section.py`` (phrases and arranges) and ``figures.py``. To add one, write the folder and its line here.
"""

from noisedim.report.capacity import plan as capacity_plan
from noisedim.report.capacity.section import capacity_section
from noisedim.report.embeddings import plan as embeddings_plan
from noisedim.report.embeddings.section import embeddings_section
from noisedim.report.generation_plan import autoencoder_runs, generator_runs
from noisedim.report.provenance.section import provenance_section
from noisedim.report.reproduction.section import reproduction_section
from noisedim.report.sections.any_prior import any_prior_section
from noisedim.report.sections.autoencoders import autoencoder_section
from noisedim.report.sections.compared import compared_section
from noisedim.report.sections.factors import factors_section
from noisedim.report.sections.generation import generation_section
from noisedim.report.sections.methods import cost_section, match_section
from noisedim.report.sections.outliers import outliers_section
from noisedim.report.sections.speed import speed_section
from noisedim.report.sections.table_1 import table_1_section
from noisedim.report.seeds import plan as seeds_plan
from noisedim.report.seeds.section import seeds_section
from noisedim.report.squashes import plan as squashes_plan
from noisedim.report.squashes.section import squashes_section
from noisedim.report.study import Study
from noisedim.report.theory.section import theory_section
from noisedim.report.trust.section import trust_section

__all__ = ["STUDIES"]

STUDIES: tuple[Study, ...] = (
    Study("theory", theory_section),
    Study("embeddings", embeddings_section, embeddings_plan.runs),
    Study("seeds", seeds_section, seeds_plan.runs),
    Study("capacity", capacity_section, capacity_plan.runs),
    Study("match", match_section),
    Study("cost", cost_section),
    Study("compared", compared_section),
    Study("trust", trust_section),
    Study("reproduction", reproduction_section),
    Study("table_1", table_1_section),
    Study("squashes", squashes_section, squashes_plan.runs),
    Study("any_prior", any_prior_section),
    Study("generation", generation_section, generator_runs),
    Study("autoencoders", autoencoder_section, autoencoder_runs),
    Study("outliers", outliers_section),
    Study("factors", factors_section),
    Study("speed", speed_section),
    Study("provenance", provenance_section),
)
