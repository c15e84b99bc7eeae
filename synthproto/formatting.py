"""Numbers and small tables as text: one rule for terminal, notebook, Markdown, HTML and LaTeX."""

import html
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

Rows: TypeAlias = Sequence[Sequence[str]]
"""Cells of a table by row, the heading first. The first column holds names, the others numbers."""

NUMBER_WIDTH: Final = 9
"""The longest text that `number` gives, e.g. ``-1.2e+300``."""


def number(value: float | None) -> str:
    """A number in at most nine characters.

    Four decimals below 10,000, none from there to ten million, and two significant digits for
    what is larger still or would round to zero.

    Args:
        value: The number, or ``None``.

    Returns:
        The text; empty for ``None``.

    Example:
        >>> from synthproto.formatting import number
        >>> [number(value) for value in (0.83412, 1e-7, 189778.4, 2.5e12, None)]
        ['0.8341', '1.0e-07', '189778', '2.5e+12', '']
    """
    if value is None:
        return ""
    size = abs(value)
    if size == 0 or 5e-5 <= size < 1e4:
        return f"{value:.4f}"
    return f"{value:.0f}" if 1e4 <= size < 1e7 else f"{value:.1e}"


def plain(text: str, width: int = 0) -> str:
    """A name that cannot move the cursor, and that is no wider than it may be.

    Args:
        text: Any text.
        width: Most characters; 0 for any number.
    """
    visible = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    if width and len(visible) > width:
        return visible[: max(width - 3, 1)] + "..."[: max(width - 1, 0)]
    return visible


def aligned(rows: Rows) -> str:
    """A table for a terminal: names to the left, numbers to the right, two spaces between.

    Example:
        >>> from synthproto.formatting import aligned
        >>> print(aligned([["score", "value"], ["fidelity/ks", "0.0431"]]))
        score         value
        fidelity/ks  0.0431
    """
    rows = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


SHOWN_IN_NOTEBOOKS = 100
"""Columns of a table that a notebook shows."""


def more_rows(columns: int, width: int) -> list[tuple[str, ...]]:
    """A row of cells that says how many columns a notebook does not show, if any."""
    hidden = columns - SHOWN_IN_NOTEBOOKS
    return [(f"... {hidden} more", *[""] * (width - 1))] if hidden > 0 else []


def html_table(rows: Rows) -> str:
    """A table for a notebook, every cell escaped."""
    head, *body = [[html.escape(plain(cell)) for cell in row] for row in rows]
    lines = [
        f"<tr><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for name, *cells in body
    ]
    heading = "".join(f"<th>{cell}</th>" for cell in head)
    return f"<table><thead><tr>{heading}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def markdown_table(rows: Rows) -> str:
    """A Markdown table. Cells are text: neither HTML nor Markdown in them takes effect."""
    head, *body = [[markdown_text(cell) for cell in row] for row in rows]
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *body])


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is, on one line.

    HTML's signs become entities: renderers differ in what a backslash before them does.
    """
    line = plain(" ".join(text.split()))
    return "".join(f"\\{sign}" if sign in "\\|*_`[~" else sign for sign in html.escape(line))


def latex_table(rows: Rows, *, bold: Collection[tuple[int, int]] = ()) -> str:
    """A LaTeX table for the package booktabs.

    Args:
        rows: Its cells, the heading first.
        bold: Row and column, from 0, of the cells that are printed bold.
    """
    cells = [
        [
            rf"\textbf{{{latex_text(cell)}}}" if (row, column) in bold else latex_text(cell)
            for column, cell in enumerate(line)
        ]
        for row, line in enumerate(rows)
    ]
    head, *body = cells
    lines = [
        rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
        r"\toprule",
        " & ".join(head) + r" \\",
        r"\midrule",
        *(" & ".join(line) + r" \\" for line in body),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def latex_text(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return "".join(_LATEX.get(sign, sign) for sign in plain(text))


_LATEX: Final[Mapping[str, str]] = MappingProxyType(
    {"↓": r"$\downarrow$", "↑": r"$\uparrow$", "→": r"$\to$", "±": r"$\pm$"}
    | {"\N{GREEK SMALL LETTER ALPHA}": r"$\alpha$", "β": r"$\beta$"}
    | {mark: "\\" + mark for mark in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    # Other signs in the oldest font encoding; what a line break or a rule takes for its own.
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''"}
    | {"[": "{[}", "*": "{*}"}
)
