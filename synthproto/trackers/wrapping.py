"""What trackers around other trackers share."""

from contextlib import AbstractContextManager

from synthproto.trackers.values import Traceback
from synthproto.contracts import Tracker


def enter(tracker: Tracker) -> None:
    """Start a with-block of a tracker that has one."""
    if isinstance(tracker, AbstractContextManager):
        tracker.__enter__()


def leave(
    tracker: Tracker,
    kind: type[BaseException] | None,
    error: BaseException | None,
    traceback: Traceback,
) -> None:
    """Close a tracker, and tell it what ended the run if it can be told."""
    if isinstance(tracker, AbstractContextManager):
        tracker.__exit__(kind, error, traceback)
    else:
        tracker.close()
