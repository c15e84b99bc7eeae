"""Mistakes that may be anywhere, and those that show before a role matters."""

import pytest

from synthproto.cli.check.definitions import Definition
from synthproto.cli.check.explain import explain
from synthproto.cli.check.joints import Joint
from synthproto.cli.check.mistakes import ANYWHERE, FIRST, always, got, in_words, key_words

OUTPUT = Definition("Output", "TypedDict", {"loss": "Tensor"})


def joint(message: str, hint: str = "", source: str = "x") -> Joint:
    return Joint("Thing", "1", source, message, hint, {"Output": OUTPUT}, {})


def unfit(given: str, wanted: str) -> str:
    return f'Argument 1 to "Thing" has incompatible type "{given}"; expected "{wanted}"'


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            'TypedDict "Output" has no key "los"',
            "there is no 'los' in Output (TypedDict with loss: Tensor). Did you mean 'loss'?",
        ),
        ('Missing key "loss" for TypedDict "Output"', "the keys are not those of Output (TypedDi"),
        ('Missing positional arguments "a" and "b" in call to "Thing"', "Thing needs a, b as well"),
        (
            'Unexpected keyword argument "sise" for "Thing"; did you mean "size"?',
            "Thing has no argument 'sise'. Did you mean size?",
        ),
        ('Too many positional arguments for "Thing"', "Thing takes fewer arguments by position"),
        ('"Thing" has no attribute "fitt"; maybe "fit"?', "Thing has no fitt. Did you mean fit?"),
        ('Module "synthproto" has no attribute "Thingy"', "synthproto has no Thingy"),
        ('"Report" has no attribute "scores"; maybe "_scores"?', "Report has no scores"),
        ('Value of type "Table" is not indexable', "Table has no items in brackets; its frame has"),
        ('Unsupported left operand type for | ("MaxEpochs")', "MaxEpochs knows no |. Stoppers are"),
        ('Too few arguments for "sampler"', "sampler needs more arguments than these"),
        (
            'No overload variant of "split" matches argument types "str", "float"',
            "split does not take a text, a number",
        ),
        (
            'Unexpected keyword argument "epochs" for "Trainer"',
            "Trainer has no argument 'epochs'. Say it as a stopper: stopper=MaxEpochs(10)",
        ),
        (unfit("int", "str | Path"), "argument 1 of Thing is a text or a path; x is a whole num"),
        (unfit("type[Other]", "Other"), "x is a class. Make a part of it: x(...)"),
        (unfit("Other | None", "Other"), "x may be None, which does not fit. Look first: if x is"),
        (unfit("object", "Other"), "x holds values of several types, and a checker keeps only wh"),
        (
            unfit("Callable[[], Coroutine[Any, Any, int]]", "Callable[[], int]"),
            "x is asynchronous, so nobody would wait for it",
        ),
    ],
)
def test_messages_in_plain_words(message: str, said: str) -> None:
    assert explain(joint(message)).startswith(said)


def test_what_no_row_knows_is_left_to_mypy() -> None:
    assert explain(joint('Incompatible return value type (got "str", expected "int")')) == ""


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("list[int]", "a list of whole numbers"),
        (
            "Mapping[str, Callable[[A], float]] | None",
            "a dict of functions of A that give a number or None",
        ),
        ("Callable[[], None]", "a function without arguments that gives None"),
        ("Callable[[Never], object]", "a function of one argument"),
        ("Literal['min', 'max']", "'min' or 'max'"),
        ("tuple[float, ...]", "a tuple of numbers"),
        ("tuple[str, A]", "tuple[str, A]"),
        ("type[A]", "a class"),
        ("DataFrame | ArrowStream | ToPandas", "a DataFrame"),
        ("Mapping[str, Sequence[Table]]", "a dict of lists of Tables"),
    ],
)
def test_types_in_words(kind: str, words: str) -> None:
    assert in_words(kind) == words


def test_rows_are_of_no_role_or_come_first() -> None:
    assert {role for role, _, _ in ANYWHERE} == {""}
    assert {role for role, _, _ in FIRST} == {"first"}


def test_how_a_mistake_shows() -> None:
    number = joint(unfit("int", "str"))
    assert always(number)
    assert got("float", "int")(number)
    assert not got("str")(number)
    assert key_words(number) == ""
