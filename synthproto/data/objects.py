"""Columns of a frame as they are first looked at: each once, and their shared objects with them."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.unchecked import unchecked

SharedObjects: TypeAlias = tuple[NDArray[np.intp], list[object]]
"""Each row's place among distinct objects, shape ``(n,)``; and these, in order of appearance."""

# Rows that tell whether the objects of a column are shared.
_SAMPLE = 100
# Places of the bits of an address that are its slot in a hash table. The lowest are always 0; of
# more than so many distinct objects, two would have a slot in common wherever the bits are.
_SHIFTS, _SLOTS, _MOST = (4, 5, 6), 1 << 12, 100


@final
@unchecked
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
        if len(set(addresses[:_SAMPLE].tolist())) > _SAMPLE // 2:
            return None
        places, rows = _places(addresses)
        return places, objects[rows].tolist()


@unchecked
def _places(addresses: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Place of each address among the distinct ones, and the first row of each of these.

    By a hash table without collisions, in half the time of one that allows for them.
    """
    backwards = np.arange(len(addresses), 0, -1)
    for shift in _SHIFTS:
        slots = (addresses >> shift) & (_SLOTS - 1)
        after = np.zeros(_SLOTS, dtype=np.intp)  # one more than the first row; 0 without any
        after[slots[::-1].copy()] = backwards  # what is written last is kept
        rows = np.sort(after[after > 0]) - 1
        if len(rows) > _MOST:
            break
        places_of_slots = np.empty_like(after)
        places_of_slots[slots[rows]] = np.arange(len(rows))
        # All places are in range; having that checked costs more than looking up.
        places = places_of_slots.take(slots, mode="wrap")
        if (addresses[rows].take(places, mode="wrap") == addresses).all():
            return places, rows
    places, distinct = pd.factorize(addresses)
    rows = np.empty(len(distinct), dtype=np.intp)
    rows[places[::-1].copy()] = backwards - 1
    return places, rows
