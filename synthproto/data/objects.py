"""Columns of a frame as they are first looked at: each once, and their shared objects found once."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SharedObjects: TypeAlias = tuple[NDArray[np.intp], list[object]]
"""Each row's place among distinct objects, shape ``(n,)``; and these, in order of appearance."""

# Rows that tell whether the objects of a column are shared.
_SAMPLE = 200
# Addresses are hashed into tables of so many bits, by multiplying with one of the odd numbers.
_BITS = 12
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)


@final
@dataclass(frozen=True, eq=False)
class FrameColumn:
    """One column of a frame, with what checking it and counting it have in common.

    Attributes:
        series: The column.
    """

    series: pd.Series

    @cached_property
    def shared(self) -> SharedObjects | None:
        """Each row's place among the distinct objects of the column, by identity.

        Comparing addresses, and then the few distinct objects by value, takes a tenth of the time
        of comparing all objects by value.

        Returns:
            ``None`` if the column is not of dtype object, or its rows do not share their objects.
        """
        if self.series.dtype != np.dtype(object):
            return None
        objects = np.ascontiguousarray(self.series.to_numpy())
        # The array stays alive, and so do its objects, while their addresses are looked at.
        addresses = np.ndarray(objects.shape, np.intp, buffer=objects)
        first = list(dict.fromkeys(addresses[:_SAMPLE].tolist()))
        if len(first) > _SAMPLE // 4:
            return None
        places, distinct = _places(addresses, np.array(first, dtype=np.intp))
        rows = np.empty(len(distinct), dtype=np.intp)
        rows[places] = np.arange(len(places))
        return places, objects[rows].tolist()


def _places(
    addresses: NDArray[np.intp], first: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Place of each address among the distinct ones, and these, in order of appearance.

    Args:
        addresses: Shape ``(n,)``.
        first: The distinct ones of the first rows: often all that there are.
    """
    multiplier = _perfect_multiplier(first)
    if multiplier is None:
        return pd.factorize(addresses)
    table = np.zeros(1 << _BITS, dtype=np.intp)
    table[_slots(first, multiplier)] = np.arange(len(first))
    # Slots and places are in range; asking so costs three times as much as looking up.
    places = table.take(_slots(addresses, multiplier), mode="wrap")
    others = np.flatnonzero(first.take(places, mode="wrap") != addresses)
    if not len(others):
        return places, first
    further, distinct = pd.factorize(addresses[others])
    places[others] = further + len(first)
    return places, np.concatenate([first, distinct])


def _perfect_multiplier(known: NDArray[np.intp]) -> int | None:
    """One that gives each known address a slot of its own."""
    for multiplier in _MULTIPLIERS:
        if len(set(_slots(known, multiplier).tolist())) == len(known):
            return multiplier
    return None


def _slots(addresses: NDArray[np.intp], multiplier: int) -> NDArray[np.intp]:
    """Slot of each address, by multiplicative hashing (Knuth, "Sorting and Searching", 6.4)."""
    products = addresses.astype(np.uint64)
    products *= np.uint64(multiplier)
    products >>= np.uint64(64 - _BITS)
    return products.astype(np.intp)
