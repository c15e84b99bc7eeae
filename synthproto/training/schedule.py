"""`Every`: a part that acts on every n-th event only."""

from collections.abc import Callable
from typing import Generic, final

from typing_extensions import TypeVar

from synthproto.contracts import Numbered, Value_co
from synthproto.errors import ParameterError
from synthproto.unchecked import unchecked

Event_contra = TypeVar("Event_contra", bound=Numbered, contravariant=True)


@final
class Every(Generic[Event_contra, Value_co]):
    """Calls a callback or a routine on every n-th step or epoch, and nothing in between.

    Whether an event is due is decided once, here: what is not due costs nothing.

    Args:
        every: Distance between two events that are due, at least 1.
        part: A callback (every n-th step) or a routine (every n-th epoch).
        first: Number of the first event that is due, at least 1; by default ``every``, so
            that ``Every(5, part)`` acts on 5, 10, 15 and ``Every(5, part, first=1)`` on 1, 6, 11.

    Raises:
        ParameterError: A number is below 1.
    """

    def __init__(
        self, every: int, part: Callable[[Event_contra], Value_co], *, first: int | None = None
    ) -> None:
        start = every if first is None else first
        if every < 1 or start < 1:
            raise ParameterError(
                f"Every: every and first must be at least 1; got every={every}, first={start}."
            )
        self._every = every
        self._first = start
        self._part = part

    @property
    def part(self) -> object:
        """The callback or routine that is called."""
        return self._part

    @unchecked
    def __call__(self, event: Event_contra, /) -> Value_co | None:
        """What the part returns for an event that is due, otherwise ``None``."""
        number = event.number
        if number < self._first or (number - self._first) % self._every:
            return None
        return self._part(event)


def unwrapped(part: object) -> object:
    """The callback or routine inside any number of `Every`."""
    while isinstance(part, Every):
        part = part.part
    return part
