"""A plan says what to compare; running it gives a report."""

import contextlib
import html
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Generic, TypeAlias, TypeVar, final

import numpy as np
import pandas as pd

from synthproto.contracts import (
    Array,
    ArrayArtifact,
    Drawing,
    Plot,
    ReportTracker,
    Resources_contra,
    Score,
)
from synthproto.data.table import TablePair
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.unchecked import unchecked

Value = TypeVar("Value")


@final
class Report(Mapping[str, float]):
    """What a plan found: scores by tag, with references, arrays and figures beside them.

    Scores that are mappings by column have one entry a column, ``family/name/column``.

    Args:
        scores: Score by tag.
        references: What a score is for real against holdout, by tag; empty without a holdout.
        arrays: Array or frame by tag.
        figures: Drawing by tag.
        best: The best value that a score can have, by tag, where the artifact says.
    """

    def __init__(
        self,
        scores: Mapping[str, float],
        references: Mapping[str, float] | None = None,
        arrays: Mapping[str, Array] | None = None,
        figures: Mapping[str, Drawing] | None = None,
        best: Mapping[str, float] | None = None,
    ) -> None:
        self._scores = dict(scores)
        self._references = MappingProxyType(dict(references or {}))
        self._arrays = MappingProxyType(dict(arrays or {}))
        self._figures = MappingProxyType(dict(figures or {}))
        self._best = MappingProxyType(dict(best or {}))

    def __getitem__(self, tag: str) -> float:
        """Score of a tag."""
        return self._scores[tag]

    def __iter__(self) -> Iterator[str]:
        """Tags of the scores, in the order of the plan."""
        return iter(self._scores)

    def __len__(self) -> int:
        """Number of scores."""
        return len(self._scores)

    @property
    def references(self) -> Mapping[str, float]:
        """Scores of real against holdout: what sampling noise alone gives. Empty without one."""
        return self._references

    @property
    def arrays(self) -> Mapping[str, Array]:
        """Arrays and frames by tag."""
        return self._arrays

    @property
    def figures(self) -> Mapping[str, Drawing]:
        """Drawings by tag."""
        return self._figures

    @property
    def best(self) -> Mapping[str, float]:
        """Best value that a score can have, by tag, for scores that say so."""
        return self._best

    def to_frame(self) -> pd.DataFrame:
        """Scores as a frame: index ``score``; columns ``value``, ``reference`` and ``best``.

        Columns without any entry are left out; a score without a reference has NaN there.
        """
        table = {"value": self._scores, "reference": self._references, "best": self._best}
        frame = pd.DataFrame(
            {name: pd.Series(values, dtype="float64") for name, values in table.items() if values},
            index=pd.Index(list(self._scores), name="score"),
        )
        return frame.astype("float64")

    def track(self, tracker: ReportTracker, step: int) -> None:
        """Log everything: scores and references, arrays, figures.

        A reference has the tag of its score after ``reference/``: a group of its own, so that it
        does not come between the scores; trackers draw the two together.
        """
        references = {f"reference/{tag}": value for tag, value in self._references.items()}
        if self._scores:
            tracker.log_scalars({**self._scores, **references}, step)
        for tag, array in self._arrays.items():
            tracker.log_array(tag, array, step)
        for tag, figure in self._figures.items():
            tracker.log_figure(tag, figure, step)

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if place == 0 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, *self._rest()])

    def _repr_html_(self) -> str:
        head, *body = [[html.escape(cell) for cell in row] for row in self._rows()]
        rows = "".join(f"<tr><th>{tag}</th>{_cells('td', values)}</tr>" for tag, *values in body)
        rest = "".join(f"<p>{html.escape(line)}</p>" for line in self._rest())
        return (
            f"<table><thead><tr>{_cells('th', head)}</tr></thead><tbody>{rows}</tbody></table>"
            f"{rest}"
        )

    def _rows(self) -> list[list[str]]:
        beside = [(n, m) for n, m in (("reference", self._references), ("best", self._best)) if m]
        head = ["score", "value", *(name for name, _ in beside)]
        return [head] + [
            [tag, _number(value), *(_number(m[tag]) if tag in m else "" for _, m in beside)]
            for tag, value in self._scores.items()
        ]

    def _rest(self) -> list[str]:
        held = (("arrays", self._arrays), ("figures", self._figures))
        return [f"{name}: {', '.join(tags)}" for name, tags in held if tags]


def _number(value: float) -> str:
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e6 else f"{value:.3e}"


def _cells(element: str, texts: Sequence[str]) -> str:
    return "".join(f"<{element}>{text}</{element}>" for text in texts)


@final
class Plan(Generic[Resources_contra]):
    """Scores, arrays and plots to compute from the same resources.

    A part is any callable of the resources: an artifact with a ``name``, or a function, whose
    name is then its tag. A score gives a number or numbers by column; an array an array or frame,
    or several by name; a plot a drawing, or several by name.

    If the resources have a ``reference`` of their own type (a `TablePair` with a holdout has),
    each score that is defined for it is computed for it as well, once as long as the reference is
    the same object.

    Args:
        scores: Parts that give numbers.
        arrays: Parts that give arrays or frames.
        plots: Parts that give drawings.

    Raises:
        ParameterError: A part has no name (a lambda, a partial), or two have the same.
    """

    def __init__(
        self,
        *,
        scores: Sequence[Score[Resources_contra]] = (),
        arrays: Sequence[ArrayArtifact[Resources_contra]] = (),
        plots: Sequence[Plot[Resources_contra]] = (),
    ) -> None:
        _check_tags({"scores": scores, "arrays": arrays, "plots": plots})
        self._scores = {_tag(part): part for part in scores}
        self._arrays = {_tag(part): part for part in arrays}
        self._plots = {_tag(part): part for part in plots}
        # The last reference and its scores: a run has one holdout, so they are computed once.
        self._reference: tuple[object, Mapping[str, float]] = (None, {})

    @property
    def scores(self) -> tuple[Score[Resources_contra], ...]:
        """Parts that give numbers, e.g. to make another plan from."""
        return tuple(self._scores.values())

    @property
    def arrays(self) -> tuple[ArrayArtifact[Resources_contra], ...]:
        """Parts that give arrays or frames."""
        return tuple(self._arrays.values())

    @property
    def plots(self) -> tuple[Plot[Resources_contra], ...]:
        """Parts that give drawings."""
        return tuple(self._plots.values())

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of all parts, in order: scores, arrays, plots."""
        return (*self._scores, *self._arrays, *self._plots)

    @property
    def score_tags(self) -> tuple[str, ...]:
        """Tags of the scores. One that gives numbers by column appears as its prefix."""
        return tuple(self._scores)

    def run(
        self,
        resources: Resources_contra,
        progress: Callable[[str], object] | None = None,
    ) -> Report:
        """Compute every part.

        Args:
            resources: What the parts compare.
            progress: Called with the tag of each part before it is computed.

        Raises:
            UndefinedScoreError: A score is not finite, or has no defined value; names it.
            ParameterError: Two parts give the same tag (a column named like a score).
        """
        told = progress or _quiet
        scores, best = self._scores_of(resources, told)
        arrays: dict[str, Array] = {}
        for tag, array in self._arrays.items():
            told(tag)
            _add(arrays, tag, array(resources))
        figures: dict[str, Drawing] = {}
        for tag, plot in self._plots.items():
            told(tag)
            _add(figures, tag, plot(resources))
        return Report(scores, self._reference_scores(resources), arrays, figures, best)

    @unchecked
    def _scores_of(
        self, resources: Resources_contra, told: Callable[[str], object]
    ) -> tuple[dict[str, float], dict[str, float]]:
        scores: dict[str, float] = {}
        best: dict[str, float] = {}
        for tag, score in self._scores.items():
            told(tag)
            before = len(scores)
            _add(scores, tag, _finite(tag, score(resources)))
            optimum = getattr(score, "best", None)
            if isinstance(optimum, (int, float)):
                best |= dict.fromkeys(list(scores)[before:], float(optimum))
        return scores, best

    def _reference_scores(self, resources: Resources_contra) -> Mapping[str, float]:
        reference = getattr(resources, "reference", None)
        if not isinstance(reference, type(resources)):
            return {}
        known, scores = self._reference
        if known is not reference:
            scores = self._defined_scores_of(reference)
            self._reference = (reference, scores)
        return scores

    def _defined_scores_of(self, reference: Resources_contra) -> dict[str, float]:
        """Scores without those that are undefined: a reference has no holdout of its own."""
        scores: dict[str, float] = {}
        for tag, score in self._scores.items():
            with contextlib.suppress(UndefinedScoreError):
                _add(scores, tag, _finite(tag, score(reference)))
        return scores


TablePlan: TypeAlias = Plan[TablePair]
"""A plan over a pair of tables: what one usually writes."""


def _tag(part: object) -> str:
    name = getattr(part, "name", None) or getattr(part, "__name__", "")
    return name if isinstance(name, str) else ""


def _check_tags(parts: Mapping[str, Sequence[object]]) -> None:
    faults, owners = [], dict[str, str]()
    for group, members in parts.items():
        for place, part in enumerate(members):
            tag, where = _tag(part), f"{group}[{place}]"
            if not tag or "<" in tag:
                faults.append(f"{where} has no name; got {part!r}. Use a named function or class")
            elif tag in owners:
                faults.append(f"{where} has the tag {tag!r} of {owners[tag]}; give it another name")
            owners.setdefault(tag, where)
    if faults:
        raise ParameterError("plan: " + "; ".join(faults))


@unchecked
def _add(held: dict[str, Value], tag: str, value: Value | Mapping[str, Value]) -> None:
    entries = (
        {f"{tag}/{name}": item for name, item in value.items()}
        if isinstance(value, Mapping)
        else {tag: value}
    )
    twice = held.keys() & entries.keys()
    if twice:
        raise ParameterError(f"plan: two parts give the tags {sorted(twice)}; rename one of them")
    held.update(entries)


@unchecked
def _finite(tag: str, value: float | Mapping[str, float]) -> float | Mapping[str, float]:
    if isinstance(value, Mapping):
        return {name: _finite_number(f"{tag}/{name}", item) for name, item in value.items()}
    return _finite_number(tag, value)


@unchecked
def _finite_number(tag: str, value: object) -> float:
    if isinstance(value, (int, float, np.integer, np.floating)) and math.isfinite(value):
        return float(value)
    raise UndefinedScoreError(f"score {tag!r} must be a finite number; got {value!r}")


@unchecked
def _quiet(_tag: str) -> None:
    pass
