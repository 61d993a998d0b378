"""``python -m noisedim.report``."""

import sys
from collections.abc import Sequence

import tyro

from noisedim.errors import guarded
from noisedim.report.build import ReportOptions, write_report


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the options, write the report, return the exit code."""

    def work() -> int:
        return write_report(tyro.cli(ReportOptions, prog="python -m noisedim.report", args=arguments))

    return guarded("noisedim.report", work)


if __name__ == "__main__":
    sys.exit(main())
