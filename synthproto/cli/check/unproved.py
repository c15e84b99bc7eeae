"""What mypy is silent about: types that are lost, partials, modules, parts without a name."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from synthproto.cli.check.definitions import dotted, last_name
from synthproto.cli.check.explain import CALLED_WITH, role_of
from synthproto.cli.check.joints import by_alias, callable_of, split
from synthproto.cli.check.scripts import Part, Script

_GENERIC = re.compile(r"synthproto\.[\w.]*\.(?P<name>\w+)\[(?P<arguments>.*)\]$")
_QUALIFIED = re.compile(r"\b(?:\w+\.)+(?=\w)")
_PARTIAL = "functools.partial["


class Unproved(NamedTuple):
    """A part of which mypy says nothing, and what there is to say."""

    part: Part
    text: str
    severity: Literal["error", "warning"]
    code: str


def unproved(script: Script, types: Mapping[Part, str]) -> Iterator[Unproved]:
    """What mypy's silence about a script's parts does not prove.

    Args:
        script: The script.
        types: Types of its parts, as mypy reveals them.
    """
    bound = {part.owner: kind for part, kind in types.items() if part.call == "partial"}
    for part in script.parts:
        role = role_of(part.call, part.argument)
        partial = types.get(part, "").startswith(_PARTIAL)
        if role == "plan part" and (partial or isinstance(part.node, ast.Lambda)):
            yield Unproved(part, _NAMELESS % ("partial" if partial else "lambda"), "error", "name")
    lambdas = {id(part.node.body) for part in script.parts if isinstance(part.node, ast.Lambda)}
    lost = {part.owner for part, kind in types.items() if "Any" in type_arguments(kind)}
    for part, kind in types.items():
        role = role_of(part.call, part.argument)
        if id(part.node) in lambdas:
            # The last two may give anything; of a part that is lost, all is told.
            if kind == "Any" and role not in ("", "after", "callbacks") and part.owner not in lost:
                text = f"{script.source(part.node)} is of type Any, so nothing is proved of it"
                yield Unproved(part, text, "warning", "any")
        elif text := _wrong(script, part, kind, role):
            yield Unproved(part, text, "error", "call")
        elif kind.startswith(_PARTIAL) and role in CALLED_WITH:
            yield from _of_partial(script, part, bound, CALLED_WITH[role])
        elif role in (*CALLED_WITH, "score", "plan part") and _is_module(script, kind):
            yield _of_module(script, part, role)
        elif text := _lost(script, part, kind):
            yield Unproved(part, text, "warning", "any")
        elif role == "scheduler" and short(kind) == "ReduceLROnPlateau":
            text = (
                f"{script.source(part.node)} is stepped with a value, which has to be named: "
                "OnPlateau(scheduler, monitor)"
            )
            yield Unproved(part, text, "error", "scheduler")


# --- types that are lost --------------------------------------------------------------------------


def _lost(script: Script, part: Part, kind: str) -> str:
    arguments = type_arguments(kind)
    function = callable_of(short(kind))
    source = script.source(part.node)
    if part.argument == "" and arguments and "Any" in arguments:
        whole = f"{part.call}[{', '.join(map(short, arguments))}]"
        told = f"it came out as {whole}: where a type is Any, nothing is proved."
        return told + _cure(part.call)
    if not role_of(part.call, part.argument):
        return ""
    if kind == "Any":
        return f"{source} is of type Any, so nothing is proved of it"
    if function and "Any" in (*function[0], function[1]):
        return (
            f"{source} takes ({', '.join(function[0])}) and gives {function[1]}: where a type is "
            "Any, nothing is proved. Annotate the function"
        )
    return ""


def _cure(call: str) -> str:
    """What gives a part its types back."""
    if call in ("GradientStep", "AdversarialStep", "BatchScores"):
        return " Annotate the model's forward: def forward(self, batch: MyBatch) -> MyOutput"
    if call in ("Batches", "trusted", "LoaderBatches"):
        return " Annotate what the batches are made of"
    return " The cause is in one of its parts, or in what it is given to"


def type_arguments(kind: str) -> list[str]:
    """Type arguments of a generic part of the library."""
    found = _GENERIC.match(kind)
    return split(found["arguments"]) if found else []


def short(kind: str) -> str:
    """A type as a script writes it: without modules, a TypedDict by its name."""
    named = re.sub(r"TypedDict\('?([\w.]+)'?, \{.*?\}\)", r"\1", kind)
    named = re.sub(r"tuple\[[^\[\]]*, fallback=([\w.]+)\]", r"\1", named)
    return by_alias(_QUALIFIED.sub("", named))


# --- what fits by its type alone ------------------------------------------------------------------


def _wrong(script: Script, part: Part, kind: str, role: str) -> str:
    """What mypy accepts though it cannot be meant: a called function, a class, a cut tensor."""
    source = script.source(part.node)
    gives = (callable_of(short(kind)) or ([], ""))[1]
    if kind == "None" and part.argument and isinstance(part.node, ast.Call):
        itself = f" Pass the function itself: {dotted(part.node.func)}"
        return f"{source} was called here, and gave None.{itself if role in CALLED_WITH else ''}"
    if role in ("after", "callbacks", "fit") and gives and gives == last_name(part.node):
        return f"{source} is a class; a call of it only makes an object. Pass a function"
    if role == "batches" and gives == "Tensor":
        return (
            f"{source} gives one Tensor, which is cut into rows. Return a list of batches, or yield"
        )
    return ""


# --- modules, which mypy takes for functions of anything ------------------------------------------

_NOT_A_MODEL: Mapping[str, str] = {
    "sample": "Say how it generates: sampler({0}, params), or bind({0}.sample, 1000)",
    "batches": "Batches are a list, or Batches(data, size)",
    "stopper": "A stopper says when to end: MaxEpochs(10)",
    "monitor": "A monitor reads a score of an epoch: validation.monitor(MeanJSDistance())",
}
_NAMELESS = (
    "a %s has no name, and the name of a part is its tag. Write def my_score(pair: TablePair): "
    "..., or a class with a name"
)


def _is_module(script: Script, kind: str) -> bool:
    known = script.definitions.get(short(kind))
    own = known is not None and known.kind == "Module"
    return own or kind.startswith("torch.nn.modules.")


def _of_module(script: Script, part: Part, role: str) -> Unproved:
    source = script.source(part.node)
    if role in _NOT_A_MODEL:
        text = f"{source} is a model. {_NOT_A_MODEL[role].format(source)}"
        return Unproved(part, text, "error", "module")
    text = (
        f"{source} is a module: nothing is known of what it is called with, and gives. Proved is a "
        "function with annotations"
    )
    return Unproved(part, text, "warning", "module")


# --- functools.partial, which mypy takes for a function of anything -------------------------------


def _of_partial(
    script: Script, part: Part, bound: Mapping[ast.Call, str], given: int
) -> Iterator[Unproved]:
    """What a partial still lacks where it is called, and whether its arguments are proved."""
    call = _partial_call(script, part.node)
    lacking = _lacking(call, bound.get(call, ""), given) if call else None
    source = script.source(call.args[0]) if call else script.source(part.node)
    if lacking:
        missing = ", ".join(f"{name}=..." for name in lacking)
        text = (
            f"{part.argument} is called with {_counted(given, 'argument')}, but {source} still "
            f"needs {', '.join(map(repr, lacking))}. Give them here: "
            f"{'partial' if given else 'bind'}({source}, {missing})"
        )
        yield Unproved(part, text, "error", "partial")
    elif lacking is None and not given:
        text = f"a partial forgets what it still needs. Proved is bind({source}, ...)"
        yield Unproved(part, text, "warning", "partial")
    elif given:
        names = _CALLED.get(role_of(part.call, part.argument), ["event"])
        bound_here = [script.source(each) for each in call.args[1:]] if call else ["..."]
        named = (
            [f"{each.arg}={script.source(each.value)}" for each in call.keywords] if call else []
        )
        text = (
            f"a partial forgets what it is called with. Proved is a function in full: "
            f"lambda {', '.join(names)}: {source}({', '.join([*bound_here, *names, *named])})"
        )
        yield Unproved(part, text, "warning", "partial")


_CALLED: Mapping[str, Sequence[str]] = {
    "loss": ["output", "batch"],
    "batches": ["epoch"],
    "stopper": ["progress"],
}


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
    found = re.match(r"def (?:\[.*?\] )?\((?P<arguments>.*)\)(?: -> .*)?$", kind)
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
