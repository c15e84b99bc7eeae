"""Rows as points: the files that TensorBoard's projector reads."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.errors import ParameterError
from synthproto.files import replace_file
from synthproto.trackers.formats import original_name, safe_path

_CONFIG = "projector_config.pbtxt"
_VECTORS = "vectors.tsv"
_LABELS = "labels.tsv"
_DOTS = "dots.png"
# Blue and orange first, which are real and synthetic elsewhere; the colour-blind tell all apart.
_COLORS = ("1F6AA5", "C94F00", "00734F", "8E3A80", "B58900", "A3173A", "4B4B9D", "555555")
# Pixels of a dot, and of the side of TensorBoard's largest picture: more points are grey.
_DOT, _LARGEST = 16, 8192


def _quoted(text: str) -> str:
    """A string in protobuf's text format."""
    plain = (32 <= byte < 127 and byte not in b'"\\' for byte in text.encode())
    pairs = zip(text.encode(), plain, strict=True)
    return '"' + "".join(chr(byte) if ok else f"\\{byte:03o}" for byte, ok in pairs) + '"'


def _entry(folder: Path, path: Path) -> str:
    """One embedding of the configuration; its name holds the step, for TensorBoard caches names."""
    parts = path.relative_to(folder / "projector").parts
    name = f"{'/'.join(original_name(part) for part in parts[:-1])}, step {int(parts[-1])}"
    place = path.relative_to(folder).as_posix()
    fields = {
        "tensor_name": name,
        "tensor_path": f"{place}/{_VECTORS}",
        "metadata_path": f"{place}/{_LABELS}",
    }
    lines = "".join(f"  {field}: {_quoted(value)}\n" for field, value in fields.items())
    if (path / _DOTS).exists():
        dots = _quoted(f"{place}/{_DOTS}")
        size = f"single_image_dim: {_DOT} " * 2
        lines += f"  sprite {{ image_path: {dots} {size}}}\n"
    return f"embeddings {{\n{lines}}}\n"


def _tsv(frame: pd.DataFrame, *, header: bool) -> bytes:
    text = frame.to_csv(sep="\t", index=False, header=header, float_format="%.6g")
    return text.encode()


def _dots(labels: pd.DataFrame) -> bytes | None:
    """A picture of a dot for each row, coloured by the first label of few values; if there is one.

    TensorBoard colours points by no label until it is asked to, but shows their pictures.
    """
    coded = (pd.factorize(labels[name])[0] for name in labels)
    codes = next((code for code in coded if 1 <= code.max() < len(_COLORS)), None)
    side = int(np.ceil(len(labels) ** 0.5))
    if codes is None or side * _DOT > _LARGEST:
        return None
    places = np.arange(_DOT) - (_DOT - 1) / 2
    disc = places[:, None] ** 2 + places**2 <= (_DOT / 2) ** 2
    colors = np.zeros(side * side, dtype=np.uint8)  # 0 is transparent
    colors[: len(codes)] = codes + 1
    sheet = colors.reshape(side, 1, side, 1) * disc[:, None].astype(np.uint8)
    return _png(sheet.reshape(side * _DOT, side * _DOT))


def _png(colors: NDArray[np.uint8]) -> bytes:
    """A PNG file of places in the palette."""
    size = struct.pack(">IIBBBBB", *colors.shape[::-1], 8, 3, 0, 0, 0)
    rows = np.pad(colors, ((0, 0), (1, 0))).tobytes()  # no filter, at the beginning of each row
    chunks = {
        b"IHDR": size,
        b"PLTE": bytes(3) + bytes.fromhex("".join(_COLORS)),
        b"tRNS": b"\0",
        b"IDAT": zlib.compress(rows),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


def write_embedding(
    folder: Path, tag: str, vectors: NDArray[np.float64], labels: pd.DataFrame, step: int
) -> None:
    """Write rows for the projector, beside those of earlier steps.

    Args:
        folder: The run's folder.
        tag: Name of the embedding.
        vectors: Shape ``(n, d)``, finite.
        labels: ``n`` rows; each column can colour the points, and the first one of 2 to 8 values
            does when the tab is opened.
        step: Epoch or training step.

    Raises:
        ParameterError: The shapes do not fit, or not all numbers are finite.
        OSError: The folder cannot be written.
    """
    if vectors.ndim != 2 or len(vectors) != len(labels) or not vectors.size:
        raise ParameterError(
            f"embedding '{tag}' needs vectors of shape (n, d) and n labels; got vectors of shape "
            f"{vectors.shape} and {len(labels)} labels."
        )
    if not np.isfinite(vectors).all():
        raise ParameterError(
            f"embedding '{tag}' needs finite vectors; got "
            f"{vectors.size - int(np.isfinite(vectors).sum())} numbers that are not."
        )
    place = folder / "projector" / safe_path(tag) / f"{step:08d}"
    texts = labels.astype(str).replace(r"\s+", " ", regex=True)
    # TensorBoard takes the first line as a header only if there are several columns.
    replace_file(place / _LABELS, _tsv(texts, header=labels.shape[1] > 1))
    if dots := _dots(texts):
        replace_file(place / _DOTS, dots)
    replace_file(place / _VECTORS, _tsv(pd.DataFrame(vectors), header=False))
    # Folders of later steps are those of a run that was continued from an earlier one.
    found = (path.parent for path in (folder / "projector").rglob(_VECTORS))
    shown = sorted((path for path in found if int(path.name) <= step), key=_newest_first)
    replace_file(folder / _CONFIG, "".join(_entry(folder, path) for path in shown).encode())


def _newest_first(path: Path) -> tuple[int, str]:
    return -int(path.name), str(path)
