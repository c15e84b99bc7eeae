"""What a type checker's error means for an experiment, in plain words.

`MISTAKES` is the table: a role that an argument plays, how the mistake shows, and what to say.
`ROLES` gives the role of each argument of the library's calls.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, TypeAlias

from synthproto.cli.check.joints import Joint, event_of, item_of, split

_LACKING = re.compile(
    r'Missing (?:positional|named) arguments? (?P<names>".*") (?:in call to|for) "(?P<of>\w+)"'
)
_UNKNOWN = re.compile(
    r'Unexpected keyword argument "(?P<name>\w+)"(?: for "(?P<of>\w+)")?'
    r"(?:; did you mean (?P<near>.*)\?)?"
)
_MANY = re.compile(r'Too many (?:positional )?arguments for "(?P<of>\w+)"')
_NO_KEY = re.compile(r'TypedDict "(?P<type>\w+)" has no key "(?P<key>\w+)"')
_KEYS = re.compile(
    r'(?P<kind>Missing|Extra) keys? \(?(?P<keys>".*")\)? for TypedDict "(?P<type>\w+)"'
)


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


def _arguments(j: Joint) -> str:
    """Arguments that are missing or unknown."""
    if found := _LACKING.search(j.message):
        names = ", ".join(found["names"].replace('"', "").replace(" and ", ", ").split(", "))
        return f"{found['of']} needs {names} as well"
    if found := _UNKNOWN.search(j.message):
        near = (found["near"] or "").replace('"', "")
        hint = f". Did you mean {near}?" if near else ""
        return f"{found['of'] or j.call} has no argument {found['name']!r}{hint}"
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
    names = j.expected.split(" | ") if "[" not in j.expected else [j.expected]
    wanted = " or ".join(_SIMPLE.get(name, name) for name in names)
    got = _SIMPLE.get(re.sub(r"^Literal\[(?:'|\d).*", "str", j.got), j.got)
    argument, call = j.callee or (j.argument, j.call)
    what = f"argument {argument}" if argument.isdigit() else argument or "it"
    return f"{what} of {call} is {wanted}; {j.source} is {got}"


def _conflict(j: Joint) -> str:
    """A method of a part that is written otherwise."""
    if j.conflict is None or not j.got:
        return ""
    expected, got = j.conflict
    return f"{j.got} has {got}; asked for is {expected}"


def _loss(j: Joint) -> str:
    """A loss that reads other outputs or batches than the model has."""
    return "; ".join(f"the loss takes {text}" for text in j.differing(j.inputs, j.wanted, "output"))


def _callback(j: Joint) -> str:
    """A callback that reads other batches or outputs than the step has."""
    took, came = (
        split(event.removeprefix("StepEvent[").removesuffix("]")) if "StepEvent[" in event else []
        for event in (j.event, event_of(item_of(j.expected) or j.expected))
    )
    if not took or not came:
        return "a callback takes one argument, a StepEvent"
    return "; ".join(f"{j.source} reads {text}" for text in j.differing(took, came, "batch"))


_HOMES: Final = {"scores": "float", "arrays": "DataFrame", "plots": "Picture"}


def _plan_part(j: Joint) -> str:
    """A score, array or plot that gives something else."""
    if not j.is_function or not j.expected:
        return ""
    home = [
        name
        for name, gives in _HOMES.items()
        if re.search(rf"\b{gives}\b", j.gives) and name != j.argument
    ]
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

_FUNCTIONS: Final = ("loss", "sample", "monitor", "stopper", "after", "score")

MISTAKES: Final[Sequence[tuple[str, Shows, Words]]] = (
    # role, how the mistake shows, what to say; the first row that shows and has words counts
    *(
        (
            role,
            lambda j: j.is_one_of_several,
            "{j.source} may be one of several functions, and not each of them fits. Give one that "
            "is known: with a variable for each",
        )
        for role in (*_FUNCTIONS, "batches", "callbacks", "routines")
    ),
    *(
        (
            role,
            lambda j: j.was_called,
            "{j.function} was called here, and gave nothing. Pass the function itself: "
            "{j.function}",
        )
        for role in (*_FUNCTIONS, "callbacks", "routines")
    ),
    ("step", lambda j: bool(j.lacks), "{j.got} is no training step: it lacks {j.lacks}"),
    (
        "step",
        lambda j: "Module" in j.hint,
        "{j.source} is a model. A step says how it is trained: "
        "GradientStep(model={j.source}, loss=..., optimizer=...)",
    ),
    ("step", lambda j: j.is_class, _CLASS % ("step", "...")),
    ("step", _always, _conflict),
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
        lambda j: j.output is not None and "loss" in j.output.optional,
        lambda j: (
            f"{j.wanted[0]} may lack its loss (NotRequired). Make it required, or pass "
            "loss=function(output, batch)"
        ),
    ),
    (
        "loss",
        lambda j: j.output is not None and j.output.fields.get("loss", "Tensor") != "Tensor",
        lambda j: (
            f"the loss of {j.described(j.wanted[0])} is no Tensor; only a Tensor has a gradient"
        ),
    ),
    (
        "loss",
        lambda j: j.inputs[:1] == ["LossAttribute | LossItem"],
        lambda j: (
            f"loss_of reads the loss that an output carries, but {j.forward(j.wanted[1])} "
            f"gives {j.described(j.wanted[0])}, which has no loss that always is a "
            "Tensor. Give it a field `loss: Tensor`, or pass loss=function(output, batch)"
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
    (
        "scheduler",
        _always,
        "{j.source} is no scheduler. Make one of the optimizer: StepLR(optimizer, 10)",
    ),
    (
        "after",
        lambda j: bool(j.inputs),
        lambda j: (
            f"it is called without arguments, but {j.source} takes {', '.join(j.inputs)}. "
            f"Give them here: bind({j.source}, ...)"
        ),
    ),
    (
        "ema",
        _always,
        "{j.source} is no moving average. Make one of the model: Ema(model, decay=0.999)",
    ),
    (
        "score",
        _got("str"),
        "nobody can prove that a metric with this name exists. Pass the score: MeanJSDistance()",
    ),
    ("score", lambda j: j.is_class, _CLASS % ("score", "")),
    (
        "score",
        lambda j: j.event == "EpochEvent",
        "{j.source} reads events: it is a monitor already, and takes the place of "
        "validation.monitor(...)",
    ),
    (
        "score",
        lambda j: "[str, float]" in j.gives,
        "{j.source} gives many numbers, of which one is asked for. Take their mean: "
        "Mean({j.source})",
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
        lambda j: j.inputs[:1] == ["Callable[[TablePair], float]"],
        "{j.source} was not called. Say which score: {j.source}(MeanJSDistance())",
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
    ("table", lambda j: j.is_class, _CLASS % ("table", "frame, spec")),
    (
        "frame",
        lambda j: j.got.startswith("ndarray["),
        "{j.source} is an array, whose columns have no names. Make a frame: "
        "DataFrame({j.source}, columns=[...])",
    ),
    ("frame", _got("Table"), "{j.source} is a Table; its frame is {j.source}.frame"),
    ("names", _got("str"), "several names are asked for: [{j.source}]"),
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
    ("", _always, _arguments),
    (
        "",
        lambda j: "Expression is of type" in j.message and "Any" in j.message,
        "types were lost on the way: some part says nothing of what it takes or gives, so nothing "
        "is proved. Annotate the model's forward",
    ),
    ("", lambda j: bool(j.call and j.lacks), "{j.got} lacks {j.lacks}, which is needed here"),
    ("", lambda j: bool(j.call), _conflict),
    ("", _always, _kinds),
)
"""Mistakes by the role of an argument; those of role ``""`` may be anywhere."""

ROLES: Final[Mapping[tuple[str, str], str]] = {
    **{("Trainer", name): name for name in ("step", "batches", "callbacks", "routines", "stopper")},
    **{
        ("GradientStep", name): name
        for name in ("model", "loss", "optimizer", "scheduler", "after", "ema")
    },
    ("AdversarialStep", "generator"): "model",
    ("AdversarialStep", "after"): "after",
    ("AdversarialStep", "ema"): "ema",
    **{
        ("AdversarialStep", f"{half}_{name}"): name
        for half in ("generator", "critic")
        for name in ("loss", "optimizer", "scheduler")
    },
    **{("BatchScores", name): name for name in ("model", "batches", "tracker")},
    ("Every", "1"): "every",
    ("LossRoutine", "1"): "tracker",
    ("LossCallback", "1"): "tracker",
    ("Patience", "monitor"): "monitor",
    ("Target", "monitor"): "monitor",
    ("Checkpoints", "best"): "monitor",
    ("KeepBest", "monitor"): "monitor",
    ("monitor", "1"): "score",
    **{("Validation", name): name for name in ("sample", "plan", "tracker")},
    **{("Validation", name): "table" for name in ("real", "holdout")},
    **{("TablePair", name): "table" for name in ("1", "2")},
    **{(plan, part): "plan part" for plan in ("Plan", "TablePlan") for part in _HOMES},
}
"""The role of each argument where parts meet, by call and argument: its type has to be known."""


_BY_TYPE: Final[Sequence[tuple[str, str]]] = (
    (r"Table( \| None)?", "table"),
    (r"DataFrame", "frame"),
    (r"Names", "names"),
    (r"\w*Tracker( \| None)?", "tracker"),
    (r"Callable\[\[TablePair\], float\]", "score"),
    (r"Callable\[\[EpochEvent\], float.*", "monitor"),
    (r"Callable\[\[EpochEvent\].*", "routines"),
    (r"Callable\[\[StepEvent.*", "callbacks"),
    (r"Callable\[\[Progress\].*", "stopper"),
    (r"Callable\[\[\], DataFrame\]", "sample"),
    (r"Callable\[\[\], object\].*", "after"),
    (r"TrainingStep\[.*", "step"),
    (r"Model\[.*", "model"),
    (r"Plan\[.*", "plan"),
    (r"Optimizer", "optimizer"),
    (r"LRScheduler.*", "scheduler"),
    (r"Ema( \| None)?", "ema"),
)
"""Roles by the type that is asked for, of arguments that `ROLES` does not have."""

_ALIASES: Final = {"TablePlan": "Plan"}

CALLED_WITH: Final[Mapping[str, int]] = {
    **dict.fromkeys(("sample", "after"), 0),
    **dict.fromkeys(("callbacks", "routines", "stopper", "monitor", "batches"), 1),
    "loss": 2,
}
"""With how many arguments a function in a role is called."""


def role_of(call: str, argument: str) -> str:
    """The role that an argument plays; empty if none is known."""
    return "stopper" if call in ("AnyOf", "AllOf") else ROLES.get((call, argument), "")


def explain(joint: Joint) -> str:
    """Say what does not fit and what to do; empty where mypy's words have to be enough."""
    by_type = (role for kind, role in _BY_TYPE if re.fullmatch(kind, joint.expected))
    own = joint.callee is None or joint.callee[1] in (joint.call, _ALIASES.get(joint.call))
    named = (role_of(joint.call, joint.argument) if own else "") or next(by_type, "")
    for role in dict.fromkeys((named, "")):
        for known, shows, words in MISTAKES:
            if known == role and shows(joint):
                text = words.format(j=joint) if isinstance(words, str) else words(joint)
                if text:
                    return text
    return ""
