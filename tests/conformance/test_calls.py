"""Functions that cannot be called as they will be are refused when a part is made."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest

from synthproto import MeanJSDistance
from synthproto.conformance.calls import call_fault, check_function, check_monitor, function_fault
from synthproto.errors import ConformanceError


def one(event: object) -> None: ...


def lacking(event: object, more: int, *, named: int) -> None: ...


async def late(event: object) -> None: ...


def lazy(event: object) -> Iterator[int]:
    yield 1


class Late:
    async def __call__(self, event: object) -> None: ...


@pytest.mark.parametrize("function", [one, print, partial(lacking, more=1, named=2), lambda x: x])
def test_what_fits_passes(function: object) -> None:
    assert function_fault(function, 1) is None


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (5, " must be something to call; got int 5"),
        (None, " must be something to call; got None"),
        (MeanJSDistance, " is the class MeanJSDistance. Pass an instance: MeanJSDistance(...)"),
        (lacking, " is called with 1 argument; lacking takes 3 arguments (event, more, named)"),
        (late, ": late is asynchronous, so nobody would wait for it. Use a plain def"),
        (Late(), ": Late is asynchronous, so nobody would wait for it. Use a plain def"),
        (lazy, ": lazy has a yield, so a call would do nothing. Use return"),
    ],
)
def test_what_does_not_is_told_with_its_place(function: object, said: str) -> None:
    assert function_fault(function, 1) == said
    with pytest.raises(ConformanceError) as caught:
        check_function(function, 1, "Thing: part")
    assert str(caught.value) == f"Thing: part{said}."


def test_batches_may_be_yielded() -> None:
    assert function_fault(lazy, 1, may_yield=True) is None


def test_what_has_no_signature_is_trusted() -> None:
    assert call_fault(max, 9) is None


def test_a_score_is_no_monitor() -> None:
    check_monitor(one, "Patience: monitor")
    with pytest.raises(ConformanceError, match="Patience: monitor is the score MeanJSDistance"):
        check_monitor(MeanJSDistance(), "Patience: monitor")


def test_plans_ask_it_without_torch() -> None:
    code = "import synthproto.conformance.calls, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
