"""Axes that are even, or logarithmic to both sides of 0."""

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from synthproto.drawing.ticks import Tick, short, ticks

# Beyond this ratio of magnitudes an even axis would press most values into one corner.
_EVEN_RATIO = 20.0


@final
@dataclass(frozen=True)
class Warp:
    """Values as they are, or ``sign(x) log10(1 + |x| / unit)``: logarithmic to both sides of 0.

    Attributes:
        unit: Where the logarithm takes over; 0 for values as they are.
    """

    unit: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> "Warp":
        """The warp for values of which there is at least one."""
        sizes = np.abs(values[values != 0])
        if not len(sizes) or sizes.max() <= _EVEN_RATIO * sizes.min():
            return cls(0.0)
        # More than six decades would leave no room for those where most values are.
        return cls(float(max(sizes.min(), sizes.max() * 1e-6)))

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Warped values, same shape."""
        if not self.unit:
            return values
        warped: NDArray[np.float64] = np.sign(values) * np.log10(1 + np.abs(values) / self.unit)
        return warped

    def inverse(self, warped: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values that were warped, same shape."""
        if not self.unit:
            return warped
        values: NDArray[np.float64] = np.sign(warped) * self.unit * (10 ** np.abs(warped) - 1)
        return values

    def ticks(self, low: float, high: float) -> list[Tick]:
        """Ticks between two warped values: round numbers, or powers of ten."""
        if not self.unit:
            return ticks(low, high, most=4)
        start = int(np.ceil(np.log10(self.unit)))
        count = 1 + int(np.ceil(max(-low, high)))
        powers = np.logspace(start, start + count - 1, count, dtype=np.float64)
        marks = self._marks(powers, low, high)
        if len(marks) < 3:
            marks = self._marks((powers[:, None] * np.array([0.2, 0.5, 1.0])).ravel(), low, high)
        # 0 is kept, so that the sides of the axis can be told.
        zero = next((index for index, mark in enumerate(marks) if mark.name == "0"), 0)
        stride = -(-len(marks) // 5) or 1
        return marks[zero % stride :: stride]

    def _marks(self, sizes: NDArray[np.float64], low: float, high: float) -> list[Tick]:
        """Ticks at 0 and at some sizes to both sides of it."""
        values = np.concatenate([-sizes[::-1], [0.0], sizes])
        places = self(values)
        inside = (places >= low) & (places <= high)
        return [
            Tick(place, short(value))
            for place, value in zip(places[inside].tolist(), values[inside].tolist(), strict=True)
        ]


EVEN: Final = Warp(0.0)
"""Values as they are."""
