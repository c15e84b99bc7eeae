"""synthproto: typed, composable experiments for tabular synthesis.

A public name is loaded from its room when it is first used, so that a script pays only for what it
needs; from then on its arguments are checked at run time. The list of names is `__init__.pyi`, for
checkers and for the interpreter alike.
"""

import re
import warnings
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import FunctionType

__version__ = "0.1.0"

_PUBLIC, _, _FORMER = (
    Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8").partition("\n# Former names")
)
_IMPORT = re.compile(r"^from (?P<room>\S+) import \(?\s*(?P<name>\w+) as", re.MULTILINE)
_ROOMS = {match["name"]: match["room"] for match in _IMPORT.finditer(_PUBLIC)}
_MOVED = {match["name"]: match["room"] for match in _IMPORT.finditer(_FORMER)}
_RENAMED = dict(re.findall(r"^(\w+) = (\w+)$", _FORMER, re.MULTILINE))
__all__ = ["__version__", *_ROOMS]


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name in _ROOMS:
        value = _load(name, _ROOMS[name])
        globals()[name] = value
        return value
    if name in _RENAMED:
        _warn(name, f"synthproto.{_RENAMED[name]}")
        return __getattr__(_RENAMED[name])
    if name in _MOVED:
        _warn(name, f"{_MOVED[name]}.{name}")
        return _load(name, _MOVED[name])
    near = get_close_matches(name, _ROOMS, n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise AttributeError(f"module 'synthproto' has no attribute {name!r}.{hint}")


def _load(name: str, room: str) -> object:
    from synthproto.guard import guard  # beartype; the command line needs none

    module = import_module(room)
    value: object = getattr(module, name)
    guarded = guard(value)
    if isinstance(guarded, FunctionType):
        # Pickle finds a function by its name in its room.
        setattr(module, name, guarded)
        return guarded
    return value


def _warn(name: str, now: str) -> None:
    message = f"synthproto.{name} is a former name and will go: use {now}"
    warnings.warn(message, DeprecationWarning, stacklevel=3)


def __dir__() -> list[str]:
    """The public names, loaded or not; none of what this file itself imports."""
    return sorted(__all__)
