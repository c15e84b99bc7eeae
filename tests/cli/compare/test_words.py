"""Every number has words."""

import pandas as pd
import pytest

from synthproto.cli.compare.words import PICTURES, entry_words, words_of
from synthproto.cli.main import PRESETS
from synthproto.data.spec import TableSpec
from synthproto.presets.default import preset
from tests.cli.compare.test_run import frame


@pytest.mark.parametrize("name", PRESETS)
def test_every_number_and_picture_has_words(name: str) -> None:
    assert name in PRESETS
    spec = TableSpec.infer(pd.DataFrame({"id": range(9), **frame(9, 0)}))
    plan = preset(name, spec, holdout=True, target="rich")  # type: ignore[arg-type]  # as offered
    scores = plan.score_tags
    assert [tag for tag in scores if words_of(tag) is None] == []
    plots = plan.tags[len(scores) + len(plan.arrays) :]
    assert [tag for tag in plots if tag not in PICTURES] == []


def test_entries_have_words() -> None:
    assert entry_words("macro_f1_trees") == "macro F1, trees"
    assert entry_words("low") == "lower end of the interval"
    assert entry_words("quantile_0.5") == "quantile 0.5"
