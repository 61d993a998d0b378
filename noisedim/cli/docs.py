"""``noisedim docs``."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Docs"]


@dataclass(frozen=True, kw_only=True)
class Docs:
    """Build the documentation as a folder of HTML pages that need no network; a warning is an error.

    Example: noisedim docs --output build/docs
    """

    output: Path = Path("build/docs")
    """Folder to write to: new, empty, or that of an earlier build."""

    def run(self) -> int:
        """Build it and say where it is."""
        from noisedim.docs.build import build_site

        print(f"documentation: {build_site(self.output)}")
        return 0
