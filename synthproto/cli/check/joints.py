"""Where two parts meet and do not fit, read from what mypy says of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from synthproto.cli.check.definitions import Definition

# Now and then mypy leaves out the last quotes. Of an item of a dict it names the keys as well.
_TYPES = re.compile(
    r'incompatible type (?:".*": )?"(?P<got>[^"]*)"; expected (?:".*": )?"?(?P<expected>[^"]*)"?$'
)
_CALLEE = re.compile(r'Argument "?(?P<argument>\w+)"? to "(?P<function>\w+)"')
_HAS_TYPE = re.compile(r'"(?P<name>\w+)(?:\[.*\])?\.__call__" has type "(?P<type>.*)"')
_MISSING = re.compile(
    r'"(?P<name>\w+)" is missing following "\w+" protocol members?:\n\s*(?P<names>.*)'
)
_ITEM = re.compile(r"(?:\w*Batches|list|tuple|Sequence|Iterator|Generator)\[(.*)\]")
# Without an arrow it gives None.
_FUNCTION = re.compile(r"def (?:\[.*?\] )?\w*\((?P<arguments>.*)\)(?: -> (?P<result>.*))?")
_BATCHES = re.compile(r"Sequence\[(?P<item>.*)\] \| Callable\[\[int\], Iterable\[.*\]\]")
_FORWARD = re.compile(
    r"Got:\n\s*def (?:\[.*?\] )?forward\(self(?:, )?(?P<inputs>.*)\) -> (?P<output>.*)"
)
_CONFLICT = re.compile(r"Expected:\n\s*def (?P<expected>.*)\n\s*Got:\n\s*def (?P<got>.*)")


@final
@dataclass(frozen=True)
class Joint:
    """Where two parts meet and do not fit.

    Attributes:
        call: What is called, ``"Trainer"``; empty outside of the library's calls.
        argument: The guilty argument, ``"batches"``, or its number.
        source: How the argument is written.
        message: What mypy says.
        hint: What mypy adds in notes.
        definitions: Classes of the script by name.
        models: Class of the model by the type of its batches, as far as known; under ``""`` that
            of the call itself.
    """

    call: str
    argument: str
    source: str
    message: str
    hint: str
    definitions: Mapping[str, Definition]
    models: Mapping[str, str]

    @property
    def got(self) -> str:
        """Type of what was given; of an instance with a ``__call__``, the type of that."""
        own = self._types[0].partition("[")[0]
        called = (each for each in _HAS_TYPE.finditer(self.hint) if each["name"] == own)
        return next((each["type"] for each in called), self._types[0])

    @property
    def expected(self) -> str:
        """Type that fits."""
        return self._types[1]

    @property
    def _types(self) -> tuple[str, str]:
        found = _TYPES.search(self.message)
        return (found["got"], found["expected"]) if found else ("", "")

    @property
    def callee(self) -> tuple[str, str] | None:
        """The argument and the function that the message itself names, if it does."""
        found = _CALLEE.search(self.message)
        return (found["argument"], found["function"]) if found else None

    @property
    def lacks(self) -> str:
        """Members that what was given lacks; empty if it has all."""
        found = _MISSING.search(self.hint)
        return found["names"] if found else ""

    @property
    def is_class(self) -> bool:
        """Whether a class was given, not an instance of it."""
        return self._types[0].startswith("type[")

    @property
    def is_instance(self) -> bool:
        """Whether an object of one class was given."""
        return re.fullmatch(r"\w+", self.got) is not None

    @property
    def is_unsolved(self) -> bool:
        """Whether a lambda inside of `Every` is of no type, as mypy sees it."""
        gives = self._types[0].removeprefix("Every[Never, ")
        fits = gives.startswith(("None", "dict[str, float]", "Mapping[")) or (
            "StepEvent[" in self.expected
        )
        return gives != self._types[0] and fits

    @property
    def is_shared(self) -> bool:
        """Whether all that is known is what values of several types have in common."""
        list_wanted = self.expected.startswith(("Sequence[", "Mapping["))
        list_wanted |= self.message.startswith("List item")  # [*parts]
        return self.got in _SHARED[: None if list_wanted else 1] or self.got.startswith("**")

    @property
    def no_list(self) -> bool:
        """Whether the argument is a list, and what was given is none."""
        return self.expected.startswith("Sequence[") and not item_of(self.got)

    @property
    def is_function(self) -> bool:
        """Whether a function was given, or an object that is called like one."""
        return callable_of(self.got) is not None

    @property
    def is_unbound(self) -> bool:
        """Whether a method was taken from its class, and still takes the object."""
        owner = self.source.rpartition(".")[0].rpartition(".")[2]
        return bool(owner and self.inputs) and self.inputs[0].partition("[")[0] == owner

    @property
    def makes_function(self) -> bool:
        """Whether what was given is no such function, but makes one."""
        return callable_of(self.expected) is not None and callable_of(self.gives) is not None

    @property
    def cannot_be_called(self) -> bool:
        """Whether an object was given where a function is asked for."""
        return callable_of(self.expected) is not None and self.is_instance

    @property
    def inputs(self) -> list[str]:
        """What the function that was given takes."""
        return (callable_of(self.got) or ([], ""))[0]

    @property
    def gives(self) -> str:
        """What the function that was given returns."""
        return (callable_of(self.got) or ([], ""))[1]

    @property
    def wanted(self) -> list[str]:
        """What the function that fits takes."""
        return (callable_of(self.expected) or ([], ""))[0]

    @property
    def batch(self) -> str:
        """Type of the batches that the step takes."""
        found = _BATCHES.search(self.expected)
        return found["item"] if found else self.expected

    @property
    def item(self) -> str:
        """Type of the batches, or of the items of the list, that was given."""
        return self.got if self.message.startswith("List item") else item_of(self.got) or self.got

    @property
    def is_one_of_several(self) -> bool:
        """Whether what was given may be one of several functions."""
        return _SEVERAL.match(self.got) is not None

    @property
    def was_called(self) -> bool:
        """Whether a function was called where it should have been passed."""
        function = callable_of(self.expected)
        result = split(function[1], "|") if function else []
        given = split(self.got, "|")
        fits = given == ["None"] or (bool(given) and set(given) <= set(result))
        return fits and self.source.endswith(")")

    @property
    def function(self) -> str:
        """What stands before the brackets of a call."""
        return self.source.partition("(")[0]

    @property
    def output(self) -> Definition | None:
        """The output that the model gives to the loss, where the script defines it."""
        return self.definitions.get(self.wanted[0]) if self.wanted else None

    @property
    def conflict(self) -> tuple[str, str] | None:
        """The first method that does not fit: as it is asked for, and as it is."""
        found = _CONFLICT.search(self.hint)
        return (found["expected"], found["got"]) if found else None

    @property
    def forward_inputs(self) -> list[str] | None:
        """Inputs of a ``forward`` that does not fit; ``None`` where that is not the fault."""
        found = _FORWARD.search(self.hint)
        return split(found["inputs"]) if found else None

    @property
    def forward_names(self) -> str:
        """Names of these inputs."""
        named = [each for each in self.forward_inputs or [] if each not in ("*", "/")]
        return ", ".join(each.split(":")[0] for each in named) or "none"

    @property
    def forward_output(self) -> str:
        """What that ``forward`` gives."""
        found = _FORWARD.search(self.hint)
        return found["output"] if found else ""

    @property
    def event(self) -> str:
        """The type of event that the callback or routine takes."""
        return event_of(item_of(self.got) if self.expected.startswith("Sequence[") else self.got)

    def described(self, name: str) -> str:
        """A type with its fields, where the script defines it."""
        known = self.definitions.get(name)
        return str(known) if known else name

    def forward(self, batch: str) -> str:
        """What takes a type of batch: ``"VAE.forward"``, or the step."""
        model = self.models.get("") or self.models.get(batch)
        return f"{model}.forward" if model else "the step"

    def lacking(self, given: str, wanted: str) -> str:
        """What the fields of one type lack of another's, as the end of a sentence."""
        first, second = self.definitions.get(given), self.definitions.get(wanted)
        if first is None or second is None:
            return ""
        names = [name for name in second.fields if name not in first.fields]
        return f": {', '.join(map(repr, names))} missing" if names else ""

    def differing(self, took: Sequence[str], came: Sequence[str], begins: str) -> list[str]:
        """A clause for each of batch and output that is read as another type than it has.

        Args:
            took: The types that a function reads, by order of ``came``.
            came: Types of the step, batch first or output first, by ``begins``.
            begins: ``"batch"`` or ``"output"``.
        """
        order = ("batch", "output") if begins == "batch" else ("output", "batch")
        if len(came) != len(order):
            return []
        batch = came[order.index("batch")]
        return [
            f"{self.described(reads)} as {what}, but {self.forward(batch)} "
            f"{'gives' if what == 'output' else 'takes'} {self.described(has)}"
            f"{self.lacking(has, reads)}"
            for reads, has, what in zip(took, came, order, strict=False)
            if reads not in (has, "object")
        ]


def event_of(text: str) -> str:
    """The type of event that a callback or routine takes; empty for other types."""
    function = callable_of(text)
    if function is None and (inside := re.match(r"Every\[(.*)\]$", text)):
        return split(inside[1])[0]
    return function[0][0] if function and len(function[0]) == 1 else ""


def item_of(text: str) -> str:
    """Type of the items of a sequence or of batches; empty for other types."""
    found = _ITEM.fullmatch(text)
    return found[1] if found else ""


def by_alias(text: str) -> str:
    """A text in which types have the names that scripts call them by."""
    text = re.sub(r"\bndarray\[tuple\[[^\]]*\], dtype\[[^\[\]]*(\[[^\]]*\])?\]\]", "ndarray", text)
    return re.sub(r"\bPair\[(Table|Summary)\]", r"\1Pair", text)


def split(text: str, sign: str = ",") -> list[str]:
    """The parts of a text between its outermost commas, or other signs."""
    parts: list[str] = []
    depth = start = 0
    for index, letter in enumerate(text):
        depth += (letter in "[({") - (letter in "])}")
        if letter == sign and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()] if text.strip() else []


_SHARED = ("object", "list[object]", "tuple[object, ...]", "dict[str, object]")
_SEVERAL = re.compile(r"(?:Callable\[|def \().*\| (?:Callable\[|def \()")


def callable_of(text: str) -> tuple[list[str], str] | None:
    """Argument types and result of a function's type; ``None`` for other types."""
    if _SEVERAL.match(text):
        return None
    if text.startswith("Callable[[") and text.endswith("]"):  # as messages write it
        inputs, result = split(text.removeprefix("Callable[").removesuffix("]"))
        return split(inputs[1:-1]), result
    if found := _FUNCTION.fullmatch(text):
        arguments = [each for each in split(found["arguments"]) if each not in ("self", "/", "*")]
        return [each.partition(": ")[2] or each for each in arguments], found["result"] or "None"
    return None
