"""A report answers for what it does not have."""

import numpy as np
import pytest

from synthproto import ParameterError, Report, UnknownScoreError
from synthproto.contracts import Direction
from synthproto.measures.columns import Noise

REPORT = Report(
    {"fidelity/mean_js_distance": 0.1, "privacy/dcr": 0.2}, arrays={"a/mean": np.zeros(1)}
)


def test_an_unknown_tag_says_what_was_meant_and_what_there_is() -> None:
    with pytest.raises(UnknownScoreError) as caught:
        REPORT["mean_js_distance"]
    assert str(caught.value) == (
        "report has no score 'mean_js_distance'. Did you mean 'fidelity/mean_js_distance'? "
        "Its scores are ['fidelity/mean_js_distance', 'privacy/dcr']."
    )
    with pytest.raises(KeyError, match="Did you mean 'privacy/dcr' for 'privacy/dcrs'"):
        REPORT["privacy/dcrs"]


def test_a_tag_of_an_array_says_where_it_is() -> None:
    with pytest.raises(UnknownScoreError, match=r"It is in report\.arrays"):
        REPORT["a/mean"]


def test_it_is_still_a_mapping() -> None:
    assert REPORT.get("nothing") is None
    assert "nothing" not in REPORT


def test_the_mean_of_reports_has_their_standard_deviation() -> None:
    reports = [Report({"a/b": value}, best={"a/b": 1.0}) for value in (1.0, 2.0, 6.0)]
    mean = Report.mean(reports)
    assert mean["a/b"] == 3.0
    assert mean.spreads["a/b"] == pytest.approx(np.std([1.0, 2.0, 6.0], ddof=1))
    assert list(mean.to_frame().columns) == ["value", "sd", "best"]
    with pytest.raises(ParameterError, match="at least two reports with the same scores"):
        Report.mean([reports[0], Report({"a/c": 1.0})])


def test_where_a_score_stands_between_floor_and_reference() -> None:
    report = Report(
        {"up": 0.9, "down": 0.1, "near": 0.6, "none": 1.0},
        {"up": 1.0, "down": 0.0, "near": 0.5},
        best={"near": 0.5},
        directions={"up": "higher", "down": "lower", "near": "target"},
        floors={"up": 0.5, "down": 0.5, "near": 0.9},
    )
    found = [report.standing(tag) for tag in ("up", "down", "near")]
    assert found == pytest.approx([0.8, 0.8, 0.75])
    assert report.standing("none") is None


@pytest.mark.parametrize(("reference", "floor"), [(1.0, 0.5), (0.5, 1.0)])
def test_of_a_score_without_a_better_end_nothing_is_said(reference: float, floor: float) -> None:
    tags = {"own/score": reference}, {"own/score": floor}, {"own/score": Noise(0.5, 0.01)}
    own = Report({"own/score": 0.75}, tags[0], floors=tags[1], noise=tags[2])
    assert own.standing("own/score") is None
    assert own.excess("own/score") is None
    assert not own.is_beyond("own/score")


def test_what_is_beyond_noise() -> None:
    noise = {"d/low": Noise(0.1, 0.02), "d/high": Noise(0.9, 0.02), "d/near": Noise(0.5, 0.02)}
    directions: dict[str, Direction] = {"d/low": "lower", "d/high": "higher", "d/near": "target"}

    def beyond(values: tuple[float, float, float], references: dict[str, float]) -> list[bool]:
        scores = dict(zip(noise, values, strict=True))
        best = {"d/low": 0.0, "d/high": 1.0, "d/near": 0.5}
        report = Report(scores, references, best=best, directions=directions, noise=noise)
        return [report.is_beyond(tag) for tag in noise]

    assert beyond((0.15, 0.85, 0.55), {}) == [False] * 3
    assert beyond((0.17, 0.83, 0.57), {}) == [True] * 3
    assert beyond((0.03, 0.97, 0.43), {}) == [False, False, True]
    # Real rows are worse than noise by themselves (they drifted): what counts is how much worse.
    assert (
        beyond((0.17, 0.83, 0.57), {"d/low": 0.15, "d/high": 0.85, "d/near": 0.55}) == [False] * 3
    )
    assert Report({"a": 1.0}).excess("a") is None
    assert not Report({"a": 1.0}, {"a": 0.0}).is_beyond("a")


def test_a_share_with_its_interval_is_beyond_if_all_of_it_is() -> None:
    scores = {"r/share": 0.6, "r/low": 0.55, "r/high": 0.65}
    lower: dict[str, Direction] = {"r/share": "lower"}
    report = Report(scores, {"r/share": 0.5}, directions=lower)
    assert report.intervals == {"r/share": (0.55, 0.65)}
    assert report.is_beyond("r/share")
    assert not Report(scores, {"r/share": 0.57}, directions=lower).is_beyond("r/share")
    near: dict[str, Direction] = {"r/share": "target"}
    for best, is_beyond in ((0.5, True), (0.7, True), (0.6, False)):
        found = Report(scores, {"r/share": best}, best={"r/share": best}, directions=near)
        assert found.is_beyond("r/share") == is_beyond
    assert report.prefixed("epoch/").intervals == {"epoch/r/share": (0.55, 0.65)}
