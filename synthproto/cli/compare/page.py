"""A comparison as one HTML page: no network, no scripts.

`page.html` is the template, `page.css` its style. jinja2 escapes every text that comes from a
table, a path or an error; only the generator's mark, the style and pictures are ours.
"""

import base64
import math
import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final, TypeAlias

import jinja2
import pandas as pd
from markupsafe import Markup

import synthproto
from synthproto.cli.compare.comparer import SIMILARITY, Compared, Comparison
from synthproto.cli.compare.document import Request
from synthproto.cli.compare.terminal import best_end
from synthproto.cli.compare.words import PICTURES, WORDS, entry_words, words_of
from synthproto.contracts import Array, Drawing
from synthproto.formatting import number, plain

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
    return environment.get_template("page.html").render(
        generator=Markup(GENERATOR),
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        heading=f"{', '.join(t.name for t in comparison.tables)} compared with {request.real}",
        facts=_facts(comparison, request),
        notes=[*request.failed, *request.notes],
        ranking=[_ranked(comparison, tag) for tag in comparison.summary],
        tables=[_table(comparison, table, request) for table in comparison.tables],
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
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return [
        ("Real table", f"{request.real}: {len(comparison.real):,} rows"),
        ("Columns", f"{len(comparison.spec.columns)}: {counted}"),
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


# --- several tables ---------------------------------------------------------------------------


def _ranked(comparison: Comparison, tag: str) -> View:
    reports = [table.report for table in comparison.tables]
    best = next((report.best[tag] for report in reports if tag in report.best), None)
    values = [report.get(tag) for report in reports]
    # Compared as shown: values that a reader cannot tell apart are marked alike, or not at all.
    gaps = [math.inf if v is None or best is None else abs(round(v, 4) - best) for v in values]
    top = min(gaps) if len(set(gaps)) > 1 else -1.0
    return {
        "tag": tag,
        "title": _title(tag),
        "cells": [(number(v), gap == top) for v, gap in zip(values, gaps, strict=True)],
        "reference": number(
            next((r.references[tag] for r in reports if tag in r.references), None)
        ),
        "best": best_end(best),
    }


def _title(tag: str) -> str:
    words = words_of(tag)
    if words is None:
        return ""
    # An entry of a collection: what follows the tag that has the words.
    entry = "" if tag in WORDS else entry_words(tag.rpartition("/")[2])
    return f"{words.title}: {entry}" if entry else words.title


# --- one table --------------------------------------------------------------------------------


def _table(comparison: Comparison, table: Compared, request: Request) -> View:
    summary = [tag for tag in comparison.summary if tag in table.report]
    return {
        "name": table.name,
        "path": request.synthetic[table.name],
        "rows": f"{table.rows:,}",
        "similarity": number(table.similarity),
        "reference": number(table.report.references.get(SIMILARITY)),
        "scores": _scores(table, summary),
        "undefined": list(table.undefined.items()),
        "columns": _columns(table),
        "pairs": _pairs(table),
        "figures": [_figure(tag, figure) for tag, figure in table.report.figures.items()],
        "details": [_score(table, tag) for tag in table.report if tag not in comparison.summary],
        "arrays": [_array(tag, array) for tag, array in table.report.arrays.items()],
    }


def _scores(table: Compared, tags: Sequence[str]) -> list[View]:
    """Scores with their words; entries of one collection share the words of the first."""
    words = [words_of(tag) for tag in tags]
    shown = [
        said if said != before else None
        for said, before in zip(words, [None, *words], strict=False)
    ]
    return [{**_score(table, tag), "words": said} for tag, said in zip(tags, shown, strict=True)]


def _score(table: Compared, tag: str) -> dict[str, object]:
    family = tag.partition("/")[0]
    return {
        "tag": tag,
        "title": _title(tag),
        "family": _FAMILIES.get(family, family),
        "value": number(table.report[tag]),
        "reference": number(table.report.references.get(tag)),
        "best": best_end(table.report.best.get(tag)),
    }


def _columns(table: Compared) -> View:
    rows = [(column.name, column.distance, column.reference) for column in table.columns[:_WORST]]
    caption = "Distance of the distribution of each column, 0 to 1; 0 is best."
    return {"title": "Worst columns", "caption": caption, **_bars(rows, best=0)}


def _pairs(table: Compared) -> View:
    rows = [
        (f"{pair.first} | {pair.second}", pair.similarity, pair.reference)
        for pair in table.pairs[:_WORST]
    ]
    caption = "Whether two columns depend on each other as in the real table, 0 to 1; 1 is best."
    return {"title": "Worst pairs of columns", "caption": caption, **_bars(rows, best=1)}


def _bars(rows: Sequence[tuple[str, float, float | None]], best: int) -> View:
    """One bar per row for what is missing to the best value, and a mark for real rows."""
    most = max((abs(best - value) for _, value, _ in rows), default=0.0)
    full = next((end for end in _FULL if end >= most), most)

    def width(value: float) -> str:
        return f"{100 * min(abs(best - value) / full, 1):.1f}"

    return {
        "full": f"{full:g}",
        "has_reference": any(reference is not None for *_, reference in rows),
        "rows": [
            {
                "name": name,
                "value": number(value),
                "reference": number(reference),
                "fine": reference is not None and abs(best - value) <= abs(best - reference),
                "bar": width(value),
                "mark": None if reference is None else width(reference),
            }
            for name, value, reference in rows
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
