"""A comparison as one HTML page: no network, no scripts.

`page.html` is the template, `page.css` its style. jinja2 escapes every text that comes from a
table, a path or an error; only the generator's mark, the style and pictures are ours.
"""

import base64
import math
import re
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final, TypeAlias

import jinja2
import pandas as pd
from markupsafe import Markup

import synthproto
from synthproto.cli.compare.comparer import Column, Compared, Comparison
from synthproto.cli.compare.document import Request
from synthproto.cli.compare.terminal import best_end
from synthproto.cli.compare.words import PICTURES, title_of, words_of
from synthproto.contracts import Array, Drawing
from synthproto.formatting import number, plain
from synthproto.measures.columns import BEYOND
from synthproto.report import Report

GENERATOR: Final = '<meta name="generator" content="synthproto compare">'
"""What marks a page as one of ours."""

View: TypeAlias = Mapping[str, object]
"""What the template shows of one thing, by name."""

_HERE = Path(__file__).parent
_WORST, _ROWS = 15, 60
_FULL: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""What the full width of a bar may stand for; the least that holds all bars of a list."""
_FAMILIES: Final = {
    "fidelity": "Fidelity: does it look like the real table?",
    "validity": "Validity: could the values be real ones?",
    "joint": "Rows as wholes",
    "utility": "Utility: does it train as well as the real table?",
    "privacy": "Privacy: alarms, not proofs",
}


def page(comparison: Comparison, request: Request) -> str:
    """The page, complete; the same for the same tables and arguments."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        finalize=_printable,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["pieces"] = _pieces
    names = ", ".join(table.name for table in comparison.tables)
    views = [_table(comparison, t, request, n) for n, t in enumerate(comparison.tables)]
    return environment.get_template("page.html").render(
        generator=Markup(GENERATOR),
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        heading=f"{names} compared with {request.real}",
        subtitle=_subtitle(comparison),
        facts=_facts(comparison, request),
        alarms=[f"{t.name}: {alarm}" for t in comparison.tables for alarm in t.alarms],
        failed=request.failed,
        notes=request.notes,
        families=_families(comparison, views),
        scores=_scores(comparison),
        has_floors=any(table.report.floors for table in comparison.tables),
        tables=views,
    )


def _printable(value: object) -> object:
    """What is shown, without signs that no page can hold; what is ours is left as it is."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _pieces(tag: str) -> list[str]:
    """A tag in pieces that may stand on lines of their own."""
    return re.findall(r"[^/_]+[/_]*|[/_]+", tag)


def _facts(comparison: Comparison, request: Request) -> list[tuple[str, str]]:
    kinds: dict[str, int] = {}
    for column in comparison.spec.columns:
        kinds[column.kind] = kinds.get(column.kind, 0) + 1
    counted = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    return [
        ("Real table", f"{request.real}: {len(comparison.real):,} rows"),
        ("Columns", f"{len(comparison.spec.columns):,}: {counted}"),
        ("Reference", _reference(comparison, request)),
        (
            "Made by",
            f"synthproto {synthproto.__version__}, preset {request.preset}, seed {request.seed}; "
            f"neighbours and classifiers from at most {request.rows:,} rows per table",
        ),
    ]


def _reference(comparison: Comparison, request: Request) -> str:
    if comparison.holdout is not None:
        return (
            f"the holdout, {request.holdout} ({len(comparison.holdout):,} rows), in the synthetic "
            "table's place: what sampling noise alone gives"
        )
    if comparison.reference == "halves":
        return (
            "one random half of the real table against the other: about what sampling noise alone "
            "gives. Privacy and utility have none; give real rows that the synthesizer was not "
            "trained on with --holdout"
        )
    return "none: give real rows that the synthesizer was not trained on with --holdout"


def _subtitle(comparison: Comparison) -> str:
    rows = f"{len(comparison.real):,} real rows, {len(comparison.spec.columns):,} columns"
    if comparison.holdout is not None:
        return f"{rows}; references from {len(comparison.holdout):,} rows of the holdout"
    halves = comparison.reference == "halves"
    return f"{rows}; references from halves of the real table" if halves else rows


# --- a picture of each family -----------------------------------------------------------------

_FLOOR_AT, _REFERENCE_AT = 10.0, 80.0  # % of a strip's width
_LEFT, _RIGHT = 3.0, 97.0
_COLORS = 8
# What has a strip itself in another form: shares, ends of intervals, what a risk is made of.
_SAID_TWICE = ("/z", "/excess", "_low", "_high", "/attack", "/control", "/baseline")


def _families(comparison: Comparison, views: Sequence[View]) -> list[View]:
    """By family, each score as a strip from its floor to real rows, with a dot for each table."""
    found: dict[str, list[View]] = {}
    for tag in comparison.summary:
        name = tag.partition("/")[0]
        if tag.endswith(_SAID_TWICE) or "/gap/" in tag:
            continue
        if row := _strip(comparison, tag, views):
            found.setdefault(_FAMILIES.get(name, name), []).append(row)
    return [{"title": title, "rows": rows} for title, rows in found.items()]


def _strip(comparison: Comparison, tag: str, views: Sequence[View]) -> View | None:
    reports = [table.report for table in comparison.tables]
    direction = next((r.directions[tag] for r in reports if tag in r.directions), None)
    if direction not in ("lower", "higher"):
        return None
    values = [report.get(tag) for report in reports]
    reference = next((r.references[tag] for r in reports if tag in r.references), None)
    floor = next((r.floors[tag] for r in reports if tag in r.floors), None)
    if reference is None and floor is None:
        return None  # a place means nothing without another
    best = next((r.best[tag] for r in reports if tag in r.best), None)
    sign = 1.0 if direction == "higher" else -1.0
    place = _placing(
        [sign * each for each in (*values, best) if each is not None],
        None if reference is None else sign * reference,
        None if floor is None else sign * floor,
    )
    dots = [
        (view, _percent(place(sign * value)))
        for view, value in zip(views, values, strict=True)
        if value is not None
    ]
    shown = number(values[0]) if len(values) == 1 else ""
    anchors = {"floor": floor, "real rows": reference}
    said = [f"{view['name']} {number(v)}" for view, v in zip(views, values, strict=True)]
    said += [f"{name} {number(value)}" for name, value in anchors.items() if value is not None]
    return {
        "title": _title(tag) or tag,
        "alt": f"{_title(tag) or tag}: {'; '.join(said)}",
        "dots": dots[::-1],  # the best on top
        "reference": None if reference is None else _percent(place(sign * reference)),
        "floor": None if floor is None else _percent(place(sign * floor)),
        "band": _band(reports, tag, reference, sign, place),
        "value": shown,
    }


def _placing(
    values: Sequence[float], reference: float | None, floor: float | None
) -> Callable[[float], float]:
    """From a number of which more is better to its place on a strip, in % from the left."""
    if reference is not None and floor is not None and reference > floor:
        start, end, at, width = floor, reference, _FLOOR_AT, _REFERENCE_AT - _FLOOR_AT
    else:
        known = [*values, *(each for each in (reference, floor) if each is not None)]
        start, end = min(known, default=0.0), max(known, default=1.0)
        at, width = _LEFT + 5, _RIGHT - _LEFT - 10
    span = end - start
    if span == 0:
        return lambda _: _REFERENCE_AT
    return lambda value: min(max(at + width * (value - start) / span, _LEFT), _RIGHT)


def _band(
    reports: Sequence[Report],
    tag: str,
    reference: float | None,
    sign: float,
    place: Callable[[float], float],
) -> tuple[str, str] | None:
    """Where noise alone takes a score: from the best of real rows to what is said to be worse."""
    noises = [report.noise[tag] for report in reports if tag in report.noise]
    if not noises:
        return None
    noise = max(noises, key=lambda each: each.spread)
    usual = [sign * each for each in (noise.expected, reference) if each is not None]
    half = BEYOND * noise.spread
    low, high = place(min(usual) - half), place(max(usual) + half)
    return _percent(low), _percent(high - low)


def _percent(value: float) -> str:
    return f"{value:.1f}"


# --- all numbers --------------------------------------------------------------------------------


def _scores(comparison: Comparison) -> list[View]:
    """Scores of all tables side by side; each is explained once."""
    tags = comparison.summary
    words = [words_of(tag) for tag in tags]
    shown = [
        said if said != before else None
        for said, before in zip(words, [None, *words], strict=False)
    ]
    return [{**_row(comparison, t), "words": said} for t, said in zip(tags, shown, strict=True)]


def _row(comparison: Comparison, tag: str) -> View:
    reports = [table.report for table in comparison.tables]
    best = next((report.best[tag] for report in reports if tag in report.best), None)
    family = tag.partition("/")[0]
    values = [report.get(tag) for report in reports]
    # Compared as shown: what a reader cannot tell apart is not ranked. A copy wins nothing.
    gaps = [
        math.inf if v is None or best is None or table.alarms else abs(round(v, 4) - best)
        for v, table in zip(values, comparison.tables, strict=True)
    ]
    top = min(gaps) if len(set(gaps)) > 1 else -1.0
    return {
        "tag": tag,
        "title": _title(tag),
        "family": _FAMILIES.get(family, family),
        "cells": [
            {
                "text": number(value),
                "top": gap == top,
                "beyond": tag in table.report and table.report.is_beyond(tag),
                "interval": _interval(table, tag),
            }
            for value, gap, table in zip(values, gaps, comparison.tables, strict=True)
        ],
        "floor": number(next((r.floors[tag] for r in reports if tag in r.floors), None)),
        "reference": number(
            next((r.references[tag] for r in reports if tag in r.references), None)
        ),
        "best": best_end(best),
    }


def _interval(table: Compared, tag: str) -> str:
    low, high = table.interval(tag)
    return "" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"


def _title(tag: str) -> str:
    return title_of(tag) if words_of(tag) is not None else ""


# --- one table --------------------------------------------------------------------------------


def _table(comparison: Comparison, table: Compared, request: Request, place: int) -> View:
    by_column = {owner for owner in comparison.tags if comparison.by_column(owner)}
    return {
        "name": table.name,
        "rank": place + 1,
        "color": place % _COLORS,
        "path": request.synthetic[table.name],
        "rows": f"{table.rows:,}",
        "similarity": number(table.similarity),
        "memorises": bool(table.alarms),
        "undefined": list(table.undefined.items()),
        "sketches": [_sketch(table, c) for c in table.columns if c.name in table.sketches],
        "columns": _columns(table),
        "pairs": _pairs(table),
        "figures": [_figure(tag, figure) for tag, figure in table.report.figures.items()],
        "details": [
            _score(table, tag) for tag in table.report if comparison.collection(tag) in by_column
        ],
        "arrays": [_array(tag, array) for tag, array in table.report.arrays.items()],
    }


_WIDE, _HIGH = 240.0, 70.0  # of a sketch, as in the template


def _sketch(table: Compared, column: Column) -> View:
    """A column's distributions as paths: real rows as an area, synthetic ones as a line."""
    sketch = table.sketches[column.name]
    most = max([*sketch.real, *sketch.synthetic], default=1.0) or 1.0
    beside = "" if column.reference is None else f" (real rows {number(column.reference)})"
    return {
        "name": column.name,
        "distance": f"{number(column.distance)}{beside}",
        "beyond": column.is_beyond,
        "ends": sketch.ends,
        "alt": f"distribution of {column.name}, real and synthetic",
        "real": f"{_steps(sketch.real, most, sketch.is_numeric)} Z",
        "synthetic": _steps(sketch.synthetic, most, sketch.is_numeric),
    }


def _steps(shares: Sequence[float], most: float, joined: bool) -> str:
    """Shares as steps from left to right; labels stand apart."""
    width = _WIDE / max(len(shares), 1)
    gap = 0.0 if joined else width * 0.15
    path = [f"M 0 {_HIGH:.1f}"]
    for number_, share in enumerate(shares):
        left, right = number_ * width + gap, (number_ + 1) * width - gap
        top = _HIGH - (_HIGH - 3) * share / most
        low = [] if joined else [f"L {left:.1f} {_HIGH:.1f}"]
        path += [*low, f"L {left:.1f} {top:.1f}", f"L {right:.1f} {top:.1f}"]
        path += [] if joined else [f"L {right:.1f} {_HIGH:.1f}"]
    return " ".join([*path, f"L {_WIDE:.1f} {_HIGH:.1f}"])


def _score(table: Compared, tag: str) -> View:
    return {
        "tag": tag,
        "value": number(table.report[tag]),
        "reference": number(table.report.references.get(tag)),
        "best": best_end(table.report.best.get(tag)),
    }


def _columns(table: Compared) -> View:
    rows = [(c.name, c.distance, c.reference, c.is_beyond) for c in table.columns[:_WORST]]
    return {"title": "Worst columns: distance, 0 is best", **_bars(rows, best=0)}


def _pairs(table: Compared) -> View:
    rows = [
        (f"{pair.first} | {pair.second}", pair.similarity, pair.reference, pair.is_beyond)
        for pair in table.pairs[:_WORST]
    ]
    return {"title": "Worst pairs of columns: similarity, 1 is best", **_bars(rows, best=1)}


def _bars(rows: Sequence[tuple[str, float, float | None, bool]], best: int) -> View:
    """One bar per row for what is missing to the best value, and a mark for real rows."""
    most = max((abs(best - value) for _, value, *_ in rows), default=0.0)
    full = next((end for end in _FULL if end >= most), most)

    def width(value: float) -> str:
        return _percent(100 * min(abs(best - value) / full, 1))

    return {
        "rows": [
            {
                "name": name,
                "value": number(value),
                "reference": number(reference),
                "beyond": beyond,
                "bar": width(value),
                "mark": None if reference is None else width(reference),
            }
            for name, value, reference, beyond in rows
        ],
    }


def _figure(tag: str, figure: Drawing) -> View:
    file = BytesIO()
    figure.savefig(file, format="png")
    png = file.getvalue()
    return {
        "tag": tag,
        "words": PICTURES.get(tag, ""),
        "width": int.from_bytes(png[16:20], "big"),  # where every PNG file has it
        "png": base64.b64encode(png).decode("ascii"),
    }


def _array(tag: str, array: Array) -> View:
    frame = pd.DataFrame(array)
    shown = frame.head(_ROWS)
    return {
        "tag": tag,
        "more": f" (first {_ROWS} of {len(frame):,} rows)" if len(frame) > _ROWS else "",
        "heads": [str(name) for name in frame.columns],
        "rows": [
            (str(name), [number(float(value)) for value in values])
            for name, values in zip(shown.index, shown.to_numpy(dtype=float), strict=True)
        ],
    }
