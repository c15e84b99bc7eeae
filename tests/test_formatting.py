"""One rule for numbers and tables, in every form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthproto.formatting import (
    NUMBER_WIDTH,
    aligned,
    html_table,
    latex_table,
    latex_text,
    markdown_table,
    markdown_text,
    number,
    plain,
)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_never_wider_than_said(value: float) -> None:
    assert 0 < len(number(value)) <= NUMBER_WIDTH


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_a_number_reads_back_within_its_digits(value: float) -> None:
    shown = float(number(value))
    assert shown == pytest.approx(value, rel=0.051, abs=5.1e-5 if 5e-5 <= value < 1e4 else 0)


def test_numbers_by_hand() -> None:
    texts = [number(v) for v in (0.0, 0.12345, -9999.5, 12345.6, 1e7, 4.9e-5, -1.2e300, None)]
    assert texts == [
        *("0.0000", "0.1235", "-9999.5000", "12346", "1.0e+07", "4.9e-05", "-1.2e+300", "")
    ]


def test_names_cannot_move_the_cursor() -> None:
    assert plain("a\x1b[31m\nb") == "a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b"
    assert plain("income of household", 10) == "income ..."


HOSTILE = [["name", "value"], ["<img src=x>|*a*", "1_0 % & $ # {\\}"]]


def test_no_cell_is_taken_for_markup() -> None:
    assert "<img" not in html_table(HOSTILE)
    assert "&lt;img src=x&gt;" in html_table(HOSTILE)
    assert markdown_table(HOSTILE).splitlines() == [
        "| name | value |",
        "| --- | ---: |",
        "| &lt;img src=x&gt;\\|\\*a\\* | 1\\_0 % &amp; $ # {\\\\} |",
    ]
    assert r"1\_0 \% \& \$ \# \{\textbackslash{}\}" in latex_table(HOSTILE)
    # A line break takes a star or a bracket behind it for its own, and so does a rule.
    assert latex_text('[a]*<"|>') == r"{[}a]{*}\textless{}''\textbar{}\textgreater{}"


def test_a_cell_is_one_line() -> None:
    assert markdown_text("a\n| b") == "a \\| b"
    assert "\n" not in latex_text("a\nb")
    assert aligned([["a\nb", "1"]]).count("\n") == 0
