"""The command line: one module a command, options generated from the configurations.

Exit codes: 0 done (``assess``: no departure found), 1 ``assess`` found a departure, ``verify`` a failure or ``certify`` no
bound, 2 bad input or failure, 130 stopped.
"""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import tyro

from noisedim.cli.assess import Assess
from noisedim.cli.certify import Certify
from noisedim.cli.cite import Cite
from noisedim.cli.duals import Duals
from noisedim.cli.embed import Embed
from noisedim.cli.export import Export
from noisedim.cli.generate import Generate
from noisedim.cli.prior import PriorCommand
from noisedim.cli.sweep import Sweep
from noisedim.cli.table_1 import TableOne
from noisedim.cli.train import Train, train_defaults
from noisedim.cli.train_generator import TrainGenerator
from noisedim.cli.verify import Verify
from noisedim.errors import guarded
from noisedim.report.build import ReportOptions, write_report
from noisedim.training.recipes import current_name

__all__ = ["main"]

_Others = (
    Annotated[Embed, tyro.conf.subcommand("embed")]
    | Annotated[Export, tyro.conf.subcommand("export")]
    | Annotated[Assess, tyro.conf.subcommand("assess")]
    | Annotated[Certify, tyro.conf.subcommand("certify")]
    | Annotated[TrainGenerator, tyro.conf.subcommand("train-generator")]
    | Annotated[Generate, tyro.conf.subcommand("generate")]
    | Annotated[PriorCommand, tyro.conf.subcommand("prior")]
    | Annotated[Sweep, tyro.conf.subcommand("sweep")]
    | Annotated[Verify, tyro.conf.subcommand("verify")]
    | Annotated[Cite, tyro.conf.subcommand("cite")]
    | Annotated[TableOne, tyro.conf.subcommand("table-1")]
    | Annotated[Duals, tyro.conf.subcommand("duals")]
    | Annotated[ReportOptions, tyro.conf.subcommand("report")]
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = _with_current_names(list(sys.argv[1:] if arguments is None else arguments))

    def work() -> int:
        # The defaults of a recipe are those of its options, so that --help shows them and any can be overridden.
        train: Any = Annotated[
            Train, tyro.conf.subcommand("train", default=train_defaults(given[1:] if given[:1] == ["train"] else ()))
        ]
        command: Any = tyro.cli(
            train | _Others,
            prog="noisedim",
            description="Representations that follow a distribution you choose, and the evidence that they do.",
            args=given,
        )
        return write_report(command) if isinstance(command, ReportOptions) else command.run()

    return guarded("noisedim", work)


def _with_current_names(arguments: list[str]) -> list[str]:
    """The arguments with pre-training methods that were renamed by their names of now."""
    current, follows = [], False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if argument.startswith("--"):
            follows = option in ("--method", "--methods")
            current.append(f"{option}={current_name(value)}" if follows and equals else argument)
        else:
            current.append(current_name(argument) if follows else argument)
    return current
