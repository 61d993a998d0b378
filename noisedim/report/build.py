"""From options to a report on disk: make the missing runs, build the studies' sections, render them page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from noisedim.checks import one_of
from noisedim.data import load_images
from noisedim.document.content import Header, Page, Section
from noisedim.document.figures import figure_style
from noisedim.document.render import render
from noisedim.errors import InvalidInputError
from noisedim.files import write_json_atomically
from noisedim.progress import progress_display
from noisedim.report.glossary import TERMS
from noisedim.report.pages import LEADS, PAGES
from noisedim.report.protocol import DATA_NAMES, PROFILE_NAMES
from noisedim.report.publish import packed_path, publish
from noisedim.report.records import environments, run_records
from noisedim.report.studies import STUDIES
from noisedim.report.study import Sources, Study
from noisedim.report.up_to_date import RECORD, digest_of_sources, is_up_to_date, note_written
from noisedim.runs import RunStore
from noisedim.runs.make_generator import AnyConfig
from noisedim.runs.sweep import SweepOutcome, available_cores, make_runs

__all__ = ["ReportOptions", "build_pages", "make_sources", "render_report", "write_report"]

_MOST_LEADS = 3
_COMMITTED = Path("reports")
_LOCAL = _COMMITTED / "local"


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Bring the report up to date: make the runs it lacks, then write index.html, its pages, README.md and figures."""

    profile: Literal["smoke", "quick", "paper"] = "quick"
    """smoke: does everything work? quick: minutes on two cores. paper: the protocol of Appendix C, hours on a GPU."""
    data: Literal["digits", "mnist", "fashion-mnist"] = "digits"
    """Data set; digits are part of the installation."""
    data_root: Path | None = None
    """Folder of the data sets in torchvision's layout; NOISEDIM_DATA if omitted."""
    output: Path | None = None
    """Folder to write to; runs are kept in its subfolder results/runs, published records of runs in results. If omitted,
    pages go to reports/local, which git ignores, and records are read in reports/results and not published: with
    --output reports the committed report is made."""
    run: bool = True
    """Make missing runs; with --no-run only render what is there."""
    fresh: bool = False
    """Make every run here, also those of which records are published; with --output, publish the new ones instead."""
    jobs: int | None = None
    """Runs at a time; the number of cores if omitted."""
    device: str = "auto"
    """Where to train: auto, cpu, cuda, cuda:N or mps."""


def make_sources(profile: str, data: str, output: Path = _COMMITTED, studies: Sequence[Study] = STUDIES) -> Sources:
    """Where the sections of a report under ``output`` read, and which runs it needs.

    Raises: InvalidInputError: for an unknown profile or data set.
    """
    one_of("profile", profile, PROFILE_NAMES)
    one_of("data", data, DATA_NAMES)
    results = output / "results"
    plans = {study.name: study.runs(profile, data) for study in studies}
    packed = [packed_path(results, profile, data, name) for name, plan in plans.items() if plan]
    return Sources(profile, data, RunStore(results / "runs", packed), results, plans)


def build_pages(sources: Sources, studies: Sequence[Study] = STUDIES) -> list[Page]:
    """The pages with the sections of all studies that have something to show, in the order of both."""
    import matplotlib as mpl

    sections: dict[str, list[Section]] = {key: [] for key in PAGES}
    with mpl.rc_context(figure_style()):  # type: ignore[arg-type]
        for study in studies:
            section = study.section(sources)
            if section is not None:
                sections[study.page].append(section)
    return [Page(key, PAGES[key], own) for key, own in sections.items() if own]


def render_report(sources: Sources, failed: Sequence[str], output: Path, studies: Sequence[Study] = STUDIES) -> Path:
    """Write ``index.html``, its pages, ``README.md``, figures, tables and ``report.json`` from the runs that are there.

    Args:
        sources: what the sections read.
        failed: runs that ended in an error, in words.
        output: folder to write to.
        studies: in the order of their sections.

    Returns: the path of ``index.html``.

    Raises: StorageError: if a file cannot be written; the previous one is left intact.
    """
    pages = build_pages(sources, studies)
    rows = [
        {"study": name, **record.row()}
        for name, plan in sources.plans.items()
        for record in run_records(plan, sources.store)
    ]
    record = {
        "command": sources.command,
        "rows": rows,
        "environments": environments(sources.configs, sources.store),
        "failed": list(failed),
    }
    write_json_atomically(sources.results / RECORD, record)
    return render(_header(sources, failed, pages), pages, output, terms=TERMS)


def _header(sources: Sources, failed: Sequence[str], pages: Sequence[Page]) -> Header:
    runs = [sources.store.find(config) for config in sources.configs]
    complete = sum(run.is_complete for run in runs)
    missing = len(runs) - complete
    commits = {run.read_environment().get("commit") or "an installed package" for run in runs if run.is_complete}
    notices = [f"{missing} of the runs are not there yet; `{sources.command}` makes them."] if missing else []
    by_key = {page.key: page.finding for page in pages}
    emblems = (section.emblem for page in pages for section in page.sections if section.emblem is not None)
    return Header(
        page_title=f"noisedim report: {sources.data}, {sources.profile} profile",
        heading="Do the embeddings follow the distribution we chose?",
        lead=[by_key[key] for key in LEADS if by_key.get(key)][:_MOST_LEADS],
        notices=[*notices, *(f"A run failed: {words}" for words in failed)],
        budget=f"{complete} runs on {sources.data}, {sources.profile} profile, commit {', '.join(sorted(commits)) or '—'}.",
        picture=next(emblems, None),
    )


def write_report(options: ReportOptions, studies: Sequence[Study] = STUDIES) -> int:
    """Make the missing runs, write the report, publish what is new, and print the report's path; returns the exit code 0.

    A run of which a record is published counts as there, except where the study says that its runs are made anew.

    Raises: DataNotFoundError, InvalidInputError, StorageError: no file is left half-written.
    """
    sources = make_sources(options.profile, options.data, options.output or _COMMITTED, studies)
    failed: list[SweepOutcome] = []
    if options.run:
        load_images(options.data, root=options.data_root)  # fails before anything is trained if the data are not there
        failed = _make_missing(_missing(sources, studies, fresh=options.fresh), sources, options)
    if not any(sources.store.find(config).is_complete for config in sources.configs):
        raise InvalidInputError(
            f"expected runs of the {options.profile} profile on {options.data} in {sources.store.root}; there are none. "
            "Run without --no-run to make them"
        )
    if options.output is not None:
        publish(sources, anew=options.fresh)
    output, digest = options.output or _LOCAL, digest_of_sources(sources, studies)
    if not failed and is_up_to_date(output, digest):
        print(f"report: {output / 'index.html'}; nothing that it is made from has changed since it was written")
        return 0
    words = [f"{outcome.config.title}: {outcome.error}" for outcome in failed]
    print(f"report: {render_report(sources, words, output, studies)}")
    if not failed:
        note_written(output, digest)
    return 0


def _missing(sources: Sources, studies: Sequence[Study], *, fresh: bool) -> list[AnyConfig]:
    """The runs to make, in the order of the plans."""
    here = {config.digest() for study in studies if study.is_remade for config in sources.plans[study.name]}

    def is_there(config: AnyConfig) -> bool:
        own = fresh or config.digest() in here
        return (sources.store.open(config) if own else sources.store.find(config)).is_complete

    return [config for config in sources.configs if not is_there(config)]


def _make_missing(missing: Sequence[AnyConfig], sources: Sources, options: ReportOptions) -> list[SweepOutcome]:
    if not missing:
        return []
    jobs = options.jobs if options.jobs is not None else available_cores()
    with progress_display("runs", len(missing)) as display:
        display.say(
            f"{len(missing)} of {len(sources.configs)} runs to make, {jobs} at a time; you can stop and start again at any time"
        )
        outcomes = make_runs(
            missing,
            sources.store,
            data_root=None if options.data_root is None else str(options.data_root),
            device=options.device,
            jobs=jobs,
            on_finished=lambda outcome: display.advance(outcome.words),
        )
        failed = [outcome for outcome in outcomes if outcome.error is not None]
        for outcome in failed:
            display.say(f"failed: {outcome.error}")
    return failed
