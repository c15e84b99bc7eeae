import pandas as pd

from synthproto.cli.compare.notes import of_samples
from synthproto.data.spec import TableSpec
from synthproto.presets.default import preset, scanned_preset

SPEC = TableSpec.infer(pd.DataFrame({"x": [0.5, 1.5], "c": ["a", "b"]}), categorical=["c"])


def test_one_note_says_what_is_not_from_all_rows() -> None:
    plans = [make("default", SPEC, rows=500, holdout=True) for make in (scanned_preset, preset)]
    said = of_samples(500, *plans)
    assert "from 500 random rows of each" in said
    assert "500 random synthetic rows (exact matches: 500; attacks: 500 real ones)" in said
    assert said.endswith("they need the rows that are found: privacy/attribute_inference")
    plain = of_samples(500, *(make("sdmetrics", SPEC) for make in (scanned_preset, preset)))
    assert "left out" not in plain
