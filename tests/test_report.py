"""A report answers for what it does not have."""

import numpy as np
import pytest

from synthproto import Report, UnknownScoreError

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
