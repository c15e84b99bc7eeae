"""What is wrong with scripts: mypy's errors explained, and parts whose types are lost."""

import ast
import json
import os
import re
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal, final

from synthproto.cli.check.checker import Message, messages
from synthproto.cli.check.explain import Joint, explain, role_of, split
from synthproto.cli.check.scripts import Part, Script

Severity = Literal["error", "warning"]

# Missing annotations break no joint; what they leave unproved is told where a part becomes Any.
_MILD = frozenset(
    {
        "import-untyped",
        "no-any-return",
        "no-untyped-call",
        "no-untyped-def",
        "type-arg",
        "unused-ignore",
        "misc-any",
    }
)
_REVEALED = re.compile(r'Revealed type is "(?P<type>.*)"$')
_GENERIC = re.compile(r"synthproto\.[\w.]*\.(?P<name>\w+)\[(?P<arguments>.*)\]$")
_QUALIFIED = re.compile(r"\b(?:\w+\.)+(?=\w)")


@final
@dataclass(frozen=True)
class Finding:
    """Something that does not fit, or that cannot be proved.

    Attributes:
        file: Path as it was given.
        line: From 1.
        column: From 1.
        end_line: From 1.
        end_column: Of the last character.
        severity: ``"error"`` where parts do not fit, ``"warning"`` where nothing is proved.
        place: Which argument of what: ``"batches of Trainer"``; may be empty.
        explanation: What it means and what to do; may be empty.
        mypy: What mypy says, notes included; empty where it is silent.
        code: mypy's kind of error, or ``"any"``.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    severity: Severity
    place: str
    explanation: str
    mypy: str
    code: str


def findings(scripts: Sequence[Script]) -> list[Finding]:
    """Check scripts.

    Returns:
        Findings by file and place.

    Raises:
        CheckerError: mypy could not run.
    """
    by_path = {script.path.resolve(): script for script in scripts}
    said = messages([script.path for script in scripts])
    revealed = _revealed(scripts)
    found = [
        _finding(message, script, revealed.get(message.path.resolve(), {}))
        for message in said
        if message.severity == "error"
        and (script := by_path.get(message.path.resolve()) or _beside(message.path, scripts))
    ]
    for script in scripts:
        found += _lost(script, revealed.get(script.path.resolve(), {}))
    return sorted(set(found), key=lambda each: (each.file, each.line, each.column, each.severity))


def _beside(path: Path, scripts: Sequence[Script]) -> Script | None:
    """The user's own module that a script imports; ``None`` for installed packages."""
    folders = [script.path.resolve().parent for script in scripts]
    inside = any(path.resolve().is_relative_to(folder) for folder in folders)
    return Script(path) if inside and "site-packages" not in path.parts else None


def _revealed(scripts: Sequence[Script]) -> dict[Path, dict[Part, str]]:
    """The type of each part of each script, as mypy infers it."""
    places: dict[Path, dict[tuple[int, int], Part]] = {}
    shadows: dict[Path, Path] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, script in enumerate(scripts):
            text, places[script.path.resolve()] = script.revealing()
            shadow = Path(folder, f"{number}.py")
            shadow.write_text(text, encoding="utf-8")
            shadows[script.path] = shadow
        said = messages([script.path for script in scripts], shadows)
    types: dict[Path, dict[Part, str]] = {}
    for message in said:
        path = message.path.resolve()
        part = places.get(path, {}).get((message.line, message.column))
        if part and (found := _REVEALED.match(message.text)):
            types.setdefault(path, {})[part] = found["type"]
    return types


def _finding(message: Message, script: Script, types: Mapping[Part, str]) -> Finding:
    around = script.arguments_at(message.line, message.column)
    part = around[-1] if around else None
    source = script.between(message.line, message.column, message.end_line, message.end_column)
    joint = Joint(
        call=part.call if part else "",
        argument=part.argument if part else "",
        source=source,
        message=message.text,
        hint=message.hint,
        definitions=script.definitions,
        models=_models(types, part.owner if part else None),
    )
    return Finding(
        file=str(message.path),
        line=message.line,
        column=message.column + 1,
        end_line=message.end_line,
        end_column=max(message.end_column, message.column + 1),
        severity="warning" if message.code in _MILD else "error",
        place=part.place if part else "",
        explanation=explain(joint),
        mypy="\n".join(filter(None, (message.text, message.hint))),
        code=message.code,
    )


def _models(types: Mapping[Part, str], owner: ast.Call | None) -> dict[str, str]:
    """Class of the model by the name of its batch type; the model of a call itself comes first."""
    owners = {part.owner: _short(kind) for part, kind in types.items() if part.argument == "model"}
    models = {
        _short(arguments[0]): owners[part.owner]
        for part, kind in types.items()
        if not part.argument and part.owner in owners and (arguments := _arguments(kind))
    }
    return models if owner not in owners else dict.fromkeys([*models, ""], owners[owner])


def _lost(script: Script, types: Mapping[Part, str]) -> Iterator[Finding]:
    for part, kind in types.items():
        arguments = _arguments(kind)
        if part.argument == "" and arguments and "Any" in arguments:
            short = f"{part.call}[{', '.join(map(_short, arguments))}]"
            text = f"it came out as {short}: where a type is Any, nothing is proved."
            text += _cure(part.call)
        elif role_of(part.call, part.argument) and kind == "Any":
            text = f"{script.source(part.node)} is of type Any, so nothing is proved of it"
        else:
            continue
        node = part.node
        yield Finding(
            file=str(script.path),
            line=node.lineno,
            column=node.col_offset + 1,
            end_line=node.end_lineno or node.lineno,
            end_column=node.end_col_offset or node.col_offset + 1,
            severity="warning",
            place=part.place if part.argument else part.call,
            explanation=text,
            mypy="",
            code="any",
        )


def _cure(call: str) -> str:
    """What gives a part its types back."""
    if call in ("GradientStep", "BatchScores"):
        return " Annotate the model's forward: def forward(self, batch: MyBatch) -> MyOutput"
    if call in ("Batches", "trusted", "LoaderBatches"):
        return " Annotate what the batches are made of"
    return " The cause is above, in one of its parts"


def _arguments(kind: str) -> list[str]:
    """Type arguments of a generic part of the library."""
    found = _GENERIC.match(kind)
    return split(found["arguments"]) if found else []


def _short(kind: str) -> str:
    """A type without the modules of its names, and a TypedDict by its name."""
    named = re.sub(r"TypedDict\('?([\w.]+)'?, \{.*?\}\)", r"\1", kind)
    named = re.sub(r"tuple\[[^\[\]]*, fallback=([\w.]+)\]", r"\1", named)
    return _QUALIFIED.sub("", named)


_WIDTH = 96
_BOLD, _RED, _YELLOW, _GREEN, _DIM, _END = (
    f"\x1b[{code}m" for code in ("1", "31", "33", "32", "2", "0")
)


def as_json(
    scripts: Sequence[Script], found: Sequence[Finding], fits: bool, seconds: float, _: bool
) -> str:
    """Findings as one JSON object: ``fits``, ``scripts``, ``findings``, ``seconds``, ``mypy``."""
    content = {
        "fits": fits,
        "scripts": [str(script.path) for script in scripts],
        "findings": [asdict(each) for each in found],
        "seconds": round(seconds, 2),
        "mypy": version("mypy"),
    }
    return json.dumps(content, indent=2) + "\n"


def as_text(
    scripts: Sequence[Script], found: Sequence[Finding], fits: bool, seconds: float, colored: bool
) -> str:
    """Findings as text: place, explanation, the line itself, and mypy's own words.

    Args:
        scripts: What was checked.
        found: What was found.
        fits: Whether all is well.
        seconds: How long it took.
        colored: Whether a terminal shows it.
    """
    texts = [_shown_finding(each, scripts) for each in found]
    texts.append(_summary(scripts, found, fits, seconds))
    text = "\n\n".join(texts) + "\n"
    if colored and "NO_COLOR" not in os.environ:
        return text
    for code in (_BOLD, _RED, _YELLOW, _GREEN, _DIM, _END):
        text = text.replace(code, "")
    return text


def _shown_finding(found: Finding, scripts: Sequence[Script]) -> str:
    color = _RED if found.severity == "error" else _YELLOW
    where = f"{found.file}:{found.line}:{found.column}"
    verdict = "does not fit" if found.severity == "error" else "not proved"
    what = f"{verdict}: {found.place}" if found.place else found.severity
    lines = [f"{_BOLD}{where}{_END}  {color}{what}{_END}"]
    if found.explanation:
        lines += textwrap.wrap(
            found.explanation, _WIDTH, initial_indent="  ", subsequent_indent="  "
        )
    lines += _excerpt(found, scripts)
    if found.mypy:
        first, *notes = found.mypy.split("\n")
        code = f"  [{found.code}]" if found.code else ""
        said = [f"mypy: {first}{code}", *(f"      {note}" for note in notes)]
        lines += [f"  {_DIM}{line}{_END}" for line in said]
    return "\n".join(lines)


def _excerpt(found: Finding, scripts: Sequence[Script]) -> list[str]:
    """The line itself, with the guilty place underlined."""
    script = next((each for each in scripts if str(each.path) == found.file), None)
    if script is None or not 0 < found.line <= len(script.lines):
        return []
    line = script.lines[found.line - 1].expandtabs(1)
    last = found.end_column if found.end_line == found.line else len(line)
    number = f"  {found.line:>4} | "
    mark = " " * (len(number) - 2) + "| " + " " * (found.column - 1)
    return [f"{number}{line}", f"{mark}{'^' * max(1, last - found.column + 1)}"]


def _summary(
    scripts: Sequence[Script], found: Sequence[Finding], fits: bool, seconds: float
) -> str:
    faults = sum(each.severity == "error" for each in found)
    warnings = len(found) - faults
    if not fits:
        verdict = f"{_RED}Does not fit{_END}"
    elif warnings:
        verdict = f"{_YELLOW}What can be proved fits{_END}"
    else:
        verdict = f"{_GREEN}Everything fits{_END}"
    counts = f"{_counted(faults, 'fault')}, {_counted(warnings, 'warning')}"
    return f"{verdict}: {counts} in {_counted(len(scripts), 'script')} ({seconds:.1f} s)"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
