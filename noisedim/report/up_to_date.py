"""Whether a report must be written again: digests of what it is made from, and of what was written last."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

import noisedim
from noisedim.errors import InvalidInputError
from noisedim.files import read_json, write_json_atomically
from noisedim.report.study import Sources, Study

__all__ = ["RECORD", "digest_of_sources", "is_up_to_date", "note_written"]

RECORD = "report.json"
"""What :func:`~noisedim.report.build.render_report` writes beside the records that it reads."""
_NOTE = Path("results") / "rendered.json"
# Pictures and pages differ between versions of these.
_LIBRARIES = ("jinja2", "matplotlib", "numpy", "pandas", "pillow", "scipy", "scikit-learn", "torch")
_WRITTEN = ("index.html", "README.md", "pages", "figures", "tables")


def digest_of_sources(sources: Sources, studies: Sequence[Study]) -> str:
    """Of all that a report is made from: noisedim itself, the libraries that draw, every record and run."""
    runs = [config.digest() for config in sources.configs]
    libraries = [f"{name} {metadata.version(name)}" for name in _LIBRARIES]
    about = [sources.profile, sources.data, [study.name for study in studies], runs, libraries]
    package = Path(noisedim.__file__).parent
    code = (path for path in package.rglob("*") if path.suffix != ".pyc")
    skipped = (sources.results / RECORD, sources.results / _NOTE.name)
    records = (path for path in sources.results.rglob("*") if path not in skipped)
    return _digest(json.dumps(about), ((package, code), (sources.results, records)))


def is_up_to_date(output: Path, digest: str) -> bool:
    """Whether the report under ``output`` was made from sources of this digest, and is as it was written."""
    try:
        note = read_json(output / _NOTE)
    except InvalidInputError:  # never written, or the note is damaged: the report is written again
        return False
    return isinstance(note, dict) and note == {"sources": digest, "report": _digest_of_report(output)}


def note_written(output: Path, digest: str) -> None:
    """Keep that the report under ``output`` is made from sources of this digest.

    Raises: StorageError: if the note cannot be written.
    """
    write_json_atomically(output / _NOTE, {"sources": digest, "report": _digest_of_report(output)})


def _digest_of_report(output: Path) -> str:
    parts = [output / name for name in _WRITTEN]
    return _digest("", [(output, [*parts, *(path for part in parts for path in part.rglob("*"))])])


def _digest(about: str, folders: Iterable[tuple[Path, Iterable[Path]]]) -> str:
    total = hashlib.sha256(about.encode())
    for folder, paths in folders:
        for path in sorted(path for path in paths if path.is_file()):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return total.hexdigest()
