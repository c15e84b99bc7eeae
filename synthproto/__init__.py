"""synthproto: typed, composable experiments for tabular synthesis.

A public name is loaded from its room when it is first used, so that a script pays only for what it
needs. The list of names is `__init__.pyi`, for checkers and for the interpreter alike.
"""

import random
import re
import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from beartype import BeartypeConf
from beartype.claw import beartype_this_package

# Checks of sequences look at an item drawn from python's global generator. They are given one of
# their own, or else how often a run was checked would change what its model draws.
for _name, _module in list(sys.modules.items()):
    if _name.startswith("beartype.") and vars(_module).get("getrandbits") is random.getrandbits:
        vars(_module)["getrandbits"] = random.Random(0).getrandbits

# Without the second setting a hint that beartype cannot handle only warns, and stays unchecked.
# Annotated variables are the static checkers' affair: checked here, each `X: TypeAlias` would warn.
# Contracts are left out: no method of a Protocol is ever called, and an event is made each step;
# the trainer looks at the losses of the first step of each epoch.
beartype_this_package(
    conf=BeartypeConf(
        is_pep484_tower=True,
        warning_cls_on_decorator_exception=None,
        claw_is_pep526=False,
        claw_skip_package_names=("synthproto.contracts",),
    )
)

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
    value: object = getattr(import_module(_ROOMS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not; none of what this file itself imports."""
    return sorted(__all__)
