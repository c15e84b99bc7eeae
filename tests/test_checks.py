"""Checks of arguments and parts: bounds, names, what a part says of itself."""

from dataclasses import dataclass

import pytest

from synthproto.checks import (
    about,
    check_least,
    check_shares,
    did_you_mean,
    direction_of,
    faults_of_description,
    listed,
    refuse,
    repeated,
    tag_of,
)
from synthproto.errors import ParameterError, SchemaError


class Part:
    name = "own/part"


@dataclass(frozen=True)
class Score:
    best: object = 0.0
    bounds: object = (0.0, 1.0)
    name: str = "own/score"


@pytest.mark.parametrize("values", [(), (0.5, 1.1), (-0.1,), (float("nan"),)])
def test_shares_are_in_0_1(values: tuple[float, ...]) -> None:
    check_shares(Part(), "parts", (0.0, 1.0))
    with pytest.raises(ParameterError, match=r"^Part: `parts` must be in \[0, 1\]; got "):
        check_shares(Part(), "parts", values)


def test_a_least_value() -> None:
    check_least(Part(), "rows", 3, 3)
    with pytest.raises(ParameterError, match=r"^Part: `rows` must be at least 3; got 2\.$"):
        check_least(Part(), "rows", 2, 3)


def test_all_faults_are_in_one_message() -> None:
    refuse("table", [])
    with pytest.raises(SchemaError, match=r"^table has no rows$"):
        refuse("table", ["has no rows"])
    with pytest.raises(SchemaError, match=r"^table has 2 faults:\n  - it lacks x\n  - it is odd$"):
        refuse("table", ["lacks x", "is odd"])


def test_long_lists_are_cut() -> None:
    assert listed(["a", 1]) == "['a', 1]"
    assert listed(range(14)).endswith("11, ... 2 more]")
    assert repeated(["a", "b", "a", "a"]) == ["a"]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (["age "], " Did you mean 'Age' for 'age '?"),
        (["sexx", "AGE"], " Did you mean 'sex' for 'sexx', 'Age' for 'AGE'?"),
        (["nothing"], ""),
    ],
)
def test_near_names(wrong: list[str], hint: str) -> None:
    assert did_you_mean(wrong, ["Age", "sex", 3]) == hint


def test_what_a_part_says_of_itself() -> None:
    assert (about(Score()).best, about(Score()).bounds) == (0.0, (0.0, 1.0))
    assert about(Score()).ordered
    assert not about(Part()).ordered
    assert (tag_of(Part()), tag_of(test_near_names), tag_of(3)) == (
        "own/part",
        "test_near_names",
        "",
    )


@pytest.mark.parametrize(
    ("best", "bounds", "direction"),
    [
        (0.0, None, "lower"),
        (1.0, None, "higher"),
        (0.5, (0.0, 1.0), "target"),
        (5.0, (0.0, 5.0), "higher"),
        (None, None, None),
    ],
)
def test_the_direction_follows_from_best_and_bounds(
    best: float | None, bounds: tuple[float, float] | None, direction: str | None
) -> None:
    assert direction_of(best, bounds) == direction


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [("Best", 1.0, "best"), ("bset", 1.0, "best"), ("bound", (0.0, 1.0), "bounds")],
)
def test_members_that_are_misspelt(name: str, value: object, right: str) -> None:
    part = type("Mine", (), {name: value})()
    (fault,) = faults_of_description(part)
    assert fault == f"`{name}` is not read; did you mean `{right}`? Or else rename it"


def test_members_of_a_wrong_type_are_refused_together() -> None:
    with pytest.raises(
        ParameterError, match=r"^Score: `best` must be a number.*; `bounds` must be"
    ):
        about(Score(best="low", bounds=(1.0, 1.0)))
