"""Mistakes in how tables are made and compared."""

import re
from collections.abc import Sequence
from typing import Final

from typing_extensions import get_protocol_members

from synthproto import contracts
from synthproto.cli.check.joints import Joint, item_of
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


def _compares(j: Joint) -> bool:
    """Whether a part compares what its plan is run on."""
    fitting = (j.wanted, ["object"], ["Pair[Summary]"], ["SummaryPair"])
    return j.inputs in fitting[: 4 if j.wanted == ["Pair[Table]"] else 2]


def _by_column(j: Joint) -> str:
    """A score that gives one number, or that is no score of the kind that gives many."""
    if j.conflict and j.conflict[1].endswith("-> float"):
        return (
            f"{j.source} gives one number, and numbers by column are asked for, as JSDistance() "
            "gives them"
        )
    if j.is_function or j.lacks:
        return (
            f"{j.source} lacks {j.lacks or 'members'}. Asked for is an object with a name, its "
            "best value, and __call__(self, pair), which gives numbers by column"
        )
    return ""


def _tracker(j: Joint) -> str:
    """What a tracker has to have."""
    if j.conflict:
        return conflict_words(j)
    if j.expected.startswith("RunTracker"):
        return (
            f"{j.got} does not keep all kinds of entries. Say which it keeps: "
            f"Tee(scalars=[{j.source}])"
        )
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
    ("table", got("str", "Path"), "{j.source} is a path. Read the file: Table.read({j.source})"),
    (
        "table",
        got("Scan"),
        "{j.source} is read in pieces, and its rows are never together. It fits a "
        "Plan[SummaryPair], of scores that need no rows",
    ),
    (
        "pair",
        got("Table"),
        "{j.source} is one table, and two are compared: TablePair(real, synthetic)",
    ),
    (
        "pair",
        lambda j: j.got.startswith("Pair["),
        "{j.source} is a {j.got}, whose rows may not be at hand; they are needed here. Compare "
        "Tables, or take scores that need no rows (SummaryPair)",
    ),
    ("spec", got("Table"), "{j.source} is a table; its spec is {j.source}.spec"),
    (
        "spec",
        lambda j: j.got.startswith(("dict[", "list[")),
        "a spec is made from a frame: TableSpec.infer(frame, categorical=[...])",
    ),
    ("plan", got("str"), "a name is no plan. Make the plan of it: preset({j.source}, spec)"),
    ("spec", got("DataFrame"), "{j.source} is a frame. Its spec is TableSpec.infer({j.source})"),
    (
        "engine",
        always,
        "{j.source} is no function of the shape of the builtin map; a method of an executor is: "
        "pool.map",
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
        lambda j: j.got.startswith("dict["),
        "{j.argument} are a list, and each part brings its own name: {j.argument}=[first, second]",
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
        lambda j: j.is_function and bool(j.wanted) and not _compares(j),
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
    ("by column", lambda j: j.is_class, CLASS % ("a score", "")),
    (
        "by column",
        got("str"),
        "the name of the column comes first, then the score: {j.call}('sex', ShapeDistance())",
    ),
    (
        "by column",
        lambda j: bool(item_of(j.got)) or j.is_shared,
        "one score is asked for, not a list: {j.call}(JSDistance())",
    ),
    ("by column", always, _by_column),
    (
        "tracker",
        got("SummaryWriter"),
        "torch's SummaryWriter has other methods. TensorBoardTracker(folder) writes the same files",
    ),
    (
        "tracker",
        lambda j: bool(item_of(j.got)),
        "trackers are joined without a list: Tee(first, second)",
    ),
    (
        "tracker",
        lambda j: j.is_function,
        "{j.source} is a function; the tracker itself is asked for, with all its methods",
    ),
    ("tracker", lambda j: bool(j.lacks), "{j.got} cannot {j.lacks}, which is needed here"),
    (
        "tracker",
        got("str", "Path"),
        "a folder is no tracker. Make one: TensorBoardTracker({j.source})",
    ),
    ("tracker", lambda j: j.is_class, CLASS % ("a tracker", "...")),
    ("tracker", lambda j: j.is_instance, _tracker),
    ("synthesizer", lambda j: j.is_class, CLASS % ("a model", "...")),
    (
        "synthesizer",
        lambda j: j.is_function,
        "{j.source} is a function; the model itself is asked for. Bind it instead: "
        "bind({j.source}, ...)",
    ),
    (
        "synthesizer",
        lambda j: j.is_instance,
        "{j.got} has no generate(params). Any other function is bound to its arguments: "
        "bind({j.source}.sample, 1000)",
    ),
    (
        "params",
        always,
        lambda j: f"the model generates from {j.expected.partition(' | ')[0]}, not from {j.got}",
    ),
)
