"""Types as mypy writes them."""

import pytest

from synthproto.cli.check.joints import Joint, by_alias, callable_of, split

pytestmark = pytest.mark.interpreter_independent


def test_types_as_mypy_writes_them() -> None:
    assert split("A, B[C, D], Callable[[E, F], G]") == ["A", "B[C, D]", "Callable[[E, F], G]"]
    assert callable_of("Callable[[A, B[C, D]], E | None]") == (["A", "B[C, D]"], "E | None")
    assert callable_of("def __call__(self, pair: TablePair) -> float") == (["TablePair"], "float")
    assert callable_of("Callable[[], None]") == ([], "None")
    assert callable_of("int") is None
    assert callable_of("def (limit: float, event: A)") == (["float", "A"], "None")
    assert callable_of("Callable[[A], B] | Callable[[C], D]") is None


def test_types_have_the_names_that_scripts_use() -> None:
    said = by_alias("Callable[[Pair[Table], Pair[Summary]], Pair[Scan]]")
    assert said == "Callable[[TablePair, SummaryPair], Pair[Scan]]"
    assert by_alias("list[ndarray[tuple[int, int], dtype[float64]]]") == "list[ndarray]"


def joint(message: str, hint: str = "", source: str = "x") -> Joint:
    return Joint("Trainer", "batches", source, message, hint, {}, {})


@pytest.mark.parametrize(
    ("message", "got", "wanted"),
    [
        ('Argument 1 to "f" has incompatible type "int"; expected "str"', "int", "str"),
        ('Argument 1 to "f" has incompatible type "Adam"; expected Module', "Adam", "Module"),
        ('Dict entry 0 has incompatible type "str": "float"; expected "str": "A"', "float", "A"),
        ('Name "x" is not defined', "", ""),
    ],
)
def test_what_came_and_what_was_asked_for(message: str, got: str, wanted: str) -> None:
    assert (joint(message).got, joint(message).expected) == (got, wanted)


def test_an_item_that_is_a_tuple_is_one_item() -> None:
    item = 'List item 0 has incompatible type "tuple[Tensor, Tensor]"; expected "list[Tensor]"'
    whole = 'Argument "batches" has incompatible type "list[A]"; expected "Sequence[B]"'
    assert joint(item).item == "tuple[Tensor, Tensor]"
    assert joint(whole).item == "A"


@pytest.mark.parametrize(
    ("got", "wanted", "shared"),
    [
        ("object", "Stopper", True),
        ("list[object]", "Sequence[Stopper]", True),
        ("list[object]", "Callable[[Progress], str]", False),
        ("**dict[str, int]", "bool", True),
        ("list[int]", "Sequence[str]", False),
    ],
)
def test_what_several_types_share_is_no_verdict(got: str, wanted: str, shared: bool) -> None:
    text = f'Argument 1 to "f" has incompatible type "{got}"; expected "{wanted}"'
    assert joint(text).is_shared == shared


def unfit(got: str, wanted: str, source: str) -> Joint:
    said = f'Argument 1 to "f" has incompatible type "{got}"; expected "{wanted}"'
    return joint(said, source=source)


def test_functions_that_were_called_or_not() -> None:
    wanted = "Callable[[A, B], Tensor]"
    assert unfit("Tensor", wanted, "loss(a, b)").was_called
    assert not unfit("Tensor", wanted, "loss").was_called
    assert unfit("Callable[[float], Callable[[A, B], Tensor]]", wanted, "make").makes_function
    assert unfit("Callable[[Judge, A], Tensor]", wanted, "Judge.fool").is_unbound
    assert not unfit("Callable[[Judge, A], Tensor]", wanted, "judge.fool").is_unbound
    assert unfit("Judge", wanted, "judge").cannot_be_called
    assert unfit("Every[Never, None]", "Callable[[EpochEvent], None]", "Every(2, f)").is_unsolved


def test_what_is_called_is_that_of_the_given_object() -> None:
    hint = '"Wanted[A].__call__" has type "Callable[[A], B]"'
    said = 'Argument 1 to "f" has incompatible type "{}"; expected "Wanted[A]"'
    assert joint(said.format("Given"), hint).got == "Given"
    assert joint(said.format("Wanted[C]"), hint).got == "Callable[[A], B]"


def test_methods_that_differ() -> None:
    hint = "Expected:\n    def f(self, int) -> int\nGot:\n    def f(self, str) -> int"
    assert joint("", hint).conflict == ("f(self, int) -> int", "f(self, str) -> int")
    assert joint("").conflict is None
