"""The report of a comparison as JSON: the same numbers as the page, for programs.

``report.json`` is one object; absent numbers are ``null``::

    format, version     "synthproto.comparison" and 1: raised when a field changes its meaning
    synthproto          version of the library
    preset, seed        as asked for
    rows                most rows of each table that neighbour searches and classifiers saw
    real, holdout       {path, rows}; holdout may be null
    columns             [{name, kind}, ...] in the order of the real table
    reference           "holdout": references are scores of the holdout in the synthetic table's
                        place; "halves": of one random half of the real table against the other;
                        "none"
    synthetic           most similar first, for each table:
      rank, name, path, rows
      similarity        overall similarity in [0, 1], 1 is best; what the rank is of
      scores            {tag: {value, floor, reference, best, direction, interval, noise, z,
                        beyond}}; tags are family/name, and family/name/column for scores by column;
                        best is the best value, and direction "higher", "lower" or "target" (0.5,
                        say); interval is [low, high]; noise [mean, deviation] of the score for
                        samples of one distribution, z how far it is from that; beyond whether it
                        is marked as worse than noise explains
      arrays            {tag: {index, columns, data}}: frames of the plan, by rows
      undefined         {tag: reason} of scores without a value for these tables
      alarms            sentences about memorised rows; such tables are ranked last
      worst_columns     [{column, distance, reference, excess}, ...]: all, worst first; 0 is best;
                        excess is how much farther off than noise and real rows explain, in
                        units of noise: above 3 it is marked
      worst_pairs       [{columns: [a, b], similarity, reference, excess}, ...]: the 20 worst; 1 is
                        best
    notes               sentences about what was left out, and alarms
    failed              one sentence for each limit of --fail-under that was not met
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, final

import pandas as pd

import synthproto
from synthproto.cli.compare.comparer import Compared, Comparison
from synthproto.cli.console import json_text
from synthproto.contracts import Array

FORMAT: Final = "synthproto.comparison"
VERSION: Final = 1


@final
@dataclass(frozen=True)
class Request:
    """What was asked for, as the report repeats it.

    Attributes:
        preset: Name of the plan.
        seed: The seed.
        rows: Most rows for neighbour searches and classifiers.
        real: Path of the real table.
        holdout: Path of the holdout, or ``""``.
        synthetic: Path of each synthetic table by its name.
        notes: Sentences about what was left out, and alarms.
        failed: Limits that were not met.
        models: Names of the tables of each model, where several tables were given as one's.
    """

    preset: str
    seed: int
    rows: int
    real: str
    holdout: str
    synthetic: Mapping[str, str]
    notes: Sequence[str] = ()
    failed: Sequence[str] = ()
    models: Mapping[str, Sequence[str]] = field(default_factory=dict)


def document(comparison: Comparison, request: Request) -> str:
    """The report as JSON, indented; the same for the same tables and arguments."""
    holdout = comparison.holdout
    content = {
        "format": FORMAT,
        "version": VERSION,
        "synthproto": synthproto.__version__,
        "preset": request.preset,
        "seed": request.seed,
        "rows": request.rows,
        "real": {"path": request.real, "rows": len(comparison.real)},
        "holdout": None if holdout is None else {"path": request.holdout, "rows": len(holdout)},
        "columns": [{"name": c.name, "kind": c.kind} for c in comparison.spec.columns],
        "reference": comparison.reference,
        "synthetic": [
            {"rank": rank, "path": request.synthetic[table.name], **_table(table)}
            for rank, table in enumerate(comparison.tables, start=1)
        ],
        "notes": [
            *request.notes,
            *(f"{table.name}: {alarm}" for table in comparison.tables for alarm in table.alarms),
        ],
        "failed": list(request.failed),
    }
    return json_text(content)


def _table(table: Compared) -> dict[str, object]:
    z = table.report.z
    return {
        "name": table.name,
        "rows": table.rows,
        "similarity": table.similarity,
        "scores": {tag: _score(table, tag, z.get(tag)) for tag in table.report},
        "arrays": {tag: _array(array) for tag, array in table.report.arrays.items()},
        "undefined": dict(table.undefined),
        "alarms": list(table.alarms),
        "worst_columns": [
            {
                "column": c.name,
                "distance": c.distance,
                "reference": c.reference,
                "excess": round(c.excess, 3),
            }
            for c in table.columns
        ],
        "worst_pairs": [
            {
                "columns": [p.first, p.second],
                "similarity": p.similarity,
                "reference": p.reference,
                "excess": round(p.excess, 3),
            }
            for p in table.pairs
        ],
    }


def _array(array: Array) -> dict[str, object]:
    frame = pd.DataFrame(array)
    return {
        "index": [str(name) for name in frame.index],
        "columns": [str(name) for name in frame.columns],
        "data": [
            [value if math.isfinite(value) else None for value in row]
            for row in frame.to_numpy(dtype=float).tolist()
        ],
    }


def _score(table: Compared, tag: str, z: float | None) -> dict[str, object]:
    return {
        "value": table.report[tag],
        "floor": table.report.floors.get(tag),
        "reference": table.report.references.get(tag),
        "best": table.report.best.get(tag),
        "direction": table.report.directions.get(tag),
        "interval": table.report.intervals.get(tag),
        "noise": table.report.noise.get(tag),
        "z": z,
        "beyond": table.report.is_beyond(tag),
    }
