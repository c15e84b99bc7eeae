"""Products of matrices that linear algebra libraries do not share between threads.

A product of a few million multiplications is over before a second thread is of use. On a machine
whose cores are busy, the threads wait for each other with their cores at work: what takes 0.06
seconds alone then takes ten.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Float = TypeVar("Float", np.float32, np.float64)

_ALONE = 1 << 18  # multiplications; OpenBLAS shares larger products
_FEW = 16  # rows of a piece: with fewer, pieces cost more than they spare
_VECTOR = 8192  # numbers; OpenBLAS shares longer dot products


def products(first: Floats, second: Floats) -> Floats:
    """``first @ second.T``, the sums over many rows of products of few columns.

    Args:
        first: Shape ``(d, n)``.
        second: Shape ``(e, n)``.

    Returns:
        Shape ``(d, e)``.

    Example:
        >>> import numpy as np
        >>> from synthproto.measures.products import products
        >>> products(np.ones((2, 10_000)), np.ones((1, 10_000))).tolist()
        [[10000.0], [10000.0]]
    """
    rows = _piece(len(first) * len(second))
    if not rows or rows >= first.shape[1]:
        return first @ second.T
    total = first[:, :rows] @ second[:, :rows].T
    for start in range(rows, first.shape[1], rows):
        piece = slice(start, start + rows)
        total += first[:, piece] @ second[:, piece].T
    return total


def weighted_sums(weights: NDArray[Float], values: NDArray[Float]) -> NDArray[Float]:
    """``weights @ values``, many sums of few rows each.

    Args:
        weights: Shape ``(m, k)``.
        values: Shape ``(k, n)``.

    Returns:
        Shape ``(m, n)``.

    Example:
        >>> import numpy as np
        >>> from synthproto.measures.products import weighted_sums
        >>> weighted_sums(np.array([[1.0, 2.0]]), np.array([[10.0], [1.0]])).tolist()
        [[12.0]]
    """
    rows = _piece(values.size) or max(len(weights), 1)
    sums = np.empty((len(weights), values.shape[1]), dtype=weights.dtype)
    for start in range(0, len(weights), rows):
        piece = slice(start, start + rows)
        np.matmul(weights[piece], values, out=sums[piece])
    return sums


def dot(first: Floats, second: Floats) -> float:
    """Sum of products of the numbers of two arrays, shape ``(n,)``.

    Example:
        >>> import numpy as np
        >>> from synthproto.measures.products import dot
        >>> dot(np.ones(10_000), np.full(10_000, 2.0))
        20000.0
    """
    starts = range(0, len(first), _VECTOR)
    pieces = (slice(start, start + _VECTOR) for start in starts)
    return sum(float(np.dot(first[piece], second[piece])) for piece in pieces)


def _piece(multiplications: int) -> int:
    """Rows of a piece, each of so many multiplications; 0 if pieces would be too short."""
    rows = _ALONE // max(multiplications, 1)
    return rows if rows >= _FEW else 0
