"""Calling a model, with its first batch and output checked against its annotations."""

from collections.abc import Callable
from typing import Generic, cast, final

from synthproto.conformance.forward import check_forward
from synthproto.conformance.values import check_value
from synthproto.contracts import Batch, Model, Output
from synthproto.training.wrappers import inner_model


@final
class Forward(Generic[Batch, Output]):
    """The forward pass of a model.

    Args:
        model: It is called itself where it is callable, so that forward hooks and
            ``model.compile()`` take part.

    Attributes:
        call: The forward pass as it is, without a check.

    Raises:
        ConformanceError: The model cannot be trained: no ``forward`` of one argument, no modes.
    """

    def __init__(self, model: Model[Batch, Output]) -> None:
        self._declared = check_forward(inner_model(model))
        # A module's __call__ is typed `Callable[..., Any]`; its forward says what it takes.
        self.call: Callable[[Batch], Output] = cast(
            "Callable[[Batch], Output]", model if callable(model) else model.forward
        )

    def first(self, batch: Batch) -> Output:
        """The forward pass with batch and output checked, item by item.

        Raises:
            ConformanceError: One of them is not what the annotations of ``forward`` say.
        """
        declared = self._declared
        if declared.batch is not None:
            check_value(batch, declared.batch, part=declared.part, place="batch")
        output = self.call(batch)
        if declared.output is not None:
            check_value(output, declared.output, part=declared.part, place="output")
        return output
