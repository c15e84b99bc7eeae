"""Every declared item is checked, and each message names the part, the place, and both types."""

import collections
import typing
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, NotRequired, Protocol

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import ReadOnly, TypeAliasType, TypedDict, TypeVar

from synthproto.conformance.hints import (
    Predicate,
    boolean,
    floating,
    hint_name,
    integer,
    matrix,
    same_length,
    scalar,
    vector,
)
from synthproto.conformance.values import check_value
from synthproto.contracts import LossAttribute, LossCarrier, LossItem
from synthproto.errors import ConformanceError, SynthprotoWarning

T = TypeVar("T")
Bound = TypeVar("Bound", bound=Tensor)
Either = TypeVar("Either", Tensor, float)
Rows = NewType("Rows", Tensor)
Alias = TypeAliasType("Alias", list[Tensor])
First = TypeVar("First")
Second = TypeVar("Second")
# What a `type` statement makes, from Python 3.12 on.
Stated = getattr(typing, "TypeAliasType", TypeAliasType)("Stated", list[Tensor])
Swapped = TypeAliasType("Swapped", dict[Second, list[First]], type_params=(First, Second))


class Endless(TypedDict):
    inner: "Endless"


class Batch(TypedDict):
    features: ReadOnly[Tensor]
    weights: NotRequired[Tensor]


class Output(TypedDict):
    loss: Tensor
    terms: dict[str, Tensor]


class Declares(TypedDict):
    features: Annotated[Tensor, floating, matrix, same_length]
    labels: NotRequired[Annotated[Tensor, integer, vector, same_length] | None]


class Named(NamedTuple):
    loss: Tensor
    scale: float


@dataclass(frozen=True)
class Data:
    loss: Tensor
    parts: tuple[Tensor, ...] = ()


@dataclass
class Partial:
    loss: Tensor = field(init=False)


@dataclass
class HuggingFaceOutput(OrderedDict[str, object]):
    """Of the shape of transformers' ModelOutput: a dataclass that is also a mapping."""

    loss: Tensor | None = None
    logits: Tensor | None = None


@dataclass
class Box(Generic[T]):
    inside: T
    more: list[T]


class BoxDict(TypedDict, Generic[T]):
    inside: T


class HasScale(Protocol):
    scale: float

    def reset(self) -> None: ...


class Unreadable(TypedDict):
    loss: "Missing"  # type: ignore[name-defined]  # noqa: F821  what is tested
    other: Tensor


ONE = torch.zeros(())
ROWS = torch.zeros(3, 2)


def faults(value: object, hint: object) -> list[str]:
    try:
        check_value(value, hint, part="VAE.forward", place="output")
    except ConformanceError as error:
        first, *rest = str(error).split("\n")
        assert first.startswith("output of VAE.forward does not fit ")
        assert f" in {len(rest)} place" in first
        return [line.strip() for line in rest]
    return []


FITS: list[tuple[object, object]] = [
    (1, object),
    (1, Any),
    (1, int),
    (1, float),
    (True, int),
    (np.float64(1), float),
    (None, None),
    (ROWS, Tensor),
    (nn.Parameter(ROWS), Tensor),
    (ROWS, torch.FloatTensor),
    ({"features": ROWS}, Batch),
    ({"features": ROWS, "weights": ROWS, "unknown to it": 1}, Batch),
    ({"loss": ONE, "terms": {"kl": ONE}}, Output),
    (Named(ONE, 1), Named),
    (Data(ONE, (ONE, ONE)), Data),
    (HuggingFaceOutput(loss=ONE), HuggingFaceOutput),
    ((ONE, 1), tuple[Tensor, int]),
    ((ONE, ONE), tuple[Tensor, ...]),
    ((), tuple[Tensor, ...]),
    ((), tuple[()]),
    ([ONE], list[Tensor]),
    ([ONE], Sequence[Tensor]),
    ("text", Sequence[str]),
    ({ONE}, set[Tensor]),
    ({"a": ONE}, Mapping[str, Tensor]),
    (collections.Counter("aab"), Mapping[str, int]),
    ((part for part in [1]), Iterator[str]),
    (Box(ONE, [ONE]), Box[Tensor]),
    (Box[object]("a", [1]), Box),
    ({"inside": 1}, BoxDict[int]),
    (None, Tensor | None),
    (3, Tensor | int | None),
    ("a", Literal["a", "b"]),
    (ROWS, Rows),
    ([ROWS], Alias),
    ([ROWS], Stated),
    ({"a": [ROWS]}, Swapped[Tensor, str]),
    (ROWS, Bound),
    (1.0, Either),
    (Tensor, type[object]),
    (Data(ONE), LossAttribute),
    (Named(ONE, 1), LossCarrier),
    ({"loss": ONE, "more": 1}, LossItem),
    (SimpleNamespace(scale=1.0, reset=print), HasScale),
    (lambda event: None, Callable[[object], object]),
    (lambda event, *more, **named: None, Callable[[object], object]),
    (print, Callable[..., object]),
    (max, Callable[[object], object]),
    ([print, lambda a: a], list[Callable[[object], object]]),
    (np.zeros(2), NDArray[np.float64]),
    (np.zeros(2), np.ndarray),
    (ROWS, Annotated[Tensor, floating, matrix]),
    (ROWS, Annotated[Tensor, "somebody else's remark"]),
    (ONE, Annotated[Tensor, scalar]),
    (ROWS > 0, Annotated[Tensor, boolean]),
    ({"features": ROWS, "labels": torch.arange(3)}, Declares),
    ({"features": ROWS, "labels": None}, Declares),
]


@pytest.mark.parametrize(("value", "hint"), FITS)
def test_what_fits_passes(value: object, hint: object) -> None:
    assert faults(value, hint) == []


MISFITS: list[tuple[object, object, list[str]]] = [
    ("a", int, ["output is declared int, got str 'a'"]),
    (1, bool, ["output is declared bool, got int 1"]),
    (1, None, ["output is declared None, got int 1"]),
    (0.5, Tensor, ["output is declared Tensor, got float 0.5"]),
    (None, Tensor, ["output is declared Tensor, got None"]),
    (ROWS, Batch, ["output is declared Batch, got float32 Tensor of shape (3, 2)"]),
    (
        {"Features": ROWS},
        Batch,
        [
            "output[\"features\"] is declared Tensor by Batch, but missing; there are ['Features']."
            " Did you mean 'Features'?"
        ],
    ),
    (
        {},
        Batch,
        ['output["features"] is declared Tensor by Batch, but missing; it is empty'],
    ),
    (
        {"features": [1.0], "weights": 2},
        Batch,
        [
            'output["features"] is declared Tensor, got list of 1 item',
            'output["weights"] is declared Tensor, got int 2',
        ],
    ),
    (
        {"loss": 0.1, "terms": {"kl": ONE, 3: 0.2}},
        Output,
        [
            'output["loss"] is declared Tensor, got float 0.1',
            'key 3 of output["terms"] is declared str, got int 3',
            'output["terms"][3] is declared Tensor, got float 0.2',
        ],
    ),
    (Data(ONE), Named, ["output is declared Named, got Data"]),
    (Named(ONE, "x"), Named, ["output.scale is declared float, got str 'x'"]),  # type: ignore[arg-type]  # what is tested
    (
        Partial(),
        Partial,
        ["output lacks .loss, which Partial declares as Tensor"],
    ),
    (
        Data(ONE, (ONE, 1)),  # type: ignore[arg-type]  # what is tested
        Data,
        ["output.parts[1] is declared Tensor, got int 1"],
    ),
    (
        HuggingFaceOutput(loss=3, logits=ONE),  # type: ignore[arg-type]  # what is tested
        HuggingFaceOutput,
        ["output.loss is declared Tensor | None, got int 3"],
    ),
    ((1, "a"), tuple[int, int], ["output[1] is declared int, got str 'a'"]),
    ((1, "a", 2), tuple[int, str], ["output is declared tuple[int, str], got tuple of 3 items"]),
    ((1,), tuple[()], ["output is declared tuple[()], got tuple of 1 item"]),
    ([1, "a", 2, "b"], list[int], ["output[1] is declared int", "output[3] is declared int"]),
    ((1,), list[int], ["output is declared list[int], got tuple of 1 item"]),
    (Box[object](1, ["a"]), Box[int], ["output.more[0] is declared int, got str 'a'"]),
    ({"inside": "a"}, BoxDict[int], ['output["inside"] is declared int, got str']),
    ("c", Literal["a", "b"], ["output is declared Literal['a', 'b'], got str 'c'"]),
    (True, Literal[1], ["output is declared Literal[1], got bool True"]),
    ("c", Rows, ["output is declared Tensor, got str 'c'"]),
    ([1], Alias, ["output[0] is declared Tensor, got int 1"]),
    ([1], Stated, ["output[0] is declared Tensor, got int 1"]),
    ({"a": [1]}, Swapped[Tensor, str], ["output['a'][0] is declared Tensor, got int 1"]),
    ("a", Bound, ["output is declared Tensor, got str"]),
    ("a", Either, ["output is declared Tensor | float, got str"]),
    (int, type[str], ["output is declared type[str], got the class int"]),
    (
        Partial(),
        LossAttribute,
        ["output lacks .loss, which LossAttribute declares as Tensor; it is"],
    ),
    (SimpleNamespace(loss=1), LossAttribute, ["output.loss is declared Tensor, got int 1"]),
    ({"loss": 0.5}, LossCarrier, ['output["loss"] is declared Tensor, got float 0.5']),
    (0.5, LossCarrier, ["output is declared LossAttribute | LossItem, got float 0.5"]),
    (
        SimpleNamespace(scale="wide"),
        HasScale,
        [
            "output lacks .reset, which HasScale declares; it is SimpleN",
            "output.scale is declared float, got str 'wide'",
        ],
    ),
    (1, Callable[[int], int], ["output is declared Callable[[int], int], got int 1"]),
    (
        [print, lambda a, b: a, lambda: 0],
        list[Callable[[object], object]],
        [
            "output[1] takes 2 arguments (a, b), but is called with 1",
            "output[2] takes 0 arguments, but is called with 1",
        ],
    ),
    (
        np.zeros(2, np.float32),
        NDArray[np.float64],
        [f"output is declared {hint_name(NDArray[np.float64])}, got float32 array of shape (2,)"],
    ),
    (
        torch.arange(3),
        Annotated[Tensor, floating, matrix],
        ["output is declared floating matrix Tensor, got int64 Tensor of shape (3,)"],
    ),
    (0.5, Annotated[Tensor, floating], ["output is declared Tensor, got float 0.5"]),
    (ROWS > 0, Annotated[Tensor, integer], ["output is declared integer Tensor, got bool"]),
    (
        -ROWS - 1,
        Annotated[Tensor, Predicate("positive", lambda tensor: bool((tensor > 0).all()))],
        ["output is declared positive Tensor, got float32 Tensor of shape (3, 2)"],
    ),
    (
        {"features": ROWS, "labels": torch.arange(4)},
        Declares,
        [
            "first dimensions are declared to be of the same length, "
            'got output["features"] 3, output["labels"] 4'
        ],
    ),
    (
        {"features": ROWS.double().long(), "labels": ROWS},
        Declares,
        [
            'output["features"] is declared floating matrix same-length Tensor, got int64 Tensor',
            'output["labels"] is declared integer vector same-length Tensor | None, got float32',
        ],
    ),
]


@pytest.mark.parametrize(("value", "hint", "wanted"), MISFITS)
def test_every_fault_is_told(value: object, hint: object, wanted: list[str]) -> None:
    found = faults(value, hint)
    assert len(found) == len(wanted), found
    for message, start in zip(found, wanted, strict=True):
        assert message.startswith(start)


def test_what_cannot_be_read_warns_and_the_rest_is_checked() -> None:
    with (
        pytest.warns(SynthprotoWarning, match="annotations of Unreadable cannot be read") as seen,
        pytest.raises(ConformanceError, match=r'output\["other"\].*but missing'),
    ):
        check_value({"loss": 1}, Unreadable, part="VAE.forward", place="output")
    assert seen[0].filename == __file__
    with pytest.warns(SynthprotoWarning, match="the hint .*nonsense.* of output cannot be checked"):
        assert faults(1, "nonsense") == []


def test_a_value_that_contains_itself_warns() -> None:
    loop: dict[str, object] = {}
    loop["inner"] = loop
    with pytest.warns(SynthprotoWarning, match="output of VAE.forward contains itself"):
        assert faults(loop, Endless) == []


def test_a_tuple_is_a_sequence() -> None:
    assert faults((ROWS, ROWS, ROWS), Sequence[Tensor]) == []
    assert faults((ROWS, 1), Sequence[Tensor]) != []


def test_predicates_of_what_is_no_tensor_are_no_longer_dropped() -> None:
    assert faults([ROWS], Annotated[list[Tensor], matrix]) != []
    assert faults(None, Annotated[Tensor | None, matrix]) == []
    with pytest.warns(SynthprotoWarning, match="'matrix' of output is a word"):
        faults(ROWS, Annotated[Tensor, "matrix"])
