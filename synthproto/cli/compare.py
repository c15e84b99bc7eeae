"""``python -m synthproto compare``: how alike are synthetic tables and a real one?"""

import argparse
import sys
from pathlib import Path

from synthproto.cli.check import Commands
from synthproto.cli.options import add_reading, failure
from synthproto.errors import SynthprotoError

PRESETS = ("default", "tabsyn", "sdmetrics", "artifact-core")
"""As in `synthproto.presets`, which a test holds equal: help is to come without loading them."""

BAD_INPUT = 2

_DESCRIPTION = """\
Compare synthetic tables with the real table that they imitate; no model needed.

Prints scores with their references (what real rows reach in the synthetic
table's place), the best value that they can have, and the worst columns.
Several synthetic tables are ranked side by side, by overall similarity."""

_EPILOG = """\
exit codes:
  0  compared
  1  a limit of --fail-under is not kept
  2  bad input; nothing was written

limits:
  --fail-under 0.9 holds a limit on the overall similarity: half the similarity
  of columns, half that of pairs of columns; 0 to 1, 1 is best. TAG=VALUE holds
  one on any other score: one of which 0 is best must not be above VALUE, one of
  which 1 is best not below it, and a privacy score not beyond it on the side of
  copies. Every synthetic table must keep every limit.

example:
  python -m synthproto compare train.csv synthetic.csv --holdout test.csv \\
      --target income --out report \\
      --fail-under 0.9 --fail-under privacy/exact_match_share=0.01
"""


def add_compare(commands: Commands) -> None:
    """Add the subcommand ``compare``."""
    parser = commands.add_parser(
        "compare", help="compare synthetic tables with a real one", description=_DESCRIPTION
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument(
        "real",
        type=Path,
        metavar="REAL",
        help="table that the synthesizers were trained on: a CSV or parquet file",
    )
    parser.add_argument(
        "synthetic", type=Path, nargs="+", metavar="SYNTHETIC", help="generated tables"
    )
    _add_questions(parser)
    _add_outputs(parser)
    add_reading(parser)
    parser.set_defaults(run=run)


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
        "--fail-under",
        action="append",
        default=[],
        metavar="[TAG=]VALUE",
        help="exit with 1 if a score is worse; without TAG the overall similarity; may be repeated",
    )


def run(given: argparse.Namespace) -> int:
    """Compare files.

    Args:
        given: As parsed.

    Returns:
        The exit code.
    """
    # Loads pandas and torch: other subcommands, and help, need neither.
    from synthproto.cli.running import compare_files

    try:
        return compare_files(given)
    except (SynthprotoError, OSError) as error:
        sys.stderr.write(failure("compare", error))
        return BAD_INPUT
