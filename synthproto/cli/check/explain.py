"""What a type checker's error means for an experiment, in plain words."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from synthproto.cli.check import explain_comparison as comparison
from synthproto.cli.check import explain_training as training
from synthproto.cli.check.scripts import Joint

_NO_KEY = re.compile(r'TypedDict "(?P<type>\w+)" has no key "(?P<key>\w+)"')
_KEYS = re.compile(
    r'(?P<kind>Missing|Extra) keys? \(?(?P<keys>".*")\)? for TypedDict "(?P<type>\w+)"'
)


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
    ("Trainer", "step"): (training.of_step,),
    ("Trainer", "batches"): (_key, training.of_batches),
    ("Trainer", "callbacks"): (_key, training.of_callbacks),
    ("Trainer", "routines"): (training.of_routines,),
    ("Trainer", "stopper"): (training.of_stopper,),
    ("GradientStep", "model"): (training.of_model,),
    ("GradientStep", "loss"): (_key, training.of_loss),
    ("GradientStep", "optimizer"): (training.of_optimizer,),
    ("BatchScores", "model"): (training.of_model,),
    ("BatchScores", "batches"): (_key, training.of_batches),
    ("BatchScores", "tracker"): (comparison.of_tracker,),
    ("Every", "1"): (training.of_every,),
    ("LossRoutine", "1"): (comparison.of_tracker,),
    ("LossCallback", "1"): (comparison.of_tracker,),
    ("Patience", "monitor"): (training.of_monitor,),
    ("Target", "monitor"): (training.of_monitor,),
    ("Checkpoints", "best"): (training.of_monitor,),
    ("AnyOf", "*"): (training.of_stopper,),
    ("AllOf", "*"): (training.of_stopper,),
    ("Validation", "sample"): (comparison.of_sample,),
    ("Validation", "real"): (comparison.of_table,),
    ("Validation", "holdout"): (comparison.of_table,),
    ("Validation", "plan"): (comparison.of_plan,),
    ("Validation", "tracker"): (comparison.of_tracker,),
    ("TablePair", "1"): (comparison.of_table,),
    ("TablePair", "2"): (comparison.of_table,),
    **{
        (plan, argument): (comparison.of_plan_part,)
        for plan in ("Plan", "TablePlan")
        for argument in ("scores", "arrays", "plots")
    },
}

JOINTS = frozenset(_EXPLAINERS) | {("GradientStep", "scheduler")}
"""Arguments, by call, where parts meet: of these a type has to be known."""
