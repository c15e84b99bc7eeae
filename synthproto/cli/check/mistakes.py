"""What a mistake is, and the mistakes that may be anywhere."""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Final, TypeAlias

from synthproto.cli.check.joints import Joint

Shows: TypeAlias = Callable[[Joint], bool]
Words: TypeAlias = str | Callable[[Joint], str]
"""A sentence with ``{j.source}`` and the like in it, or a function that makes one; where it makes
none, the next row is tried."""
Mistake: TypeAlias = tuple[str, Shows, Words]
"""The role of an argument, how the mistake shows, and what to say of it."""

_LACKING = re.compile(
    r'Missing (?:positional|named) arguments? (?P<names>".*") (?:in call to|for) "(?P<of>\w+)"'
)
_UNKNOWN = re.compile(
    r'Unexpected keyword argument "(?P<name>\w+)"(?: for "(?P<of>\w+)")?'
    r"(?:; did you mean (?P<near>.*)\?)?"
)
_MANY = re.compile(r'Too many (?:positional )?arguments for "(?P<of>\w+)"')
_NO_ATTRIBUTE = re.compile(
    r'^(?:Module )?"(?P<of>\w+).*" has no attribute "(?P<name>\w+)"(?:; maybe "(?P<near>\w+)")?'
)
_NO_KEY = re.compile(r'TypedDict "(?P<type>\w+)" has no key "(?P<key>\w+)"')
_KEYS = re.compile(
    r'(?P<kind>Missing|Extra) keys? \(?(?P<keys>".*")\)? for TypedDict "(?P<type>\w+)"'
)


def key_words(j: Joint) -> str:
    """A key that a TypedDict does not have."""
    if found := _NO_KEY.search(j.message):
        known = j.definitions.get(found["type"])
        near = get_close_matches(found["key"], known.fields, 1) if known else []
        hint = f". Did you mean {near[0]!r}?" if near else ""
        return f"there is no {found['key']!r} in {j.described(found['type'])}{hint}"
    if found := _KEYS.search(j.message):
        return f"the keys are not those of {j.described(found['type'])}"
    return ""


def _arguments(j: Joint) -> str:
    """Arguments that are missing or unknown, and unknown members."""
    if found := _LACKING.search(j.message):
        names = ", ".join(found["names"].replace('"', "").replace(" and ", ", ").split(", "))
        return f"{found['of']} needs {names} as well"
    if found := _UNKNOWN.search(j.message):
        near = (found["near"] or "").replace('"', "")
        hint = f". Did you mean {near}?" if near else ""
        return f"{found['of'] or j.call} has no argument {found['name']!r}{hint}"
    if found := _NO_ATTRIBUTE.search(j.message):
        near = f". Did you mean {found['near']}?" if found["near"] else ""
        return f"{found['of']} has no {found['name']}{near}"
    if found := _MANY.search(j.message):
        return f"{found['of']} takes fewer arguments by position; write the names: name=value"
    return ""


_SIMPLE: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "True or False",
    "None": "None",
    "Path": "a path",
    "DataFrame": "a DataFrame",
    "Table": "a Table",
    "Tensor": "a Tensor",
}


def _kinds(j: Joint) -> str:
    """A plain statement of what was asked for and what came, where both are short."""
    if not (j.call and j.got and j.expected) or len(j.got) + len(j.expected) > 120:
        return ""
    expected = j.expected.replace(" | ArrowStream | ToPandas", "")  # other libraries' frames
    names = expected.split(" | ") if "[" not in expected else [expected]
    wanted = " or ".join(_SIMPLE.get(name, name) for name in names)
    got = _SIMPLE.get(re.sub(r"^Literal\[(?:'|\d).*", "str", j.got), j.got)
    argument, call = j.callee or (j.argument, j.call)
    what = f"argument {argument}" if argument.isdigit() else argument or "it"
    return f"{what} of {call} is {wanted}; {j.source} is {got}"


def conflict_words(j: Joint) -> str:
    """A method of a part that is written otherwise."""
    if j.conflict is None or not j.got:
        return ""
    expected, got = j.conflict
    return f"{j.got} has {got}; asked for is {expected}"


def always(_: Joint) -> bool:
    """For a mistake that shows by its role alone."""
    return True


def got(*names: str) -> Shows:
    """For a mistake that shows by the type that was given."""
    return lambda j: j.got in names


CLASS: Final = "{j.source} is a class. Make %s of it: {j.source}(%s)"

FIRST: Final[Sequence[Mistake]] = (
    (
        "first",
        lambda j: j.got.startswith("**"),
        "the values of {j.source} have one type, which is taken for that of every argument. Write "
        "the arguments out, or make {j.source} a TypedDict",
    ),
    (
        "first",
        lambda j: j.is_shared,
        "{j.source} holds values of several types, and a checker keeps only what they share, "
        "{j.got}. Write them where they are used, or annotate the name",
    ),
    (
        "first",
        lambda j: j.gives.startswith("Coroutine["),
        "{j.source} is asynchronous, so nobody would wait for it. Use a plain def",
    ),
)
"""Mistakes that show before the role of an argument matters."""

ANYWHERE: Final[Sequence[Mistake]] = (
    ("", always, key_words),
    ("", always, _arguments),
    (
        "",
        lambda j: "Expression is of type" in j.message and "Any" in j.message,
        "types were lost on the way: some part says nothing of what it takes or gives, so nothing "
        "is proved. Annotate the model's forward",
    ),
    ("", lambda j: bool(j.call and j.lacks), "{j.got} lacks {j.lacks}, which is needed here"),
    (
        "",
        lambda j: bool(j.call) and j.is_class and not j.expected.startswith("type["),
        CLASS % ("a part", "..."),
    ),
    ("", lambda j: bool(j.call), conflict_words),
    (
        "",
        lambda j: j.got.endswith(" | None") and not j.expected.endswith("None"),
        "{j.source} may be None, which does not fit. Look first: if {j.source} is not None",
    ),
    ("", always, _kinds),
)
