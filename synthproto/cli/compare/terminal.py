"""A comparison as lines of text, for a terminal of any width from 60 columns on."""

import textwrap
from collections.abc import Sequence

from synthproto.cli.compare.comparer import Compared, Comparison
from synthproto.cli.compare.document import Request
from synthproto.formatting import NUMBER_WIDTH, number, plain

_LEAST = 60
_ENDS = NUMBER_WIDTH + len("best") + 2 * 2  # reference and best value, with the gaps before them
_SHOWN, _FEWER = 5, 3  # worst columns and pairs, of one table and of each of several


def best_end(best: float | None) -> str:
    """The best value of a score; a dash where no end is best."""
    return "-" if best is None else f"{best:g}"


def lines(comparison: Comparison, request: Request, width: int) -> list[str]:
    """The comparison, without colour, no line longer than ``width`` (60 at least).

    One table: its scores with reference and best value, then its worst columns and pairs.
    Several: side by side, most similar first, then the worst columns of each.
    """
    width = max(width, _LEAST)
    return [
        *_head(comparison, request, width),
        *_scores(comparison, width),
        *(line for table in comparison.tables for line in _worst(comparison, table, width)),
        *(line for note in request.notes for line in _wrapped(f"note: {note}", width)),
        *(line for fault in request.failed for line in _wrapped(f"failed: {fault}", width)),
    ]


def _head(comparison: Comparison, request: Request, width: int) -> list[str]:
    kinds: dict[str, int] = {}
    for column in comparison.spec.columns:
        kinds[column.kind] = kinds.get(column.kind, 0) + 1
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    found = [
        f"real       {request.real}: {len(comparison.real):,} rows; columns: {counted}",
        *(
            f"synthetic  {request.synthetic[table.name]}: {table.rows:,} rows"
            for table in comparison.tables
        ),
        f"reference  {_reference(comparison, request)}",
    ]
    return [line for text in found for line in _wrapped(plain(text), width, indent=11)] + [""]


def _reference(comparison: Comparison, request: Request) -> str:
    if comparison.holdout is not None:
        rows = f"{len(comparison.holdout):,} rows"
        return f"the holdout, {request.holdout} ({rows}), in the synthetic table's place"
    if comparison.reference == "halves":
        return (
            "one random half of the real table against the other; real rows that the synthesizer "
            "was not trained on are better: --holdout FILE"
        )
    return "none; give real rows that the synthesizer was not trained on: --holdout FILE"


# --- scores -----------------------------------------------------------------------------------


def _scores(comparison: Comparison, width: int) -> list[str]:
    """Blocks of as many tables as are wide enough for; most often one block."""
    tags = comparison.summary
    first = min(max(map(len, ["score", *map(plain, tags)])), width - _ENDS - NUMBER_WIDTH - 2)
    room = (width - first - _ENDS) // (NUMBER_WIDTH + 2)
    tables = list(comparison.tables)
    blocks = [tables[at : at + room] for at in range(0, len(tables), room)]
    return [line for block in blocks for line in _block(comparison, tags, block, first, width)]


def _block(
    comparison: Comparison, tags: Sequence[str], tables: Sequence[Compared], first: int, width: int
) -> list[str]:
    room = (width - first - _ENDS) // len(tables) - 2
    longest = max(len(plain(table.name)) for table in tables)
    cell = max(NUMBER_WIDTH, min(longest, room)) if len(comparison.tables) > 1 else NUMBER_WIDTH
    names = [plain(t.name, cell) for t in tables] if len(comparison.tables) > 1 else ["value"]
    head = [name.rjust(cell) for name in names]
    rows = [
        "  ".join(["score".ljust(first), *head, "reference".rjust(NUMBER_WIDTH), "best".rjust(4)])
    ]
    for tag in tags:
        reports = [table.report for table in tables]
        values = [number(report.get(tag)).rjust(cell) for report in reports]
        reference = next((r.references[tag] for r in reports if tag in r.references), None)
        best = next((r.best[tag] for r in reports if tag in r.best), None)
        ends = [number(reference).rjust(NUMBER_WIDTH), best_end(best).rjust(4)]
        rows.append("  ".join([plain(tag, first).ljust(first), *values, *ends]))
    return [*(row.rstrip() for row in rows), ""]


# --- worst columns ----------------------------------------------------------------------------


def _worst(comparison: Comparison, table: Compared, width: int) -> list[str]:
    """Columns and pairs that are farther off than real rows are, the worst first."""
    several = len(comparison.tables) > 1
    of, shown = (f" of {plain(table.name)}", _FEWER) if several else ("", _SHOWN)
    columns = [
        (column.name, column.distance, column.reference)
        for column in table.columns
        if column.distance > (column.reference or 0.0)
    ][:shown]
    pairs = [
        (f"{pair.first} | {pair.second}", pair.similarity, pair.reference)
        for pair in table.pairs
        if pair.similarity < (1.0 if pair.reference is None else pair.reference)
    ][:shown]
    return [
        *_listing(f"worst columns{of} (distance, 0 is best)", columns, width),
        *_listing(f"worst pairs{of} (similarity, 1 is best)", pairs, width),
        *(
            line
            for tag, reason in table.undefined.items()
            for line in _wrapped(f"undefined{of}: {tag}: {reason}", width)
        ),
    ]


def _listing(
    title: str, entries: Sequence[tuple[str, float, float | None]], width: int
) -> list[str]:
    if not entries:
        return []
    room = width - 2 * (NUMBER_WIDTH + 2) - 2
    first = min(max(len(title) - 2, *(len(plain(name)) for name, *_ in entries)), room)
    head = f"{plain(title, first + 2).ljust(first + 2)}  {'value'.rjust(NUMBER_WIDTH)}  reference"
    rows = [
        f"  {plain(name, first).ljust(first)}  {number(value).rjust(NUMBER_WIDTH)}  "
        f"{number(reference).rjust(NUMBER_WIDTH)}".rstrip()
        for name, value, reference in entries
    ]
    return [head, *rows, ""]


def _wrapped(text: str, width: int, indent: int = 6) -> list[str]:
    return textwrap.wrap(
        " ".join(plain(part) for part in text.split("\n")),
        width,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )
