"""Rows as points: the files that TensorBoard's projector reads."""

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
    return f"embeddings {{\n{lines}}}\n"


def _tsv(frame: pd.DataFrame, *, header: bool) -> bytes:
    text = frame.to_csv(sep="\t", index=False, header=header, float_format="%.6g")
    return text.encode()


def write_embedding(
    folder: Path, tag: str, vectors: NDArray[np.float64], labels: pd.DataFrame, step: int
) -> None:
    """Write rows for the projector, beside those of earlier steps.

    Args:
        folder: The run's folder.
        tag: Name of the embedding.
        vectors: Shape ``(n, d)``, finite.
        labels: ``n`` rows; each column can colour the points.
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
    replace_file(place / _VECTORS, _tsv(pd.DataFrame(vectors), header=False))
    # Folders of later steps are those of a run that was continued from an earlier one.
    found = (path.parent for path in (folder / "projector").rglob(_VECTORS))
    shown = sorted((path for path in found if int(path.name) <= step), key=_newest_first)
    replace_file(folder / _CONFIG, "".join(_entry(folder, path) for path in shown).encode())


def _newest_first(path: Path) -> tuple[int, str]:
    return -int(path.name), str(path)
