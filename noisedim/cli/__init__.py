"""The command line: one module a command, options generated from the configurations.

Exit codes: 0 done (``assess``: no departure found), 1 ``assess`` found a departure, ``verify`` a failure or ``certify`` no
bound, 2 bad input or failure, 130 stopped.

Only the module of the command that was given is imported: help on ``noisedim`` itself and on commands that have few
options comes without torch, whose import alone takes seconds.
"""

import ast
import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass, make_dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import tyro

from noisedim import __version__
from noisedim.errors import InvalidInputError, guarded

__all__ = ["COMMANDS", "Command", "main"]

_DESCRIPTION = "Representations that follow a distribution you choose, and the evidence that they do."
_RESUMES = "completed work is kept, and the same command resumes"
_NOTHING = "nothing was written"
_KEEPS_NOTHING = "nothing is kept, and the same command begins anew"


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        module, options: where the dataclass of its options is, whose method ``run`` does the work.
        when_stopped: what is true when it is interrupted.
        defaults: function of the module from the arguments to the options' defaults.
        runner: function of the module that does the work in place of ``run``.
    """

    module: str
    options: str
    when_stopped: str
    defaults: str | None = None
    runner: str | None = None

    def run(self, name: str, arguments: list[str]) -> int:
        """Parse the arguments and do the work; returns the exit code."""
        module = import_module(self.module)
        # The defaults of a recipe are those of its options, so that --help shows them and any can be overridden.
        default = {} if self.defaults is None else {"default": getattr(module, self.defaults)(arguments)}
        options: Any = tyro.cli(getattr(module, self.options), prog=f"noisedim {name}", args=arguments, **default)
        return int(options.run() if self.runner is None else getattr(module, self.runner)(options))

    def summary(self) -> str:
        """The first paragraph of its options' docstring, read without importing the module."""
        spec = find_spec(self.module)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(self.module)
        for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name == self.options:
                return inspect.cleandoc(ast.get_docstring(node) or "").split("\n\n")[0]
        raise AttributeError(f"{self.module} has no class {self.options}")


COMMANDS = {
    "train": Command("noisedim.cli.train", "Train", _RESUMES, defaults="train_defaults"),
    "embed": Command("noisedim.cli.embed", "Embed", _NOTHING),
    "export": Command("noisedim.cli.export", "Export", _NOTHING),
    "assess": Command("noisedim.cli.assess", "Assess", _KEEPS_NOTHING),
    "certify": Command("noisedim.cli.certify", "Certify", _KEEPS_NOTHING),
    "train-generator": Command("noisedim.cli.generators.train_generator", "TrainGenerator", _RESUMES),
    "generate": Command("noisedim.cli.generators.generate", "Generate", _NOTHING),
    "prior": Command("noisedim.cli.prior", "PriorCommand", _NOTHING),
    "sweep": Command("noisedim.cli.sweep", "Sweep", _RESUMES),
    "verify": Command("noisedim.cli.verify", "Verify", _KEEPS_NOTHING),
    "cite": Command("noisedim.cli.cite", "Cite", _NOTHING),
    "table-1": Command("noisedim.cli.table_1", "TableOne", _RESUMES),
    "study": Command("noisedim.cli.study", "Study", _RESUMES),
    "docs": Command("noisedim.cli.docs", "Docs", _KEEPS_NOTHING),
    "report": Command("noisedim.report.build", "ReportOptions", _RESUMES, runner="write_report"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        print(f"noisedim {__version__}")
        return 0
    if given and given[0] not in COMMANDS and not given[0].startswith("-"):
        return guarded("noisedim", lambda: _refuse(given[0]))
    if not given or given[0] not in COMMANDS:
        _overview(given)
        return 0  # not reached: without a command, the parser ends the program with its help or an error
    name, rest = given[0], given[1:]
    command = COMMANDS[name]

    return guarded("noisedim", lambda: command.run(name, _with_current_names(rest)), when_stopped=command.when_stopped)


def _refuse(name: str) -> int:
    near = get_close_matches(name, COMMANDS, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise InvalidInputError(f"there is no command {name!r}; {hint}noisedim --help lists all")


def _overview(given: list[str]) -> None:
    """Print the commands, or what is wrong with ``given``, which names none of them."""
    stand_ins: Any = None
    for name, command in COMMANDS.items():
        stand_in: Any = make_dataclass(command.options, [], namespace={"__doc__": command.summary()})
        one = Annotated[stand_in, tyro.conf.subcommand(name)]
        stand_ins = one if stand_ins is None else stand_ins | one
    tyro.cli(stand_ins, prog="noisedim", description=_DESCRIPTION, args=given)


def _with_current_names(arguments: list[str]) -> list[str]:
    """The arguments with pre-training methods that were renamed by their names of now."""
    if not any(argument.startswith("--method") for argument in arguments):
        return arguments
    from noisedim.training.recipes import current_name

    current, follows = [], False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if argument.startswith("--"):
            follows = option in ("--method", "--methods")
            current.append(f"{option}={current_name(value)}" if follows and equals else argument)
        else:
            current.append(current_name(argument) if follows else argument)
    return current
