"""What is wrong with scripts: mypy's errors explained, and parts whose types are lost."""

import ast
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal, final

import synthproto
from synthproto.cli.check.checker import Message, messages
from synthproto.cli.check.explain import explain
from synthproto.cli.check.joints import Joint
from synthproto.cli.check.scripts import METHODS, Part, Revealing, Script
from synthproto.cli.check.unproved import short, type_arguments, unproved

Severity = Literal["error", "warning"]

# Missing annotations and stubs break no joint; what they leave unproved is told where a part
# becomes Any.
_MILD = frozenset(
    {
        *("import-untyped", "import-not-found", "no-any-return", "no-untyped-call"),
        *("no-untyped-def", "type-arg", "unused-ignore", "misc-any", "var-annotated"),
    }
)
# Outside of the library's calls a script is right or wrong for reasons that are not ours to judge;
# these are mistakes of the kind that parts make.
_VERDICTS = frozenset(
    {
        *("arg-type", "call-arg", "call-overload", "list-item", "dict-item", "assert-type"),
        *("typeddict-item", "typeddict-unknown-key", "attr-defined", "index", "operator"),
    }
)
# The functions and classes that a message is about.
_ABOUT = re.compile(
    r'\b(?:to|for|of|TypedDict) "(?P<of>\w+)|^(?:Module )?"(?:type\[)?(?P<has>\w+).*" has no attr'
    r'|^Value of type "(?P<value>\w+).*" is not indexable'
    r'|^Unsupported (?:left )?operand types? for \S+ \("(?P<operand>\w+)'
)
_OF_IPYTHON = re.compile(r'Name "(display|get_ipython|In|Out|_+)" is not defined')
_LIBRARY = Path(synthproto.__file__).resolve().parent  # as a source checkout: nothing for users
_REVEALED = re.compile(r'Revealed type is "(?P<type>.*)"$')


@final
@dataclass(frozen=True)
class Finding:
    """Something that does not fit, or that cannot be proved.

    Attributes:
        file: Path as it was given.
        cell: Code cell of a notebook, from 1; ``None`` in scripts.
        line: From 1, in the cell of a notebook.
        column: From 1.
        end_line: From 1.
        end_column: Of the last character.
        severity: ``"error"`` where parts do not fit, ``"warning"`` where nothing is proved.
        place: Which argument of what: ``"batches of Trainer"``; may be empty.
        explanation: What it means and what to do; may be empty.
        mypy: What mypy says, notes included; empty where it is silent.
        code: mypy's kind of error; of ours ``"any"``, ``"partial"``, ``"module"``, ``"name"``,
            ``"scheduler"``.
        excerpt: The line.
    """

    file: str
    cell: int | None
    line: int
    column: int
    end_line: int
    end_column: int
    severity: Severity
    place: str
    explanation: str
    mypy: str
    code: str
    excerpt: str


@final
@dataclass
class Verdict:
    """What a check found.

    Attributes:
        findings: By file and place.
        elsewhere: How many errors are in files that were not asked about, by file.
    """

    findings: list[Finding] = field(default_factory=list)
    elsewhere: dict[str, int] = field(default_factory=dict)


def verdict_on(scripts: Sequence[Script]) -> Verdict:
    """Check scripts.

    Raises:
        CheckerError: mypy could not run.
    """
    verdict = Verdict()
    if not any(part.argument == "" for script in scripts for part in script.parts):
        text = "no part of synthproto is used here, so nothing is proved"
        verdict.findings = [_at(script, (1, 0, 1, 1), "", text) for script in scripts]
        return verdict
    for group in _groups(scripts):
        _check(group, verdict)
    verdict.findings = sorted(
        set(verdict.findings),
        key=lambda each: (each.file, each.cell or 0, each.line, each.column, each.severity),
    )
    return verdict


# --- mypy -----------------------------------------------------------------------------------------


def _root(script: Script) -> Path:
    """The folder from which the script's modules are imported."""
    folder = script.path.resolve().parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _groups(scripts: Sequence[Script]) -> list[list[Script]]:
    """Scripts that one run can check: no two of their folders have modules of one name."""
    groups: list[tuple[dict[str, Path], list[Script]]] = []
    for script in scripts:
        root = _root(script)
        modules = {path.stem for path in root.glob("*.py")}
        modules |= {path.parent.name for path in root.glob("*/__init__.py")}
        fitting = (
            group for group in groups if all(group[0].get(name, root) == root for name in modules)
        )
        owners, members = next(fitting, ({}, []))
        if not members:
            groups.append((owners, members))
        owners.update(dict.fromkeys(modules, root))
        members.append(script)
    return [members for _, members in groups]


def _check(scripts: Sequence[Script], verdict: Verdict) -> None:
    sources: dict[Path, Path] = {}
    known: dict[Path, tuple[Script, Revealing]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())).resolve()
        for script in scripts:
            revealing = _parsable(script.revealing(), script)
            copy = (
                folder / f"cells_{sha256(os.fsencode(script.path.resolve())).hexdigest()[:16]}.py"
            )
            copy.write_text(revealing.text, encoding="utf-8")
            file = script.path.resolve() if _is_module(script) else copy
            sources[file] = copy
            known[file] = (script, revealing)
        said = [
            replace(message, path=_meant(message.path.resolve(), known))
            for message in messages(sources, [_root(script) for script in scripts])
        ]
    times, types = _types(said, known)
    for message in said:
        if message.severity == "error" and message.path in known:
            own = known[message.path]
            verdict.findings += _finding(message, times, *own, types[message.path])
        elif message.severity == "error" and _LIBRARY not in message.path.parents:
            name = str(message.path)
            verdict.elsewhere[name] = verdict.elsewhere.get(name, 0) + 1
    verdict.findings = without_echoes(verdict.findings)
    wrong = {(f.file, f.line, f.place) for f in verdict.findings if f.severity == "error"}
    for file, (script, _) in known.items():
        found = [_on(script, *each) for each in unproved(script, types[file])]
        verdict.findings += [f for f in found if (f.file, f.line, f.place) not in wrong]


def _meant(path: Path, known: Mapping[Path, tuple[Script, Revealing]]) -> Path:
    """The file that a message is about.

    What mypy has cached of a module of the same name and text names the file that it then was.
    """
    if path in known:
        return path
    for file, (script, _) in known.items():
        own = file.relative_to(_root(script)).parts if _is_module(script) else (file.name,)
        if path.parts[-len(own) :] == own and (not path.exists() or _same(path, script)):
            return file
    return path


def _same(path: Path, script: Script) -> bool:
    try:
        return path.read_text(encoding="utf-8") == script.text
    except (OSError, UnicodeDecodeError):
        return False


def _types(
    said: Sequence[Message], known: Mapping[Path, tuple[Script, Revealing]]
) -> tuple[int, dict[Path, dict[Part, str]]]:
    """The types of parts, by file, and how this version of mypy counts columns.

    It is found out from the parts, whose places are known: see `Revealing.reported`.
    """
    notes = [
        (message.path, (message.line, message.column), found["type"])
        for message in said
        if (found := _REVEALED.match(message.text))
    ]
    best: tuple[int, dict[Path, dict[Part, str]]] = (0, {file: {} for file in known})
    for times in (0, 1, 2):
        types: dict[Path, dict[Part, str]] = {}
        for file, (_, revealing) in known.items():
            places = {
                (line, revealing.reported(line, column, times)): part
                for (line, column), part in revealing.parts.items()
            }
            own = ((place, kind) for path, place, kind in notes if path == file)
            types[file] = {places[place]: kind for place, kind in own if place in places}
        if sum(map(len, types.values())) > sum(map(len, best[1].values())):
            best = (times, types)
    return best


def _is_module(script: Script) -> bool:
    """Whether mypy can be given the file itself."""
    try:
        str(script.path.resolve()).encode()
    except UnicodeEncodeError:
        return False
    return script.path.suffix == ".py"


def _parsable(revealing: Revealing, script: Script) -> Revealing:
    try:
        ast.parse(revealing.text)
    except (SyntaxError, ValueError):
        return Revealing(script.text, {}, {})
    return revealing


def _finding(
    message: Message,
    times: int,
    script: Script,
    revealing: Revealing,
    types: Mapping[Part, str],
) -> Iterator[Finding]:
    if script.is_notebook and _OF_IPYTHON.match(message.text):
        return
    column = revealing.original(message.line, message.column, times)
    end = revealing.original(message.end_line, message.end_column, times)
    around = script.arguments_at(message.line, column)
    call = script.call_at(message.line, column)
    missing = message.code == "call-arg" and call is not None
    part = call if missing or not around else around[-1]
    joint = Joint(
        call=part.call if part else "",
        argument=part.argument if part else "",
        source=script.between(message.line, column, message.end_line, end),
        message=message.text,
        hint=message.hint,
        definitions=script.definitions,
        models=_models(types, part.owner if part else None),
    )
    own = _is_own(message, script, column, part)
    verdict = own and (part is not None or message.code in _VERDICTS)
    proved = not joint.is_shared and not joint.is_unsolved
    error = verdict and message.code not in _MILD and proved
    yield _at(
        script,
        (message.line, column, message.end_line, end),
        part.place if part else "",
        explain(joint) if own else "",
        "error" if error else "warning",
        "\n".join(filter(None, (message.text, message.hint))),
        message.code,
    )


def _is_own(message: Message, script: Script, column: int, part: Part | None) -> bool:
    """Whether a message is about the script's or the library's names, not another package's.

    What the stubs of other packages refuse often runs.
    """
    names = {each for found in _ABOUT.finditer(message.text) for each in found.groups() if each}
    library = {"synthproto", *dir(synthproto), *METHODS}
    if message.code in ("attr-defined", "index", "operator") and part is None:
        dicts = {name for name, each in script.definitions.items() if each.kind == "TypedDict"}
        return bool(names & (library | dicts))
    if names:
        return bool(names & (script.names | library))
    callee = script.callee_at(message.line, column)
    *owner, name = callee.split(".")
    if owner and owner[-1] in library:
        return True
    return name in script.names | library or not (owner or name in script.foreign)


def without_echoes(findings: Sequence[Finding]) -> list[Finding]:
    """Errors without what only follows from another one inside the same expression.

    An argument does not fit because a call in it is wrong, or a function because of what it
    returns: of two such findings, the one that is explained counts, or the inner one.
    """
    errors = [each for each in findings if each.severity == "error"]
    echoes = {
        id(one)
        for one in errors
        for other in errors
        if one is not other and _echoes(one, other) and not _echoes(other, one)
    }
    told: set[tuple[object, ...]] = set()
    kept = []
    for each in findings:
        place = (each.file, each.cell, each.line, each.column, each.place, each.explanation)
        if id(each) not in echoes and not (each.explanation and place in told):
            told.add(place)
            kept.append(each)
    return kept


def _echoes(one: Finding, other: Finding) -> bool:
    """Whether an error only repeats another one."""
    repeated = not one.explanation or one.code in ("return-value", "type-var")
    if other.explanation and repeated and one.place == other.place:
        return _holds(other, one)
    blames_value = one.code in ("arg-type", "list-item", "dict-item")
    deeper = one.place != other.place and other.explanation != ""
    return blames_value and deeper and _holds(one, other)


def _holds(outer: Finding, inner: Finding) -> bool:
    """Whether an expression holds another one, or is the same."""
    begins = (outer.line, outer.column) <= (inner.line, inner.column)
    ends = (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
    return begins and ends and (outer.file, outer.cell) == (inner.file, inner.cell)


def _at(
    script: Script,
    span: tuple[int, int, int, int],
    place: str,
    explanation: str,
    severity: Severity = "warning",
    mypy: str = "",
    code: str = "any",
) -> Finding:
    """A finding at a span of lines and columns in bytes."""
    line, column, end_line, end = span
    cell, shown = script.place(line)
    first = script.characters(line, column)
    return Finding(
        file=str(script.path),
        cell=cell,
        line=shown,
        column=first + 1,
        end_line=shown + end_line - line,
        end_column=max(script.characters(end_line, end), first + 1),
        severity=severity,
        place=place,
        explanation=explanation,
        mypy=mypy,
        code=code,
        excerpt=script.lines[line - 1] if 0 < line <= len(script.lines) else "",
    )


def _on(script: Script, part: Part, text: str, severity: Severity, code: str) -> Finding:
    node = part.node
    end = node.end_col_offset or node.col_offset + 1
    span = (node.lineno, node.col_offset, node.end_lineno or node.lineno, end)
    return _at(script, span, part.place, text, severity, "", code)


def _models(types: Mapping[Part, str], owner: ast.Call | None) -> dict[str, str]:
    """Class of the model by the name of its batch type; the model of a call itself comes first."""
    owners = {
        part.owner: short(kind)
        for part, kind in types.items()
        if part.argument in ("model", "generator")
    }
    models = {
        short(arguments[0]): owners[part.owner]
        for part, kind in types.items()
        if not part.argument and part.owner in owners and (arguments := type_arguments(kind))
    }
    return models if owner not in owners else dict.fromkeys([*models, ""], owners[owner])
