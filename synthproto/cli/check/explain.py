"""What a type checker's error means for an experiment, in plain words.

`MISTAKES` is the table: a role that an argument plays, how the mistake shows, and what to say.
`ROLES` gives the role of each argument of the library's calls.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeAlias, final

from synthproto.cli.check.scripts import Definition

_TYPES = re.compile(r'incompatible type "(?P<got>.*)"; expected "(?P<expected>.*)"$')
_HAS_TYPE = re.compile(r'"(?P<name>\w+)(?:\[.*\])?\.__call__" has type "(?P<type>.*)"')
_MISSING = re.compile(
    r'"(?P<name>\w+)" is missing following "\w+" protocol members?:\n\s*(?P<names>.*)'
)
_ITEM = re.compile(r"(?:Batches|LoaderBatches|list|tuple|Sequence|Iterator|Generator)\[(.*)\]")
_FUNCTION = re.compile(r"def (?:\[.*?\] )?\w*\((?P<arguments>.*)\) -> (?P<result>.*)")
_BATCHES = re.compile(r"Sequence\[(?P<item>.*)\] \| Callable\[\[int\], Iterable\[.*\]\]")
_FORWARD = re.compile(
    r"Got:\n\s*def (?:\[.*?\] )?forward\(self(?:, )?(?P<inputs>.*)\) -> (?P<output>.*)"
)
_NO_KEY = re.compile(r'TypedDict "(?P<type>\w+)" has no key "(?P<key>\w+)"')
_KEYS = re.compile(
    r'(?P<kind>Missing|Extra) keys? \(?(?P<keys>".*")\)? for TypedDict "(?P<type>\w+)"'
)


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

    @property
    def lacks(self) -> str:
        """Members that what was given lacks; empty if it has all."""
        found = _MISSING.search(self.hint)
        return found["names"] if found else ""

    @property
    def is_class(self) -> bool:
        """Whether a class was given, not an instance of it."""
        return self.got.startswith("type[")

    @property
    def no_list(self) -> bool:
        """Whether the argument is a list, and what was given is none."""
        return self.expected.startswith("Sequence[") and not item_of(self.got)

    @property
    def is_function(self) -> bool:
        """Whether a function was given, or an object that is called like one."""
        return callable_of(self.got) is not None

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
        return item_of(self.got) or self.got

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
        return _event(item_of(self.got) if self.expected.startswith("Sequence[") else self.got)

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
        batch = came[order.index("batch")]
        return [
            f"{self.described(reads)} as {what}, but {self.forward(batch)} "
            f"{'gives' if what == 'output' else 'takes'} {self.described(has)}"
            f"{self.lacking(has, reads)}"
            for reads, has, what in zip(took, came, order, strict=False)
            if reads not in (has, "object")
        ]


def _event(text: str) -> str:
    function = callable_of(text)
    if function is None and (inside := re.match(r"Every\[(.*)\]$", text)):
        return split(inside[1])[0]
    return function[0][0] if function and len(function[0]) == 1 else ""


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
    if found := _FUNCTION.fullmatch(text):
        arguments = [each for each in split(found["arguments"]) if each not in ("self", "/", "*")]
        return [each.partition(": ")[2] or each for each in arguments], found["result"]
    return None


# --- words that need more than a sentence ---------------------------------------------------------


def _key(j: Joint) -> str:
    if found := _NO_KEY.search(j.message):
        known = j.definitions.get(found["type"])
        near = get_close_matches(found["key"], known.fields, 1) if known else []
        hint = f". Did you mean {near[0]!r}?" if near else ""
        return f"there is no {found['key']!r} in {j.described(found['type'])}{hint}"
    if found := _KEYS.search(j.message):
        return f"the keys are not those of {j.described(found['type'])}"
    return ""


def _loss(j: Joint) -> str:
    """A loss that reads other outputs or batches than the model has."""
    return "; ".join(f"the loss takes {text}" for text in j.differing(j.inputs, j.wanted, "output"))


def _callback(j: Joint) -> str:
    """A callback that reads other batches or outputs than the step has."""
    took, came = (
        split(event.removeprefix("StepEvent[").removesuffix("]")) if "StepEvent[" in event else []
        for event in (j.event, _event(item_of(j.expected) or j.expected))
    )
    if not took or not came:
        return "a callback takes one argument, a StepEvent"
    return "; ".join(f"{j.source} reads {text}" for text in j.differing(took, came, "batch"))


_HOMES: Final = {"scores": "float", "arrays": "DataFrame", "plots": "Picture"}


def _plan_part(j: Joint) -> str:
    """A score, array or plot that gives something else."""
    if not j.is_function or not j.expected:
        return ""
    home = [name for name, gives in _HOMES.items() if gives in j.gives and name != j.argument]
    where = f". It belongs to {home[0]}=[...]" if home else ""
    return f"{j.source} gives {j.gives}, which is no {j.argument.removesuffix('s')}{where}"


# --- the table ------------------------------------------------------------------------------------

Shows: TypeAlias = Callable[[Joint], bool]
Words: TypeAlias = str | Callable[[Joint], str]
"""A sentence with ``{j.source}`` and the like in it, or a function that makes one; where it makes
none, the next row is tried."""


def _always(_: Joint) -> bool:
    return True


def _got(*names: str) -> Shows:
    return lambda j: j.got in names


_CLASS: Final = "{j.source} is a class. Make a %s of it: {j.source}(%s)"

MISTAKES: Final[Sequence[tuple[str, Shows, Words]]] = (
    # role, how the mistake shows, what to say; the first row that shows and has words counts
    ("step", lambda j: bool(j.lacks), "{j.got} is no training step: it lacks {j.lacks}"),
    (
        "step",
        lambda j: "Module" in j.hint,
        "{j.source} is a model. A step says how it is trained: "
        "GradientStep(model={j.source}, loss=..., optimizer=...)",
    ),
    ("batches", _always, _key),
    (
        "batches",
        lambda j: j.got.startswith("DataLoader["),
        lambda j: (
            f"a DataLoader does not say what its batches are, and {j.forward(j.batch)} takes "
            f"{j.described(j.batch)}. Say it: trusted(loader, {j.batch})"
        ),
    ),
    (
        "batches",
        lambda j: j.got.startswith(("Iterator[", "Generator[")),
        "an iterator is used up after one epoch. Pass a list, or a function of the epoch that "
        "returns the batches",
    ),
    (
        "batches",
        lambda j: j.is_function and len(j.inputs) != 1,
        "the function of batches is called with the number of the epoch, counted from 1",
    ),
    (
        "batches",
        lambda j: j.item == j.batch,
        "batches are a single {j.item}. Cut it: Batches({j.source}, size=...)",
    ),
    (
        "batches",
        _always,
        lambda j: (
            f"batches yield {j.described(j.item)}, but {j.forward(j.batch)} takes "
            f"{j.described(j.batch)}{j.lacking(j.item, j.batch)}"
        ),
    ),
    ("model", lambda j: j.is_class, _CLASS % ("model", "...")),
    (
        "model",
        lambda j: bool(j.lacks),
        "{j.got} is no model: it lacks {j.lacks}. A model has forward(batch), train(mode) and "
        "eval(); an nn.Module has the last two",
    ),
    (
        "model",
        lambda j: "*" in (j.forward_inputs or []),
        "{j.got}.forward takes its input by keyword only; a batch is given by position",
    ),
    (
        "model",
        lambda j: j.forward_inputs is not None and len(j.forward_inputs) != 1,
        lambda j: (
            f"{j.got}.forward takes {len(j.forward_inputs or [])} inputs ({j.forward_names}),"
            " but is given one batch. Put what it needs into one TypedDict, NamedTuple or dataclass"
        ),
    ),
    (
        "model",
        lambda j: j.forward_inputs is not None,
        lambda j: (
            f"{j.got}.forward takes ({', '.join(j.forward_inputs or [])}) and gives "
            f"{j.forward_output}"
        ),
    ),
    (
        "model",
        lambda j: j.got.startswith("def (*Any"),
        "torch.compile forgets what forward takes. Compile in place: model.compile()",
    ),
    (
        "model",
        _always,
        "{j.source} is no model. A model has forward(batch), train(mode) and eval()",
    ),
    ("loss", _always, _key),
    (
        "loss",
        lambda j: j.inputs[:1] == ["LossAttribute | LossItem"],
        lambda j: (
            f"loss_of reads the loss that an output carries, but {j.forward(j.wanted[1])} "
            f"gives {j.described(j.wanted[0])}, which has none. Give it a field `loss: Tensor`, or "
            "pass loss=function(output, batch)"
        ),
    ),
    (
        "loss",
        lambda j: j.is_function and len(j.inputs) < 2,
        lambda j: f"the loss is called with output and batch, but takes {len(j.inputs)} argument",
    ),
    (
        "loss",
        lambda j: j.is_function and j.gives != "Tensor",
        "the loss gives {j.gives}; only a Tensor has a gradient",
    ),
    ("loss", _always, _loss),
    (
        "optimizer",
        lambda j: "Parameter" in j.got,
        "{j.source} gives parameters. Make an optimizer: Adam({j.source})",
    ),
    (
        "optimizer",
        _always,
        "{j.source} is a {j.got}; an optimizer of torch.optim is asked for",
    ),
    ("callbacks", _always, _key),
    ("callbacks", lambda j: j.no_list, "callbacks are a list: callbacks=[{j.source}]"),
    (
        "callbacks",
        lambda j: j.event == "EpochEvent",
        "{j.source} is a routine, told of epochs. It belongs to routines=[...]",
    ),
    ("callbacks", lambda j: j.is_class, _CLASS % ("callback", "...")),
    ("callbacks", _always, _callback),
    (
        "routines",
        lambda j: j.expected.startswith("Sequence["),
        "routines are a list: routines=[{j.source}]",
    ),
    ("routines", lambda j: j.is_class, _CLASS % ("routine", "...")),
    (
        "routines",
        lambda j: j.is_function and j.event.startswith("StepEvent"),
        "{j.source} is a callback, told of steps. It belongs to callbacks=[...]",
    ),
    (
        "routines",
        lambda j: j.is_function,
        "{j.source} returns {j.gives}. A routine returns scores by tag, "
        '{{"family/name": 0.5}}, or None',
    ),
    (
        "routines",
        _always,
        "a routine takes one argument, an EpochEvent, and returns scores by tag or None",
    ),
    (
        "every",
        lambda j: j.expected == "int" and j.got != "float",
        "Every takes the number first: Every(5, {j.source})",
    ),
    ("stopper", _got("int"), "a number is no stopper. Say of what: MaxEpochs({j.source})"),
    ("stopper", lambda j: j.is_class, _CLASS % ("stopper", "...")),
    (
        "stopper",
        _always,
        "a stopper takes one argument, a Progress, and returns why to stop, or None",
    ),
    (
        "monitor",
        _got("str"),
        "nobody can prove that a metric with this name exists. Name the score itself, "
        "validation.monitor(score), or read it: lambda event: event.scores.get(...)",
    ),
    (
        "monitor",
        lambda j: "TablePair" in j.got,
        "{j.source} is a score. Monitor it by validation.monitor({j.source})",
    ),
    ("monitor", _always, "a monitor takes an EpochEvent and returns a number, or None"),
    (
        "sample",
        _got("DataFrame"),
        "one table was generated here. Pass a function: sampler(model, params)",
    ),
    (
        "sample",
        lambda j: j.is_function and j.gives not in ("DataFrame", "Any"),
        "sample gives {j.gives}; a DataFrame like the real table is asked for",
    ),
    (
        "sample",
        lambda j: bool(j.inputs),
        lambda j: (
            f"sample is called without arguments, but {j.source} takes "
            f"{', '.join(j.inputs)}. Give them here: bind({j.source}, ...)"
        ),
    ),
    (
        "table",
        _got("DataFrame"),
        "{j.source} is a bare frame. Validate it first: Table({j.source}, spec)",
    ),
    (
        "plan",
        lambda j: j.got.startswith("list["),
        "a list is no plan. Write TablePlan(scores=[...], arrays=[...], plots=[...])",
    ),
    (
        "plan part",
        lambda j: j.expected.startswith("Sequence["),
        "{j.argument} are a list: {j.argument}=[{j.source}]",
    ),
    (
        "plan part",
        _got("str"),
        lambda j: (
            f"there is no registry of names. Pass the {j.argument.removesuffix('s')} itself: "
            "JSDistance(), say"
        ),
    ),
    (
        "plan part",
        lambda j: j.is_class,
        lambda j: (
            f"{j.source} is a class. Make a {j.argument.removesuffix('s')} of it: {j.source}()"
        ),
    ),
    (
        "plan part",
        lambda j: j.is_function and bool(j.wanted) and j.inputs not in (j.wanted, ["object"]),
        lambda j: (
            f"{j.source} compares {' and '.join(j.inputs) or 'nothing'}, but the plan is run "
            f"on {' and '.join(j.wanted)}"
        ),
    ),
    ("plan part", _always, _plan_part),
    ("tracker", lambda j: bool(j.lacks), "{j.got} cannot {j.lacks}, which is needed here"),
    (
        "tracker",
        _got("str", "Path"),
        "a folder is no tracker. Make one: TensorBoardTracker({j.source})",
    ),
    ("", _always, _key),
    (
        "",
        lambda j: "Expression is of type" in j.message and "Any" in j.message,
        "types were lost on the way: some part says nothing of what it takes or gives, so nothing "
        "is proved. Annotate the model's forward",
    ),
)
"""Mistakes by the role of an argument; those of role ``""`` may be anywhere."""

ROLES: Final[Mapping[tuple[str, str], str]] = {
    **{("Trainer", name): name for name in ("step", "batches", "callbacks", "routines", "stopper")},
    **{("GradientStep", name): name for name in ("model", "loss", "optimizer")},
    ("GradientStep", "scheduler"): "scheduler",
    **{("BatchScores", name): name for name in ("model", "batches", "tracker")},
    ("Every", "1"): "every",
    ("LossRoutine", "1"): "tracker",
    ("LossCallback", "1"): "tracker",
    ("Patience", "monitor"): "monitor",
    ("Target", "monitor"): "monitor",
    ("Checkpoints", "best"): "monitor",
    **{("Validation", name): name for name in ("sample", "plan", "tracker")},
    **{("Validation", name): "table" for name in ("real", "holdout")},
    **{("TablePair", name): "table" for name in ("1", "2")},
    **{(plan, part): "plan part" for plan in ("Plan", "TablePlan") for part in _HOMES},
}
"""The role of each argument where parts meet, by call and argument: its type has to be known."""


def role_of(call: str, argument: str) -> str:
    """The role that an argument plays; empty if none is known."""
    return "stopper" if call in ("AnyOf", "AllOf") else ROLES.get((call, argument), "")


def explain(joint: Joint) -> str:
    """Say what does not fit and what to do; empty where mypy's words have to be enough."""
    for role in dict.fromkeys((role_of(joint.call, joint.argument), "")):
        for known, shows, words in MISTAKES:
            if known == role and shows(joint):
                text = words.format(j=joint) if isinstance(words, str) else words(joint)
                if text:
                    return text
    return ""
