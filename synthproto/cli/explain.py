"""What a type checker's error means for an experiment, in plain words."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import final

from synthproto.cli.scripts import Definition

_TYPES = re.compile(r'incompatible type "(?P<got>.*)"; expected "(?P<expected>.*)"$')
_BATCHES = re.compile(r"Sequence\[(?P<item>.*)\] \| Callable\[\[int\], Iterable\[.*\]\]")
_ITEM = re.compile(r"(?:Batches|LoaderBatches|list|tuple|Sequence|Iterator|Generator)\[(.*)\]")
_NO_KEY = re.compile(r'TypedDict "(?P<type>\w+)" has no key "(?P<key>\w+)"')
_KEYS = re.compile(
    r'(?P<kind>Missing|Extra) keys? \(?(?P<keys>".*")\)? for TypedDict "(?P<type>\w+)"'
)
_HAS_TYPE = re.compile(r'"(?P<name>\w+)(?:\[.*\])?\.__call__" has type "(?P<type>.*)"')
_GOT_FORWARD = re.compile(
    r"Got:\n\s*def (?:\[.*?\] )?forward\(self(?:, )?(?P<inputs>.*)\) -> (?P<output>.*)"
)
_MISSING = re.compile(
    r'"(?P<name>\w+)" is missing following "\w+" protocol members?:\n\s*(?P<names>.*)'
)
_LOSS_CARRIER = "LossAttribute | LossItem"


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


def explain(joint: Joint) -> str:
    """Say what does not fit and what to do; empty where mypy's words have to be enough."""
    argument = "*" if joint.call in ("AnyOf", "AllOf") else joint.argument
    for explainer in _EXPLAINERS.get((joint.call, argument), ()):
        if text := explainer(joint):
            return text
    for explainer in _ANYWHERE:
        if text := explainer(joint):
            return text
    return ""


# --- batches and models --------------------------------------------------------------------------


def _batches(joint: Joint) -> str:
    found = _BATCHES.search(joint.expected)
    wanted = found["item"] if found else joint.expected
    takes = f"{joint.forward(wanted)} takes {joint.described(wanted)}"
    if joint.got.startswith("DataLoader["):
        return (
            f"a DataLoader does not say what its batches are, and {takes}. "
            f"Say it: trusted(loader, {wanted})"
        )
    if joint.got.startswith(("Iterator[", "Generator[")):
        return (
            "an iterator is used up after one epoch. Pass a list, or a function of the epoch that "
            "returns the batches"
        )
    if (function := callable_of(joint.got)) and len(function[0]) != 1:
        return "the function of batches is called with the number of the epoch, counted from 1"
    item = _ITEM.fullmatch(joint.got)
    given = item[1] if item else joint.got
    if given == wanted:
        return f"batches are a single {given}. Cut it: Batches({joint.source}, size=...)"
    lacking = _lacking(joint, given, wanted)
    return f"batches yield {joint.described(given)}, but {takes}{lacking}"


def _model(joint: Joint) -> str:
    name = joint.got
    if name.startswith("type["):
        return f"{joint.source} is a class. Make a model of it: {joint.source}(...)"
    if missing := _MISSING.search(joint.hint):
        return (
            f"{name} is no model: it lacks {missing['names']}. A model has forward(batch), "
            "train(mode) and eval(); an nn.Module has the last two"
        )
    if forward := _GOT_FORWARD.search(joint.hint):
        inputs = split(forward["inputs"])
        names = ", ".join(each.split(":")[0] for each in inputs if each not in ("*", "/"))
        if "*" in inputs:
            return f"{name}.forward takes its input by keyword only; a batch is given by position"
        if len(inputs) != 1:
            return (
                f"{name}.forward takes {len(inputs)} inputs ({names or 'none'}), but is given one "
                "batch. Put what it needs into one TypedDict, NamedTuple or dataclass"
            )
        return f"{name}.forward takes ({', '.join(inputs)}) and gives {forward['output']}"
    if name.startswith("def (*Any"):
        return "torch.compile forgets what forward takes. Compile in place: model.compile()"
    return f"{joint.source} is no model. A model has forward(batch), train(mode) and eval()"


def _loss(joint: Joint) -> str:
    given, wanted = callable_of(joint.got), callable_of(joint.expected)
    if not given or not wanted or len(wanted[0]) != 2:
        return ""
    (inputs, gives), (output, batch) = given, wanted[0]
    forward = joint.forward(batch)
    if inputs and inputs[0] == _LOSS_CARRIER:
        return (
            f"loss_of reads the loss that an output carries, but {forward} gives "
            f"{joint.described(output)}, which has none. Give it a field `loss: Tensor`, or pass "
            "loss=function(output, batch)"
        )
    if len(inputs) < 2:
        return f"the loss is called with output and batch, but takes {len(inputs)} argument"
    if gives != "Tensor":
        return f"the loss gives {gives}; only a Tensor has a gradient"
    for took, came, what in zip(inputs, (output, batch), ("output", "batch"), strict=False):
        if took not in (came, "object"):
            return (
                f"the loss takes {joint.described(took)} as {what}, but {forward} "
                f"{'gives' if what == 'output' else 'takes'} {joint.described(came)}"
                f"{_lacking(joint, came, took)}"
            )
    return ""


def _optimizer(joint: Joint) -> str:
    if "Parameter" in joint.got:
        return f"{joint.source} gives parameters. Make an optimizer: Adam({joint.source})"
    return f"{joint.source} is a {joint.got}; an optimizer of torch.optim is asked for"


def _step(joint: Joint) -> str:
    if missing := _MISSING.search(joint.hint):
        return f"{joint.got} is no training step: it lacks {missing['names']}"
    if "Module" in joint.hint:
        return (
            f"{joint.source} is a model. A step says how it is trained: "
            f"GradientStep(model={joint.source}, loss=..., optimizer=...)"
        )
    return ""


# --- callbacks, routines, stoppers ---------------------------------------------------------------


def _callbacks(joint: Joint) -> str:
    got = joint.got
    if joint.expected.startswith("Sequence["):
        item = _ITEM.fullmatch(got)
        if item is None:
            return f"callbacks are a list: callbacks=[{joint.source}]"
        got = item[1]
    event = _event(got)
    if event == "EpochEvent":
        return f"{joint.source} is a routine, told of epochs. It belongs to routines=[...]"
    if got.startswith("type["):
        return f"{joint.source} is a class. Make a callback of it: {joint.source}(...)"
    inside = _ITEM.fullmatch(joint.expected)
    given, wanted = (
        _event_types(event),
        _event_types(_event(inside[1] if inside else joint.expected)),
    )
    if not given or not wanted:
        return "a callback takes one argument, a StepEvent"
    texts = [
        f"{joint.source} reads {joint.described(took)} as {what}, but {joint.forward(wanted[0])} "
        f"{verb} {joint.described(came)}{_lacking(joint, came, took)}"
        for took, came, what, verb in zip(
            given, wanted, ("batch", "output"), ("takes", "gives"), strict=True
        )
        if took not in (came, "object")
    ]
    return "; ".join(texts)


def _routines(joint: Joint) -> str:
    if joint.expected.startswith("Sequence["):
        return f"routines are a list: routines=[{joint.source}]"
    function = callable_of(joint.got)
    if function and _event(joint.got).startswith("StepEvent"):
        return f"{joint.source} is a callback, told of steps. It belongs to callbacks=[...]"
    if function:
        return (
            f"{joint.source} returns {function[1]}. A routine returns scores by tag, "
            '{"family/name": 0.5}, or None'
        )
    return "a routine takes one argument, an EpochEvent, and returns scores by tag or None"


def _stopper(joint: Joint) -> str:
    if joint.got == "int":
        return f"a number is no stopper. Say of what: MaxEpochs({joint.source})"
    if joint.got.startswith("type["):
        return f"{joint.source} is a class. Make a stopper of it: {joint.source}(...)"
    return "a stopper takes one argument, a Progress, and returns why to stop, or None"


def _monitor(joint: Joint) -> str:
    if joint.got == "str":
        return (
            "nobody can prove that a metric with this name exists. Name the score itself, "
            "validation.monitor(score), or read it: lambda event: event.scores.get(...)"
        )
    if "TablePair" in joint.got:
        return f"{joint.source} is a score. Monitor it by validation.monitor({joint.source})"
    return "a monitor takes an EpochEvent and returns a number, or None"


# --- generation, tables, plans, trackers ---------------------------------------------------------


def _sample(joint: Joint) -> str:
    function = callable_of(joint.got)
    if joint.got == "DataFrame":
        return "one table was generated here. Pass the function: partial(model.generate, params)"
    if function and function[0]:
        return (
            f"sample is called without arguments, but {joint.source} takes "
            f"{', '.join(function[0])}. Give them here: partial({joint.source}, ...)"
        )
    if function:
        return f"sample gives {function[1]}; a DataFrame like the real table is asked for"
    return ""


def _table(joint: Joint) -> str:
    if joint.got == "DataFrame":
        return f"{joint.source} is a bare frame. Validate it first: Table({joint.source}, spec)"
    return ""


def _plan(joint: Joint) -> str:
    if joint.got.startswith("list["):
        return "a list is no plan. Write TablePlan(scores=[...], arrays=[...], plots=[...])"
    return ""


def _plan_part(joint: Joint) -> str:
    kind = joint.argument.removesuffix("s")
    if joint.expected.startswith("Sequence["):
        return f"{joint.argument} are a list: {joint.argument}=[{joint.source}]"
    if joint.got == "str":
        return f"there is no registry of names. Pass the {kind} itself: JSDistance(), say"
    if joint.got.startswith("type["):
        return f"{joint.source} is a class. Make a {kind} of it: {joint.source}()"
    given, wanted = callable_of(joint.got), callable_of(joint.expected)
    if not given or not wanted:
        return ""
    if given[0] not in (wanted[0], ["object"]):
        return (
            f"{joint.source} compares {' and '.join(given[0]) or 'nothing'}, but the plan is "
            f"run on {' and '.join(wanted[0])}"
        )
    places = {"scores": "float", "arrays": "DataFrame", "plots": "Picture"}
    home = [name for name, gives in places.items() if gives in given[1] and name != joint.argument]
    where = f". It belongs to {home[0]}=[...]" if home else ""
    return f"{joint.source} gives {given[1]}, which is no {kind}{where}"


def _tracker(joint: Joint) -> str:
    if missing := _MISSING.search(joint.hint):
        return f"{joint.got} cannot {missing['names']}, which is needed here"
    if joint.got in ("str", "Path"):
        return f"a folder is no tracker. Make one: TensorBoardTracker({joint.source})"
    return ""


# --- anywhere ------------------------------------------------------------------------------------


def _key(joint: Joint) -> str:
    if found := _NO_KEY.search(joint.message):
        known = joint.definitions.get(found["type"])
        near = get_close_matches(found["key"], known.fields, 1) if known else []
        hint = f". Did you mean {near[0]!r}?" if near else ""
        return f"there is no {found['key']!r} in {joint.described(found['type'])}{hint}"
    if found := _KEYS.search(joint.message):
        return f"the keys are not those of {joint.described(found['type'])}"
    return ""


def _lost_types(joint: Joint) -> str:
    if "Expression is of type" in joint.message and "Any" in joint.message:
        return (
            "types were lost on the way: some part says nothing of what it takes or gives, so "
            "nothing is proved. Annotate the model's forward"
        )
    return ""


_Explainer = Callable[[Joint], str]
_ANYWHERE: tuple[_Explainer, ...] = (_key, _lost_types)
_EXPLAINERS: Mapping[tuple[str, str], tuple[_Explainer, ...]] = {
    ("Trainer", "step"): (_step,),
    ("Trainer", "batches"): (_key, _batches),
    ("Trainer", "callbacks"): (_key, _callbacks),
    ("Trainer", "routines"): (_routines,),
    ("Trainer", "stopper"): (_stopper,),
    ("GradientStep", "model"): (_model,),
    ("GradientStep", "loss"): (_key, _loss),
    ("GradientStep", "optimizer"): (_optimizer,),
    ("LoaderRoutine", "model"): (_model,),
    ("LoaderRoutine", "batches"): (_key, _batches),
    ("LoaderRoutine", "tracker"): (_tracker,),
    ("LossRoutine", "1"): (_tracker,),
    ("LossCallback", "1"): (_tracker,),
    ("Patience", "monitor"): (_monitor,),
    ("Target", "monitor"): (_monitor,),
    ("Checkpoints", "best"): (_monitor,),
    ("AnyOf", "*"): (_stopper,),
    ("AllOf", "*"): (_stopper,),
    ("Validation", "sample"): (_sample,),
    ("Validation", "real"): (_table,),
    ("Validation", "holdout"): (_table,),
    ("Validation", "plan"): (_plan,),
    ("Validation", "tracker"): (_tracker,),
    ("TablePair", "1"): (_table,),
    ("TablePair", "2"): (_table,),
    **{
        (plan, argument): (_plan_part,)
        for plan in ("Plan", "TablePlan")
        for argument in ("scores", "arrays", "plots")
    },
}

JOINTS = frozenset(_EXPLAINERS) | {("GradientStep", "scheduler")}
"""Arguments, by call, where parts meet: of these a type has to be known."""


# --- types as mypy writes them -------------------------------------------------------------------


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


def _event(text: str) -> str:
    """The type of event that a function takes."""
    function = callable_of(text)
    if function is None and (inside := re.match(r"Every\[(.*)\]$", text)):
        return split(inside[1])[0]
    return function[0][0] if function and len(function[0]) == 1 else ""


def _event_types(event: str) -> list[str]:
    """Batch and output of a step's event."""
    return (
        split(event.removeprefix("StepEvent[").removesuffix("]")) if "StepEvent[" in event else []
    )


def _lacking(joint: Joint, given: str, wanted: str) -> str:
    """What the fields of one type lack of another's, as the end of a sentence."""
    first, second = joint.definitions.get(given), joint.definitions.get(wanted)
    if first is None or second is None:
        return ""
    names = [name for name in second.fields if name not in first.fields]
    return f": {', '.join(map(repr, names))} missing" if names else ""
