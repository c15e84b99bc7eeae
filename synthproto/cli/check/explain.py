"""What a type checker's error means for an experiment, in plain words.

`ROLES` gives the role of each argument of the library's calls; the files of mistakes say, for each
role, how a mistake shows and what to do.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from synthproto.cli.check.joints import Joint, by_alias
from synthproto.cli.check.mistakes import ANYWHERE, FIRST, Mistake
from synthproto.cli.check.mistakes_in_comparison import COMPARISON
from synthproto.cli.check.mistakes_in_training import TRAINING

MISTAKES: Final[Sequence[Mistake]] = (*FIRST, *TRAINING, *COMPARISON, *ANYWHERE)
"""The first one that shows and has words counts; those of role ``""`` may be anywhere."""

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
    ("sampler", "1"): "synthesizer",
    ("sampler", "2"): "params",
    **{("Validation", name): name for name in ("sample", "plan", "tracker")},
    **{("Validation", name): "table" for name in ("real", "holdout")},
    **{("Pair", name): "table" for name in ("1", "2")},
    **dict.fromkeys((("Mean", "1"), ("Complement", "1"), ("Within", "2")), "by column"),
    **{(call, "of"): "by column" for call in ("Mean", "Complement", "Within")},
    ("StreamedBatches", "1"): "pieces",
    ("Scan", "1"): "pieces",
    ("Scan", "map"): "engine",
    ("bind", "1"): "function",
    ("ForeignFit", "1"): "fit",
    **{
        (plan, part): "plan part"
        for plan in ("Plan", "TablePlan")
        for part in ("scores", "arrays", "plots")
    },
}
"""The role of each argument where parts meet, by call and argument: its type has to be known."""


_BY_TYPE: Final[Sequence[tuple[str, str]]] = (
    (r"Table( \| None)?", "table"),
    (r"DataFrame( \| ArrowStream \| ToPandas)?", "frame"),
    (r"Names", "names"),
    (r"TableSpec", "spec"),
    (r"Pair\[Table\]", "pair"),
    (r"\w*Tracker( \| None)?", "tracker"),
    (r"Callable\[\[Pair\[Table\]\], float\]", "score"),
    (r"Callable\[\[EpochEvent\], float.*", "monitor"),
    (r"Callable\[\[EpochEvent\].*", "routines"),
    (r"Callable\[\[StepEvent.*", "callbacks"),
    (r"Callable\[\[Progress\].*", "stopper"),
    (r"Callable\[\[\], DataFrame\]", "sample"),
    (r"Callable\[\[\], object\].*", "after"),
    (r"TrainingStep\[.*", "step"),
    (r"Model\[.*", "model"),
    (r"Module", "module"),
    (r"Stateful", "weights"),
    (r"Plan\[.*", "plan"),
    (r"Optimizer", "optimizer"),
    (r"LRScheduler.*", "scheduler"),
    (r"Ema( \| None)?", "ema"),
)
"""Roles by the type that is asked for, of arguments that `ROLES` does not have."""

_ALIASES: Final = {"TablePlan": "Plan", "TablePair": "Pair"}

CALLED_WITH: Final[Mapping[str, int]] = {
    **dict.fromkeys(("sample", "after", "fit"), 0),
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
    if not joint.got and "lambda" not in joint.message:  # not of types: a role says nothing of it
        named = ""
    for role in dict.fromkeys(("first", named, "")):
        for known, shows, words in MISTAKES:
            if known == role and shows(joint):
                text = words.format(j=joint) if isinstance(words, str) else words(joint)
                if text:
                    return by_alias(text)
    return ""
