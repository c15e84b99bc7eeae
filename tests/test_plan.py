from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import ClassVar, cast

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from synthproto.artifacts.columns import JSDistance, Mean, MeanJSDistance, ShapeDistance
from synthproto.artifacts.pairs import CorrelationDistance, TrendSimilarity
from synthproto.artifacts.statistics import (
    Histograms,
    Juxtaposition,
    StatisticSimilarity,
    WassersteinDistance,
)
from synthproto.artifacts.validity import BoundaryAdherence, CategoryAdherence
from synthproto.contracts import Array, Drawing
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.plan import Plan, TablePlan
from synthproto.presets.artifact_core import artifact_core
from synthproto.presets.sdmetrics import sdmetrics_quality
from synthproto.report import Report

FRAME = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "c": ["a", "a", "b", "b"]})
SPEC = TableSpec.infer(FRAME)


def pair(holdout: bool = False) -> TablePair:
    table = Table(FRAME, SPEC)
    return TablePair(table, Table(FRAME[::-1], SPEC), Table(FRAME[:2], SPEC) if holdout else None)


@dataclass(frozen=True)
class Numbers:
    values: tuple[float, ...]


def total(numbers: Numbers) -> float:
    return sum(numbers.values)


@dataclass(frozen=True)
class Largest:
    name: str = "own/largest"
    best: float = 9.0

    def __call__(self, numbers: Numbers) -> float:
        return max(numbers.values)


def each(numbers: Numbers) -> Mapping[str, float]:
    return {str(place): value for place, value in enumerate(numbers.values)}


def doubled(numbers: Numbers) -> NDArray[np.float64]:
    return 2 * np.array(numbers.values)


def test_functions_and_classes_are_parts_and_collections_are_expanded() -> None:
    plan = Plan(scores=[total, Largest(), each], arrays=[doubled])
    report = plan.run(Numbers((1.0, 4.0)))
    assert dict(report) == {"total": 5.0, "own/largest": 4.0, "each/0": 1.0, "each/1": 4.0}
    assert report.best == {"own/largest": 9.0}
    assert plan.tags == ("total", "own/largest", "each", "doubled")
    assert repr(plan) == "Plan(scores=['total', 'own/largest', 'each'], arrays=['doubled'])"
    np.testing.assert_array_equal(report.arrays["doubled"], [2.0, 8.0])


def test_nameless_and_duplicate_parts_are_refused_all_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        Plan[Numbers](
            scores=[lambda numbers: 0.0, total],
            arrays=[
                doubled,
                total,  # type: ignore[list-item]  # a score among the arrays, on purpose
            ],
        )
    assert "scores[0] has no name" in str(caught.value)
    assert "arrays[1] has the tag 'total' of scores[1]" in str(caught.value)


def test_a_class_in_place_of_a_part_is_refused_when_the_plan_is_made() -> None:
    with pytest.raises(ParameterError, match=r"scores\[0\] is a class.*MeanJSDistance\(\.\.\.\)"):
        TablePlan(scores=[MeanJSDistance])  # type: ignore[list-item]  # on purpose


def test_what_a_part_raises_says_which_part_it_was() -> None:
    def wrong(pair: TablePair) -> float:
        return float(pair.real.frame["income"].mean())

    with pytest.raises(KeyError) as caught:
        TablePlan(scores=[MeanJSDistance(), wrong]).run(pair())
    assert caught.value.__notes__ == ["This was raised by the part 'wrong' of the plan."]


def test_two_parts_that_give_one_tag_are_refused() -> None:
    plan = Plan[Numbers](scores=[each, Largest(name="each/0")])
    with pytest.raises(ParameterError, match="each/0"):
        plan.run(Numbers((1.0,)))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_not_finite_is_an_error_that_names_it(value: float) -> None:
    with pytest.raises(UndefinedScoreError, match="score 'total'"):
        Plan(scores=[total]).run(Numbers((value,)))
    with pytest.raises(UndefinedScoreError, match="score 'each/1'"):
        Plan(scores=[each]).run(Numbers((0.0, value)))


def test_references_are_real_against_holdout_and_computed_once() -> None:
    calls: list[object] = []

    def counted(resources: TablePair) -> float:
        calls.append(resources)
        return 1.0

    plan = TablePlan(scores=[counted, MeanJSDistance()])
    first, real = pair(holdout=True), pair().real
    one = TablePair(real, first.synthetic, first.holdout)
    two = TablePair(real, Table(FRAME, SPEC), first.holdout)
    reports = [plan.run(one), plan.run(two)]
    assert one.reference is two.reference
    assert one.floor is two.floor
    assert calls == [one, one.reference, one.floor, two]
    assert reports[0].references == reports[1].references
    assert reports[0].references["fidelity/mean_js_distance"] > 0
    assert plan.run(pair()).references == {}
    assert TablePlan(scores=[counted], floors=False).run(two).floors == {}
    assert calls[-2:] == [two, two.reference]


def test_progress_is_told_each_part() -> None:
    told: list[str] = []
    Plan(scores=[total, each], arrays=[doubled]).run(Numbers((1.0,)), progress=told.append)
    assert told == ["total", "each", "doubled"]


def test_a_report_is_a_mapping_a_frame_and_a_text() -> None:
    report = TablePlan(scores=[MeanJSDistance(), JSDistance()]).run(pair(holdout=True))
    assert list(report) == [
        "fidelity/mean_js_distance",
        "fidelity/js_distance/x",
        "fidelity/js_distance/c",
    ]
    assert isinstance(report, Mapping)
    frame = report.to_frame()
    assert list(frame.columns) == ["value", "floor", "reference", "z", "best"]
    assert frame.loc["fidelity/js_distance/x", "value"] == 0.0
    assert str(report).splitlines()[0].split() == [
        "score",
        "value",
        "floor",
        "reference",
        "z",
        "best",
    ]
    assert len({line.rfind("0.0000") for line in str(report).splitlines()[1:]}) == 1


def test_an_empty_report_has_a_text_and_a_frame() -> None:
    report = Report({})
    assert str(report).split() == ["score", "value"]
    assert report.to_frame().empty


def test_html_is_escaped() -> None:
    report = Report({"own/<script>": 1.0}, arrays={"a&b": np.zeros(1)})
    assert "<script>" not in report._repr_html_()
    assert "own/&lt;script&gt;" in report._repr_html_()
    assert "a&amp;b" in report._repr_html_()


class Recorder:
    def __init__(self) -> None:
        self.logged: list[tuple[object, ...]] = []

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        self.logged.append(("scalars", dict(values), step))

    def log_array(self, tag: str, array: Array, step: int) -> None:
        self.logged.append(("array", tag, step))

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None:
        self.logged.append(("figure", tag, step))

    def flush(self) -> None: ...

    def close(self) -> None: ...


def test_track_logs_all_with_references_beside_their_scores() -> None:
    recorder = Recorder()
    Report({"s": 1.0}, {"s": 0.5}, {"a": np.zeros(2)}).track(recorder, 7)
    assert recorder.logged == [
        ("scalars", {"s": 1.0, "reference/s": 0.5}, 7),
        ("array", "a", 7),
    ]


def test_track_logs_floors_that_real_rows_surpass() -> None:
    recorder = Recorder()
    scores, floors = {"s": 0.4, "t": 0.1, "u": 0.3}, {"s": 0.9, "t": 0.0, "u": 0.7}
    known = Report(
        scores, {"s": 0.2, "t": 0.05}, floors=floors, directions=dict.fromkeys(scores, "lower")
    )
    known.track(recorder, 7)
    beside = {"reference/s": 0.2, "reference/t": 0.05, "floor/s": 0.9, "floor/u": 0.7}
    # Shuffled columns are better on t than real rows: no floor.
    assert recorder.logged == [("scalars", scores | beside, 7)]


class Watched(np.ndarray[tuple[int, ...], np.dtype[np.generic]]):
    """An array of all rows of one table, which notes what is computed from it alone."""

    noted: ClassVar[list[str]] = []

    def note(self, name: str, inputs: tuple[object, ...]) -> tuple[object, ...]:
        arrays = [i for i in inputs if isinstance(i, np.ndarray) and i.ndim]
        if all(isinstance(array, Watched) and len(array) == ROWS for array in arrays):
            self.noted.append(name)
        return tuple(i.view(np.ndarray) if isinstance(i, Watched) else i for i in inputs)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: object, **kwargs: object
    ) -> object:
        function: Callable[..., object] = getattr(ufunc, method)
        return function(*self.note(ufunc.__name__, inputs), **kwargs)

    def __array_function__(
        self, func: Callable[..., object], types: object, args: object, kwargs: object
    ) -> object:
        assert isinstance(args, tuple)
        assert isinstance(kwargs, dict)
        return func(*self.note(func.__name__, args), **kwargs)


def watch(kept: object) -> object:
    """Arrays of all rows, inside of dataclasses too, become watched ones."""
    if isinstance(kept, np.ndarray) and kept.ndim and len(kept) == ROWS:
        return kept.view(Watched)
    if is_dataclass(kept) and not isinstance(kept, type):
        for part in fields(kept):
            object.__setattr__(kept, part.name, watch(getattr(kept, part.name)))
    return kept


ROWS = 500


def test_a_second_run_does_no_work_on_the_real_side() -> None:
    plan = TablePlan(
        scores=[
            JSDistance(),
            Mean(ShapeDistance()),
            CorrelationDistance(),
            TrendSimilarity(),
            WassersteinDistance(),
            CategoryAdherence(),
            BoundaryAdherence(),
            StatisticSimilarity("std"),
            *sdmetrics_quality(0.0, 0.0),
            *artifact_core()[0],
        ],
        arrays=[Juxtaposition("median"), Histograms()],
    )
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame(
            {"x": rng.normal(size=ROWS), "y": rng.normal(size=ROWS), "c": list("abcde") * 100}
        )
        for _ in range(4)
    ]
    spec = TableSpec.infer(frames[0])
    real, holdout = Table(frames[0], spec), Table(frames[1], spec)
    first = plan.run(TablePair(real, Table(frames[2], spec), holdout))
    computed = real.computed, holdout.computed
    # From here on, reading the rows of either would fail: all that is needed is kept.
    del real._frame, holdout._frame, real._columns, holdout._columns
    for side in (real, holdout):
        for key in list(side._memo):
            if isinstance(key, tuple) and key[0] in ("values", "labels"):
                del side._memo[key]
        side._memo |= {key: watch(kept) for key, kept in side._memo.items()}
    Watched.noted.clear()
    second = plan.run(TablePair(real, Table(frames[3], spec), holdout))
    assert (real.computed, holdout.computed) <= computed
    assert Watched.noted == []
    assert second.references == first.references
    assert dict(second) != dict(first)


def test_work_on_the_real_side_outside_its_memo_is_noticed() -> None:
    def careless(pair: TablePair) -> float:
        return float(np.round(pair.real.ascending("x"), 2)[0] + pair.synthetic.values("x")[0])

    frame = pd.DataFrame({"x": np.linspace(0.0, 1.0, ROWS)})
    real = Table(frame, TableSpec.infer(frame))
    plan = TablePlan(scores=[careless])
    plan.run(TablePair(real, Table(frame, real.spec)))
    real._memo |= {key: watch(kept) for key, kept in real._memo.items()}
    Watched.noted.clear()
    plan.run(TablePair(real, Table(frame, real.spec)))
    assert Watched.noted == ["round"]


@dataclass(frozen=True)
class Share:
    """Says itself what real rows reach, in one of its two numbers."""

    name: str = "own/share"

    def __call__(self, pair: TablePair) -> dict[str, float]:
        if pair.reference is None:
            raise UndefinedScoreError("it needs a holdout")
        return {"share": 0.9, "low": 0.8}

    def control(self, pair: TablePair) -> dict[str, float]:
        return {"share": 0.5, "unknown": 1.0}


def test_a_score_may_say_itself_what_real_rows_reach() -> None:
    report = TablePlan(scores=[Share(), MeanJSDistance()]).run(pair(holdout=True))
    assert dict(report)["own/share/low"] == 0.8
    assert report.references["own/share/share"] == 0.5
    assert set(report.references) == {"own/share/share", "fidelity/mean_js_distance"}


@dataclass(frozen=True)
class Weighted:
    """Has a field that happens to have the name of the method."""

    control: float = 0.3
    name: str = "own/weighted"

    def __call__(self, pair: TablePair) -> float:
        return self.control


@dataclass(frozen=True)
class Undefined:
    """Cannot say what real rows reach."""

    name: str = "own/undefined"

    def __call__(self, pair: TablePair) -> float:
        return 1.0

    def control(self, pair: TablePair) -> float:
        raise UndefinedScoreError("nobody knows")


def test_what_is_no_control_or_undefined_leaves_the_reference_as_it_is() -> None:
    report = TablePlan(scores=[Weighted(), Undefined()]).run(pair(holdout=True))
    assert report.references == {"own/weighted": 0.3, "own/undefined": 1.0}


@dataclass(frozen=True)
class Told:
    """Says more of itself than it has to."""

    best: float = 1.0
    bounds: tuple[float, float] = (0.0, 1.0)
    name: str = "own/told"

    def __call__(self, pair: TablePair) -> dict[str, float]:
        return {"x": 0.25}


def test_a_report_says_the_bounds_and_the_direction_of_its_scores() -> None:
    report = TablePlan(scores=[Told(), Told(0.5, name="own/near"), Weighted()]).run(pair())
    assert report.bounds == {"own/told/x": (0.0, 1.0), "own/near/x": (0.0, 1.0)}
    assert report.directions == {"own/told/x": "higher", "own/near/x": "target"}
    assert report.prefixed("valid/").directions["valid/own/told/x"] == "higher"


def own_score(**members: object) -> Callable[[TablePair], float]:
    """A score of one's own with some members."""

    def call(_self: object, _pair: TablePair) -> float:
        return 0.5

    kind = type("Own", (), {"name": "own/score", "__call__": call, **members})
    # A class made here has no type that a checker could see.
    return cast("Callable[[TablePair], float]", kind())


def nothing(_self: object, _pair: TablePair) -> float:
    return 0.0


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"bset": 0.0}, "`bset` is not read; did you mean `best`?"),
        ({"Best": 0.0}, "`Best` is not read; did you mean `best`?"),
        ({"bonds": (0, 1)}, "`bonds` is not read; did you mean `bounds`?"),
        ({"contrl": nothing}, "`contrl` is not read; did you mean `control`?"),
        ({"reference": nothing}, "`reference` is not read; did you mean `control`?"),
        ({"best": "low"}, "`best` must be a number, or a mapping of them; got 'low'"),
        ({"best": {"x": "low"}}, "`best` must be a number"),
        ({"bounds": 1.0}, "`bounds` must be two different numbers"),
        ({"direction": "up"}, r"`direction` must be one of \['lower', 'higher', 'target'\]"),
    ],
)
def test_what_a_score_says_wrongly_of_itself_is_refused_when_the_plan_is_made(
    members: dict[str, object], said: str
) -> None:
    with pytest.raises(ParameterError, match=rf"scores\[1\], 'own/score': {said}"):
        TablePlan(scores=[MeanJSDistance(), own_score(**members)])


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"best": 1},
        {"bound": 5.0},
        {"test": 0.3},
        {"best": 1.0, "bset": 2.0},
        {"reference": 0.3},
    ],
)
def test_members_of_ones_own_that_mean_something_else_are_let_be(
    members: dict[str, object],
) -> None:
    TablePlan(scores=[own_score(**members)])


def test_noise_is_what_relabelled_real_rows_give() -> None:
    rng = np.random.default_rng(0)

    def made(rows: int, shift: float = 0.0) -> Table:
        frame = pd.DataFrame({"x": rng.normal(shift, size=rows), "y": rng.normal(size=rows)})
        return Table(frame, TableSpec.infer(frame))

    real, holdout = made(400), made(300)
    plan = TablePlan(scores=[Mean(ShapeDistance()), total_rows], relabellings=12)
    fine, wrong = (plan.run(TablePair(real, made(200, at), holdout)) for at in (0.0, 0.5))
    tag = "fidelity/mean_shape_distance"
    assert set(fine.noise) == {tag}  # what is cheap
    assert abs(fine.z[tag]) < 3 < wrong.z[tag]
    low, high = fine.noise[tag].band
    assert low < fine.references[tag] < high
    assert fine.noise is not wrong.noise
    assert dict(fine.noise) == dict(wrong.noise)
    assert list(fine.to_frame().columns) == ["value", "floor", "reference", "z", "best"]
    assert TablePlan(scores=[total_rows], relabellings=5).run(TablePair(real, holdout)).noise == {}
    with pytest.raises(ParameterError, match="`relabellings` must be at least 0"):
        TablePlan(relabellings=-1)


def total_rows(pair: TablePair) -> float:
    return float(len(pair.real) + len(pair.synthetic))
