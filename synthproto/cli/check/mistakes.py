"""What a mistake is, and the mistakes that may be anywhere."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, TypeAlias

from synthproto.cli.check.joints import Joint, callable_of, split

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
_FEW = re.compile(r'Too few arguments for "(?P<of>\w+)"')
_MANY = re.compile(r'Too many (?P<by>positional )?arguments for "(?P<of>\w+)"')
_NO_ATTRIBUTE = re.compile(
    r'^(?:Module )?"(?P<of>\w+).*" has no attribute "(?P<name>\w+)"(?:; maybe "(?P<near>\w+)")?'
)
_NO_ITEMS = re.compile(r'Value of type "(?P<of>\w+).*" is not indexable')
_NO_OPERATOR = re.compile(r'Unsupported (?:left )?operand types? for (?P<sign>\S+) \("(?P<of>\w+)')
_HOLDS = re.compile(r"(?:(?P<list>Sequence|list)\[|(?:Mapping|dict)\[str, )(?P<of>.*)\]")
_TUPLE = re.compile(r"tuple\[(?P<of>[^,]*), \.\.\.\]")
_BOUND = re.compile(
    r'Value of type variable "(?P<what>\w+)" of "(?P<of>\w+)" cannot be "(?P<got>.*)"'
)
_UNSOLVED = re.compile(r'Cannot infer value of type parameter "(?P<what>\w+)" of "(?P<of>\w+)"')
_OVERLOAD = re.compile(r'No overload variant of "(?P<of>\w+)" matches argument types? (?P<got>.*)')
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


_ELSEWHERE: Final[Mapping[str, str]] = {
    "Trainer.epochs": "Say it as a stopper: stopper=MaxEpochs(10)",
    "Trainer.max_epochs": "Say it as a stopper: stopper=MaxEpochs(10)",
    "Trainer.device": "Move the model by model.to(device), batches by Batches(..., device=device)",
    "Trainer.tracker": "Parts log to it: routines=[LossRoutine(tracker)]",
    "Trainer.validation": "It is a routine: routines=[Every(5, validation)]",
    **dict.fromkeys(
        ("Trainer.model", "Trainer.loss", "Trainer.optimizer"),
        "They make a step: step=GradientStep(model=..., loss=..., optimizer=...)",
    ),
    "Trainer.fit": "Its method is run()",
    "Batches.batch_size": "It is called size",
    "Plan.metrics": "Write scores=[...]",
    "sampler.n_records": "It is a field of the params: sampler(model, Params(n_records=1000))",
}
"""Where that belongs which other libraries have there."""


def _arguments(j: Joint) -> str:
    """Arguments that are missing or unknown, and unknown members."""
    if found := _LACKING.search(j.message):
        names = ", ".join(found["names"].replace('"', "").replace(" and ", ", ").split(", "))
        return f"{found['of']} needs {names} as well"
    if found := _UNKNOWN.search(j.message):
        near = (found["near"] or "").replace('"', "")
        of = found["of"] or j.call
        return f"{of} has no argument {found['name']!r}{_hint(of, found['name'], near)}"
    if found := _NO_ATTRIBUTE.search(j.message):
        of, name, near = found.group("of", "name", "near")
        known = j.definitions.get(of)
        if known and known.kind == "TypedDict":
            return f"{of} is a TypedDict, whose items are in brackets: [{name!r}]"
        return f"{of} has no {name}{_hint(of, name, near)}"
    if found := _FEW.search(j.message):
        return f"{found['of']} needs more arguments than these"
    if found := _MANY.search(j.message):
        names = " by position; write the names: name=value" if found["by"] else " than these"
        return f"{found['of']} takes fewer arguments{names}"
    return ""


def _hint(of: str, name: str, near: str | None) -> str:
    if home := _ELSEWHERE.get(f"{of}.{name}"):
        return f". {home}"
    return f". Did you mean {near}?" if near and not near.startswith("_") else ""


_ITEMS: Final = {"Table": "its frame", "TrainingResult": "its history", "Pair": "pair.real.frame"}


def _operators(j: Joint) -> str:
    """Signs and brackets that a part has no use for."""
    if found := _NO_ITEMS.search(j.message):
        home = _ITEMS.get(found["of"])
        return f"{found['of']} has no items in brackets{f'; {home} has' if home else ''}"
    if found := _NO_OPERATOR.search(j.message):
        joined = ". Stoppers are joined by AnyOf(first, second)" if found["sign"] in "|&" else ""
        return f"{found['of']} knows no {found['sign']}{joined}"
    return ""


def _solution(j: Joint) -> str:
    """Arguments that do not fit together, whichever of them is the wrong one."""
    if found := _UNSOLVED.search(j.message):
        return (
            f"no type of {found['what']} fits all arguments of {found['of']}. Does forward return "
            "something, and do the others read what it returns?"
        )
    if found := _BOUND.search(j.message):
        return f"{found['got']} does not fit as the {found['what']} of {found['of']}"
    if found := _OVERLOAD.search(j.message):
        given = [in_words(each.strip('"')) for each in split(found["got"])]
        return f"{found['of']} does not take {', '.join(given)}"
    return ""


_SIMPLE: Final[Mapping[str, tuple[str, str]]] = {
    "int": ("a whole number", "whole numbers"),
    "float": ("a number", "numbers"),
    "str": ("a text", "texts"),
    "bool": ("True or False", "truth values"),
    "Path": ("a path", "paths"),
    "PathLike[str]": ("a path", "paths"),
    **{name: (f"a {name}", f"{name}s") for name in ("DataFrame", "Table", "Tensor")},
}


def in_words(kind: str, many: bool = False) -> str:
    """A type in words: ``"a function of Tensor that gives a number"``.

    Args:
        kind: As mypy writes it.
        many: Whether of several such values: ``"numbers"``.
    """
    kind = kind.replace(" | ArrowStream | ToPandas", "")  # other libraries' frames
    if kind in _SIMPLE:
        return _SIMPLE[kind][many]
    if function := callable_of(kind):
        takes, gives = function
        of = f"of {' and '.join(takes)}" if takes else "without arguments"
        result = "" if gives in ("object", "Any", "Never") else in_words(gives)
        verb = f" that give{'' if many else 's'} {result}" if result else ""
        noun = "functions" if many else "a function"
        return f"{noun} {'of one argument' if takes == ['Never'] else of}{verb}"
    if len(union := split(kind, "|")) > 1:
        return " or ".join(in_words(each, many) for each in union)
    if held := _HOLDS.fullmatch(kind):
        inside = in_words(held["of"], many=True)
        noun = "list" if held["list"] else "dict"
        of = "" if inside in ("object", "Any") else f" of {inside}"
        return f"{'' if many else 'a '}{noun}{'s' if many else ''}{of}"
    if held := _TUPLE.fullmatch(kind):
        return f"{'tuples' if many else 'a tuple'} of {in_words(held['of'], many=True)}"
    if kind.startswith("type["):
        return "classes" if many else "a class"
    if literal := re.fullmatch(r"Literal\[(.*)\]", kind):
        return " or ".join(split(literal[1]))
    return kind


def _kinds(j: Joint) -> str:
    """A plain statement of what was asked for and what came, where both are short."""
    if not ((j.call or j.callee) and j.got and j.expected) or len(j.got) + len(j.expected) > 160:
        return ""
    got = re.sub(r"^Literal\[(?:'|\d).*", "str", j.got)
    argument, call = j.callee or (j.argument, j.call)
    what = f"argument {argument}" if argument.isdigit() else argument or "it"
    return f"{what} of {call} is {in_words(j.expected)}; {j.source} is {in_words(got)}"


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
    ("first", always, key_words),
    ("first", always, _arguments),
    ("first", always, _operators),
    ("first", always, _solution),
    (
        "first",
        lambda j: j.is_unsolved,
        "mypy does not see what the lambda in {j.source} takes, so nothing is proved of it. Write "
        "a function with annotations: def report(event: EpochEvent) -> None",
    ),
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
    (
        "first",
        lambda j: j.is_unbound and callable_of(j.expected) is not None,
        "{j.source} is taken from its class, and still asks for the object. Take it from an "
        "object of the class",
    ),
    (
        "first",
        lambda j: j.makes_function,
        "{j.source} makes a function, and is none itself. Call it: {j.source}(...)",
    ),
    (
        "first",
        lambda j: (
            j.is_function and not j.inputs and "Callable[" not in j.expected and "." in j.source
        ),
        "{j.source} is a method, which was not called: {j.source}()",
    ),
)
"""Mistakes that show before the role of an argument matters."""

ANYWHERE: Final[Sequence[Mistake]] = (
    (
        "",
        lambda j: "Expression is of type" in j.message and "Any" in j.message,
        "types were lost on the way: some part says nothing of what it takes or gives, so nothing "
        "is proved. Annotate the model's forward",
    ),
    ("", lambda j: bool(j.lacks), "{j.got} lacks {j.lacks}, which is needed here"),
    (
        "",
        lambda j: bool(j.call) and j.is_class and not j.expected.startswith("type["),
        CLASS % ("a part", "..."),
    ),
    ("", always, conflict_words),
    (
        "",
        lambda j: j.got.endswith(" | None") and not j.expected.endswith("None"),
        "{j.source} may be None, which does not fit. Look first: if {j.source} is not None",
    ),
    ("", always, _kinds),
)
