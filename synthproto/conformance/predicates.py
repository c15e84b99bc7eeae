"""What a type cannot say about a tensor: named predicates for ``Annotated[Tensor, ...]``.

A type checker reads ``Annotated[Tensor, floating, matrix]`` as ``Tensor``; the library tests the
rest on the first batch and the first output.

    class VAEBatch(TypedDict):
        features: Annotated[Tensor, floating, matrix, same_length]
        labels: Annotated[Tensor, integer, vector, same_length]
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor


@final
@dataclass(frozen=True)
class Predicate:
    """A named property of tensors; one's own is ``Predicate("positive", lambda t: ...)``.

    Attributes:
        name: What messages call it, an adjective before "Tensor".
        holds: Whether a tensor has it.
    """

    name: str
    holds: Callable[[Tensor], bool]


def _is_integer(tensor: Tensor) -> bool:
    other = tensor.is_floating_point() or tensor.is_complex() or tensor.dtype is torch.bool
    return not other


floating: Final = Predicate("floating", lambda tensor: tensor.is_floating_point())
"""Of a floating dtype."""

integer: Final = Predicate("integer", _is_integer)
"""Of a signed or unsigned integer dtype; ``bool`` is none."""

boolean: Final = Predicate("boolean", lambda tensor: tensor.dtype is torch.bool)
"""Of dtype ``bool``."""

scalar: Final = Predicate("scalar", lambda tensor: tensor.dim() == 0)
"""Shape ``()``."""

vector: Final = Predicate("vector", lambda tensor: tensor.dim() == 1)
"""Shape ``(n,)``."""

matrix: Final = Predicate("matrix", lambda tensor: tensor.dim() == 2)
"""Shape ``(n, m)``."""

same_length: Final = Predicate("same-length", lambda tensor: tensor.dim() >= 1)
"""At least one dimension, and the first as long as that of every other item so declared."""
