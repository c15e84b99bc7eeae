"""Where each checker reports a mistake of the rejecting files, if not on the wrong argument itself.

`CALL`: on the statement, at the call or at another argument of it. `LATER`: where the result is
used. `MISSED`: nowhere. `ALARMS`: files of right code in which a checker sees errors. `INSIDE`:
those of the package itself, which no user's checker shows; mypy and pyright see none. Tests hold all
six to what the checkers do, in both directions.
"""

from collections.abc import Mapping
from typing import TypeAlias

Table: TypeAlias = Mapping[str, Mapping[str, str]]  # checker, reason, names

_FIRST = "solves all arguments together and blames the first"
_LIST = "blames the whole list or mapping, not the item"
_KEYWORD = "blames the call for a keyword that the bound function does not take"
# Model and loss both read batches, so nothing bounds the type from below: mypy and pyright fix it by
# the model, the others solve for both. No other type of the arguments parts them (tried: a Protocol
# of a property, a union, a second variable); only two calls would, one for each.
_MEET = "takes the batches of model and loss for one type that is both, or either"
_NUMPY = "reads the stubs of torch otherwise"
_VARIABLES = "does not see that a type variable is its own bound or default"
_MAP = "does not take the builtin `map`, a class, for a function of its shape"
_LAMBDA = "does not infer the arguments of lambdas in a dict"

CALL: Table = {
    "mypy": {
        _KEYWORD: """
            bound_with_too_much argument_of_another_model
        """,
    },
    "zuban": {
        _KEYWORD: """
            bound_with_too_much argument_of_another_model
        """,
    },
    "ty": {
        _FIRST: """
            wrong_batch wrong_batches other_keys misspelt_key loader_of_other_batches
            batches_of_other_step callback_of_missing_field callback_of_other_batch
            callback_in_every loader_of_wrong_batches score_of_other_output narrower_params
            params_function_of_another_model foreign_batches experiment_of_two_models
            pieces_of_other_batches
        """,
        _LIST: """
            routine_among_callbacks callback_without_event class_as_callback
            callback_among_routines callback_in_every_among_routines
            routine_of_a_bare_number routine_of_words score_of_other_resources
            plan_of_other_resources plot_among_scores score_among_plots array_among_scores
            plot_among_arrays class_among_scores name_among_scores
            score_with_a_misspelt_member score_of_two_frames score_that_may_be_missing
            scores_in_words plot_as_array callback_among_scores attacks_among_the_plots
            rows_in_a_plan_without
        """,
    },
    "pyrefly": {
        _LIST: """
            callback_of_missing_field scalars_as_callback_of_another_model
            callback_of_other_batch callback_in_every routine_among_callbacks
            callback_without_event class_as_callback callback_among_routines
            callback_in_every_among_routines routine_of_a_bare_number routine_of_words
            score_of_other_output score_of_other_resources plan_of_other_resources
            plot_among_scores score_among_plots array_among_scores plot_among_arrays
            class_among_scores name_among_scores score_with_a_misspelt_member
            score_of_two_frames score_that_may_be_missing scores_in_words plot_as_array
            callback_among_scores attacks_among_the_plots rows_in_a_plan_without
        """,
    },
}
LATER: Table = {"ty": {_MEET: "loss_of_other_batch"}}
MISSED: Table = {
    "ty": {"does not solve for what a function of any type gives": "engine_of_one_type"},
    "pyrefly": {_MEET: "loss_of_other_batch"},
    "zuban": {_MEET: "loss_of_other_batch"},
}
ALARMS: Table = {
    "pyrefly": {_MAP: "typecheck/accepts_tables.py"},
    "zuban": {
        _LAMBDA: "examples/diffusion.py typecheck/accepts.py",
        _NUMPY: "examples/diffusion_model.py",
    },
}
_LITERALS = "takes a literal out of a tuple for a str"
_UFUNCS = "takes what NumPy and SciPy compute for Any, or has no overload for it"
_PYARROW = "brings stubs of pyarrow that lack run_end_decode"
INSIDE: Table = {
    "ty": {
        _PYARROW: "data/frames.py",
        "reads the declared type of a Series of times as words": "data/frames.py",
        _UFUNCS: "measures/ranking.py",
        "wants a replaced function of a module to name its arguments alike": "cli/console.py",
        "takes float for float or int, which has no is_integer before Python 3.12": (
            "trackers/events.py"
        ),
    },
    "pyrefly": {_PYARROW: "data/frames.py", _MAP: "cli/scanned.py data/scan.py"},
    "zuban": {
        _LITERALS: """
            artifacts/plots/curves.py artifacts/privacy.py artifacts/reidentification.py
            measures/ranking.py
        """,
        _UFUNCS: """
            artifacts/associations.py artifacts/dependence.py artifacts/plots/densities.py
            artifacts/plots/panels.py data/statistics.py drawing/picture.py measures/joint.py
            measures/pairs.py measures/ranking.py measures/rows.py
        """,
        _VARIABLES: """
            artifacts/searches.py cli/compare/comparer.py data/crosstab.py data/scan.py plan.py
            samplers.py training/loop.py
        """,
        "takes what is added to a list for a list of what its items share": """
            artifacts/dependence.py presets/default.py
        """,
        "does not infer what is inside of comprehensions and of lambdas in tuples": """
            artifacts/plots/panels.py cli/check/mistakes_in_training.py data/spec.py
        """,
        "is not sure of a slice of a variadic tuple": "artifacts/validity.py data/files.py",
        "takes what torch computes for Any": "training/optimization.py",
    },
}


def listed(table: Table, checker: str) -> set[str]:
    """Names in a table that a checker has there."""
    return {name for names in table.get(checker, {}).values() for name in names.split()}
