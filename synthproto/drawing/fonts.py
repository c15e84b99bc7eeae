"""Fonts: what can be shown, how wide it is, and cutting it to a width without drawing it."""

from collections.abc import Sequence
from functools import lru_cache

from matplotlib import font_manager, ft2font
from matplotlib.font_manager import FontProperties

# Families for scripts that DejaVu Sans lacks, tried in this order where they are installed.
_FALLBACKS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Arial Unicode MS",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Noto Emoji",
)
_UNKNOWN = "□"
_EM = 100.0


@lru_cache(maxsize=64)
def font(size: float, bold: bool) -> FontProperties:
    """The font of a size in pixels at 72 dots an inch."""
    weight = "bold" if bold else "normal"
    return FontProperties(family=list(_families()), size=size, weight=weight)


@lru_cache(maxsize=4096)
def printable(text: str) -> str:
    """The text on one line, with a box in place of what no installed font can show."""
    if text.isascii() and text.isprintable():
        return text
    spaced = " ".join(text.split())
    return "".join(char if _advance(char, bold=False) >= 0 else _UNKNOWN for char in spaced)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in pixels of a text of one line, kerning left out."""
    return size * sum(max(0.0, _advance(char, bold=bold)) for char in text)


def shortened(text: str, width: float, size: float, *, bold: bool = False, tail: int = 0) -> str:
    """The printable text, cut to a width in pixels; an ellipsis shows the cut.

    Args:
        text: Any text.
        width: Room for it, in pixels.
        size: Height of the font in pixels.
        bold: Whether the font is bold.
        tail: How many of the last characters stay behind the ellipsis.
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


def distinct(texts: Sequence[str], width: float, size: float) -> list[str]:
    """The texts cut to a width; those that would then look alike are cut in their middle."""
    cut = [shortened(text, width, size) for text in texts]
    return [
        shortened(text, width, size, tail=6) if cut.count(short) > 1 else short
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
