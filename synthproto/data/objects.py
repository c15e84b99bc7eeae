"""Columns of Python objects, whose rows mostly share their objects."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Rows that tell whether the objects of a column are shared.
_SAMPLE = 200


def shared_objects(series: pd.Series) -> tuple[NDArray[np.intp], list[object]] | None:
    """Each row's place among the distinct objects of a column, by identity.

    Comparing addresses, and then the few distinct objects by value, takes an eighth of the time of
    comparing all objects by value.

    Returns:
        Places, shape ``(n,)``, and the objects; ``None`` if the column is not of dtype object, or
        its rows do not share their objects.
    """
    if series.dtype != np.dtype(object):
        return None
    objects = np.ascontiguousarray(series.to_numpy())
    # The array stays alive, and so do its objects, while their addresses are looked at.
    addresses = np.ndarray(objects.shape, np.intp, buffer=objects)
    if len(set(addresses[:_SAMPLE].tolist())) > _SAMPLE // 4:
        return None
    codes, uniques = pd.factorize(addresses)
    places = np.empty(len(uniques), dtype=np.intp)
    places[codes] = np.arange(len(codes))
    return codes, objects[places].tolist()
