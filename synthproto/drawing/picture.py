"""A finished plot as an immutable image, and the palette that keeps it small."""

import io
from functools import lru_cache
from pathlib import Path
from typing import final

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import Protocol, runtime_checkable

from synthproto.drawing.ink import (
    AXIS,
    GRID,
    MUTED,
    REAL,
    REAL_INK,
    SYNTHETIC,
    TEXT,
    WHITE,
    Pixels,
)
from synthproto.errors import ParameterError

_BLENDS: tuple[tuple[str, str, int], ...] = (
    (WHITE, TEXT, 20),
    (WHITE, MUTED, 16),
    (WHITE, SYNTHETIC, 20),
    (WHITE, REAL_INK, 16),
    (WHITE, REAL, 10),
    (WHITE, GRID, 4),
    (WHITE, AXIS, 4),
    (REAL, SYNTHETIC, 20),
    (REAL, TEXT, 16),
    (REAL, REAL_INK, 10),
    (GRID, SYNTHETIC, 10),
    (GRID, TEXT, 10),
    (TEXT, SYNTHETIC, 8),
    (REAL_INK, SYNTHETIC, 10),
)


@runtime_checkable
class WritableBytes(Protocol):
    """An open binary file, as far as it is needed here."""

    def write(self, data: bytes, /) -> object:
        """Write all bytes."""
        ...


@final
class Picture:
    """A finished image: immutable, small, quick to write as PNG.

    Fits wherever a matplotlib ``Figure`` is only saved. Notebooks show it as it is.

    Args:
        image: The image, in mode ``"P"`` or ``"RGB"``; the picture keeps a copy.
    """

    __slots__ = ("_image",)

    def __init__(self, image: Image.Image) -> None:
        self._image = image.copy()

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self._image.width

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self._image.height

    @property
    def pixels(self) -> Pixels:
        """Colours as a new array of shape ``(height, width, 3)``, from 0 to 255."""
        return np.array(self._image.convert("RGB"), dtype=np.uint8)

    def savefig(self, file: str | Path | WritableBytes, /, *, format: str = "png") -> None:  # noqa: A002
        """Write the image as PNG.

        Args:
            file: A path, or a file that is open for writing bytes.
            format: Only ``"png"``; the parameter has the name that matplotlib gave it.

        Raises:
            ParameterError: Another format was asked for.
        """
        if format != "png":
            raise ParameterError(f"Picture.savefig: format must be 'png'; got {format!r}.")
        if isinstance(file, str | Path):
            Path(file).write_bytes(self.png())
        else:
            file.write(self.png())

    def png(self) -> bytes:
        """The image as the bytes of a PNG file."""
        with io.BytesIO() as file:
            # The lowest compression: a fifth of the time for a fifth more bytes.
            self._image.save(file, "PNG", compress_level=1)
            return file.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and np.array_equal(self.pixels, other.pixels)

    def __repr__(self) -> str:
        return f"Picture({self.width} x {self.height} px)"


@lru_cache(maxsize=1)
def palette() -> Pixels:
    """The inks and their blends, shape ``(256, 3)``: what an indexed picture can show."""
    pure = [WHITE, TEXT, MUTED, GRID, AXIS, REAL, REAL_INK, SYNTHETIC]
    colors = [to_rgb(color) for color in pure]
    for under, over, steps in _BLENDS:
        shares = np.arange(1, steps)[:, None] / steps
        blend = (1 - shares) * np.array(to_rgb(under)) + shares * np.array(to_rgb(over))
        colors += [(float(r), float(g), float(b)) for r, g, b in blend]
    table = np.full((256, 3), 255, dtype=np.uint8)
    table[: len(colors)] = np.round(np.array(colors) * 255)
    table.flags.writeable = False
    return table


def palette_indices(colors: NDArray[np.uint32]) -> Pixels:
    """Nearest palette colour of pixels given as one 32-bit number (R lowest), same shape."""
    # 5, 6 and 5 bits of red, green and blue: few enough to look each used colour up once.
    keys = (colors >> 3 & 0x1F) << 11 | (colors >> 10 & 0x3F) << 5 | colors >> 19 & 0x1F
    used = np.flatnonzero(np.bincount(keys.ravel(), minlength=1 << 16))
    table = np.zeros(1 << 16, dtype=np.uint8)
    table[used] = _nearest(used)
    known = palette().astype(np.int64)
    exact = known[:, 0] >> 3 << 11 | known[:, 1] >> 2 << 5 | known[:, 2] >> 3
    # Pure inks come first in the palette: written last, they win their own key.
    table[exact[::-1]] = np.arange(len(known))[::-1]
    indices: Pixels = table[keys]
    return indices


def _nearest(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    red, green, blue = keys >> 11, keys >> 5 & 0x3F, keys & 0x1F
    exact = np.stack([red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2], axis=1)
    difference = exact[:, None, :].astype(np.int32) - palette()[None].astype(np.int32)
    nearest: NDArray[np.int64] = np.square(difference).sum(axis=2).argmin(axis=1)
    return nearest
