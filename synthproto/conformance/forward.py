"""Proof at run time that a model can be trained: its ``forward``'s signature, and its modes."""

import inspect
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, final

from synthproto.conformance.calls import call_fault, signature_of
from synthproto.conformance.hints import read_hints, warn
from synthproto.errors import ConformanceError


@final
@dataclass(frozen=True)
class Declared:
    """What the annotations of a model's ``forward`` say.

    Attributes:
        part: The method's name for messages, ``"VAE.forward"``.
        batch: The hint of what it takes; ``None`` where there is none, or it is ``Any``.
        output: The hint of what it gives; likewise.
    """

    part: str
    batch: object
    output: object


def check_forward(model: object) -> Declared:
    """Check that a model can be trained: a forward of one argument, and its two modes.

    Args:
        model: Any object that should fit the `Model` contract.

    Returns:
        What ``forward`` declares, to check the first batch and the first output against.

    Raises:
        ConformanceError: All ways in which the model does not fit.

    Warns:
        SynthprotoWarning: ``forward`` is not annotated: neither a type checker nor `check_value`
            can then tell whether the batches fit.
    """
    model = getattr(model, "_orig_mod", model)  # what torch.compile wraps
    part = f"{type(model).__name__}.forward"
    forward: object = getattr(model, "forward", None)
    faults = list(_model_faults(model, forward, part))
    if faults or not callable(forward):
        raise ConformanceError("; ".join(faults))
    batch = output = None
    silent = ["batch", "output"]
    if (signature := signature_of(forward)) is not None:
        first = next(iter(signature.parameters.values()))
        said = {"batch": first.annotation, "output": signature.return_annotation}
        batch, output = (_resolved(hint, forward) for hint in said.values())
        # Hints that cannot be read were told of already.
        silent = [name for name, hint in said.items() if hint in (Any, inspect.Signature.empty)]
    if silent:
        warn(
            f"{part} does not say of what type its {' and '.join(silent)} "
            f"{'are' if len(silent) > 1 else 'is'}, so nothing can prove that the parts fit. "
            "Annotate it: `def forward(self, batch: MyBatch) -> MyOutput`"
        )
    return Declared(part, batch, output)


def _model_faults(model: object, forward: object, part: str) -> Iterator[str]:
    if isinstance(model, type):
        yield f"model is the class {model.__name__} itself; pass an instance: {model.__name__}(...)"
        return
    lacking = [name for name in ("forward", "train", "eval") if not _has_method(model, name)]
    if lacking:
        yield (
            f"model of type {type(model).__name__} lacks {', '.join(lacking)}. A model has "
            "forward(batch), train(mode) and eval(); every torch.nn.Module has the last two"
        )
    elif callable(forward) and (fault := call_fault(forward, 1)):
        yield (
            f"{part} {fault}, but is given one batch. Put what it needs into one TypedDict, "
            "NamedTuple or dataclass: `def forward(self, batch: MyBatch) -> MyOutput`"
        )


def _has_method(model: object, name: str) -> bool:
    method = getattr(model, name, None)
    # A torch.nn.Module without a forward of its own has this one, which raises.
    return callable(method) and getattr(method, "__name__", "") != "_forward_unimplemented"


def _resolved(annotation: object, function: Callable[..., object]) -> object:
    """The hint that an annotation means; ``None`` where it means nothing."""
    inner = inspect.unwrap(getattr(function, "__func__", function))
    names = getattr(inner, "__globals__", {})
    holder = types.SimpleNamespace(__annotations__={"hint": annotation})
    hint = read_hints(holder, getattr(inner, "__qualname__", "forward"), names).get("hint")
    return None if hint in (Any, inspect.Signature.empty) else hint
