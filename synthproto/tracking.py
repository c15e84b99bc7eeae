"""What comparisons give and trackers take: the contracts that need no torch.

They belong to `synthproto.contracts`, which hands them on; they have a file of their own so that
to compare tables on disk does not load torch.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Never, TypeAlias, Union

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Protocol, TypeVar, runtime_checkable

# Needed by those only who have tables: run-time checks look `"pandas.DataFrame"` up when one comes.
if TYPE_CHECKING:
    import pandas

Resources = TypeVar("Resources", default=object)
Resources_contra = TypeVar("Resources_contra", contravariant=True, default=Never)
Value_co = TypeVar("Value_co", covariant=True, default=object)

# --- trackers: one contract per capability; a part that needs two asks for their sum -----------

Status: TypeAlias = Literal["finished", "interrupted", "failed"]
ParamValue: TypeAlias = str | int | float | bool
Array: TypeAlias = Union[NDArray[np.float64], "pandas.DataFrame"]


@runtime_checkable
class Drawing(Protocol):
    """A plot that can write itself as an image; every matplotlib ``Figure`` fits."""

    def savefig(self, file: IO[bytes], /, *, format: str) -> object:  # noqa: A002  matplotlib's name
        """Write the picture to an open binary file, ``format`` being ``"png"``."""
        ...


@runtime_checkable
class Tracker(Protocol):
    """The least of a tracker. Everything it was given is safe after `flush`."""

    def flush(self) -> object:
        """Make everything logged so far readable by others."""
        ...

    def close(self) -> object:
        """Flush, release, and raise if anything was lost. A second call does nothing."""
        ...


@runtime_checkable
class ScalarTracker(Tracker, Protocol):
    """Keeps numbers."""

    def log_scalars(self, values: Mapping[str, float], step: int) -> object:
        """Keep several numbers of one step by tag (``family/name[/column]``)."""
        ...


@runtime_checkable
class ArrayTracker(Tracker, Protocol):
    """Keeps arrays and small frames."""

    def log_array(self, tag: str, array: Array, step: int) -> object:
        """Keep an array, or a frame with labelled rows and columns."""
        ...


@runtime_checkable
class FigureTracker(Tracker, Protocol):
    """Keeps plots."""

    def log_figure(self, tag: str, figure: Drawing, step: int) -> object:
        """Keep a plot as an image."""
        ...


@runtime_checkable
class HistogramTracker(Tracker, Protocol):
    """Keeps distributions."""

    def log_histogram(self, tag: str, values: NDArray[np.float64], step: int) -> object:
        """Keep the distribution of finite values, shape ``(n,)``."""
        ...


@runtime_checkable
class TextTracker(Tracker, Protocol):
    """Keeps texts."""

    def log_text(self, tag: str, text: str, step: int) -> object:
        """Keep a text in Markdown."""
        ...


@runtime_checkable
class FileTracker(Tracker, Protocol):
    """Keeps files."""

    def log_file(self, tag: str, path: Path, step: int) -> object:
        """Keep a copy of a file."""
        ...


@runtime_checkable
class ParamsTracker(Tracker, Protocol):
    """Keeps what distinguishes a run."""

    def log_params(self, params: Mapping[str, ParamValue]) -> object:
        """Keep hyperparameters by name."""
        ...


@runtime_checkable
class ReportTracker(ScalarTracker, ArrayTracker, FigureTracker, Protocol):
    """Keeps all that a `Report` has: scores, arrays and plots."""


@runtime_checkable
class RunTracker(
    ReportTracker, HistogramTracker, TextTracker, FileTracker, ParamsTracker, Protocol
):
    """Keeps everything that a run has to tell: what wrappers of trackers ask for."""


# --- comparison -----------------------------------------------------------------------------


@runtime_checkable
class Artifact(Protocol[Resources_contra, Value_co]):
    """One comparison: a name, which is its tag in trackers, and a function of the resources."""

    @property
    def name(self) -> str:
        """Tag ``family/name``, unique within a plan."""
        ...

    def __call__(self, resources: Resources_contra, /) -> Value_co:
        """Compare."""
        ...


@runtime_checkable
class Controlled(Protocol[Resources_contra]):
    """A score that says itself what real rows reach; no other needs such a method."""

    def control(self, resources: Resources_contra, /) -> float | Mapping[str, float]:
        """The value with real rows in the synthetic table's place, or those that are known."""
        ...


Score: TypeAlias = Callable[[Resources], float | Mapping[str, float]]
"""A number, or numbers by column. An `Artifact`, or a function, whose name is then the tag."""

ArrayArtifact: TypeAlias = Callable[[Resources], Array | Mapping[str, Array]]
"""An array or frame, or several by name."""

Plot: TypeAlias = Callable[[Resources], Drawing | Mapping[str, Drawing]]
"""A drawing, or several by name."""
