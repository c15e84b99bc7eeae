"""What scores and plans ask of scans, in few passes over their rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, final

from typing_extensions import Protocol, runtime_checkable

from synthproto.data.distribution import Places, Ranks
from synthproto.data.merging import Ranked
from synthproto.data.scan import Scan
from synthproto.data.summary import Pending, Summary, for_each
from synthproto.data.table import Table
from synthproto.measures.columns import ks_on_grid

Given = TypeVar("Given")
Given_contra = TypeVar("Given_contra", contravariant=True)


@runtime_checkable
class Asking(Protocol[Given_contra]):
    """A part that can say what it needs in less time than it takes to compute it."""

    def ask(self, resources: Given_contra, /) -> object:
        """Ask the tables for what will be needed."""
        ...


def prepare(
    parts: Sequence[Callable[[Given], object]], resources: Given, scans: Sequence[Scan]
) -> None:
    """Make known what parts of a plan ask of scans, in as few passes over their rows as possible.

    Args:
        parts: Asked again and again until none waits for a pass.
        resources: What they are given.
        scans: Those that the parts may ask, each once.
    """
    waiting = [_asking(part) for part in parts]
    while waiting:
        for scan in scans:
            scan.wait(True)
        try:
            waiting = [part for part in waiting if _waits(part, resources)]
        finally:
            for scan in scans:
                scan.wait(False)
        # What looks at a single column goes first: what looks at all may need it, on either side.
        narrow = {scan: scan.narrow for scan in scans if scan.narrow}
        for scan in narrow or scans:
            scan.read(narrow.get(scan, ()))


def _asking(part: Callable[[Given], object]) -> Callable[[Given], object]:
    # A checker takes a function type, which a part is declared as, to have no methods.
    given: object = part
    if isinstance(given, Asking):
        asking: Callable[[Given], object] = given.ask
        return asking
    return part


def _waits(part: Callable[[Given], object], resources: Given) -> bool:
    try:
        part(resources)
    except Pending:
        return True
    except Exception:  # noqa: BLE001  raised again when the plan runs
        return False
    return False


def ks_of_pieces(real: Summary, synthetic: Summary, column: str, decimals: int | None) -> float:
    """`synthproto.measures.columns.ks_distance` of tables of which one at least is no `Table`.

    The distribution functions are compared at a grid of real numbers first. Only between those
    where they may be farther apart are all real numbers fetched; if these are too many, the
    distance may be too small by the share of the rows between two of the grid, about 0.00002.
    """
    n, m = (side.moments(column).count for side in (real, synthetic))
    if not n or not m:
        return float(n != m)
    grid = grid_of(real, column, decimals)
    sides = (real, synthetic)
    ours, theirs = for_each(sides, lambda side: ranks_of(side, grid))
    largest, gaps = ks_on_grid((ours.below, ours.upto), (theirs.below, theirs.upto), n, m)
    if not len(gaps) or not isinstance(real, Scan):
        return largest
    inside = real.between(grid, tuple(gaps.tolist()))
    if not len(inside.values):
        return largest
    ours, theirs = for_each(sides, lambda side: ranks_of(side, inside))
    again, _ = ks_on_grid((ours.below, ours.upto), (theirs.below, theirs.upto), n, m)
    return max(largest, again)


def grid_of(side: Summary, column: str, decimals: int | None = None) -> Places:
    """All distinct numbers of a column if they are few, or it is in memory; else some of them."""
    return side.get(_Grid(column, decimals))


@final
@dataclass(frozen=True)
class _Grid:
    """Numbers of a real column at which distribution functions are compared first."""

    column: str
    decimals: int | None

    def __call__(self, real: Summary) -> Places:
        if isinstance(real, Scan):
            return real.grid(self.column, self.decimals)
        return Places(self.column, real.spread(self.column, self.decimals).values, self.decimals)


def ranks_of(side: Summary, places: Places) -> Ranks:
    """How many rows of a table have a number below each place, and how many have none above it."""
    if isinstance(side, Scan):
        return side.ranks(places)
    return side.total(Ranked(places)) if not isinstance(side, Table) else Ranked(places)(side)
