"""Ready plans for two tables: what to compute when nobody says otherwise, and what peers compute.

Each is a function that gives a `TablePlan`; its parts are ``plan.scores``, ``plan.arrays`` and
``plan.plots``, so that a plan of one's own can start from one:
``TablePlan(scores=[*default_plan().scores, Mine()])``.
"""

from importlib.util import find_spec
from typing import Literal, TypeAlias, get_args

from synthproto.artifacts.attacks import AttributeInference, MembershipInference
from synthproto.artifacts.columns import Mean, MeanJSDistance, ShapeDistance
from synthproto.artifacts.dependence import DependenceSimilarity, NMISimilarity, Similarity
from synthproto.artifacts.detection import C2ST
from synthproto.artifacts.joint import AlphaPrecision, BetaRecall
from synthproto.artifacts.pairs import CorrelationDistance, TrendSimilarity
from synthproto.artifacts.plots.alignment import Alignment
from synthproto.artifacts.plots.densities import CDF, PDF
from synthproto.artifacts.plots.heatmaps import CorrelationHeatmapJuxtaposition
from synthproto.artifacts.plots.projections import (
    PCAJuxtaposition,
    TruncatedSVDJuxtaposition,
    TSNEJuxtaposition,
)
from synthproto.artifacts.privacy import DCR, DCRShare, ExactMatchShare
from synthproto.artifacts.searches import Sampled
from synthproto.artifacts.statistics import MissingRateDifference
from synthproto.artifacts.utility import TRTR, TSTR, UtilityGap
from synthproto.artifacts.validity import (
    BoundaryAdherence,
    CategoryAdherence,
    CategoryCoverage,
    KeyUniqueness,
    RangeCoverage,
)
from synthproto.contracts import Plot, Score
from synthproto.data.pair import SummaryPair, TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import DISCRETE, NUMERIC
from synthproto.measures.classifiers import Learner
from synthproto.plan import Plan, TablePlan
from synthproto.presets.artifact_core import artifact_core
from synthproto.presets.sdmetrics import sdmetrics_diagnostic, sdmetrics_quality
from synthproto.presets.tabsyn import PublishedRow

PresetName: TypeAlias = Literal["default", "tabsyn", "sdmetrics", "artifact-core"]
"""Which plan."""

ATTACKED = 1_000
"""People of the real table, and of the holdout, that the attacks of the default plan are on."""

SEARCHED = 4_000
"""Synthetic rows that are looked up among all rows of tables that are read in pieces."""

PRESETS: tuple[PresetName, ...] = get_args(PresetName)


def default_plan(
    spec: TableSpec,
    *,
    holdout: bool = False,
    target: str | None = None,
    rows: int = Sampled.rows,
    seed: int = 0,
) -> TablePlan:
    """What one wants to know of a synthetic table: fidelity, validity, utility, privacy.

    Columns, pairs of columns and exact matches from all rows; joint scores and utility from at most
    ``rows`` rows of each table; joint scores from no more synthetic rows than the holdout has, or
    else they could not be compared with their references. Distances to the closest record are
    those of at most ``rows`` synthetic rows to all real ones.
    With a holdout, membership inference and the inference of one attribute (the target; without
    one, the last discrete column, else the last number), from at most `ATTACKED` people of each
    table. Only parts that the columns allow; `C2ST` and utility where scikit-learn is installed.

    Args:
        spec: Of the tables that will be compared.
        holdout: Whether the pairs will have a holdout: scores that are undefined without one
            are left out otherwise.
        target: Column to predict for utility, which needs a holdout as well.
        rows: Most rows for neighbour searches and classifiers, at least 1.
        seed: Of samples, folds and learners.
    """
    scores: list[Score[TablePair]] = [*_columns_and_pairs(spec)]
    if spec.of_kind(*NUMERIC, *DISCRETE):
        scores += [Sampled(part, rows, seed, matched=True) for part in _joint("trees", seed)]
        scores += [Sampled(part, rows, seed) for part in _utility(target, holdout, 3)]
        # Copies are looked up, not searched for: quick, and a sample would hold few of them.
        scores.append(ExactMatchShare())
        scores += [Sampled(part, rows, seed) for part in _distances(holdout)]
        attacked = min(rows, ATTACKED)
        scores += [Sampled(p, attacked, seed) for p in _attacks(spec, holdout, target, seed)]
    plots: list[Plot[TablePair]] = [PDF(), CDF(), CorrelationHeatmapJuxtaposition()]
    return TablePlan(scores=scores, plots=[*plots, PCAJuxtaposition(seed=seed)])


def _columns_and_pairs(spec: TableSpec) -> list[Score[SummaryPair]]:
    """Fidelity of columns and pairs, and validity: what is computed from all rows."""
    numeric, discrete = spec.of_kind(*NUMERIC), spec.of_kind(*DISCRETE)
    shape = ShapeDistance()
    scores: list[Score[SummaryPair]] = []
    if numeric or discrete:
        scores += [Similarity(), Mean(shape), shape]
    if len(numeric) + len(discrete) > 1:
        scores += [
            TrendSimilarity(),
            DependenceSimilarity(),
            NMISimilarity(),
            CorrelationDistance(),
        ]
    if numeric or discrete:
        scores.append(MeanJSDistance())
    scores.append(Mean(MissingRateDifference()))
    if numeric:
        scores += [Mean(BoundaryAdherence()), Mean(RangeCoverage())]
    if discrete:
        scores += [Mean(CategoryAdherence()), Mean(CategoryCoverage())]
    if spec.of_kind("identifier"):
        scores.append(Mean(KeyUniqueness()))
    return scores


def tabsyn_plan(
    *,
    holdout: bool = False,
    target: str | None = None,
    rows: int = Sampled.rows,
    seed: int = 0,
) -> TablePlan:
    """The row that papers print since TabSyn (ICLR 2024), and this library's numbers beside it.

    `PublishedRow`, whose numbers are those of the scripts published with TabSyn; and what
    `PaperRow` has as scores of their own, C2ST by boosted trees beside logistic regression, which
    does not see how columns depend on each other. What needs a holdout, a target or scikit-learn
    is left out without it.

    Args:
        holdout: As in `default_plan`.
        target: As in `default_plan`.
        rows: As in `default_plan`.
        seed: As in `default_plan`.
    """
    sampled = [*_joint("linear", seed), *_utility(target, holdout, 1), *_shares(holdout)]
    published: list[Score[TablePair]] = []
    if _learns():
        published.append(Sampled(PublishedRow(target or "", seed), rows, seed))
        sampled.insert(3, C2ST("trees", seed=seed))
    return TablePlan(
        scores=[
            *published,
            Mean(ShapeDistance()),
            ShapeDistance(),
            TrendSimilarity(),
            *(Sampled(part, rows, seed) for part in sampled),
        ],
        plots=[PDF(), CorrelationHeatmapJuxtaposition()],
    )


def sdmetrics_plan(spec: TableSpec) -> TablePlan:
    """The four properties of SDMetrics' quality and diagnostic reports, by its definitions.

    Without floors and noise, which would double what the first epoch takes.

    Args:
        spec: Of the tables; identifiers are keys.
    """
    return TablePlan(
        scores=[*sdmetrics_quality(), *sdmetrics_diagnostic(spec.of_kind("identifier"))],
        plots=[PDF(), CorrelationHeatmapJuxtaposition()],
        relabellings=0,
        floors=False,
    )


def artifact_core_plan(*, seed: int = 0) -> TablePlan:
    """The scores, arrays and plots of artifact-core's table comparison, by its definitions.

    Its projections are drawn in one space for both tables; t-SNE where scikit-learn is installed.

    Args:
        seed: Of projections.
    """
    scores, arrays = artifact_core()
    plots: list[Plot[TablePair]] = [
        PDF(),
        CDF(),
        Alignment(),
        CorrelationHeatmapJuxtaposition(),
        PCAJuxtaposition(seed=seed),
        TruncatedSVDJuxtaposition(seed=seed),
    ]
    if _learns():
        plots.append(TSNEJuxtaposition(seed=seed))
    return TablePlan(scores=scores, arrays=arrays, plots=plots, relabellings=0, floors=False)


def preset(
    name: PresetName,
    spec: TableSpec,
    *,
    holdout: bool = False,
    target: str | None = None,
    rows: int = Sampled.rows,
    seed: int = 0,
) -> TablePlan:
    """The plan of a name; the arguments as in `default_plan`, where the plan has them."""
    if name == "sdmetrics":
        return sdmetrics_plan(spec)
    if name == "artifact-core":
        return artifact_core_plan(seed=seed)
    if name == "tabsyn":
        return tabsyn_plan(holdout=holdout, target=target, rows=rows, seed=seed)
    return default_plan(spec, holdout=holdout, target=target, rows=rows, seed=seed)


def scanned_preset(
    name: PresetName,
    spec: TableSpec,
    *,
    holdout: bool = False,
    target: str | None = None,
    rows: int = Sampled.rows,
    seed: int = 0,
) -> Plan[SummaryPair]:
    """The plan of a name for tables that are read in pieces; the arguments as in `preset`.

    Columns and pairs from all rows; what needs rows, plots included, from at most ``rows`` of each
    table. At most `SEARCHED` synthetic rows, or `ATTACKED` real ones, are looked up among all
    rows of the other tables. What needs the rows that are found is left out.
    """
    whole = preset(name, spec, holdout=holdout, target=target, rows=rows, seed=seed)
    plots: list[Plot[SummaryPair]] = [Sampled(plot, rows, seed) for plot in whole.plots]
    if name == "sdmetrics":
        keys = spec.of_kind("identifier")
        scores: list[Score[SummaryPair]] = [*sdmetrics_quality(), *sdmetrics_diagnostic(keys)]
        return Plan[SummaryPair](scores=scores, plots=plots, floors=False)
    if name == "artifact-core":
        own, arrays = artifact_core()
        return Plan[SummaryPair](scores=own, arrays=arrays, plots=plots, floors=False)
    if name == "tabsyn":
        shape, trends = ShapeDistance(), TrendSimilarity()
        parts = _joint("linear", seed) + _utility(target, holdout, 1)
        shares = [Sampled(part, min(rows, SEARCHED), seed) for part in _shares(holdout)]
        first: list[Score[SummaryPair]] = []
        if _learns():
            first.append(Sampled(PublishedRow(target or "", seed), rows, seed))
            parts.insert(3, C2ST("trees", seed=seed))
        sampled = [Sampled(part, rows, seed) for part in parts]
        return Plan[SummaryPair](
            scores=[*first, Mean(shape), shape, trends, *sampled, *shares], plots=plots
        )
    scores = _columns_and_pairs(spec)
    if spec.of_kind(*NUMERIC, *DISCRETE):
        scores += [Sampled(part, rows, seed, matched=True) for part in _joint("trees", seed)]
        scores += [Sampled(part, rows, seed) for part in _utility(target, holdout, 3)]
        scores.append(Sampled(ExactMatchShare(), rows, seed))
        scores += [Sampled(part, min(rows, SEARCHED), seed) for part in _distances(holdout)]
        if holdout:
            attack = MembershipInference((0.01,), seed=seed)
            scores.append(Sampled(attack, min(rows, ATTACKED), seed))
    return Plan[SummaryPair](scores=scores, plots=plots)


def _learns() -> bool:
    return find_spec("sklearn") is not None


def _joint(learner: Learner, seed: int) -> list[Score[TablePair]]:
    scores: list[Score[TablePair]] = [AlphaPrecision(), BetaRecall()]
    return [*scores, C2ST(learner, seed=seed)] if _learns() else scores


def _utility(target: str | None, holdout: bool, seeds: int) -> list[Score[TablePair]]:
    if target is None or not holdout or not _learns():
        return []
    if seeds == 1:
        return [TSTR(target, ("trees",), seeds), TRTR(target, ("trees",), seeds)]
    return [TSTR(target), TRTR(target), UtilityGap(target)]


def _distances(holdout: bool) -> list[Score[TablePair]]:
    return [DCR(), *_shares(holdout)]


def _attacks(
    spec: TableSpec, holdout: bool, target: str | None, seed: int
) -> list[Score[TablePair]]:
    columns = (*spec.of_kind(*NUMERIC), *spec.of_kind(*DISCRETE))
    if not holdout:
        return []
    found: list[Score[TablePair]] = [MembershipInference((0.01,), seed=seed)]
    secret = target if target in columns else columns[-1]
    return [*found, AttributeInference((secret,))] if len(columns) > 1 else found


def _shares(holdout: bool) -> list[Score[TablePair]]:
    return [DCRShare()] if holdout else []
