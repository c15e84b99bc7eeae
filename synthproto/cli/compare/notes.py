"""Notes of a comparison: what a reader may not expect."""

import argparse
from collections.abc import Sequence
from importlib.util import find_spec

from synthproto.artifacts.searches import Sampled
from synthproto.artifacts.validity import range_notes
from synthproto.checks import listed
from synthproto.cli.compare.comparer import Comparison
from synthproto.cli.spec import named_columns
from synthproto.data.summary import Summary
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.plan import TablePlan
from synthproto.presets.default import ATTACKED, SEARCHED

_WITH_TARGET = ("default", "tabsyn")
# Categories are scattered where there are more than so many, with fewer rows for each on average:
# two halves of a table of ten rows for each differ by a fourth.
_MANY, _ROWS_EACH = 100, 10
# So many times the rows of the holdout make scores visibly better.
_LONGER = 1.25


def notes_of(
    given: argparse.Namespace, comparison: Comparison, reading: Sequence[str]
) -> list[str]:
    """What a reader may not expect: how files were read, what was left out, what looks wrong."""
    real = comparison.real
    return [
        *reading,
        *_left_out(given, comparison),
        *_wide(given, comparison),
        *_scattered(given, real),
        *(range_notes(real) if isinstance(real, Table) else []),
        *(f"{table.name}: {note}" for table in comparison.tables for note in table.notes),
        *_longer_than_holdout(comparison),
    ]


def of_samples(rows: int, plan: TablePlan, whole: TablePlan) -> str:
    """What is not from all rows of tables that are read in pieces, and what is left out.

    Args:
        rows: Most rows of a table that are drawn.
        plan: What is computed.
        whole: What would be of tables in memory.
    """
    said = "tables are read in pieces"
    if any(isinstance(part, Sampled) for part in (*plan.scores, *plan.plots)):
        said += f": scores that need rows, and plots, are from {rows:,} random rows of each"
    if any(tag.startswith("privacy/") for tag in plan.score_tags):
        said += (
            f"; for privacy, {min(rows, SEARCHED):,} random synthetic rows (exact matches: "
            f"{rows:,}; attacks: {min(rows, ATTACKED):,} real ones) are looked up among all rows"
        )
    left = [tag for tag in whole.score_tags if tag not in plan.score_tags]
    if left:
        said += f"; left out, because they need the rows that are found: {', '.join(left)}"
    return said


def _left_out(given: argparse.Namespace, comparison: Comparison) -> list[str]:
    """What is not in the report although one may expect it, and how to get it."""
    if given.preset not in _WITH_TARGET:
        return ["--target and --rows are not used by this preset"] if given.target else []
    found = []
    if given.target is not None and given.holdout is None:
        found.append("utility was left out: it needs --holdout as well as --target")
    if given.preset == "tabsyn" and (given.target is None or given.holdout is None):
        found.append("TSTR and the DCR share need --holdout, and TSTR --target as well")
    if find_spec("sklearn") is None:
        found.append(
            "C2ST and utility need scikit-learn and were left out: pip install 'synthproto[learn]'"
        )
    tables = [comparison.real, *([comparison.holdout] if comparison.holdout else [])]
    longest = max(*map(len, tables), *(table.rows for table in comparison.tables))
    if longest > given.rows and isinstance(comparison.real, Table):
        found.append(
            f"joint scores and utility are from {given.rows:,} random rows of longer tables; for "
            "privacy, as many random synthetic rows (exact matches: all; attacks: "
            f"{min(given.rows, ATTACKED):,} real ones) are looked up among all rows; --rows "
            "changes that"
        )
    return found


def _wide(given: argparse.Namespace, comparison: Comparison) -> list[str]:
    """That not all columns were compared with each other."""
    columns = len(comparison.spec.of_kind(*NUMERIC, *DISCRETE))
    if columns <= given.most_columns or not isinstance(comparison.real, Table):
        return []
    what = "pairs, overall similarity, joint scores, utility and attacks"
    if given.preset not in _WITH_TARGET:
        what = "all scores of this preset"
    return [
        f"{what} are of {given.most_columns} of {columns:,} columns, drawn at random; worst "
        "columns are of all. --most-columns changes that"
    ]


def _scattered(given: argparse.Namespace, real: Summary) -> list[str]:
    """Strings that count as categories although few rows share one, unless a kind was said."""
    if given.spec is not None:
        return []
    named = named_columns(list(real.spec.names), given)
    known = [name for names in named.values() for name in names]
    dtypes = dict(zip(real.spec.names, real.dtypes, strict=True))
    # Pieces have strings as categories; in memory these are none by mistake.
    strings = ("object", "str") if isinstance(real, Table) else ("object", "str", "category")
    found = [
        name
        for name in real.spec.of_kind("categorical")
        if name not in known
        and any(word in dtypes[name] for word in strings)
        and real.distinct(name) > max(_MANY, (len(real) - real.missing(name)) / _ROWS_EACH)
    ]
    if not found:
        return []
    return [
        f"{listed(found)} count as categories, but have fewer than {_ROWS_EACH} rows for each "
        "value: that makes every table, the reference too, look worse; name them with --identifier "
        "or --text, write dates as 2020-01-31, or leave them out"
    ]


def _longer_than_holdout(comparison: Comparison) -> list[str]:
    """Tables whose references are noisier than they are."""
    rows = len(comparison.holdout) if comparison.holdout is not None else None
    longer = [each.name for each in comparison.tables if rows and each.rows > _LONGER * rows]
    if not longer:
        return []
    return [
        f"{listed(longer)}: longer than the holdout ({rows:,} rows). Most scores depend on the "
        "number of rows: as many real rows would reach better references"
    ]
