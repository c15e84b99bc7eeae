"""A comparison as one HTML page: no network, no scripts, every text from outside escaped."""

import base64
import math
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import Final

import pandas as pd

import synthproto
from synthproto.cli.compare.comparer import SIMILARITY, Compared, Comparison
from synthproto.cli.compare.document import Request
from synthproto.cli.compare.terminal import best_end
from synthproto.cli.compare.words import PICTURES, WORDS, entry_words, words_of
from synthproto.contracts import Array, Drawing
from synthproto.formatting import number
from synthproto.report import Report

STYLE: Final = """
:root { --ink: #1b1f24; --muted: #5b6570; --line: #d9dee3; --paper: #ffffff; --soft: #f4f6f8;
        --real: #1f6aa5; --synthetic: #d55e00; --warn: #fff4e5; --warn-line: #e0a458; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
       font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 20px; margin: 44px 0 10px; padding-top: 14px; border-top: 1px solid var(--line);
     overflow-wrap: anywhere; }
h3 { font-size: 16px; margin: 28px 0 8px; }
p { margin: 0 0 10px; max-width: 82ch; }
nav { margin: 14px 0; overflow-wrap: anywhere; }
nav a { margin-right: 16px; }
a { color: var(--real); }
.muted, figcaption, .says, caption { color: var(--muted); }
.note { background: var(--warn); border-left: 4px solid var(--warn-line); padding: 8px 14px;
        margin: 0 0 8px; max-width: none; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 18px;
         margin: 14px 0 18px; }
.facts dt { color: var(--muted); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.headline { font-size: 17px; }
.headline b { font-size: 24px; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
caption { text-align: left; padding: 0 0 6px; }
th, td { text-align: left; vertical-align: top; padding: 7px 10px;
         border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { color: var(--muted); font-weight: 600; border-bottom: 2px solid var(--line);
           position: sticky; top: 0; background: var(--paper); }
tbody th { font-weight: 600; min-width: 150px; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap;
             width: 1%; }
tr.family th { background: var(--soft); color: var(--muted); font-size: 12px; letter-spacing: .04em;
               text-transform: uppercase; padding: 5px 10px; }
code { font: 12px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color: var(--muted);
       overflow-wrap: anywhere; }
tbody th code { display: block; font-weight: 400; }
td.said { min-width: 260px; width: 52%; }
td.top { background: #e9f3ea; font-weight: 600; }
.bar, .mark { display: block; height: 9px; min-width: 1px; }
.bar { background: var(--synthetic); border-radius: 2px; }
.mark { height: 15px; margin: -12px 0 -3px; border-right: 2px solid var(--ink); }
tr.fine th { font-weight: 400; } tr.fine th, tr.fine td { color: var(--muted); }
tr.fine .bar { background: #b9c0c7; }
td.bars { width: 34%; min-width: 90px; vertical-align: middle; }
.twin { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr));
        gap: 8px 36px; }
.figures { display: flex; flex-wrap: wrap; gap: 0 28px; align-items: flex-start; margin-top: 18px; }
figure { margin: 0 0 26px; max-width: 100%; }
figure .wide { border: 1px solid var(--line); }
figure img { max-width: 100%; height: auto; display: block; }
figcaption { font-size: 14px; margin: 6px 0 0; max-width: 82ch; }
details { margin: 10px 0; } summary { cursor: pointer; color: var(--real); }
@media (max-width: 620px) {
  main { padding: 16px 12px; }
  .twin { grid-template-columns: minmax(0, 1fr); }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin: 0 0 6px; }
  th, td { padding: 6px 5px; }
  tbody th { min-width: 92px; } .wide tbody th { min-width: 130px; }
  .wide table:not(.scores) code { display: none; }
  td.bars { width: 22%; min-width: 56px; }
  figure img { max-width: none; }
  /* A row of scores: its numbers in a line, below them what it says, as wide as the screen. */
  .scores tr { display: grid; grid-template-columns: minmax(0, 1fr) 62px 82px 40px;
               border-bottom: 1px solid var(--line); }
  .scores th, .scores td { border: 0; }
  .scores td.n, .scores th.n { width: auto; }
  .scores td.said { grid-column: 1 / -1; width: auto; min-width: 0; padding-top: 0; }
  .scores td.said:empty, .scores thead th.said { display: none; }
  .scores tr.family th { grid-column: 1 / -1; }
}
@media print { thead th { position: static; } details { display: none; } }
"""


GENERATOR: Final = '<meta name="generator" content="synthproto compare">'
"""What marks a page as one of ours."""

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
_READING: Final = (
    "A score by itself says little: no synthesizer reaches the best value, because two samples of "
    "the same people differ too. The <b>reference</b> is what real rows reach in the synthetic "
    "table's place. A score near its reference leaves nothing to find by this score; one that is "
    "<i>better</i> than its reference is a reason to look for copied rows.",
    "<b>Fidelity</b> compares distributions, <b>validity</b> single values, <b>utility</b> what "
    "can be learnt. A high score in one family does not make up for a low one in another: a copy "
    "of the real table is perfect in all of them.",
    "<b>Privacy</b> scores are alarms for memorisation. Passing them does not mean that a table is "
    "private (“The DCR Delusion”, arXiv 2505.01524). Where a promise is needed, train with "
    "differential privacy.",
)


def page(comparison: Comparison, request: Request) -> str:
    """The page, complete; the same for the same tables and arguments."""
    title = f"{', '.join(table.name for table in comparison.tables)} compared with {request.real}"
    body = [
        _head(comparison, request, title),
        *(f'<p class="note">{escape(note)}</p>' for note in (*request.failed, *request.notes)),
        _ranking(comparison) if len(comparison.tables) > 1 else "",
        *(
            _section(comparison, table, request, place)
            for place, table in enumerate(comparison.tables)
        ),
        '<h2 id="reading">How to read this page</h2>',
        *(f"<p>{text}</p>" for text in _READING),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f"{GENERATOR}\n"
        # Nothing may be loaded, whatever a name in a table manages to say.
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main></body></html>\n"
    )


def _head(comparison: Comparison, request: Request, title: str) -> str:
    kinds: dict[str, int] = {}
    for column in comparison.spec.columns:
        kinds[column.kind] = kinds.get(column.kind, 0) + 1
    facts = {
        "Real table": f"{request.real}: {len(comparison.real):,} rows",
        "Columns": f"{len(comparison.spec.columns)}: "
        + ", ".join(f"{count} {kind}" for kind, count in kinds.items()),
        "Reference": _reference(comparison, request),
        "Made by": f"synthproto {synthproto.__version__}, preset {request.preset}, seed "
        f"{request.seed}; neighbours and classifiers from at most {request.rows:,} rows a table",
    }
    listed = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items()
    )
    several = comparison.tables if len(comparison.tables) > 1 else ()
    links = "".join(
        f'<a href="#table-{place}">{escape(table.name)}</a>' for place, table in enumerate(several)
    )
    nav = f'<nav>{links}<a href="#reading">How to read this page</a></nav>'
    return f'<h1>{escape(title)}</h1>\n<dl class="facts">{listed}</dl>{nav}'


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


def _ranking(comparison: Comparison) -> str:
    heads = "".join(f'<th class="n">{escape(t.name)}</th>' for t in comparison.tables)
    rows = [f"<tr>{_title(tag)}{_side_by_side(comparison, tag)}</tr>" for tag in comparison.summary]
    return (
        "<h2>Side by side</h2>\n<p>Most similar first. The best table of each row is marked.</p>"
        f'<div class="wide"><table><thead><tr><th>Score</th>{heads}<th class="n">Reference</th>'
        f'<th class="n">Best</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _side_by_side(comparison: Comparison, tag: str) -> str:
    reports = [table.report for table in comparison.tables]
    best = next((report.best[tag] for report in reports if tag in report.best), None)
    values = [report.get(tag) for report in reports]
    # As they are shown: what a reader cannot tell apart is marked alike, or not at all.
    gaps = [math.inf if v is None or best is None else abs(round(v, 4) - best) for v in values]
    top = min(gaps) if len(set(gaps)) > 1 else -1.0
    cells = [
        f'<td class="n{" top" if gap == top else ""}">{number(value)}</td>'
        for value, gap in zip(values, gaps, strict=True)
    ]
    reference = next((r.references[tag] for r in reports if tag in r.references), None)
    return f"{''.join(cells)}{_n(number(reference))}{_n(_end(best))}"


# --- one table --------------------------------------------------------------------------------


def _section(comparison: Comparison, table: Compared, request: Request, place: int) -> str:
    path = request.synthetic[table.name]
    parts = [
        f'<h2 id="table-{place}">{escape(table.name)}</h2>',
        f'<p class="muted">{escape(path)}: {table.rows:,} rows</p>',
        _headline(table),
        _scores(comparison, table.report),
        *(
            f'<p class="note">{escape(tag)} has no value for these tables: {escape(reason)}</p>'
            for tag, reason in table.undefined.items()
        ),
        f'<div class="twin">{_columns(table)}{_pairs(table)}</div>',
        _figures(table.report),
        _details(comparison, table.report),
        *(_array(tag, array) for tag, array in table.report.arrays.items()),
    ]
    return "\n".join(part for part in parts if part)


def _headline(table: Compared) -> str:
    if table.similarity is None:
        return ""
    reference = table.report.references.get(SIMILARITY)
    beside = f"; real rows in its place: {number(reference)}" if reference is not None else ""
    return f'<p class="headline">Overall similarity <b>{number(table.similarity)}</b>{beside}.</p>'


def _scores(comparison: Comparison, report: Report) -> str:
    rows: list[str] = []
    family, said = "", ""
    for tag in (tag for tag in comparison.summary if tag in report):
        if tag.partition("/")[0] != family:
            family = tag.partition("/")[0]
            heading = _FAMILIES.get(family, family)
            rows.append(f'<tr class="family"><th colspan="5">{escape(heading)}</th></tr>')
        before, said = said, _said(tag)
        rows.append(
            f"<tr>{_title(tag)}{_n(number(report[tag]))}"
            f"{_n(number(report.references.get(tag)))}{_n(_end(report.best.get(tag)))}"
            f'<td class="said">{said if said != before else ""}</td></tr>'
        )
    return (
        '<div class="wide"><table class="scores"><thead><tr><th>Score</th><th class="n">Value</th>'
        '<th class="n">Reference</th><th class="n">Best</th><th class="said">What it says</th></tr>'
        "</thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _title(tag: str) -> str:
    words = words_of(tag)
    if words is None:
        return f"<th>{_code(tag)}</th>"
    # An entry of a collection: what follows the tag that has the words.
    entry = "" if tag in WORDS else entry_words(tag.rpartition("/")[2])
    name = f"{words.title}: {entry}" if entry else words.title
    return f"<th>{escape(name)}{_code(tag)}</th>"


def _code(tag: str) -> str:
    """A tag that may be broken where its words end."""
    broken = escape(tag).replace("/", "/<wbr>").replace("_", "_<wbr>")
    return f"<code>{broken}</code>"


def _said(tag: str) -> str:
    words = words_of(tag)
    if words is None:
        return ""
    caution = f' <span class="says">{escape(words.caution)}</span>' if words.caution else ""
    return f"{escape(words.says)} <b>{escape(words.scale)}</b>{caution}"


def _columns(table: Compared) -> str:
    rows = [(column.name, column.distance, column.reference) for column in table.columns[:_WORST]]
    return _bars(
        "Worst columns", "Distance of the distribution of each column, 0 to 1; 0 is best.", rows, 0
    )


def _pairs(table: Compared) -> str:
    rows = [
        (f"{pair.first} | {pair.second}", pair.similarity, pair.reference)
        for pair in table.pairs[:_WORST]
    ]
    return _bars(
        "Worst pairs of columns",
        "Whether two columns depend on each other as in the real table, 0 to 1; 1 is best.",
        rows,
        1,
    )


def _bars(
    title: str, caption: str, rows: Sequence[tuple[str, float, float | None]], best: int
) -> str:
    """A table with a bar a row for what is missing to the best value, and a mark for real rows."""
    if not rows:
        return ""
    most = max(abs(best - value) for _, value, _ in rows)
    full = next((end for end in _FULL if end >= most), most)
    body = "".join(
        f"<tr{_as_real(value, reference, best)}><th>{escape(name)}</th>{_n(number(value))}"
        f"{_n(number(reference))}"
        f'<td class="bars">{_bar("bar", value, best, full)}{_bar("mark", reference, best, full)}'
        "</td></tr>"
        for name, value, reference in rows
    )
    drawn = f"Bars show what is missing, full width {full:g}."
    if any(reference is not None for *_, reference in rows):
        drawn += " Marks are real rows; grey is what is no farther off than they are."
    return (
        f"<div><h3>{escape(title)}</h3><table><caption>{escape(caption)} {drawn}</caption><thead>"
        '<tr><th>Column</th><th class="n">Value</th><th class="n">Reference</th><th></th></tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def _as_real(value: float, reference: float | None, best: int) -> str:
    fine = reference is not None and abs(best - value) <= abs(best - reference)
    return ' class="fine"' if fine else ""


def _bar(kind: str, value: float | None, best: int, full: float) -> str:
    if value is None:
        return ""
    width = 100 * min(abs(best - value) / full, 1)
    return f'<span class="{kind}" style="width:{width:.1f}%"></span>'


def _figures(report: Report) -> str:
    figures = "".join(_figure(tag, figure) for tag, figure in report.figures.items())
    return f'<div class="figures">{figures}</div>' if figures else ""


def _figure(tag: str, figure: Drawing) -> str:
    file = BytesIO()
    figure.savefig(file, format="png")
    png = file.getvalue()
    width = int.from_bytes(png[16:20], "big")  # where every PNG file has it
    data = base64.b64encode(png).decode("ascii")
    said = PICTURES.get(tag, "")
    return (
        f'<figure style="width:{width}px"><div class="wide"><img alt="{escape(tag)}" '
        f'src="data:image/png;base64,{data}"></div>'
        f"<figcaption>{escape(said)} <code>{escape(tag)}</code></figcaption></figure>"
    )


def _details(comparison: Comparison, report: Report) -> str:
    summary = set(comparison.summary)
    tags = [tag for tag in report if tag not in summary]
    if not tags:
        return ""
    rows = "".join(
        f"<tr><th><code>{escape(tag)}</code></th>{_n(number(report[tag]))}"
        f"{_n(number(report.references.get(tag)))}{_n(_end(report.best.get(tag)))}</tr>"
        for tag in tags
    )
    return (
        f"<details><summary>All {len(tags)} scores by column</summary><table><thead><tr>"
        '<th>Score</th><th class="n">Value</th><th class="n">Reference</th><th class="n">Best</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></details>"
    )


def _array(tag: str, array: Array) -> str:
    frame = pd.DataFrame(array)
    shown = frame.head(_ROWS)
    heads = "".join(f'<th class="n">{escape(str(name))}</th>' for name in frame.columns)
    rows = "".join(
        f"<tr><th>{escape(str(name))}</th>{''.join(_n(number(float(v))) for v in values)}</tr>"
        for name, values in zip(shown.index, shown.to_numpy(dtype=float), strict=True)
    )
    more = f" (first {_ROWS} of {len(frame):,} rows)" if len(frame) > _ROWS else ""
    return (
        f"<details><summary>{escape(tag)}{more}</summary><table><thead><tr><th></th>{heads}</tr>"
        f"</thead><tbody>{rows}</tbody></table></details>"
    )


def _n(text: str) -> str:
    return f'<td class="n">{escape(text)}</td>'


def _end(best: float | None) -> str:
    return "-" if best is None else best_end(best)
