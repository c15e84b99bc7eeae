"""``python -m synthproto spec``: write the kinds of a table's columns, to be edited."""

import argparse
import sys
from pathlib import Path

from synthproto.cli.check import Commands
from synthproto.cli.options import add_reading, failure
from synthproto.errors import SynthprotoError

BAD_INPUT = 2


def add_spec(commands: Commands) -> None:
    """Add the subcommand ``spec``."""
    parser = commands.add_parser(
        "spec",
        help="write the inferred kinds of a table's columns, to be edited",
        description="Infer the kind of each column of a table and print it, or write it to a file "
        "that `compare --spec` and TableSpec.load read. Exit codes: 0; 2, bad input.",
    )
    parser.add_argument("real", type=Path, metavar="REAL", help="CSV or parquet file")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, e.g. spec.json")
    parser.add_argument(
        "--force", action="store_true", help="replace FILE although it exists (edits are lost)"
    )
    add_reading(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Infer a spec and write it.

    Args:
        given: As parsed.

    Returns:
        The exit code.
    """
    # Loads pandas: help and other subcommands need it not.
    from synthproto.cli.inference import write_spec

    try:
        write_spec(given)
    except (SynthprotoError, OSError) as error:
        sys.stderr.write(failure("spec", error))
        return BAD_INPUT
    return 0
