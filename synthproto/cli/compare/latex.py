"""A comparison as the LaTeX table that papers print: models by scores, mean and deviation."""

import math
import statistics
from collections.abc import Mapping, Sequence

from synthproto.checks import did_you_mean, listed
from synthproto.cli.compare.comparer import Compared, Comparison
from synthproto.cli.compare.words import title_of
from synthproto.errors import ParameterError
from synthproto.formatting import latex_table

_HEADLINES = (
    *("fidelity/similarity", "fidelity/mean_shape_distance", "fidelity/trend_similarity"),
    *("fidelity/dependence_kept", "joint/alpha_precision", "joint/beta_recall"),
    *("joint/c2st_trees", "utility/tstr/auroc_trees", "utility/tstr/r2_trees"),
    *("privacy/membership_inference/auc", "privacy/dcr_share/share"),
)
_ARROWS = {"higher": " ↑", "lower": " ↓"}


def latex(
    comparison: Comparison, models: Mapping[str, Sequence[str]], columns: Sequence[str]
) -> str:
    """The table, for the package booktabs.

    One row per model: the mean over its tables, with their standard deviation where there are
    several; its average rank; and a last row of what real rows reach. The best mean is bold, unless
    a table of the model raises an alarm for memorised rows.

    Args:
        comparison: All tables.
        models: Names of the tables of each model.
        columns: Tags of the scores; empty for the headlines of the default plan, or all of another.

    Raises:
        ParameterError: There is no such score.
    """
    tags = _tags(comparison, columns)
    tables = {table.name: table for table in comparison.tables}
    groups = {model: [tables[name] for name in names] for model, names in models.items()}
    means = {tag: {m: _mean(group, tag) for m, group in groups.items()} for tag in tags}
    ranks = {tag: _ranks(comparison, tag, means[tag]) for tag in tags}
    head = ["model", *(f"{title_of(t)}{_ARROWS.get(_direction(comparison, t), '')}" for t in tags)]
    rows = [[*head, "rank"]]
    bold = []
    for number, (model, group) in enumerate(groups.items(), start=1):
        copied = any(table.alarms for table in group)
        cells = [_cell(group, tag) for tag in tags]
        own = [ranks[tag][model] for tag in tags if model in ranks[tag]]
        rank = f"{statistics.fmean(own):.1f}" if own else ""
        rows.append([f"{model} (memorises)" if copied else model, *cells, rank])
        best = [place for place, tag in enumerate(tags, 1) if ranks[tag].get(model) == 1]
        bold += [] if copied else [(number, place) for place in best]
    rows.append(["real rows", *(_reference(comparison, tag) for tag in tags), ""])
    return latex_table(rows, bold=bold)


def _tags(comparison: Comparison, asked: Sequence[str]) -> list[str]:
    known = comparison.summary
    unknown = [tag for tag in asked if tag not in known]
    if unknown:
        raise ParameterError(
            f"--columns names no score: {listed(unknown)}.{did_you_mean(unknown, known)} "
            f"There are {listed(known)}"
        )
    headlines = [tag for tag in _HEADLINES if tag in known]
    return list(asked) or (headlines if len(headlines) > 2 else known)


def _mean(group: Sequence[Compared], tag: str) -> float:
    values = [table.report[tag] for table in group if tag in table.report]
    return statistics.fmean(values) if values else math.nan


def _cell(group: Sequence[Compared], tag: str) -> str:
    values = [table.report[tag] for table in group if tag in table.report]
    if not values:
        return "-"
    spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.3f}{spread}"


def _direction(comparison: Comparison, tag: str) -> str:
    found = (table.report.directions.get(tag) for table in comparison.tables)
    return next((each for each in found if each is not None), "")


def _ranks(comparison: Comparison, tag: str, means: Mapping[str, float]) -> dict[str, float]:
    """Ranks of the models that have a value, shared by equal ones; none where no end is better."""
    direction = _direction(comparison, tag)
    if direction not in ("higher", "lower", "target"):
        return {}
    best = next((t.report.best[tag] for t in comparison.tables if tag in t.report.best), 0.0)
    sign = {"higher": -1, "lower": 1, "target": 0}[direction]
    keys = {
        model: round(sign * value if sign else abs(value - best), 3)
        for model, value in means.items()
        if not math.isnan(value)
    }
    ordered = sorted(keys.values())
    return {
        model: ordered.index(key) + 1 + (ordered.count(key) - 1) / 2 for model, key in keys.items()
    }


def _reference(comparison: Comparison, tag: str) -> str:
    found = (table.report.references.get(tag) for table in comparison.tables)
    value = next((each for each in found if each is not None), None)
    return "-" if value is None else f"{value:.3f}"
