"""Hints and values as messages have them, and the predicates of tensors."""

from typing import Annotated, Literal, NotRequired

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import TypedDict

from synthproto.conformance.hints import (
    PREDICATES,
    floating,
    hint_name,
    matrix,
    member_hints,
    read_hints,
    shown,
)
from synthproto.errors import SynthprotoWarning


class Batch(TypedDict):
    rows: Annotated[Tensor, floating, matrix]
    names: NotRequired[list[str]]


@pytest.mark.parametrize(
    ("hint", "name"),
    [
        (Batch, "Batch"),
        (None, "None"),
        (Annotated[Tensor, floating, matrix], "floating matrix Tensor"),
        (int | None, "int | None"),
        (dict[str, tuple[int, ...]], "dict[str, tuple[int, ...]]"),
        (Literal["a"], "Literal['a']"),
    ],
)
def test_hints_as_a_reader_says_them(hint: object, name: str) -> None:
    assert hint_name(hint) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (torch.zeros(2, 3), "float32 Tensor of shape (2, 3)"),
        (np.zeros(4), "float64 array of shape (4,)"),
        (None, "None"),
        (int, "the class int"),
        ({"a": 1}, "dict with ['a']"),
        ([1], "list of 1 item"),
        ((1, 2), "tuple of 2 items"),
        ("x", "str 'x'"),
        ("x" * 100, "str"),
        (object(), "object"),
    ],
)
def test_values_in_a_few_words(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("tensor", "names"),
    [
        (torch.zeros(2, 2), {"floating", "matrix", "same_length"}),
        (torch.zeros(3, dtype=torch.long), {"integer", "vector", "same_length"}),
        (torch.tensor(True), {"boolean", "scalar"}),
    ],
)
def test_predicates_of_tensors(tensor: Tensor, names: set[str]) -> None:
    assert {name for name, each in PREDICATES.items() if each.holds(tensor)} == names


def test_members_and_what_cannot_be_read() -> None:
    assert list(member_hints(Batch)) == ["rows", "names"]

    def quoted(x: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.warns(SynthprotoWarning, match=r"annotations of quoted cannot be read.*TYPE_CH"):
        assert read_hints(quoted, "quoted") == {}


def test_an_array_is_named_by_its_dtype() -> None:
    # Its shape is told differently by each numpy.
    name = hint_name(NDArray[np.float64])
    assert (name.startswith("ndarray["), name.endswith(", dtype[float64]]")) == (True, True)
