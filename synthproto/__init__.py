"""synthproto: typed, composable experiments for tabular synthesis.

A public name is loaded from its room when it is first used, so that a script pays only for what it
needs; from then on its arguments are checked at run time. The list of names is `__init__.pyi`, for
checkers and for the interpreter alike.
"""

import re
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import FunctionType

__version__ = "0.1.0"

_ROOMS = {
    match["name"]: match["room"]
    for match in re.finditer(
        r"^from (?P<room>\S+) import \(?\s*(?P<name>\w+) as",
        Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}
__all__ = ["__version__", *_ROOMS]


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name not in _ROOMS:
        near = get_close_matches(name, _ROOMS, n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise AttributeError(f"module 'synthproto' has no attribute {name!r}.{hint}")
    from synthproto.guard import guard  # beartype; the command line needs none

    room = import_module(_ROOMS[name])
    value: object = getattr(room, name)
    guarded = guard(value)
    if isinstance(guarded, FunctionType):
        # Pickle finds a function by its name in its room.
        setattr(room, name, guarded)
        value = guarded
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not; none of what this file itself imports."""
    return sorted(__all__)
