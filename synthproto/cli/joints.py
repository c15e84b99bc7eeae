"""A joint that does not fit, and types as mypy writes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from synthproto.cli.scripts import Definition

_TYPES = re.compile(r'incompatible type "(?P<got>.*)"; expected "(?P<expected>.*)"$')
_HAS_TYPE = re.compile(r'"(?P<name>\w+)(?:\[.*\])?\.__call__" has type "(?P<type>.*)"')
_MISSING = re.compile(
    r'"(?P<name>\w+)" is missing following "\w+" protocol members?:\n\s*(?P<names>.*)'
)
_ITEM = re.compile(r"(?:Batches|LoaderBatches|list|tuple|Sequence|Iterator|Generator)\[(.*)\]")


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
        called = _HAS_TYPE.search(self.hint)
        return called["type"] if called else self._types[0]

    @property
    def expected(self) -> str:
        """Type that fits."""
        return self._types[1]

    @property
    def _types(self) -> tuple[str, str]:
        found = _TYPES.search(self.message)
        return (found["got"], found["expected"]) if found else ("", "")

    def described(self, name: str) -> str:
        """A type with its fields, where the script defines it."""
        known = self.definitions.get(name)
        return str(known) if known else name

    def forward(self, batch: str) -> str:
        """What takes a type of batch: ``"VAE.forward"``, or the step."""
        model = self.models.get("") or self.models.get(batch)
        return f"{model}.forward" if model else "the step"

    @property
    def lacks(self) -> str:
        """Members that what was given lacks; empty if it has all."""
        found = _MISSING.search(self.hint)
        return found["names"] if found else ""

    def lacking(self, given: str, wanted: str) -> str:
        """What the fields of one type lack of another's, as the end of a sentence."""
        first, second = self.definitions.get(given), self.definitions.get(wanted)
        if first is None or second is None:
            return ""
        names = [name for name in second.fields if name not in first.fields]
        return f": {', '.join(map(repr, names))} missing" if names else ""


def item_of(text: str) -> str:
    """Type of the items of a sequence or of batches; empty for other types."""
    found = _ITEM.fullmatch(text)
    return found[1] if found else ""


def split(text: str) -> list[str]:
    """The parts of a text between its outermost commas."""
    parts: list[str] = []
    depth = start = 0
    for index, letter in enumerate(text):
        depth += (letter in "[({") - (letter in "])}")
        if letter == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()] if text.strip() else []


def callable_of(text: str) -> tuple[list[str], str] | None:
    """Argument types and result of a function's type; ``None`` for other types."""
    if text.startswith("Callable[[") and text.endswith("]"):
        inputs, result = split(text.removeprefix("Callable[").removesuffix("]"))
        return split(inputs[1:-1]), result
    if found := re.fullmatch(r"def (?:\[.*?\] )?\w*\((?P<arguments>.*)\) -> (?P<result>.*)", text):
        arguments = [each for each in split(found["arguments"]) if each not in ("self", "/", "*")]
        return [each.partition(": ")[2] or each for each in arguments], found["result"]
    return None
