"""Panels of curves: shares of rows against a distance, or against other shares."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from synthproto.artifacts.attacks import MembershipAttack
from synthproto.artifacts.detection import ColumnImportance, TwoSampleTest
from synthproto.artifacts.plots.panels import DASHES, ValueAxis, check_plot
from synthproto.artifacts.plots.projections import CloudSheet, Projection, cloud_picture
from synthproto.artifacts.plots.space import sampled
from synthproto.artifacts.privacy import Audit
from synthproto.artifacts.searches import search
from synthproto.checks import check_least
from synthproto.data.pair import TablePair
from synthproto.drawing.axes import (
    Floats,
    level_ticks,
    percent,
    prepare,
    remark,
    share_ticks,
    upright_ticks,
)
from synthproto.drawing.picture import PANEL_MARGINS, Margins, Picture, Sheet
from synthproto.drawing.style import (
    AXIS,
    HOLDOUT,
    MUTED,
    REAL,
    REAL_INK,
    SYNTHETIC,
    TEXT,
    Style,
    distinct,
    text_style,
)
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.measures.classifiers import Learner, require_learn
from synthproto.measures.ranking import roc

Look = Literal["real", "holdout", "synthetic", "linear"]
_LOOKS: Final[dict[Look, Style]] = {
    "real": {"color": REAL, "linewidth": 5.0},
    "holdout": {"color": HOLDOUT, "linewidth": 1.0, "linestyle": DASHES},
    "synthetic": {"color": SYNTHETIC, "linewidth": 1.6},
    "linear": {"color": REAL_INK, "linewidth": 1.6},
}
_LEAST: Final = 1e-3
_POWERS: Final = (_LEAST, 0.01, 0.1, 1.0)


@final
@dataclass(frozen=True, eq=False)
class Curve:
    """A line of a panel.

    Attributes:
        name: What the legend says.
        look: How it is drawn.
        across: Places on the lower axis, ascending, shape ``(n,)``.
        up: Shares at them.
    """

    name: str
    look: Look
    across: Floats = field(repr=False)
    up: Floats = field(repr=False)


@final
@dataclass(frozen=True, eq=False)
class Curves:
    """A panel of shares of rows.

    Attributes:
        title: Of the panel.
        curves: What to draw, the last on top.
        labels: Of the lower and of the left axis.
        end: Of the lower axis, which starts at 0.
        chance: Whether the lower axis is of shares too; a dashed diagonal then shows chance.
        logarithmic: Whether both axes are logarithmic, from 0.1 % to 1.
        said: What is written above the axes.
    """

    title: str
    curves: tuple[Curve, ...]
    labels: tuple[str, str]
    end: float = 1.0
    chance: bool = False
    logarithmic: bool = False
    said: tuple[str, str] = ("", MUTED)
    margins: Margins = field(default=PANEL_MARGINS, init=False, repr=False)

    def backdrop(self, axes: Axes) -> None:
        """Draw all of it."""
        prepare(axes, self.title, self.margins.left)
        places, names = share_ticks(1.0)
        axes.set(xlim=(0, self.end), ylim=(0, 1))
        if self.logarithmic:
            places, names = list(_POWERS), [percent(power) for power in _POWERS]
            axes.set(xscale="log", yscale="log", xlim=(_LEAST, 1), ylim=(_LEAST, 1))
        if self.chance:
            level_ticks(axes, places, names, self.labels[0])
            axes.plot([places[0], 1], [places[0], 1], color=AXIS, linewidth=1, linestyle=DASHES)
        else:
            ValueAxis(0.0, self.end).draw(axes)
            axes.set_xlabel(self.labels[0], **text_style())
        axes.yaxis.minorticks_off()
        upright_ticks(axes, places, names, self.labels[1])
        for curve in self.curves:
            look: Style = {"clip_on": False, **_LOOKS[curve.look]}
            axes.plot(curve.across, np.maximum(curve.up, places[0]), **look)
        remark(axes, *self.said, self.margins.left)

    def overlay(self, _axes: Axes) -> Sequence[Artist]:
        """Nothing: all curves are new in each epoch."""
        return []

    def picture(self, scale: float) -> Picture:
        """The panel as a picture."""
        legend = [Line2D([], [], label=own.name, **_LOOKS[own.look]) for own in self.curves]
        sheet = Sheet([self], legend=legend, scale=scale)
        return Picture([self], sheet, f"{self.title}: {self.labels[1]} by {self.labels[0]}")


@final
@dataclass(frozen=True)
class DCRDistribution:
    """Share of rows within each distance to the closest real record.

    Synthetic rows beside the holdout's (dashed), and as a broad band the real rows' to each
    other. A synthetic curve above the others at small distances is an alarm: rows closer to real
    ones than people are to each other. Where there are copies, a remark says their share, and the
    same of the holdout (without one, of the real rows among each other). Gower distance; the axis
    ends where 99 % of the control rows are.

    Attributes:
        scale: Pixels of the picture per pixel of a 350 x 210 panel, 0.5 to 4; 2 for print.
        name: Tag.

    Raises:
        UndefinedScoreError: The real table has one row.

    Example:
        >>> import pandas as pd
        >>> from synthproto import DCRDistribution, Table, TablePair, TableSpec
        >>> frame = pd.DataFrame({"age": [31.0, 54.0, 47.0, 25.0], "sex": ["f", "m", "m", "f"]})
        >>> real = Table(frame, TableSpec.infer(frame, categorical=["sex"]))
        >>> DCRDistribution()(TablePair(real, real)).panels[0].said[0]
        'copies 100%, real 0%'
    """

    scale: float = 1.0
    name: str = "visual/dcr"

    def __post_init__(self) -> None:
        check_plot(self, self.scale)

    def __call__(self, pair: TablePair) -> Picture:
        """Draw."""
        if len(pair.real) < 2:
            raise UndefinedScoreError(f"{self.name!r} is undefined: there is one real row")
        found: dict[Look, Floats] = {"real": search(pair, "real", "real", 5).distances[:, 0]}
        if pair.holdout is not None:
            found["holdout"] = search(pair, "holdout", "real", 2).distances[:, 0]
        found["synthetic"] = search(pair, "synthetic", "real", 2).distances[:, 0]
        control: Look = "real" if pair.holdout is None else "holdout"
        controls = np.concatenate([found["real"], found[control]])
        end = float(np.quantile(controls, 0.99)) or 1.0
        places = np.linspace(0.0, end, 240)
        curves = tuple(
            Curve(side, side, places, _up_to(places, distances))
            for side, distances in found.items()
        )
        copies, others = (percent(float((found[s] == 0).mean())) for s in ("synthetic", control))
        said = f"copies {copies}, {control} {others}" if (found["synthetic"] == 0).any() else ""
        labels = "Gower distance", "share of rows ≤ distance"
        panel = Curves("closest real record", curves, labels, end, said=(said, SYNTHETIC))
        return panel.picture(self.scale)


@final
@dataclass(frozen=True)
class MembershipCurve:
    """ROC curve of the attack of `MembershipInference`, on logarithmic axes.

    What counts is the left: how many training rows are named (upwards) while hardly any other row
    is (across). The dashed line is an attacker who knows nothing.

    Attributes:
        seed: As in `MembershipInference`.
        scale: As in `DCRDistribution`.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no holdout, or it has one row.
    """

    seed: int = 0
    scale: float = 1.0
    name: str = "visual/membership_roc"

    def __post_init__(self) -> None:
        check_plot(self, self.scale)

    def __call__(self, pair: TablePair) -> Picture:
        """Draw."""
        curve = pair.get(MembershipAttack(self.seed)).curve
        across, up = (
            np.maximum(side, _LEAST) for side in (curve.false_positive, curve.true_positive)
        )
        panel = Curves(
            "membership inference",
            (Curve("attack", "synthetic", across, up),),
            ("share of other rows named", "training rows named"),
            chance=True,
            logarithmic=True,
        )
        return panel.picture(self.scale)


@final
@dataclass(frozen=True)
class FlaggedRows:
    """Real, synthetic and flagged rows in the plane of the real table's principal components.

    Flagged are the synthetic rows that `Audit` finds too close to a real one; a remark says
    their share, which is about `share` for a harmless table. They are rings, drawn last, that hide
    nothing, and are never sampled away. Many real rows are drawn as their density.

    Attributes:
        share: As in `Audit`.
        points: Most rows of each table that are drawn, at least 1.
        seed: Decides which.
        scale: As in `DCRDistribution`.
        name: Tag.

    Raises:
        UndefinedScoreError: The real table has fewer than three rows.
    """

    share: float = 0.01
    points: int = 1500
    seed: int = 0
    scale: float = 1.0
    name: str = "visual/flagged_rows"

    def __post_init__(self) -> None:
        check_plot(self, self.scale, points=self.points)
        Audit(self.share)  # refuses a share that is none

    def __call__(self, pair: TablePair) -> Picture:
        """Draw."""
        flagged = pair.get(Audit(self.share))["synthetic_row"].to_numpy(dtype=np.intp)
        projection = Projection("pca", 20_000, self.seed)
        fit = pair.real.get(projection)
        sheet = pair.real.get(CloudSheet(projection, self.scale, flagged=True))
        some = fit.plane(pair.synthetic, sampled(pair.synthetic, self.points, self.seed))
        share = len(flagged) / len(pair.synthetic)
        return cloud_picture(sheet, some, fit.plane(pair.synthetic, flagged), share)


def _up_to(places: Floats, distances: Floats) -> Floats:
    ordered = np.sort(distances)
    return np.asarray(np.searchsorted(ordered, places, side="right") / len(ordered))


@final
@dataclass(frozen=True)
class C2STCurve:
    """ROC curves of the classifiers of `C2ST`, which tell synthetic from real rows.

    The nearer to the dashed diagonal the better; the legend says the areas. A curve far *below* it
    is no praise: the classifiers meet copies of rows that they were taught to call real.

    Attributes:
        learners: Which classifiers.
        folds: As in `C2ST`.
        seed: As in `C2ST`.
        scale: Pixels of the picture per pixel of a 350 x 210 panel, 0.5 to 4; 2 for print.
        name: Tag.

    Raises:
        MissingExtraError: scikit-learn is not installed; raised when it is made.
    """

    learners: tuple[Learner, ...] = ("linear", "trees")
    folds: int = 5
    seed: int = 0
    scale: float = 1.0
    name: str = "visual/c2st_roc"

    def __post_init__(self) -> None:
        check_plot(self, self.scale)
        check_least(self, "folds", self.folds, 2)
        require_learn("C2STCurve")

    def __call__(self, pair: TablePair) -> Picture:
        """Draw."""
        curves = []
        for learner in self.learners:
            found = pair.get(TwoSampleTest(learner, self.folds, self.seed))
            curve = roc(found.synthetic, found.real)
            look: Look = "synthetic" if learner == "trees" else "linear"
            name = f"{learner} {found.auc:.3f}"
            curves.append(Curve(name, look, curve.false_positive, curve.true_positive))
        labels = "real rows called synthetic", "synthetic rows called so"
        panel = Curves("two-sample test", tuple(curves), labels, chance=True)
        return panel.picture(self.scale)


@final
@dataclass(frozen=True)
class ColumnImportanceBars:
    """Which columns give the synthetic rows away: those of `ColumnImportance`, largest first.

    A bar is the area under the ROC curve that the trees lose when the column is shuffled. The
    remark says the whole area: where it is about 0.5 or below, bars are noise.

    Attributes:
        columns: Most columns to show, 1 to 9.
        folds: As in `C2ST`.
        seed: As in `C2ST`.
        scale: Pixels of the picture per pixel of a 350 x 210 panel, 0.5 to 4; 2 for print.
        name: Tag.

    Raises:
        MissingExtraError: scikit-learn is not installed; raised when it is made.
    """

    columns: int = 9
    folds: int = 5
    seed: int = 0
    scale: float = 1.0
    name: str = "visual/giveaways"

    def __post_init__(self) -> None:
        check_plot(self, self.scale)
        check_least(self, "folds", self.folds, 2)
        require_learn("ColumnImportanceBars")
        if not 1 <= self.columns <= 9:
            raise ParameterError(
                f"ColumnImportanceBars: `columns` must be from 1 to 9; got {self.columns}."
            )

    def __call__(self, pair: TablePair) -> Picture:
        """Draw."""
        found = pair.get(ColumnImportance(self.folds, self.seed))["importance"].iloc[: self.columns]
        whole = pair.get(TwoSampleTest("trees", self.folds, self.seed)).auc
        values = np.maximum(found.to_numpy(dtype=np.float64), 0.0)
        panel = Importances(tuple(str(name) for name in found.index), values, whole)
        sheet = Sheet([panel], scale=self.scale)
        return Picture(
            [panel], sheet, "column importance: how much each column tells the sides apart"
        )


@final
@dataclass(frozen=True, eq=False)
class Importances:
    """Bars of how much each column matters to a classifier.

    Attributes:
        names: The columns, the most important first.
        values: Area under the ROC curve that is lost without each, shape ``(n,)``.
        whole: The area with all of them.
    """

    names: tuple[str, ...]
    values: Floats = field(repr=False)
    whole: float
    margins: Margins = field(default=Margins(left=122.0), init=False, repr=False)

    def backdrop(self, axes: Axes) -> None:
        """Draw all of it."""
        prepare(axes, "column importance", self.margins.left)
        remark(axes, f"of a whole AUC of {self.whole:.3f}", MUTED, self.margins.left)
        ValueAxis(0.0, max(0.05, 1.1 * float(self.values.max(initial=0.0)))).draw(axes)
        axes.set_xlabel("AUC lost when the column is shuffled", **text_style())
        rows = range(len(self.names))
        axes.set_yticks(rows, distinct(self.names, self.margins.left - 14), **text_style(TEXT))
        axes.barh(rows, self.values, 0.62, color=SYNTHETIC)
        axes.set_ylim(max(len(rows), 4) - 0.4, -0.6)

    def overlay(self, _axes: Axes) -> Sequence[Artist]:
        """Nothing: all bars are new in each epoch."""
        return []
