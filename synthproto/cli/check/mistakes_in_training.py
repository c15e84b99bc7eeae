"""Mistakes in how a training is put together."""

from collections.abc import Sequence
from typing import Final

from synthproto.cli.check.joints import Joint, event_of, item_of, split
from synthproto.cli.check.mistakes import CLASS, Mistake, always, conflict_words, got


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


_FUNCTIONS: Final = ("loss", "sample", "monitor", "stopper", "after", "fit", "score")
_STOPPER: Final = "takes one argument, a Progress, and returns why to stop, or None"
_ROUTINE: Final = "takes one argument, an EpochEvent, and returns scores by tag or None"
_ASKED_FOR: Final = {
    "callbacks": "A callback takes one argument, a StepEvent",
    "routines": f"A routine {_ROUTINE}",
    "stopper": f"A stopper {_STOPPER}",
    "monitor": "A monitor takes an EpochEvent and returns a number, or None",
    "loss": "A loss is a function of output and batch: loss=lambda output, batch: ...",
    "after": "Asked for is a function without arguments",
    "fit": "Asked for is a function without arguments: bind(model.fit, frame)",
}


TRAINING: Final[Sequence[Mistake]] = (
    (
        "sample",
        got("DataFrame"),
        "one table was generated here. Pass a function: sampler(model, params)",
    ),
    *(
        (
            role,
            lambda j: j.gives.startswith(("Iterator[", "Generator[")),
            "{j.source} has a yield, so a call gives no value. Use return",
        )
        for role in (*_FUNCTIONS, "callbacks", "routines", "plan part")
    ),
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
            lambda j: j.was_called and j.got == "None" and not j.source.endswith("()"),
            "{j.source} gives None, and a function is asked for. Does {j.function} lack a return, "
            "or is it the function itself?",
        )
        for role in (*_FUNCTIONS, "callbacks", "routines", "plan part", "")
    ),
    *(
        (
            role,
            lambda j: j.was_called,
            "{j.source} was called here, and gave {j.got}. Pass the function itself: {j.function}",
        )
        for role in (*_FUNCTIONS, "callbacks", "routines", "plan part", "")
    ),
    ("loss", lambda j: j.is_class, "{j.source} is a class. " + _ASKED_FOR["loss"]),
    (
        "monitor",
        got("str"),
        "nobody can prove that a metric with this name exists. Name the score itself, "
        "validation.monitor(score), or read it: lambda event: event.scores.get(...)",
    ),
    ("monitor", got("int"), "the monitor comes first: {j.call}(train_loss, ...)"),
    ("stopper", got("int"), "a number is no stopper. Say of what: MaxEpochs({j.source})"),
    (
        "callbacks",
        lambda j: j.got.endswith("Tracker"),
        "{j.source} is a tracker. What is logged to it says a callback: LossCallback({j.source})",
    ),
    (
        "routines",
        lambda j: j.got.endswith("Tracker"),
        "{j.source} is a tracker. What is logged to it says a routine: LossRoutine({j.source})",
    ),
    ("routines", got("Checkpoints"), "they have a place of their own: checkpoints={j.source}"),
    *(
        (role, lambda j: j.cannot_be_called, f"{{j.source}} cannot be called. {asked}")
        for role, asked in _ASKED_FOR.items()
    ),
    ("step", lambda j: bool(j.lacks), "{j.got} is no training step: it lacks {j.lacks}"),
    (
        "step",
        lambda j: "Module" in j.hint,
        "{j.source} is a model. A step says how it is trained: "
        "GradientStep(model={j.source}, loss=..., optimizer=...)",
    ),
    ("step", lambda j: j.is_class, CLASS % ("a step", "...")),
    ("step", always, conflict_words),
    (
        "batches",
        got("int", "float", "str", "None"),
        "{j.source} holds no batches. Give a list of them, or Batches(data, size=500)",
    ),
    (
        "batches",
        lambda j: j.item.startswith("ndarray"),
        "batches are arrays, and a model is trained on tensors: torch.from_numpy(...)",
    ),
    (
        "pieces",
        lambda j: not j.is_function,
        "pieces are functions, each of which reads some rows: [bind(read, part) for part in parts]",
    ),
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
        lambda j: j.got.startswith(("Iterator[", "Generator[", "enumerate[", "zip[", "map[")),
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
        lambda j: j.item in ("DataFrame", "Table"),
        "{j.source} is a table, and a model is trained on numbers: "
        "Batches(MyBatch(codec.encode(table)), size=...)",
    ),
    (
        "batches",
        lambda j: j.item == j.batch,
        "batches are a single {j.item}. Cut it: Batches({j.source}, size=...)",
    ),
    (
        "batches",
        always,
        lambda j: (
            f"batches yield {j.described(j.item)}, but {j.forward(j.batch)} takes "
            f"{j.described(j.batch)}{j.lacking(j.item, j.batch)}"
        ),
    ),
    (
        "function",
        lambda j: not j.is_function,
        "{j.source} was called already, or is no function. Give the function, then its arguments: "
        "bind({j.function}, ...)",
    ),
    (
        "weights",
        lambda j: not j.conflict,
        "{j.source} has no state_dict() and load_state_dict(). Give the model itself",
    ),
    ("module", lambda j: j.is_class, CLASS % ("a model", "...")),
    (
        "module",
        always,
        "{j.source} is of type {j.got}; the model itself is asked for, an nn.Module",
    ),
    ("model", lambda j: j.is_class, CLASS % ("a model", "...")),
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
        always,
        "{j.source} is no model. A model has forward(batch), train(mode) and eval()",
    ),
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
        lambda j: len(j.wanted) == 2 and j.inputs == j.wanted[::-1] != j.wanted,
        "{j.source} takes the batch first. A loss is called with the output, then the batch",
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
    ("loss", always, _loss),
    (
        "optimizer",
        lambda j: "Parameter" in j.got,
        "{j.source} gives parameters. Make an optimizer: Adam({j.source})",
    ),
    ("optimizer", lambda j: j.is_class, CLASS % ("an optimizer", "model.parameters()")),
    (
        "optimizer",
        always,
        "{j.source} is of type {j.got}; an optimizer of torch.optim is asked for",
    ),
    ("scheduler", lambda j: j.is_class, CLASS % ("a scheduler", "optimizer, ...")),
    (
        "scheduler",
        always,
        "{j.source} is no scheduler. Make one of the optimizer: StepLR(optimizer, 10)",
    ),
    *(
        (
            role,
            lambda j: bool(j.inputs),
            lambda j: (
                f"it is called without arguments, but {j.source} takes {', '.join(j.inputs)}. "
                f"Give them here: bind({j.source}, ...)"
            ),
        )
        for role in ("after", "fit")
    ),
    (
        "ema",
        always,
        "{j.source} is no moving average. Make one of the model: Ema(model, decay=0.999)",
    ),
    *(
        (
            role,
            lambda j: j.expected.startswith("Sequence[") and j.got.startswith(("dict[", "None")),
            f"{role} are a list: {role}=[first, second]; without any, leave it out",
        )
        for role in ("callbacks", "routines")
    ),
    ("callbacks", lambda j: j.no_list, "callbacks are a list: callbacks=[{j.source}]"),
    (
        "callbacks",
        lambda j: j.event == "EpochEvent",
        "{j.source} is a routine, told of epochs. It belongs to routines=[...]",
    ),
    ("callbacks", lambda j: j.is_class, CLASS % ("a callback", "...")),
    ("callbacks", always, _callback),
    (
        "routines",
        lambda j: j.expected.startswith("Sequence["),
        "routines are a list: routines=[{j.source}]",
    ),
    ("routines", lambda j: j.is_class, CLASS % ("a routine", "...")),
    (
        "routines",
        lambda j: j.is_function and j.event.startswith("StepEvent"),
        "{j.source} is a callback, told of steps. It belongs to callbacks=[...]",
    ),
    (
        "routines",
        lambda j: len(j.inputs) == 1 and j.inputs[0] not in ("EpochEvent", "object", "Never"),
        "{j.source} takes {j.inputs[0]}, but a routine is given an EpochEvent",
    ),
    (
        "routines",
        lambda j: len(j.inputs) == 1,
        "{j.source} returns {j.gives}. A routine returns scores by tag, "
        '{{"family/name": 0.5}}, or None',
    ),
    (
        "routines",
        always,
        f"a routine {_ROUTINE}",
    ),
    ("every", got("str"), "how often comes first, as a whole number: Every(5, ...)"),
    (
        "every",
        lambda j: j.expected == "int" and j.got != "float",
        "Every takes the number first: Every(5, {j.source})",
    ),
    ("stopper", lambda j: j.is_class, CLASS % ("a stopper", "...")),
    (
        "stopper",
        lambda j: bool(item_of(j.got)),
        "several stoppers are joined by AnyOf(first, second), which takes them without a list",
    ),
    (
        "stopper",
        lambda j: len(j.inputs) == 1 and j.inputs[0] not in ("Progress", "object"),
        "{j.source} takes {j.inputs[0]}, but a stopper is given a Progress",
    ),
    (
        "stopper",
        lambda j: len(j.inputs) == 1,
        "{j.source} gives {j.gives}. A stopper gives why to stop, in words, or None",
    ),
    (
        "stopper",
        always,
        f"a stopper {_STOPPER}",
    ),
)
