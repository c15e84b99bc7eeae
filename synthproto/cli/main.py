"""The command line: ``python -m synthproto compare | spec | check``.

Nothing here loads pandas, torch or mypy: help comes at once.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from typing_extensions import Protocol, runtime_checkable

import synthproto
from synthproto.cli.console import guarded


@runtime_checkable
class Commands(Protocol):
    """What is used of argparse's group of subcommands."""

    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser:  # noqa: A002  argparse's name
        """Add a subcommand."""
        ...


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
    files.add_argument(
        "--missing",
        action="append",
        default=[],
        metavar="CELL",
        help="a cell that is a missing value in every column, such as NA or -99; may be repeated "
        "(default: the empty cell; for numbers and dates also NA, ?, null and the like)",
    )


PRESETS = ("default", "tabsyn", "sdmetrics", "artifact-core")
"""As in `synthproto.presets`, which a test holds equal."""

_COMPARE = """\
Compare synthetic tables with the real table that they imitate; no model needed.

Prints scores with their references (what real rows reach in the synthetic
table's place), the best value that they can have, and the worst columns.
Several synthetic tables are ranked side by side, by overall similarity."""

_COMPARE_EPILOG = """\
exit codes:
  0    compared
  1    a limit of --fail-under is not kept
  2    bad input; nothing was written
  3    an error inside of synthproto; please report it
  130  stopped by Ctrl-C

limits:
  --fail-under 0.9 holds a limit on the overall similarity: a third each that of
  columns, of pairs of columns, and of their dependence; 0 to 1, 1 is best.
  TAG=VALUE holds one on any other score: one of which 0 is best must not be
  above VALUE, one of which 1 is best not below it, and a privacy score not
  beyond it on the side of copies. TAG/low and TAG/high are the ends of a
  score's 95 % interval: a limit on the worse end is kept beyond noise. Every
  synthetic table must keep every limit.

examples:
  python -m synthproto compare train.csv synthetic.csv --holdout test.csv \\
      --target income --out report \\
      --fail-under 0.9 --fail-under privacy/exact_match_share=0.01
  python -m synthproto compare train.csv ctgan=c1.csv,c2.csv vae=v1.csv --latex
"""


def add_compare(commands: Commands) -> None:
    """Add the subcommand ``compare``."""
    parser = commands.add_parser(
        "compare", help="compare synthetic tables with a real one", description=_COMPARE
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _COMPARE_EPILOG
    parser.add_argument(
        "real",
        type=Path,
        metavar="REAL",
        help="table that the synthesizers were trained on: a CSV or parquet file, or a folder of "
        "some, which is read in pieces",
    )
    parser.add_argument(
        "synthetic",
        type=Path,
        nargs="+",
        metavar="SYNTHETIC",
        help="generated tables; with MODEL=, several tables of one model",
    )
    _add_questions(parser)
    _add_outputs(parser)
    add_reading(parser)
    parser.set_defaults(run=run_compare)


def _add_questions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--holdout",
        type=Path,
        metavar="FILE",
        help="real rows that no synthesizer was trained on: makes better references, and lets "
        "utility and memorisation be measured",
    )
    parser.add_argument("--target", metavar="NAME", help="column to predict, for utility")
    parser.add_argument(
        "--spec",
        type=Path,
        metavar="FILE",
        help="kinds of columns, as `spec` wrote them",
    )
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        default="default",
        metavar="NAME",
        help="what to compute: `default`, fidelity, validity, utility and privacy; `tabsyn`, the "
        "row that papers print; `sdmetrics` or `artifact-core`, the numbers of those",
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=20_000,
        metavar="N",
        help="most rows of each table for neighbour searches and classifiers (default: 20000)",
    )
    parser.add_argument(
        "--most-columns",
        type=int,
        default=200,
        metavar="N",
        help="most columns of a wide table for pairs, joint scores, utility and attacks; single "
        "columns are all compared (default: 200)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that read the pieces of folders, and of files beyond a quarter of the "
        "memory (default: 1)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (default: 0)")


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    outputs = parser.add_argument_group("output")
    outputs.add_argument(
        "--out", type=Path, metavar="DIR", help="write report.html and report.json there"
    )
    outputs.add_argument(
        "--tensorboard", type=Path, metavar="DIR", help="write a TensorBoard run a table there"
    )
    outputs.add_argument("--json", action="store_true", help="print report.json, not the table")
    outputs.add_argument(
        "--latex",
        action="store_true",
        help="print a LaTeX table, models by scores: mean and standard deviation over the tables "
        "of each, the best in bold, average ranks",
    )
    outputs.add_argument(
        "--columns", default="", metavar="TAGS", help="scores of --latex, with commas between"
    )
    outputs.add_argument(
        "--fail-under",
        action="append",
        default=[],
        metavar="[TAG=]VALUE",
        help="exit with 1 if a score is worse; without TAG the overall similarity; may be repeated",
    )


def run_compare(given: argparse.Namespace) -> int:
    """Compare files.

    Args:
        given: As parsed.

    Returns:
        The exit code.
    """
    # Loads pandas: `--help` and the other commands do not need it.
    from synthproto.cli.compare.run import compare_files

    return compare_files(given)


def add_spec(commands: Commands) -> None:
    """Add the subcommand ``spec``."""
    parser = commands.add_parser(
        "spec",
        help="write the inferred kinds of a table's columns, to be edited",
        description="Infer the kind of each column of a table and print it, or write it to a file "
        "that `compare --spec` and TableSpec.load read. Exit codes: 0; 2, bad input; 3, an error "
        "inside of synthproto; 130, stopped by Ctrl-C.",
    )
    parser.add_argument(
        "real",
        type=Path,
        metavar="REAL",
        help="CSV or parquet file, or a folder of some, of which the first rows are looked at",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, e.g. spec.json")
    parser.add_argument(
        "--force", action="store_true", help="replace FILE although it exists (edits are lost)"
    )
    add_reading(parser)
    parser.set_defaults(run=run_spec)


def run_spec(given: argparse.Namespace) -> int:
    """Infer a spec and write it.

    Args:
        given: As parsed.

    Returns:
        The exit code.
    """
    # Loads pandas: `--help` and the other commands do not need it.
    from synthproto.cli.spec import write_spec

    write_spec(given)
    return 0


def add_check(commands: Commands) -> None:
    """Add the subcommand ``check``."""
    parser = commands.add_parser(
        "check",
        help="prove that the parts of experiment scripts fit together",
        description="Prove that the parts of experiment scripts fit together, without running "
        "them. Exit codes: 0, they fit; 1, they do not; 2, the check could not run; 130, stopped "
        "by Ctrl-C.",
    )
    parser.add_argument("scripts", nargs="+", type=Path, metavar="SCRIPT")
    parser.add_argument("--json", action="store_true", help="write findings as JSON")
    parser.add_argument("--strict", action="store_true", help="warnings count as faults")
    parser.set_defaults(run=run_check)


def run_check(given: argparse.Namespace) -> int:
    """Check scripts.

    Args:
        given: As parsed.

    Returns:
        The exit code.
    """
    # Loads what runs mypy: the other subcommands do not need it.
    from synthproto.cli.check.run import check_scripts

    return check_scripts(given)


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
    parser.add_argument(
        "--version", action="version", version=f"synthproto {synthproto.__version__}"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in SUBCOMMANDS:
        add(commands)
    parsed = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = parsed.run
    return guarded(parsed.command, run, parsed)
