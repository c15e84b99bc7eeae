"""Several synthetic tables compared with one real table: scores, references, worst columns."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias, TypeVar, final

import pandas as pd

from synthproto.artifacts.columns import Mean, MeanJSDistance, ShapeDistance
from synthproto.artifacts.pairs import PairTrends
from synthproto.artifacts.plots.densities import CDF, PDF
from synthproto.artifacts.privacy import repeated_share
from synthproto.artifacts.resampling import resampled
from synthproto.artifacts.validity import label_notes
from synthproto.cli.compare.sketches import Sketch, sketch_of
from synthproto.contracts import Array, Direction, Drawing
from synthproto.data.merging import Sample
from synthproto.data.pair import OfColumns, halves
from synthproto.data.pair import Pair as Sides
from synthproto.data.spec import TableSpec
from synthproto.data.summary import Summary, for_each
from synthproto.data.table import Table
from synthproto.errors import SchemaError, UndefinedScoreError
from synthproto.measures.columns import BEYOND, Noise
from synthproto.plan import Plan
from synthproto.report import Report

Reference: TypeAlias = Literal["holdout", "halves", "none"]
"""What stands in for a synthetic table in references: the holdout; or one random half of the real
table, compared with the other, except for privacy and utility. Of a model trained on synthetic rows
(TSTR) it is the same model trained on real rows (TRTR), of the DCR share 0.5."""

SIMILARITY = "fidelity/similarity"
"""Tag of the score that tables are ranked by; see `synthproto.artifacts.pairs`."""

Value = TypeVar("Value")
Side = TypeVar("Side", bound=Summary)

_NOT_FROM_HALVES = ("privacy/", "utility/")
_PAIRS = 20
_SKETCHED = 6
_ROWS = 20_000  # that columns of tables that are read in pieces are drawn from
# What takes time with the number of columns alone: computed of all, however wide a table is.
_OF_SINGLE_COLUMNS = (Mean, MeanJSDistance, ShapeDistance, PDF, CDF)
_COPIED = "privacy/exact_match_share"
_BESIDE = (ShapeDistance(), PairTrends(), label_notes, resampled)
"""What is asked of a pair besides the parts of the plan."""


@final
@dataclass(frozen=True)
class Column:
    """How far a column is off.

    Attributes:
        name: Its name.
        distance: Shape distance in [0, 1], 0 is best.
        reference: The same for real rows, if there is a reference.
        excess: How much farther off than noise and real rows explain, in units of noise.
    """

    name: str
    distance: float
    reference: float | None
    excess: float

    @property
    def is_beyond(self) -> bool:
        """Whether noise does not explain it."""
        return self.excess > BEYOND


@final
@dataclass(frozen=True)
class Pair:
    """How alike a pair of columns is.

    Attributes:
        first: Name of a column.
        second: Name of the other.
        similarity: Pair similarity in [0, 1], 1 is best.
        reference: The same for real rows, if there is a reference.
        excess: How much farther off than noise and real rows explain, in units of noise.
    """

    first: str
    second: str
    similarity: float
    reference: float | None
    excess: float

    @property
    def is_beyond(self) -> bool:
        """Whether noise does not explain it."""
        return self.excess > BEYOND


@final
@dataclass(frozen=True, eq=False)
class Compared:
    """One synthetic table, compared.

    Attributes:
        name: What it is called.
        rows: Its length.
        report: Scores, references, arrays and figures.
        undefined: Why a score has no value, by tag.
        columns: All columns, those first that are farthest beyond their noise.
        pairs: The worst pairs of columns, likewise.
        notes: What looks wrong about its labels; see `label_notes`.
        alarms: Signs of memorised rows.
        sketches: The distributions of the worst columns, by name.
    """

    name: str
    rows: int
    report: Report
    undefined: Mapping[str, str]
    columns: Sequence[Column]
    pairs: Sequence[Pair]
    notes: Sequence[str] = ()
    alarms: Sequence[str] = ()
    sketches: Mapping[str, Sketch] = field(default_factory=dict)

    def interval(self, tag: str) -> tuple[float | None, float | None]:
        """The interval of a score, where it is known."""
        return self.report.intervals.get(tag, (None, None))

    @property
    def similarity(self) -> float | None:
        """What the table is ranked by; ``None`` if no column can be compared."""
        return self.report.get(SIMILARITY)


@final
@dataclass(frozen=True, eq=False)
class Comparison:
    """Synthetic tables compared with one real table.

    Attributes:
        real: The real table.
        holdout: The holdout, if any.
        reference: What references are made of.
        tags: Tags of the plan's scores, in its order.
        tables: The synthetic tables, most similar first; those that raise an alarm are last.
    """

    real: Summary
    holdout: Summary | None
    reference: Reference
    tags: Sequence[str]
    tables: Sequence[Compared]

    @property
    def spec(self) -> TableSpec:
        """Names and kinds of the columns."""
        return self.real.spec

    def collection(self, tag: str) -> str:
        """Score of the plan that a tag belongs to: itself, or what it is an entry of."""
        owners = [owner for owner in self.tags if tag == owner or tag.startswith(f"{owner}/")]
        return max(owners, key=len, default=tag)

    def by_column(self, owner: str) -> bool:
        """Whether a score of the plan gives numbers by column."""
        prefix = f"{owner}/"
        names = {
            tag.removeprefix(prefix)
            for table in self.tables
            for tag in table.report
            if tag.startswith(prefix)
        }
        return bool(names) and names <= set(self.spec.names)

    @property
    def summary(self) -> list[str]:
        """Tags of the numbers that are about the whole table, in the order of the plan.

        Without those that stand beside others: as their references, or as ends of an interval.
        """
        found = dict.fromkeys(tag for table in self.tables for tag in table.report)
        by_column = {owner for owner in self.tags if self.by_column(owner)} | {"utility/trtr"}
        place = {owner: number for number, owner in enumerate(self.tags)}
        tags = [tag for tag in found if self.collection(tag) not in by_column]
        ends = {f"{tag.rpartition('/')[0]}/{end}" for tag in tags if tag.endswith("/share")
                for end in ("low", "high")}  # fmt: skip
        shown = [tag for tag in tags if tag not in ends]
        return sorted(shown, key=lambda tag: place.get(self.collection(tag), len(place)))


@final
@dataclass
class _Findings:
    """What has been computed of one pair so far."""

    scores: dict[str, float] = field(default_factory=dict)
    references: dict[str, float] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    figures: dict[str, Drawing] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    directions: dict[str, Direction] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)

    def run(self, part: Plan[Sides[Side]], pair: Sides[Side]) -> None:
        """Compute one part; a score that is undefined for these tables is noted as such."""
        try:
            report = part.run(pair)
        except (UndefinedScoreError, SchemaError) as error:
            self.undefined |= dict.fromkeys(part.tags, str(error))
            return
        self.scores |= report
        self.references |= report.references
        self.arrays |= report.arrays
        self.figures |= report.figures
        self.best |= report.best
        self.bounds |= report.bounds
        self.directions |= report.directions
        self.floors |= report.floors


@final
class Comparer(Generic[Side]):
    """Compares synthetic tables with a real one, one after the other.

    Attributes:
        reference: What references are made of.

    Args:
        plan: What to compute; has the score ``fidelity/similarity``.
        real: The real table.
        holdout: Real rows that no synthesizer was trained on, if there are any.
        seed: Decides how the real table is halved, where that is the reference.
        progress: Called with the tag of each part before it is computed.
        together: Columns that are compared with each other, as rows and in pairs; by default all.
            Scores of single columns are of all in any case.
    """

    def __init__(
        self,
        plan: Plan[Sides[Side]],
        real: Side,
        holdout: Side | None = None,
        seed: int = 0,
        progress: Callable[[str], object] = str,
        together: TableSpec | None = None,
    ) -> None:
        self._plan, self._real, self._holdout = plan, real, holdout
        self._progress, self._seed = progress, seed
        self._together = OfColumns(together or real.spec)
        # A part at a time: one that is undefined for these tables does not take the others along.
        self._parts: list[Plan[Sides[Side]]] = [
            *(Plan(scores=[score], relabellings=0) for score in plan.scores),
            *(Plan(arrays=[array]) for array in plan.arrays),
            *(Plan(plots=[plot]) for plot in plan.plots),
        ]
        self.reference: Reference = "none"
        self._halves: dict[str, float] = {}
        self._shapes: dict[str, float] = {}
        self._trends: dict[tuple[str, str], float] = {}
        beside = self._reference_pair(seed)
        if beside is not None:
            self._look_at(beside)

    @staticmethod
    def steps(plan: Plan[Sides[Side]], tables: int, holdout: bool) -> int:
        """How often ``progress`` will be called at most."""
        return tables * len(plan.tags) + (0 if holdout else len(plan.score_tags))

    def compare(self, name: str, synthetic: Side) -> Compared:
        """Compare one synthetic table."""
        pair = Sides(self._real, synthetic, self._holdout)
        self._prepare(pair)
        found = _Findings(references=dict(self._halves))
        inner = self._together.of(pair)
        for part in self._parts:
            self._progress(part.tags[0])
            found.run(part, pair if _is_of_single_columns(part) else inner)
        references = {t: value for t, value in found.references.items() if t in found.scores}
        noise = pair.get(resampled) if inner is pair else resampled(pair, inner=inner)
        report = Report(
            found.scores,
            references,
            found.arrays,
            found.figures,
            found.best,
            bounds=found.bounds,
            directions=found.directions,
            floors=found.floors,
            noise=_of(noise.noise, found.scores),
            intervals=_of(noise.intervals, found.scores),
        )
        columns = self._worst_columns(pair, noise.noise)
        pairs = self._worst_pairs(inner, noise.pairs)
        notes = label_notes(pair)
        alarms = alarms_of(report, len(synthetic), *self._copied_by_chance(report))
        worst = [column.name for column in columns[:_SKETCHED]]
        sketches = {each: sketch_of(*self._few_rows(pair), each) for each in worst}
        return Compared(
            *(name, len(synthetic), report, found.undefined, columns, pairs, notes),
            *(alarms, sketches),
        )

    def ranked(self, tables: Sequence[Compared]) -> Comparison:
        """The comparison of all tables, most similar first; those that memorise come last."""
        best_first = sorted(tables, key=lambda t: (bool(t.alarms), -(t.similarity or 0.0)))
        tags = self._plan.score_tags
        return Comparison(self._real, self._holdout, self.reference, tags, best_first)

    def _copied_by_chance(self, report: Report) -> tuple[float, int]:
        """Share of fresh rows that are in the real table, and how many rows say so."""
        if self._holdout is not None:
            return report.references.get(_COPIED, 0.0), len(self._holdout)
        real: Summary = self._real
        if _COPIED not in report or not isinstance(real, Table):
            return 0.0, len(real)
        return real.get(repeated_share), len(real)

    def _prepare(self, pair: Sides[Side]) -> None:
        """Have tables that are read in pieces read for all parts at once."""
        sides = (self._real, pair.synthetic)
        if all(isinstance(side, Table) for side in sides):
            return
        parts = [*self._plan.scores, *self._plan.arrays, *self._plan.plots]
        pair.prepare([*parts, *_BESIDE, self._few_rows])
        for beside in (pair.floor, pair.reference):
            if beside is not None:
                beside.prepare(self._plan.scores)

    def _few_rows(self, pair: Sides[Side]) -> tuple[Table, Table]:
        """Rows of both sides to draw columns from: of a table in memory all."""
        sides: tuple[Summary, Summary] = (pair.real, pair.synthetic)
        sample = Sample(_ROWS, self._seed)
        real, synthetic = for_each(
            sides, lambda side: side if isinstance(side, Table) else side.get(sample)
        )
        return real, synthetic

    def _reference_pair(self, seed: int) -> Sides[Side] | None:
        if self._holdout is not None:
            return Sides(self._real, self._holdout)
        if len(self._real) < 4:
            return None
        return halves(self._real, seed)

    def _look_at(self, beside: Sides[Side]) -> None:
        """Keep what real rows reach in place of a synthetic table.

        Only that: two halves of the real table take as much memory as the table itself.
        """
        halved = self._holdout is None
        parts = [
            part
            for part in self._parts
            if halved and part.scores and not part.tags[0].startswith(_NOT_FROM_HALVES)
        ]
        inner, found = self._together.of(beside), _Findings()
        beside.prepare([*(s for part in parts for s in part.scores), ShapeDistance(), PairTrends()])
        for part in parts:
            self._progress(f"reference of {part.tags[0]}")
            found.run(part, beside if _is_of_single_columns(part) else inner)
        self.reference = "halves" if halved else "holdout"
        self._halves = found.scores
        self._shapes = beside.get(ShapeDistance())
        self._trends = _similarities(PairTrends()(inner))

    def _worst_columns(self, pair: Sides[Side], noise: Mapping[str, Noise]) -> list[Column]:
        found = pair.get(ShapeDistance())
        beside = self._shapes
        columns = [
            Column(
                name,
                value,
                beside.get(name),
                noise[f"{ShapeDistance.name}/{name}"].excess(value, beside.get(name)),
            )
            for name, value in found.items()
        ]
        return sorted(columns, key=lambda column: (-column.excess, -column.distance))

    def _worst_pairs(self, pair: Sides[Side], noise: Mapping[tuple[str, str], Noise]) -> list[Pair]:
        found = _similarities(PairTrends()(pair))
        pairs = []
        for names, value in found.items():
            reference = self._trends.get(names)
            distance = None if reference is None else 1 - reference
            excess = noise[names].excess(1 - value, distance)
            pairs.append(Pair(*names, value, reference, excess))
        # Ordered before they are cut: noisy pairs of many labels must not hide a broken one.
        return sorted(pairs, key=lambda each: (-each.excess, each.similarity))[:_PAIRS]


def _is_of_single_columns(part: Plan[Sides[Side]]) -> bool:
    return all(isinstance(each, _OF_SINGLE_COLUMNS) for each in (*part.scores, *part.plots))


def _of(values: Mapping[str, Value], tags: Mapping[str, float]) -> dict[str, Value]:
    return {tag: value for tag, value in values.items() if tag in tags}


def _similarities(trends: pd.DataFrame) -> dict[tuple[str, str], float]:
    values = trends["similarity"].to_list()
    return dict(zip(trends.index.to_list(), values, strict=True)) if values else {}


def alarms_of(report: Report, rows: int, expected: float, others: int) -> list[str]:
    """Signs of memorised rows that nobody should overlook, as one sentence; none without any.

    Args:
        report: Of a synthetic table.
        rows: Its length.
        expected: Share of fresh rows that are in the real table, value for value.
        others: How many rows tell so.
    """
    signs, tags = [], []
    low = report.get("privacy/dcr_share/low")
    if low is not None and low > report.references.get("privacy/dcr_share/share", 0.5):
        signs.append(
            "its rows are closer to the real table than to the holdout, more often than by chance"
        )
        tags.append("privacy/dcr_share")
    copied = report.get(_COPIED, 0.0)
    both = (copied * rows + expected * others) / (rows + others)
    chance = math.sqrt(both * (1 - both) * (1 / rows + 1 / others))
    if copied - expected > max(expected + 0.01, BEYOND * chance):
        signs.append(f"{copied:.1%} of its rows are in the real table, value for value")
        tags.append(_COPIED)
    if not signs:
        return []
    return [f"{', and '.join(signs)}: a sign of memorised rows ({', '.join(tags)})"]
