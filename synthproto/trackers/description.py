"""What a run was made of, for whoever opens it later."""

from collections.abc import Mapping
from pprint import pformat

from synthproto.trackers.values import ABOUT
from synthproto.contracts import TextTracker

_WIDTH = 88  # signs a line; TensorBoard shows about a hundred


def describe_run(tracker: TextTracker, parts: Mapping[str, object]) -> None:
    """Log the parts of an experiment with their arguments, as they show themselves.

    ::

        describe_run(tracker, {"spec": spec, "scores": scores, "model": model})

    Dataclasses, modules and optimizers show their arguments; what shows none is better given as
    the list of what it was made from.

    Args:
        tracker: Keeps each part as a text of tag ``run/<name>``.
        parts: Parts by name.
    """
    for name, part in parts.items():
        shown = part if isinstance(part, str) else pformat(part, width=_WIDTH, sort_dicts=False)
        fence = "`" * 3 if "```" not in shown else "`" * 6
        tracker.log_text(f"{ABOUT}{name}", f"{fence}\n{shown}\n{fence}", 0)
