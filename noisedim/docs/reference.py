"""Pages of the reference that are made from the code's own tables, so that they cannot say anything else than the code."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import pairwise
from typing import Any, get_args

from noisedim.docs.command_line import command_line_page

__all__ = ["API", "api_page", "generated_pages", "table"]

API: dict[str, tuple[str, tuple[str, ...]]] = {
    "api-method": (
        "Channel, critics, objectives",
        (
            "noisedim.channel.NoisyChannel",
            "noisedim.objectives.interface.Objective",
            "noisedim.objectives.interface.ObjectiveValue",
            "noisedim.objectives.methods.duals.dual.Dual",
            "noisedim.objectives.methods.duals.dual.dual_bound",
            "noisedim.objectives.methods.duals.row_dual.RowDual",
            "noisedim.objectives.methods.duals.adaptive_dual.AdaptiveDual",
            "noisedim.objectives.methods.duals.linear_dual.LinearDual",
            "noisedim.objectives.infomax.InfoMax",
            "noisedim.objectives.score_bounds.donsker_varadhan",
            "noisedim.objectives.score_bounds.nguyen_wainwright_jordan",
            "noisedim.objectives.score_bounds.infonce",
            "noisedim.critics.Critic",
            "noisedim.critics.MLPCritic",
            "noisedim.critics.SeparableCritic",
            "noisedim.critics.DotProductCritic",
            "noisedim.critics.GaussianDualCritic",
            "noisedim.objectives.methods.sigreg.SIGReg",
            "noisedim.objectives.methods.vicreg.vicreg",
            "noisedim.objectives.methods.simclr.nt_xent",
            "noisedim.objectives.methods.barlow_twins.barlow_twins",
        ),
    ),
    "api-priors": (
        "Priors",
        (
            "noisedim.priors.interface.Prior",
            "noisedim.priors.gaussian.GaussianPrior",
            "noisedim.priors.uniform.UniformPrior",
            "noisedim.priors.affine.FullGaussianPrior",
            "noisedim.priors.affine.BoxPrior",
            "noisedim.priors.directional.spheres.BallPrior",
            "noisedim.priors.directional.spheres.SpherePrior",
            "noisedim.priors.mixture.GaussianMixturePrior",
            "noisedim.priors.product.ProductPrior",
            "noisedim.priors.flow.FlowPrior",
            "noisedim.priors.files.load_prior",
            "noisedim.priors.files.prior_from_spec",
        ),
    ),
    "api-assessment": (
        "Assessment",
        (
            "noisedim.assessment.assess.assess",
            "noisedim.assessment.result.Assessment",
            "noisedim.assessment.result.TestResult",
            "noisedim.assessment.equivalence.equivalence",
            "noisedim.assessment.equivalence.Equivalence",
            "noisedim.assessment.equivalence.EffectEquivalence",
            "noisedim.assessment.track.track",
            "noisedim.assessment.track.Track",
            "noisedim.assessment.certificate.certify",
            "noisedim.assessment.certificate.Certificate",
            "noisedim.assessment.certificate.clip_norms",
            "noisedim.normality.henze_zirkler.henze_zirkler",
        ),
    ),
    "api-training": (
        "Training",
        (
            "noisedim.training.loop.train",
            "noisedim.training.model.embed",
            "noisedim.training.loop.TrainingResult",
            "noisedim.training.config.train.TrainConfig",
            "noisedim.training.config.data.DataConfig",
            "noisedim.training.config.noise.NoiseConfig",
            "noisedim.training.config.objective.ObjectiveConfig",
            "noisedim.training.optimizers.OptimiserConfig",
            "noisedim.data.augmentation.AugmentationConfig",
            "noisedim.data.views.ViewsConfig",
            "noisedim.training.recipes.pretraining",
            "noisedim.training.recipes.with_epochs",
            "noisedim.assessment.callback.AssessmentCallback",
            "noisedim.runs.make.make_run",
            "noisedim.runs.store.RunStore",
        ),
    ),
    "api-integrations": (
        "scikit-learn and Lightning",
        (
            "noisedim.estimator.DistributionMatcher",
            "noisedim.integrations.lightning.NoisyChannelCallback",
            "noisedim.integrations.lightning.TrackCallback",
        ),
    ),
    "api-downstream": (
        "Downstream and statistics",
        (
            "noisedim.downstream.outliers.outlier_p_values",
            "noisedim.downstream.disentanglement.mutual_information_gap",
            "noisedim.downstream.disentanglement.dci",
            "noisedim.statistics.intervals",
            "noisedim.statistics.equivalence",
            "noisedim.statistics.differences",
        ),
    ),
    "api-bounds": ("Closed forms", ("noisedim.theory.bounds", "noisedim.theory.capacity", "noisedim.theory.dual")),
}


# Pages that are one wide table do without a table of contents beside it.
_WIDE = "---\nhide: [toc]\n---\n\n"
_TABLES = ("tests", "priors", "methods", "claims")


def generated_pages(helps: Mapping[str, str]) -> dict[str, str]:
    """Pages by their path below the folder of pages; ``helps`` is what the commands print, by their names."""
    made: dict[str, Callable[[], str]] = {
        "command-line": lambda: command_line_page(helps),
        "tests": tests_page,
        "priors": priors_page,
        "methods": methods_page,
        "run-folder": run_folder_page,
        "claims": claims_page,
    }
    pages = {f"reference/{name}.md": (_WIDE if name in _TABLES else "") + make() for name, make in made.items()}
    return pages | {f"reference/{name}.md": api_page(title, names) for name, (title, names) in API.items()}


def api_page(title: str, names: Sequence[str]) -> str:
    """A page of docstrings, which mkdocstrings reads from the sources."""
    return "\n\n".join([f"# {title}", *(f"::: {name}" for name in names)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown; cells are one line each."""

    def line(cells: Sequence[Any]) -> str:
        return "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), line(["---"] * len(head)), *map(line, rows)])


def first_sentence(kind: Any) -> str:
    """The first sentence of a docstring, without the markup of references."""
    return _plain(inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0])


def _plain(text: str) -> str:
    return re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text).replace("``", "`")


def tests_page() -> str:
    """Every test of the battery: null, calibration, reach, and what a small p-value means."""
    from noisedim.normality.effects import EFFECT_WORDS
    from noisedim.normality.tests import TESTS

    rows = [
        [
            f"`{test.name}`",
            _NULLS[test.null],
            test.words,
            _calibration(test),
            _reach(test),
            _cost(test),
            test.effect or "–",
        ]
        for test in TESTS
    ]
    head = ["test", "null", "a small p-value means", "where its p-value comes from", "reach", "cost", "effect size"]
    return "\n\n".join(
        [
            "# Tests of normality",
            "Made from `noisedim.normality.tests.TESTS`. `noisedim assess` runs every test that is possible for the shape "
            "of your embedding, adjusts the p-values by Holm's procedure, and names each test that it left out. "
            "`calibrated_by` of a result says which of these sources its p-value had and how accurate it is.",
            table(head, rows),
            "## Effect sizes",
            table(["effect size", "what it is"], [[f"`{name}`", words] for name, words in EFFECT_WORDS.items()]),
        ]
    )


_NULLS = {
    "simple": "N(0, I) itself",
    "composite": "any normal law",
    "uniform": "U[0, 1]^d",
    "one_dimensional": "any normal law of one variable",
}


def _calibration(test: Any) -> str:
    from noisedim.normality.tests.base import CalibratedTest, ExactTest, ImpossibilityTest

    if isinstance(test, ImpossibilityTest):
        return "an event of probability 0 under every normal law: no false alarm"
    if isinstance(test, ExactTest):
        if test.relative_error is not None:
            return f"limit law; relative error of p up to {test.relative_error:g}"
        return "bound over exact laws (Bonferroni)" if test.bound else "exact law in closed form"
    if isinstance(test, CalibratedTest):
        beyond = "" if test.beyond_table is None else f"; beyond it the limit law, to {test.beyond_table:g} of p"
        return f"simulated null table{beyond}"
    return f"null table of `{test.variable.name}`, the worst of the projections counting (Bonferroni)"


def _reach(test: Any) -> str:
    from noisedim.normality.tests.base import CalibratedTest

    least = f"d ≥ {test.least_dim}" if test.least_dim > 1 else "every d"
    if not isinstance(test, CalibratedTest) or test.null == "one_dimensional":
        return least
    parts = []
    for dim, rows_a_dim, most in test.form.reach:
        rows = [f"n ≥ {rows_a_dim}d"] if rows_a_dim else []
        rows += [f"n ≤ {most:,}"] if most is not None else []
        parts.append(f"d ≤ {dim}" + (f" ({', '.join(rows)})" if rows else ""))
    return f"{least}; table: {'; '.join(parts)}"


def _cost(test: Any) -> str:
    return "n²d, within `--budget`" if getattr(test, "over_pairs", False) else "n·d² or less"


def priors_page() -> str:
    """Every prior: its name in files, what it is, its fields, whether the dual is exact for it."""
    from noisedim.priors import PRIORS

    rows = []
    for name, law in PRIORS.items():
        parameters = [f"`{own}`" for own in inspect.signature(law).parameters if own not in ("self", "args", "kwargs")]
        linked = f"[`{law.__name__}`](api-priors.md)"
        by_name = "yes" if law.known_by_name else "no"
        rows.append([f"`{name}`", linked, first_sentence(law), ", ".join(parameters), by_name])
    return "\n\n".join(
        [
            "# Table of priors",
            "Made from `noisedim.priors.PRIORS`. A prior file is JSON with the field `prior` and the fields of its class; "
            '`prior.save("prior.json")` writes it, `load_prior` reads it. How to use one: '
            "[Use any prior](../how-to/any-prior.md).",
            table(["name", "class", "law", "parameters", "by name alone"], rows),
        ]
    )


def methods_page() -> str:
    """Every objective: how to name it, what it is called, its strength, and what to cite."""
    from noisedim.objectives import METHODS

    rows = [
        [
            f"`{name}`",
            ", ".join(f"`{own.name}` ({own.words})" for own in method.presets) or f"`{name}`",
            "yes" if method.injects_noise else "with `noise_on`" if method.takes_noise else "no",
            f"{method.strength} = {method.default:g}" if method.strength else "–",
            "`--method " + (method.recipe.name or name) + "`" if method.recipe else "–",
            ", ".join(f"`{key}`" for key in method.references),
        ]
        for name, method in METHODS.items()
    ]
    return "\n\n".join(
        [
            "# Table of methods",
            "Made from `noisedim.objectives.METHODS`. The name goes into `--objective.name` or "
            "`ObjectiveConfig(name=...)`; `noisedim cite RUN` prints the references of a run.",
            table(
                ["name", "presets of `noisedim sweep`", "adds noise", "strength and default", "recipe", "references"],
                rows,
            ),
        ]
    )


def run_folder_page() -> str:
    """Files of a run folder, and the fields of the records."""
    from noisedim.assessment.result import Assessment, Provenance, TestResult
    from noisedim.generation.config import GanConfig
    from noisedim.runs import store
    from noisedim.runs.generator_record import GeneratorRecord
    from noisedim.runs.record import Information, Pretraining, Probe, RunRecord
    from noisedim.schema import SCHEMAS
    from noisedim.schema import __doc__ as rules
    from noisedim.training.config import DataConfig, NoiseConfig, ObjectiveConfig, OptimiserConfig, TrainConfig

    records = (RunRecord, Information, Pretraining, Probe, GeneratorRecord, Assessment, TestResult, Provenance)
    configs = (TrainConfig, DataConfig, NoiseConfig, ObjectiveConfig, OptimiserConfig, GanConfig)
    parts = [
        "# Run folder and records",
        _plain(inspect.cleandoc(store.__doc__ or "")),
        f"`result.json` names its layout in the field `schema`, now {SCHEMAS['result'].version}. "
        + _plain(inspect.cleandoc(rules or "").partition("\n\n")[2]),
        "## Records",
    ]
    for kind in (*records, *configs):
        if kind is configs[0]:
            parts.append("## Configurations (`config.json`)")
        parts += [f"### {kind.__name__}", first_sentence(kind), _fields(kind)]
    return "\n\n".join(parts)


def _fields(kind: Any) -> str:
    known = described_fields(kind)
    rows = []
    for own in fields(kind):
        if own.name.startswith("_"):
            continue
        needed = own.default is MISSING and own.default_factory is MISSING
        default = "required" if needed else "–" if own.default is MISSING else f"`{own.default!r}`"
        rows.append([f"`{own.name}`", f"`{_type_words(own.type)}`", default, known.get(own.name, "–")])
    return table(["field", "type", "default", "meaning"], rows)


def _type_words(kind: Any) -> str:
    words = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind)) if not get_args(kind) else str(kind)
    return re.sub(r"\b(?:typing|noisedim[\w.]*)\.(?=\w)", "", words)


def described_fields(kind: Any) -> Mapping[str, str]:
    """What the source says of each field: in the class's ``Attributes:``, or in the string below the field."""
    from griffe import Docstring, DocstringSectionKind

    known: dict[str, str] = {}
    text = re.sub(
        r"^( +)((?:\w+, )+)(\w+): ",
        lambda found: (
            "".join(f"{found[1]}{name}: see {found[3]}.\n" for name in found[2].split(", ") if name)
            + f"{found[1]}{found[3]}: "
        ),
        inspect.cleandoc(kind.__doc__ or ""),
        flags=re.MULTILINE,
    )
    for section in Docstring(text).parse("google", warnings=False):
        if section.kind is DocstringSectionKind.attributes:
            known |= {own.name: _plain(" ".join(own.description.split())) for own in section.value}
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body  # type: ignore[attr-defined]
    for item, after in pairwise(body):
        if isinstance(item, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            known[item.target.id] = _plain(" ".join(str(after.value.value).split()))  # type: ignore[union-attr]
    return known


def claims_page() -> str:
    """Every claim by kind; the errata by their own kinds, each with what is printed and what is true."""
    from noisedim.theory.claims import CLAIMS, ERRATA, ERRATUM_KINDS

    parts = [
        "# Claims and errata",
        "Made from `noisedim.theory.claims`. `noisedim verify ID` checks one, `noisedim cite ID` prints its sources. "
        "How they are checked: [How claims are verified](../explanation/verification.md).",
    ]
    for kind, words in (
        ("paper", "Stated in the paper"),
        ("new", "Stated here first"),
        ("evidence", "About trained encoders"),
    ):
        rows = [[f"`{own.id}`", own.title, own.statement, own.source] for own in CLAIMS.values() if own.kind == kind]
        parts += [f"## {words}", table(["id", "claim", "statement", "where"], rows)]
    parts.append("## Errata")
    for erratum_kind in ERRATUM_KINDS:
        rows = [
            [f"`{own.id}`", own.title, own.printed, own.counterexample, own.correction]
            for own in ERRATA
            if own.erratum_kind == erratum_kind
        ]
        if rows:
            parts += [
                f"### {erratum_kind.capitalize()}",
                table(["id", "what", "printed", "where it fails", "what is true"], rows),
            ]
    return "\n\n".join(parts)
