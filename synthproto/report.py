"""`Report`: what a plan found. It needs no pandas until it is asked for a frame."""

import html
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, stdev
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar, final

from synthproto.checks import did_you_mean, listed
from synthproto.contracts import Array, Direction, Drawing, ReportTracker
from synthproto.errors import UnknownScoreError
from synthproto.formatting import aligned, html_table, number

if TYPE_CHECKING:
    import pandas
from synthproto.errors import ParameterError
from synthproto.measures.columns import BEYOND, Noise

Value = TypeVar("Value")


@final
class Report(Mapping[str, float]):
    """What a plan found: scores by tag, with references, arrays and figures beside them.

    Scores that are mappings by column have one entry per column, ``family/name/column``.

    Args:
        scores: Score by tag.
        references: What a score is for real against holdout, by tag; empty without a holdout.
        arrays: Array or frame by tag.
        figures: Drawing by tag.
        best: The best value that a score can have, by tag, where the artifact says.
        bounds: The least and the largest value, by tag, where the artifact says.
        directions: Which values are better, by tag, where that is known.
        floors: What a score is for independent columns, by tag.
        noise: What a score is for two samples of one distribution, by tag: mean and standard
            deviation.
        intervals: Where a score would be in 95 of 100 samples, by tag. Of a score with the
            entries ``share``, ``low`` and ``high`` they are known without.
        spreads: Standard deviation over several synthetic tables, by tag, if these are means.
    """

    def __init__(
        self,
        scores: Mapping[str, float],
        references: Mapping[str, float] | None = None,
        arrays: Mapping[str, Array] | None = None,
        figures: Mapping[str, Drawing] | None = None,
        best: Mapping[str, float] | None = None,
        *,
        bounds: Mapping[str, tuple[float, float]] | None = None,
        directions: Mapping[str, Direction] | None = None,
        floors: Mapping[str, float] | None = None,
        noise: Mapping[str, Noise] | None = None,
        intervals: Mapping[str, tuple[float, float]] | None = None,
        spreads: Mapping[str, float] | None = None,
    ) -> None:
        self._scores = dict(scores)
        self._references = MappingProxyType(dict(references or {}))
        self._arrays = MappingProxyType(dict(arrays or {}))
        self._figures = MappingProxyType(dict(figures or {}))
        self._best = MappingProxyType(dict(best or {}))
        self._bounds = MappingProxyType(dict(bounds or {}))
        self._floors = MappingProxyType(dict(floors or {}))
        self._noise = MappingProxyType(dict(noise or {}))
        self._intervals = MappingProxyType({**_of_shares(scores), **(intervals or {})})
        self._spreads = MappingProxyType(dict(spreads or {}))
        self._directions: Mapping[str, Direction] = MappingProxyType(dict(directions or {}))

    def __getitem__(self, tag: str) -> float:
        """Score of a tag.

        Raises:
            UnknownScoreError: There is none; says which there are.
        """
        if tag in self._scores:
            return self._scores[tag]
        raise UnknownScoreError(
            f"report has no score {tag!r}.{self._meant(tag)} Its scores are {listed(self._scores)}."
        )

    def _meant(self, tag: str) -> str:
        for name, held in (("arrays", self._arrays), ("figures", self._figures)):
            if tag in held:
                return f" It is in report.{name}."
        ends = [known for known in self._scores if known.endswith(f"/{tag}")]
        return f" Did you mean {ends[0]!r}?" if ends else did_you_mean([tag], self._scores)

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

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and largest value that there can be, by tag, for scores that say so."""
        return self._bounds

    @property
    def directions(self) -> Mapping[str, Direction]:
        """Which values are better, by tag: ``"lower"``, ``"higher"``, or near a ``"target"``."""
        return self._directions

    @property
    def floors(self) -> Mapping[str, float]:
        """Scores of the real columns, each shuffled by itself: what no dependence at all gives."""
        return self._floors

    @property
    def noise(self) -> Mapping[str, Noise]:
        """What sampling noise alone gives, if the plan was asked for it: mean, spread and band."""
        return self._noise

    @property
    def intervals(self) -> Mapping[str, tuple[float, float]]:
        """Where scores would be in 95 of 100 samples of both tables, of those where it is known."""
        return self._intervals

    def excess(self, tag: str) -> float | None:
        """How much worse a score is than noise and real rows make it, in units of that noise.

        Below 0 where it is better; ``None`` where its noise is not known, or which end is better.

        Args:
            tag: Of a score of this report.

        Example:
            >>> from synthproto import Report
            >>> from synthproto.measures.columns import Noise
            >>> tag = "fidelity/mean_shape_distance"
            >>> noise, directions = {tag: Noise(0.25, 0.125)}, {tag: "lower"}
            >>> Report({tag: 0.75}, {tag: 0.5}, noise=noise, directions=directions).excess(tag)
            2.0
        """
        noise, direction = self._noise.get(tag), self._directions.get(tag)
        if noise is None or direction is None:
            return None
        value, reference = self._scores[tag], self._references.get(tag)
        sign = 1 if direction == "lower" else -1
        if direction == "target":
            best = self._best.get(tag, 0.0)
            value, noise = -abs(value - best), Noise(-abs(noise.expected - best), noise.spread)
            reference = None if reference is None else -abs(reference - best)
        return noise.excess(value, reference, sign)

    def is_beyond(self, tag: str) -> bool:
        """Whether a score is worse than real rows by more than sampling noise explains.

        More than 3 units of noise, where that is known; else, whether all of its interval is worse
        than its reference. Of other scores nothing is said, nor of those of which it is not known
        which end is better.

        Args:
            tag: Of a score of this report.
        """
        excess, reference = self.excess(tag), self._references.get(tag)
        if excess is not None:
            return excess > BEYOND
        direction = self._directions.get(tag)
        if tag not in self._intervals or reference is None or direction is None:
            return False
        low, high = self._intervals[tag]
        if direction == "target":
            best = self._best.get(tag, 0.0)
            return min(max(best, low), high) != best and all(
                abs(end - best) > abs(reference - best) for end in (low, high)
            )
        return high < reference if direction == "higher" else low > reference

    @property
    def spreads(self) -> Mapping[str, float]:
        """Standard deviation over several synthetic tables, of a report that is their mean."""
        return self._spreads

    @property
    def z(self) -> Mapping[str, float]:
        """How far scores are from what real rows give, in units of sampling noise.

        Within -2 and 2, a table is not to be told from real rows by this score.
        """
        return {t: (self._scores[t] - n.expected) / n.spread for t, n in self._noise.items()}

    @classmethod
    def mean(cls, reports: Sequence["Report"]) -> "Report":
        """Means and standard deviations over several synthetic tables of one model.

        Args:
            reports: At least two, of one plan and one real table. Arrays and figures are those of
                the first.

        Raises:
            ParameterError: There are fewer than two, or they have other scores.

        Example:
            >>> from synthproto import Report
            >>> mean = Report.mean([Report({"own/score": 1.0}), Report({"own/score": 2.0})])
            >>> mean["own/score"], round(mean.spreads["own/score"], 4)
            (1.5, 0.7071)
        """
        if len(reports) < 2 or any(set(r) != set(reports[0]) for r in reports):
            raise ParameterError(
                "Report.mean needs at least two reports with the same scores; got "
                f"{[sorted(r)[:3] for r in reports]}."
            )
        first = reports[0]
        values = {tag: [report[tag] for report in reports] for tag in first}
        return cls(
            {tag: fmean(each) for tag, each in values.items()},
            first._references,
            first._arrays,
            first._figures,
            first._best,
            bounds=first._bounds,
            directions=first._directions,
            floors=first._floors,
            noise=first._noise,
            spreads={tag: stdev(each) for tag, each in values.items()},
        )

    def standing(self, tag: str) -> float | None:
        """Where a score lies between its floor, 0, and its reference, 1; or ``None``.

        Below 0 for what is worse than independent columns, above 1 for what is better than real
        rows. ``None`` without a reference or a floor, if real rows are no better than the floor, or
        if it is not known which end is better.

        Args:
            tag: Of a score of this report.
        """
        reference, floor = self._references.get(tag), self._floors.get(tag)
        direction = self._directions.get(tag)
        if reference is None or floor is None or direction is None:
            return None
        value, best = self._scores[tag], self._best.get(tag, 0.0)
        if direction == "target":
            value, reference, floor = (-abs(each - best) for each in (value, reference, floor))
        span = reference - floor
        return (value - floor) / span if (span > 0) == (direction != "lower") and span else None

    def prefixed(self, prefix: str) -> "Report":
        """The same report with a prefix before all tags."""
        return Report(
            _under(prefix, self._scores),
            _under(prefix, self._references),
            _under(prefix, self._arrays),
            _under(prefix, self._figures),
            _under(prefix, self._best),
            bounds=_under(prefix, self._bounds),
            directions=_under(prefix, self._directions),
            floors=_under(prefix, self._floors),
            noise=_under(prefix, self._noise),
            intervals=_under(prefix, self._intervals),
            spreads=_under(prefix, self._spreads),
        )

    def to_frame(self) -> "pandas.DataFrame":
        """Scores as a frame: index ``score``; ``value``, ``sd``, ``floor``, ``reference``, ``z``...

        Columns without any entry are left out; a score without a reference has NaN there.
        """
        import pandas as pd

        table = {"value": self._scores, **self._anchors()}
        frame = pd.DataFrame(
            {name: pd.Series(values, dtype="float64") for name, values in table.items() if values},
            index=pd.Index(list(self._scores), name="score"),
        )
        return frame.astype("float64")

    def track(self, tracker: ReportTracker, step: int) -> None:
        """Log everything: scores, references and floors, arrays, figures.

        A reference has the tag of its score after ``reference/``, a floor after ``floor/``: groups
        of their own, so that they do not come between the scores; trackers draw them together.
        Floors that real rows do not surpass (those of single columns) are left out.
        """
        floors = {
            tag: floor
            for tag, floor in self._floors.items()
            if tag not in self._references or self.standing(tag) is not None
        }
        beside = _under("reference/", self._references) | _under("floor/", floors)
        if self._scores:
            tracker.log_scalars({**self._scores, **beside}, step)
        for tag, array in self._arrays.items():
            tracker.log_array(tag, array, step)
        for tag, figure in self._figures.items():
            tracker.log_figure(tag, figure, step)

    def __repr__(self) -> str:
        return "\n".join([aligned(self._rows()), *self._rest()])

    def _repr_html_(self) -> str:
        rest = "".join(f"<p>{html.escape(line)}</p>" for line in self._rest())
        return f"{html_table(self._rows())}{rest}"

    def _rows(self) -> list[list[str]]:
        beside = [(name, values) for name, values in self._anchors().items() if values]
        head = ["score", "value", *(name for name, _ in beside)]
        return [head] + [
            [tag, number(value), *(number(m[tag]) if tag in m else "" for _, m in beside)]
            for tag, value in self._scores.items()
        ]

    def _anchors(self) -> dict[str, Mapping[str, float]]:
        """What stands beside the scores, from the worst to the best."""
        return {
            "sd": self._spreads,
            "floor": self._floors,
            "reference": self._references,
            "z": self.z,
            "best": self._best,
        }

    def _rest(self) -> list[str]:
        held = (("arrays", self._arrays), ("figures", self._figures))
        return [f"{name}: {', '.join(tags)}" for name, tags in held if tags]


def _of_shares(scores: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Intervals that scores have as entries of their own."""
    owners = [tag.removesuffix("/share") for tag in scores if tag.endswith("/share")]
    return {
        f"{owner}/share": (scores[f"{owner}/low"], scores[f"{owner}/high"])
        for owner in owners
        if f"{owner}/low" in scores and f"{owner}/high" in scores
    }


def _under(prefix: str, values: Mapping[str, Value]) -> dict[str, Value]:
    return {prefix + tag: value for tag, value in values.items()}
