"""Mistakes in how tables are made and compared."""

import re
from collections.abc import Sequence
from typing import Final

from typing_extensions import get_protocol_members

from synthproto import contracts
from synthproto.cli.check.joints import Joint
from synthproto.cli.check.mistakes import CLASS, Mistake, always, conflict_words, got

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


def _tracker(j: Joint) -> str:
    """What a tracker has to have."""
    if j.conflict:
        return conflict_words(j)
    name = j.expected.removesuffix(" | None")
    contract = getattr(contracts, name, None)
    if not isinstance(contract, type):
        return ""
    return f"{j.got} is no {name}, which has {', '.join(sorted(get_protocol_members(contract)))}"


COMPARISON: Final[Sequence[Mistake]] = (
    (
        "score",
        got("str"),
        "nobody can prove that a metric with this name exists. Pass the score: MeanJSDistance()",
    ),
    ("score", lambda j: j.is_class, CLASS % ("a score", "")),
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
    (
        "monitor",
        got("str"),
        "nobody can prove that a metric with this name exists. Name the score itself, "
        "validation.monitor(score), or read it: lambda event: event.scores.get(...)",
    ),
    (
        "monitor",
        lambda j: j.inputs[:1] == ["Callable[[Pair[Table]], float]"],
        "{j.source} was not called. Say which score: {j.source}(MeanJSDistance())",
    ),
    (
        "monitor",
        lambda j: len(j.inputs) == 1 and j.inputs[0] in ("EpochEvent", "object"),
        "{j.source} gives {j.gives}. A monitor gives a number, or None",
    ),
    (
        "monitor",
        lambda j: "Pair[" in j.got,
        "{j.source} is a score. Monitor it by validation.monitor({j.source})",
    ),
    ("monitor", always, "a monitor takes an EpochEvent and returns a number, or None"),
    (
        "sample",
        got("DataFrame"),
        "one table was generated here. Pass a function: sampler(model, params)",
    ),
    (
        "sample",
        lambda j: j.gives == "DataFrame | None",
        "{j.source} may give None; a DataFrame like the real table is asked for each time",
    ),
    (
        "sample",
        lambda j: bool(j.inputs) and j.source.startswith("lambda"),
        "sample is called without arguments. Write lambda: ...",
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
        got("DataFrame"),
        "{j.source} is a bare frame. Validate it first: Table({j.source}, spec)",
    ),
    ("table", lambda j: j.is_class, CLASS % ("a table", "frame, spec")),
    (
        "frame",
        lambda j: j.got.startswith("ndarray["),
        "{j.source} is an array, whose columns have no names. Make a frame: "
        "DataFrame({j.source}, columns=[...])",
    ),
    (
        "frame",
        lambda j: j.got.startswith(("dict[", "list[")),
        "{j.source} is no frame yet: DataFrame({j.source})",
    ),
    ("frame", got("str", "Path"), "{j.source} is a path. Read the file: Table.read({j.source})"),
    ("frame", got("Table"), "{j.source} is a Table; its frame is {j.source}.frame"),
    ("names", got("str"), "several names are asked for: [{j.source}]"),
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
        got("str"),
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
    (
        "plan part",
        lambda j: not j.is_function and j.is_instance,
        "{j.got} cannot be called. A comparison is a function of a TablePair, or has a name and "
        "__call__(self, pair)",
    ),
    ("plan part", always, _plan_part),
    ("tracker", lambda j: bool(j.lacks), "{j.got} cannot {j.lacks}, which is needed here"),
    (
        "tracker",
        got("str", "Path"),
        "a folder is no tracker. Make one: TensorBoardTracker({j.source})",
    ),
    ("tracker", lambda j: j.is_class, CLASS % ("a tracker", "...")),
    ("tracker", lambda j: j.is_instance, _tracker),
    (
        "synthesizer",
        lambda j: j.is_instance,
        "{j.got} has no generate(params). Any other function is bound to its arguments: "
        "bind({j.source}.sample, 1000)",
    ),
    (
        "params",
        lambda j: j.is_instance,
        lambda j: f"the model generates from {j.expected.partition(' | ')[0]}, not from {j.got}",
    ),
)
