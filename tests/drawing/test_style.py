"""Text of plots: names are cut to their room, printable, and never markup."""

import pytest

from synthproto.drawing.style import distinct, printable, shortened, text_style, text_width


@pytest.mark.parametrize("text", ["short", "a much longer name than fits in", "", "ñ" * 99])
def test_shortened_text_fits(text: str) -> None:
    for tail in (0, 4):
        short = shortened(text, 80.0, tail=tail)
        assert text_width(short) <= 80.0
        assert short == text if text_width(text) <= 80.0 else "…" in short


def test_names_that_would_look_alike_are_cut_in_the_middle() -> None:
    names = distinct([f"category number {i}" for i in (145, 146)] + ["other"], 80.0)
    assert len(set(names)) == 3
    assert names[0].endswith("145")


def test_what_no_font_shows_becomes_a_box() -> None:
    assert printable("a\nb\tc") == "a b c"
    assert printable("\U0010fffd") == "□"
    # Control characters and those that turn the direction of writing around.
    assert printable("a\x00b\u202ec\u200b") == "a□b□c□"


def test_text_is_neither_mathematics_nor_tex() -> None:
    assert text_style()["parse_math"] is False
    assert text_style()["usetex"] is False
