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

from synthproto.cli.check.checker import Message, messages
from synthproto.cli.check.explain import CALLED_WITH, explain, role_of
from synthproto.cli.check.joints import Joint, callable_of, split
from synthproto.cli.check.scripts import Part, Revealing, Script

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
        *("typeddict-item", "typeddict-unknown-key", "override"),
    }
)
_OF_IPYTHON = re.compile(r'Name "(display|get_ipython|In|Out|_+)" is not defined')
_REVEALED = re.compile(r'Revealed type is "(?P<type>.*)"$')
_GENERIC = re.compile(r"synthproto\.[\w.]*\.(?P<name>\w+)\[(?P<arguments>.*)\]$")
_QUALIFIED = re.compile(r"\b(?:\w+\.)+(?=\w)")
_PARTIAL = "functools.partial["


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
        code: mypy's kind of error, ``"any"`` or ``"partial"``.
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
        elif message.severity == "error":
            name = str(message.path)
            verdict.elsewhere[name] = verdict.elsewhere.get(name, 0) + 1
    wrong = {(f.file, f.line, f.place) for f in verdict.findings if f.severity == "error"}
    for file, (script, _) in known.items():
        unproved = [*_lost(script, types[file]), *_partials(script, types[file])]
        verdict.findings += [f for f in unproved if (f.file, f.line, f.place) not in wrong]


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
    error = message.code not in _MILD and (part is not None or message.code in _VERDICTS)
    yield _at(
        script,
        (message.line, column, message.end_line, end),
        part.place if part else "",
        explain(joint),
        "error" if error else "warning",
        "\n".join(filter(None, (message.text, message.hint))),
        message.code,
    )


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


# --- types that are lost --------------------------------------------------------------------------


def _models(types: Mapping[Part, str], owner: ast.Call | None) -> dict[str, str]:
    """Class of the model by the name of its batch type; the model of a call itself comes first."""
    owners = {
        part.owner: _short(kind)
        for part, kind in types.items()
        if part.argument in ("model", "generator")
    }
    models = {
        _short(arguments[0]): owners[part.owner]
        for part, kind in types.items()
        if not part.argument and part.owner in owners and (arguments := _arguments(kind))
    }
    return models if owner not in owners else dict.fromkeys([*models, ""], owners[owner])


def _lost(script: Script, types: Mapping[Part, str]) -> Iterator[Finding]:
    for part, kind in types.items():
        arguments = _arguments(kind)
        function = callable_of(_short(kind))
        source = script.source(part.node)
        if part.argument == "" and arguments and "Any" in arguments:
            short = f"{part.call}[{', '.join(map(_short, arguments))}]"
            text = f"it came out as {short}: where a type is Any, nothing is proved."
            text += _cure(part.call)
        elif not role_of(part.call, part.argument):
            continue
        elif kind == "Any":
            text = f"{source} is of type Any, so nothing is proved of it"
        elif function and "Any" in (*function[0], function[1]):
            takes = ", ".join(function[0])
            text = (
                f"{source} takes ({takes}) and gives {function[1]}: where a type is Any, nothing "
            )
            text += "is proved. Annotate the function"
        else:
            continue
        yield _on(script, part, text, "warning", "any")


def _cure(call: str) -> str:
    """What gives a part its types back."""
    if call in ("GradientStep", "AdversarialStep", "BatchScores"):
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


# --- functools.partial, which hides what is missing ----------------------------------------------


def _partials(script: Script, types: Mapping[Part, str]) -> Iterator[Finding]:
    """What `functools.partial` still lacks where it is called: mypy takes it for ``(*Any)``."""
    bound = {part.owner: kind for part, kind in types.items() if part.call == "partial"}
    for part, kind in types.items():
        role = role_of(part.call, part.argument)
        if not kind.startswith(_PARTIAL) or role not in CALLED_WITH:
            continue
        call = _partial_call(script, part.node)
        lacking = _lacking(call, bound.get(call, ""), CALLED_WITH[role]) if call else None
        source = script.source(call.args[0]) if call else script.source(part.node)
        if lacking is None:
            text = f"a partial forgets what it still needs. Proved is bind({source}, ...)"
            yield _on(script, part, text, "warning", "partial")
        elif lacking:
            text = (
                f"{part.argument} is called with {_counted(CALLED_WITH[role], 'argument')}, but "
                f"{source} still needs {', '.join(map(repr, lacking))}. Give them here: "
                f"bind({source}, ...)"
            )
            yield _on(script, part, text, "error", "partial")


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _partial_call(script: Script, node: ast.expr) -> ast.Call | None:
    """The call of ``partial`` that an expression is, or the name of."""
    calls = [part.owner for part in script.parts if part.call == "partial"]
    if isinstance(node, ast.Name):
        tree = ast.parse(script.text)
        made = [
            (each.value.lineno, each.value.col_offset)
            for each in ast.walk(tree)
            if isinstance(each, ast.Assign)
            and any(
                isinstance(target, ast.Name) and target.id == node.id for target in each.targets
            )
        ]
        if len(made) != 1:
            return None
        return next((call for call in calls if (call.lineno, call.col_offset) == made[0]), None)
    return next((call for call in calls if call is node), None)


def _lacking(call: ast.Call, kind: str, given: int) -> list[str] | None:
    """Required arguments that neither the partial nor its caller gives; ``None`` if unknown."""
    found = re.match(r"def (?:\[.*?\] )?\((?P<arguments>.*)\) -> ", kind)
    starred = any(isinstance(each, ast.Starred) for each in call.args)
    named = [keyword.arg for keyword in call.keywords]
    if found is None or starred or None in named:
        return None
    only_named = False
    positional: list[tuple[str, bool]] = []
    keywords: list[tuple[str, bool]] = []
    for each in split(found["arguments"]):
        name, _, rest = each.partition(": ")
        if name.startswith("**") or name == "/":
            continue
        if name.startswith("*"):
            only_named = True
        elif name not in named:
            (keywords if only_named else positional).append((name, rest.endswith("=")))
    left = positional[len(call.args) - 1 + given :]
    return [name for name, has_default in [*left, *keywords] if not has_default]
