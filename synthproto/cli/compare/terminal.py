"""A comparison as lines of text, for a terminal of any width from 60 columns on."""

import textwrap
from collections.abc import Mapping, Sequence

from synthproto.cli.compare.comparer import Compared, Comparison
from synthproto.cli.compare.document import Request
from synthproto.formatting import NUMBER_WIDTH, number, plain

_LEAST = 60
_GAP = "  "
_INTERVAL = 2 * NUMBER_WIDTH + len(_GAP)  # "0.834 [0.810, 0.856]" fits into two columns
_SHOWN, _FEWER = 5, 3  # worst columns and pairs, of one table and of each of several
_BOLD, _RED, _END = (f"\x1b[{code}m" for code in ("1", "31", "0"))


def _painted(text: str, color: str, colored: bool) -> str:
    return f"{color}{text}{_END}" if colored and text.strip() else text


def interval_text(value: float, low: float, high: float) -> str:
    """A number with its interval: ``0.834 [0.810, 0.856]``."""
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def best_end(best: float | None) -> str:
    """The best value of a score; a dash where no end is best."""
    return "-" if best is None else f"{best:g}"


def lines(comparison: Comparison, request: Request, width: int, colored: bool = False) -> list[str]:
    """The comparison, no line longer than ``width`` (60 at least).

    Alarms for memorised rows first. One table: its scores with floor, reference and best value,
    then its worst columns and pairs. Several: side by side, most similar first, then the worst
    columns of each. Marked with ``*`` is what noise does not explain, and nothing else is coloured.

    Args:
        comparison: What was compared.
        request: What was asked for.
        width: Columns of the terminal.
        colored: Whether it shows colour.
    """
    width = max(width, _LEAST)
    alarms = [f"alarm: {t.name}: {alarm}" for t in comparison.tables for alarm in t.alarms]
    failed = [f"failed: {fault}" for fault in request.failed]
    worst = [line for t in comparison.tables for line in _worst(comparison, t, width, colored)]
    scores = _scores(comparison, width, colored)
    marked = any(" *" in line or "m*" in line for line in (*scores, *worst))
    return [
        *_head(comparison, request, width),
        *_loud(alarms, width, colored),
        *([""] if alarms else []),
        *scores,
        *worst,
        *(["* worse than real rows by more than sampling noise explains", ""] if marked else []),
        *(line for note in request.notes for line in _wrapped(f"note: {note}", width)),
        *_loud(failed, width, colored),
    ]


def _loud(texts: Sequence[str], width: int, colored: bool) -> list[str]:
    return [_painted(line, _RED, colored) for text in texts for line in _wrapped(text, width)]


def _head(comparison: Comparison, request: Request, width: int) -> list[str]:
    kinds: dict[str, int] = {}
    for column in comparison.spec.columns:
        kinds[column.kind] = kinds.get(column.kind, 0) + 1
    counted = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
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


def _scores(comparison: Comparison, width: int, colored: bool) -> list[str]:
    """Blocks of as many tables as are wide enough for; most often one block."""
    tags = comparison.summary
    tables = list(comparison.tables)
    ends = _ends(comparison)
    beside = sum(len(_GAP) + max(NUMBER_WIDTH, len(name)) for name in ends if name != "best")
    beside += len(_GAP) + len("best")
    least = NUMBER_WIDTH if len(tables) > 1 or "floor" in ends else _INTERVAL
    first = min(max(map(len, ["score", *map(plain, tags)])), width - beside - least - len(_GAP))
    room = max((width - first - beside) // (NUMBER_WIDTH + len(_GAP)), 1)
    blocks = [tables[at : at + room] for at in range(0, len(tables), room)]
    cell = (width - first - beside) // min(room, len(tables)) - len(_GAP)
    return [
        line
        for block in blocks
        for line in _block(comparison, block, first, max(cell, least), colored)
    ]


def _ends(comparison: Comparison) -> list[str]:
    """The columns behind the values: a floor only where there is one."""
    floors = any(table.report.floors for table in comparison.tables)
    return [*(["floor"] if floors else []), "reference", "best"]


def _block(
    comparison: Comparison, tables: Sequence[Compared], first: int, room: int, colored: bool
) -> list[str]:
    several = len(comparison.tables) > 1
    longest = max(len(plain(table.name)) for table in tables)
    ends = _ends(comparison)
    cell = max(NUMBER_WIDTH, min(longest, room)) if several else NUMBER_WIDTH
    cell = cell if several or "floor" in ends else _INTERVAL
    names = [plain(t.name, cell) for t in tables] if several else ["value"]
    head = [name.rjust(cell) for name in names]
    heads = [name.rjust(len("best") if name == "best" else NUMBER_WIDTH) for name in ends]
    rows = [_painted(_GAP.join(["score".ljust(first), *head, *heads]), _BOLD, colored)]
    for tag in comparison.summary:
        values = [_value(table, tag, cell, colored) for table in tables]
        anchors = _anchors(tables, tag, ends)
        low, high = tables[0].interval(tag)
        if not several and low is not None and high is not None and tag.endswith("/share"):
            text = interval_text(tables[0].report[tag], low, high)
            beyond = tables[0].report.is_beyond(tag)
            anchors = anchors[1:] if "floor" in ends else anchors
            values = [_painted(text.rjust(_INTERVAL), _RED, colored and beyond)]
        rows.append(_GAP.join([cut_inside(tag, first).ljust(first), *values, *anchors]))
    return [*(row.rstrip() for row in rows), ""]


def cut_inside(tag: str, width: int) -> str:
    """A tag of at most so many characters: its end tells it from its neighbours."""
    shown = plain(tag)
    if len(shown) <= width:
        return shown
    end = min(len(shown.rpartition("/")[2]) + 1, width - len("..."))
    return f"{shown[: width - end - len('...')]}...{shown[len(shown) - end :]}"


def _value(table: Compared, tag: str, cell: int, colored: bool) -> str:
    beyond = tag in table.report and table.report.is_beyond(tag)
    text = f"{'*' if beyond else ''}{number(table.report.get(tag))}".rjust(cell)
    return _painted(text, _RED, colored and beyond)


def _anchors(tables: Sequence[Compared], tag: str, ends: Sequence[str]) -> list[str]:
    reports = [table.report for table in tables]

    def first_of(maps: Sequence[Mapping[str, float]]) -> float | None:
        return next((values[tag] for values in maps if tag in values), None)

    texts = {
        "floor": number(first_of([r.floors for r in reports])).rjust(NUMBER_WIDTH),
        "reference": number(first_of([r.references for r in reports])).rjust(NUMBER_WIDTH),
        "best": best_end(first_of([r.best for r in reports])).rjust(len("best")),
    }
    return [texts[name] for name in ends]


# --- worst columns ----------------------------------------------------------------------------


def _worst(comparison: Comparison, table: Compared, width: int, colored: bool) -> list[str]:
    """Columns and pairs that are farther off than real rows are, the worst first."""
    several = len(comparison.tables) > 1
    of, shown = (f" of {plain(table.name)}", _FEWER) if several else ("", _SHOWN)
    columns = [
        (column.name, column.distance, column.reference, column.is_beyond)
        for column in table.columns
        if column.distance > (column.reference or 0.0)
    ][:shown]
    pairs = [
        (f"{pair.first} | {pair.second}", pair.similarity, pair.reference, pair.is_beyond)
        for pair in table.pairs
        if pair.similarity < (1.0 if pair.reference is None else pair.reference)
    ][:shown]
    return [
        *_listing(f"worst columns{of} (distance, 0 is best)", columns, width, colored),
        *_listing(f"worst pairs{of} (similarity, 1 is best)", pairs, width, colored),
        *(
            line
            for tag, reason in table.undefined.items()
            for line in _wrapped(f"undefined{of}: {tag}: {reason}", width)
        ),
    ]


def _listing(
    title: str,
    entries: Sequence[tuple[str, float, float | None, bool]],
    width: int,
    colored: bool,
) -> list[str]:
    if not entries:
        return []
    room = width - 2 * (NUMBER_WIDTH + len(_GAP)) - 2
    first = min(max(len(title) - 2, *(len(plain(name)) for name, *_ in entries)), room)
    head = f"{plain(title, first + 2).ljust(first + 2)}  {'value'.rjust(NUMBER_WIDTH)}  reference"
    rows = []
    for name, value, reference, beyond in entries:
        text = f"{'*' if beyond else ''}{number(value)}".rjust(NUMBER_WIDTH)
        value_text = _painted(text, _RED, colored and beyond)
        shown = f"  {plain(name, first).ljust(first)}  {value_text}"
        rows.append(f"{shown}  {number(reference).rjust(NUMBER_WIDTH)}".rstrip())
    return [_painted(head, _BOLD, colored), *rows, ""]


def _wrapped(text: str, width: int, indent: int = 6) -> list[str]:
    return textwrap.wrap(
        " ".join(plain(part) for part in text.split("\n")),
        width,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )
