"""Pages in Markdown and pages made from the code, together as a site of HTML."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from noisedim.docs.reference import generated_pages
from noisedim.errors import InvalidInputError

__all__ = ["FOLDER", "build_site", "write_sources"]

FOLDER = Path(__file__).parent


def write_sources(folder: Path, helps: Mapping[str, str]) -> None:
    """All pages in Markdown: those of the repository, and those made from the code.

    Args:
        folder: where to write them.
        helps: what the commands print, by their names.
    """
    shutil.copytree(FOLDER / "pages", folder, dirs_exist_ok=True)
    for name, text in generated_pages(helps).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def build_site(output: Path, helps: Mapping[str, str]) -> Path:
    """Build the site into ``output``; a warning is an error, such as a link that leads nowhere.

    Args:
        output: folder to write to; what an earlier build left there is removed.
        helps: what the commands print, by their names.

    Returns: the path of ``index.html``.

    Raises: InvalidInputError: if MkDocs or one of its plugins is not installed, for a folder that holds anything but a
        site, and for pages with warnings, which it names.
    """
    if missing := [name for name in ("mkdocs", "material", "mkdocstrings", "latex2mathml") if find_spec(name) is None]:
        raise InvalidInputError(
            f"the documentation needs {', '.join(missing)}, not installed here: pip install 'noisedim[docs]'"
        )
    # The build empties its folder, so it must not be one of somebody's own.
    if output.exists() and not (output / "sitemap.xml").is_file() and (output.is_file() or any(output.iterdir())):
        raise InvalidInputError(f"--output must be an empty or new folder, or that of an earlier build; got {output}")
    with tempfile.TemporaryDirectory() as temporary:
        sources = Path(temporary)
        write_sources(sources / "pages", helps)
        settings = {
            "INHERIT": str(FOLDER / "mkdocs.yml"),
            "docs_dir": "pages",
            # Where the package lies, whether it is installed or a checkout.
            "plugins": {"mkdocstrings": {"handlers": {"python": {"paths": [str(FOLDER.parents[1])]}}}},
        }
        config = sources / "mkdocs.yml"
        config.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
        # A process of its own: its plugins set up logging for all of this one.
        done = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", output.absolute()],
            env={
                **os.environ,
                "NO_MKDOCS_2_WARNING": "true",
                "PYTHONPATH": os.pathsep.join([str(FOLDER.parents[1]), os.environ.get("PYTHONPATH", "")]),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    # Deprecations of MkDocs' own dependencies are no concern of these pages.
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("WARNING", "ERROR"))]
    if done.returncode or said:
        words = "\n".join(said) or (done.stdout + done.stderr)[-2000:]
        raise InvalidInputError(f"the documentation was not built:\n{words}")
    for page in output.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        # For screen readers: the theme's search has no name, and parts of the contents may have the same but for capitals.
        text = text.replace('role="dialog">', 'role="dialog" aria-label="Search">')
        text = re.sub(r'(<nav class="md-nav" aria-label=")([a-z]\w*")', r"\1module \2", text)
        page.write_text(text, encoding="utf-8")
    return output / "index.html"
