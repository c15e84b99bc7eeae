"""The subcommands of ``python -m synthproto``."""

import argparse
from collections.abc import Callable, Sequence

from synthproto.cli.check import add_check
from synthproto.cli.compare import add_compare
from synthproto.cli.spec import add_spec

SUBCOMMANDS = (add_check, add_compare, add_spec)
"""Each adds a subcommand to the parser and sets ``run``, a function of the parsed arguments."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse a command line and run its subcommand.

    Args:
        arguments: Words after ``python -m synthproto``; by default those of this process.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m synthproto")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in SUBCOMMANDS:
        add(commands)
    parsed = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = parsed.run
    return run(parsed)
