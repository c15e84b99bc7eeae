"""Options that subcommands share. Nothing here loads pandas: help is to come at once."""

import argparse

KINDS = ("continuous", "categorical", "datetime", "boolean", "identifier", "text")
"""As in `synthproto.data.kinds`, which a test holds equal."""


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how files are read and what their columns are."""
    kinds = parser.add_argument_group(
        "kinds of columns",
        "Inferred where nothing is said. Names have commas between them. Strings\n"
        "that all are ISO 8601 dates are dates.",
    )
    for kind in KINDS:
        kinds.add_argument(f"--{kind}", action="append", default=[], metavar="NAMES")
    files = parser.add_argument_group("CSV files")
    files.add_argument(
        "--separator",
        default="",
        metavar="CHAR",
        help="between fields (default: comma, semicolon, tab or |, whichever the first line has)",
    )
    files.add_argument("--encoding", default="utf-8", help="default: utf-8")
    files.add_argument("--decimal", default=".", metavar="CHAR", help="decimal mark (default: .)")


def failure(command: str, error: Exception) -> str:
    """An error as one line for standard error."""
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{str(error.filename)!r} cannot be used: {error.strerror}"
    lines = [line.strip().removeprefix("- ") for line in text.split("\n")]
    joined = "; ".join([*(line.removesuffix(".") for line in lines[:-1]), lines[-1]])
    return f"synthproto {command}: error: {joined.replace('faults:; ', 'faults: ')}\n"
