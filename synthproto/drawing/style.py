"""Colours and text of plots: names from tables are cut to their room and never read as markup."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from matplotlib import font_manager, ft2font
from matplotlib.font_manager import FontProperties

Style: TypeAlias = dict[str, Any]
"""Keyword arguments of a matplotlib artist, each of a type of its own."""

# Blue and vermilion of Okabe and Ito (2008), which the colour-blind tell apart; one more ink, grey.
WHITE: Final = "#FFFFFF"
TEXT: Final = "#333333"
MUTED: Final = "#767676"
GRID: Final = "#E3E3E3"
AXIS: Final = "#B5B5B5"
REAL: Final = "#A9CBE8"
REAL_INK: Final = "#1F6AA5"
SYNTHETIC: Final = "#D55E00"
HOLDOUT: Final = "#333333"

# Families for scripts that DejaVu Sans lacks, tried in this order where they are installed.
_FALLBACKS: Final = """
Noto Sans CJK JP,Noto Sans CJK SC,Noto Sans SC,Source Han Sans,WenQuanYi Zen Hei,Hiragino Sans,
PingFang SC,Microsoft YaHei,Malgun Gothic,Arial Unicode MS,Noto Sans Arabic,Noto Sans Devanagari,
Noto Emoji""".replace("\n", "").split(",")
_UNKNOWN: Final = "□"
_EM: Final = 100.0


def text_style(color: str = MUTED, size: float = 10.0) -> Style:
    """Keyword arguments of a matplotlib text, with its size in points: never mathematics or TeX."""
    return {
        "color": color,
        "fontsize": size,
        "fontfamily": list(_families()),
        "parse_math": False,
        "usetex": False,
    }


@lru_cache(maxsize=4096)
def printable(text: str) -> str:
    """The text on one line, with a box in place of what no installed font can show."""
    if text.isascii() and text.isprintable():
        return text
    spaced = " ".join(text.split())
    return "".join(
        char if char.isprintable() and _advance(char, bold=False) >= 0 else _UNKNOWN
        for char in spaced
    )


def text_width(text: str, size: float = 10.0, *, bold: bool = False) -> float:
    """Width in points of a text of one line, kerning left out."""
    return size * sum(max(0.0, _advance(char, bold=bold)) for char in text)


def shortened(
    text: str, width: float, size: float = 10.0, *, bold: bool = False, tail: int = 0
) -> str:
    """The printable text, cut to a width in points; an ellipsis shows the cut.

    As many of the last characters as `tail` says stay behind the ellipsis.
    """
    # No text of so many characters fits; cutting first keeps a novel in a cell cheap.
    whole = printable(text[:300])
    if text_width(whole, size, bold=bold) <= width:
        return whole
    end = "…" + whole[len(whole) - tail :]
    room = width - text_width(end, size, bold=bold)
    kept = 0
    for char in whole:
        room -= text_width(char, size, bold=bold)
        if room < 0:
            break
        kept += 1
    return whole[:kept].rstrip() + end


def distinct(texts: Sequence[str], width: float) -> list[str]:
    """The texts cut to a width; those that would then look alike are cut in their middle."""
    cut = [shortened(text, width) for text in texts]
    return [
        shortened(text, width, tail=6) if cut.count(short) > 1 else short
        for text, short in zip(texts, cut, strict=True)
    ]


@lru_cache(maxsize=1)
def _families() -> tuple[str, ...]:
    installed = set(font_manager.fontManager.get_font_names())
    return ("DejaVu Sans", *(name for name in _FALLBACKS if name in installed))


@lru_cache(maxsize=2)
def _faces(bold: bool) -> tuple[tuple[ft2font.FT2Font, frozenset[int]], ...]:
    weight = "bold" if bold else "normal"
    faces = []
    for name in _families():
        face = ft2font.FT2Font(font_manager.findfont(FontProperties(family=name, weight=weight)))
        face.set_size(_EM, 72)
        faces.append((face, frozenset(face.get_charmap())))
    return tuple(faces)


@lru_cache(maxsize=8192)
def _advance(char: str, *, bold: bool) -> float:
    """Width of a character as a share of the font's size; -1 where no font has it."""
    for face, glyphs in _faces(bold):
        if ord(char) in glyphs:
            return face.load_char(ord(char)).linearHoriAdvance / 65536 / _EM
    return -1.0
