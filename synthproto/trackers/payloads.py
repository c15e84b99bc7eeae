"""Arrays as files that numpy, pandas and spreadsheets read without this library."""

from io import BytesIO

import numpy as np
import pandas as pd

from synthproto.trackers.values import Array


def array_file(array: Array) -> tuple[str, bytes]:
    """An array or frame as the suffix and the bytes of a file.

    Args:
        array: What to write.

    Returns:
        A frame as CSV with its index first and numbers that read back exactly, an array as a
        compressed npz with the one entry ``values``.
    """
    if isinstance(array, pd.DataFrame):
        return ".csv", array.to_csv().encode()
    file = BytesIO()
    np.savez_compressed(file, values=array)
    return ".npz", file.getvalue()
