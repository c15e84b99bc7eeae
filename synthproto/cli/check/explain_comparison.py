"""Why parts of a comparison do not fit, in plain words: generation, tables, plans, trackers."""

from synthproto.cli.check.scripts import Joint, callable_of


def of_sample(joint: Joint) -> str:
    """What does not generate tables."""
    function = callable_of(joint.got)
    if joint.got == "DataFrame":
        return "one table was generated here. Pass the function: partial(model.generate, params)"
    if function and function[1] not in ("DataFrame", "Any"):
        return f"sample gives {function[1]}; a DataFrame like the real table is asked for"
    if function and function[0]:
        return (
            f"sample is called without arguments, but {joint.source} takes "
            f"{', '.join(function[0])}. Give them here: partial({joint.source}, ...)"
        )
    return ""


def of_table(joint: Joint) -> str:
    """A table that was not validated."""
    if joint.got == "DataFrame":
        return f"{joint.source} is a bare frame. Validate it first: Table({joint.source}, spec)"
    return ""


def of_plan(joint: Joint) -> str:
    """What is no plan."""
    if joint.got.startswith("list["):
        return "a list is no plan. Write TablePlan(scores=[...], arrays=[...], plots=[...])"
    return ""


def of_plan_part(joint: Joint) -> str:
    """Scores, arrays or plots that the plan cannot compute."""
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


def of_tracker(joint: Joint) -> str:
    """A tracker that cannot keep what it would be given."""
    if joint.lacks:
        return f"{joint.got} cannot {joint.lacks}, which is needed here"
    if joint.got in ("str", "Path"):
        return f"a folder is no tracker. Make one: TensorBoardTracker({joint.source})"
    return ""
