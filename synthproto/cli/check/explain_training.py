"""Why parts of a training do not fit, in plain words: one function for each kind of argument."""

import re

from synthproto.cli.check.scripts import Joint, callable_of, item_of, split

_BATCHES = re.compile(r"Sequence\[(?P<item>.*)\] \| Callable\[\[int\], Iterable\[.*\]\]")
_GOT_FORWARD = re.compile(
    r"Got:\n\s*def (?:\[.*?\] )?forward\(self(?:, )?(?P<inputs>.*)\) -> (?P<output>.*)"
)
_LOSS_CARRIER = "LossAttribute | LossItem"


def of_batches(joint: Joint) -> str:
    """Batches that a step does not take."""
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
    given = item_of(joint.got) or joint.got
    if given == wanted:
        return f"batches are a single {given}. Cut it: Batches({joint.source}, size=...)"
    lacking = joint.lacking(given, wanted)
    return f"batches yield {joint.described(given)}, but {takes}{lacking}"


def of_model(joint: Joint) -> str:
    """What cannot be trained."""
    name = joint.got
    if name.startswith("type["):
        return f"{joint.source} is a class. Make a model of it: {joint.source}(...)"
    if joint.lacks:
        return (
            f"{name} is no model: it lacks {joint.lacks}. A model has forward(batch), "
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


def of_loss(joint: Joint) -> str:
    """A loss of other outputs or batches than the model has."""
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
                f"{joint.lacking(came, took)}"
            )
    return ""


def of_optimizer(joint: Joint) -> str:
    """What is no optimizer."""
    if "Parameter" in joint.got:
        return f"{joint.source} gives parameters. Make an optimizer: Adam({joint.source})"
    return f"{joint.source} is a {joint.got}; an optimizer of torch.optim is asked for"


def of_step(joint: Joint) -> str:
    """What is no training step."""
    if joint.lacks:
        return f"{joint.got} is no training step: it lacks {joint.lacks}"
    if "Module" in joint.hint:
        return (
            f"{joint.source} is a model. A step says how it is trained: "
            f"GradientStep(model={joint.source}, loss=..., optimizer=...)"
        )
    return ""


def of_callbacks(joint: Joint) -> str:
    """Callbacks that read other batches or outputs."""
    got = joint.got
    if joint.expected.startswith("Sequence["):
        got = item_of(got)
        if not got:
            return f"callbacks are a list: callbacks=[{joint.source}]"
    event = _event(got)
    if event == "EpochEvent":
        return f"{joint.source} is a routine, told of epochs. It belongs to routines=[...]"
    if got.startswith("type["):
        return f"{joint.source} is a class. Make a callback of it: {joint.source}(...)"
    given = _event_types(event)
    wanted = _event_types(_event(item_of(joint.expected) or joint.expected))
    if not given or not wanted:
        return "a callback takes one argument, a StepEvent"
    texts = [
        f"{joint.source} reads {joint.described(took)} as {what}, but {joint.forward(wanted[0])} "
        f"{verb} {joint.described(came)}{joint.lacking(came, took)}"
        for took, came, what, verb in zip(
            given, wanted, ("batch", "output"), ("takes", "gives"), strict=True
        )
        if took not in (came, "object")
    ]
    return "; ".join(texts)


def of_routines(joint: Joint) -> str:
    """What is no routine."""
    if joint.expected.startswith("Sequence["):
        return f"routines are a list: routines=[{joint.source}]"
    if joint.got.startswith("type["):
        return f"{joint.source} is a class. Make a routine of it: {joint.source}(...)"
    function = callable_of(joint.got)
    if function and _event(joint.got).startswith("StepEvent"):
        return f"{joint.source} is a callback, told of steps. It belongs to callbacks=[...]"
    if function:
        return (
            f"{joint.source} returns {function[1]}. A routine returns scores by tag, "
            '{"family/name": 0.5}, or None'
        )
    return "a routine takes one argument, an EpochEvent, and returns scores by tag or None"


def of_every(joint: Joint) -> str:
    """A callback or routine where the number belongs."""
    if joint.expected == "int" and joint.got != "float":
        return f"Every takes the number first: Every(5, {joint.source})"
    return ""


def of_stopper(joint: Joint) -> str:
    """What is no stopper."""
    if joint.got == "int":
        return f"a number is no stopper. Say of what: MaxEpochs({joint.source})"
    if joint.got.startswith("type["):
        return f"{joint.source} is a class. Make a stopper of it: {joint.source}(...)"
    return "a stopper takes one argument, a Progress, and returns why to stop, or None"


def of_monitor(joint: Joint) -> str:
    """What reads no score."""
    if joint.got == "str":
        return (
            "nobody can prove that a metric with this name exists. Name the score itself, "
            "validation.monitor(score), or read it: lambda event: event.scores.get(...)"
        )
    if "TablePair" in joint.got:
        return f"{joint.source} is a score. Monitor it by validation.monitor({joint.source})"
    return "a monitor takes an EpochEvent and returns a number, or None"


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
