"""Panels of curves: shares of rows against a distance, or against other shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, final

import numpy as np

from synthproto.artifacts.attacks import MembershipAttack
from synthproto.artifacts.detection import Giveaways, TwoSampleTest
from synthproto.artifacts.plots.projections import Projection, cloud_sheet
from synthproto.artifacts.plots.space import sampled
from synthproto.artifacts.privacy import Audit
from synthproto.artifacts.searches import search
from synthproto.checks import check_least
from synthproto.data.table import TablePair
from synthproto.drawing.axes import (
    CARD,
    Box,
    Scale,
    Tick,
    level_axis,
    percent,
    plot_area,
    remark,
    ticks,
    title,
    upright_axis,
)
from synthproto.drawing.canvas import Canvas, Picture
from synthproto.drawing.ink import (
    AXIS,
    HOLDOUT,
    MUTED,
    REAL,
    REAL_INK,
    SYNTHETIC,
    TEXT,
    Dot,
    Ink,
    Label,
    Pen,
    shortened,
    text_width,
)
from synthproto.drawing.panels import Look
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.measures.classifiers import Learner, require_learn
from synthproto.measures.ranking import roc
from synthproto.measures.rows import Floats

CARD_BOX: Final = Box(0.0, 0.0, *CARD)
"""The whole of a picture of one panel."""

PENS: Final = MappingProxyType(
    {
        "real": Pen(REAL, 5.0, crisp=False),
        "holdout": Pen(HOLDOUT, 1.0, (3.0, 2.0), crisp=False),
        "synthetic": Pen(SYNTHETIC, 1.6, crisp=False),
        "linear": Pen(REAL_INK, 1.6, crisp=False),
    }
)
"""How the curve of each table, or of a second classifier, is drawn."""

_CHANCE: Final = Pen(AXIS, 1.0, (3.0, 2.0), crisp=False)
_POWERS: Final = (Tick(-3.0, "0.1%"), Tick(-2.0, "1%"), Tick(-1.0, "10%"), Tick(0.0, "100%"))


class Curve(NamedTuple):
    """A line of a panel.

    Attributes:
        name: What the legend says.
        pen: How it is drawn.
        across: Places on the lower axis, ascending, shape ``(n,)``.
        up: Shares at them, or their logarithms to base 10.
    """

    name: str
    pen: Pen
    across: Floats
    up: Floats


def curves_panel(
    heading: str,
    curves: Sequence[Curve],
    ends: tuple[float, float],
    *,
    chance: bool = False,
    logarithmic: bool = False,
) -> Ink:
    """A panel of shares of rows.

    Args:
        heading: Its title.
        curves: What to draw, the last on top.
        ends: Of the lower axis.
        chance: Whether that axis is of shares too; a dashed diagonal then says what chance gives.
        logarithmic: Whether curves and `ends`, which then are those of both axes, are logarithms
            to base 10.
    """
    ink, area = Ink(), plot_area(CARD_BOX, left=42.0)
    title(ink, CARD_BOX, heading)
    across = Scale(*ends, area.left, area.right)
    up = Scale(*(ends if logarithmic else (0.0, 1.0)), area.bottom, area.top)
    shares = _POWERS if logarithmic else ticks(0.0, 1.0, quantity="share", most=5)
    level_axis(ink, area, up, shares)
    upright_axis(ink, area, across, shares if chance else ticks(*ends, most=5))
    if chance:
        ink.line(_CHANCE, np.array([[area.left, area.bottom], [area.right, area.top]]))
    for curve in curves:
        ink.line(curve.pen, _thinned(np.column_stack([across(curve.across), up(curve.up)])))
    _legend(ink, curves, area.right)
    return ink


def card(ink: Ink, scale: float) -> Picture:
    """Ink of one panel as a picture."""
    return Picture(Canvas(*CARD, scale=scale).image(ink))


def check_scale(part: object, scale: float) -> None:
    """Refuse a scale of pictures that is out of range.

    Raises:
        ParameterError: The scale is not from 0.5 to 4.
    """
    if not 0.5 <= scale <= 4:
        raise ParameterError(f"{type(part).__name__}: `scale` must be from 0.5 to 4; got {scale}.")


def _legend(ink: Ink, curves: Sequence[Curve], right: float) -> None:
    x, y = right, CARD_BOX.top - 30
    for curve in reversed(curves):
        x -= text_width(curve.name, 10.0)
        ink.label(Label(x, y, curve.name, TEXT))
        ink.line(curve.pen, np.array([(x - 18, y + 3.5), (x - 4, y + 3.5)]))
        x -= 28


def _thinned(points: Floats) -> Floats:
    """Points without those that lie on the same quarter of a pixel as the one before."""
    places = np.round(points * 4)
    moved = (places[1:] != places[:-1]).any(axis=1)
    return np.asarray(points[np.append(True, moved)], dtype=np.float64)


_LEAST: Final = 1e-3
_SYNTHETIC_DOTS: Final = Look("synthetic", Pen(SYNTHETIC), spoken=False, dot=Dot(SYNTHETIC, 3.2))
_FLAGGED_DOTS: Final = Look("flagged", Pen(TEXT), spoken=False, dot=Dot(TEXT, 5.0))
_MANY_FLAGGED_DOTS: Final = Look("flagged", Pen(TEXT), spoken=False, dot=Dot(TEXT, 2.2))
_MANY: Final = 200


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
        scale: Pixels of the picture per pixel of a 350 x 196 panel, 0.5 to 4; 2 for print.
        name: Tag.

    Raises:
        UndefinedScoreError: The real table has one row.
    """

    scale: float = 1.0
    name: str = "visual/dcr"

    def __post_init__(self) -> None:
        check_scale(self, self.scale)

    def __call__(self, pair: TablePair) -> Picture:
        """Draw."""
        if len(pair.real) < 2:
            raise UndefinedScoreError(f"{self.name!r} is undefined: there is one real row")
        found = {"real": search(pair, "real", "real", 5).distances[:, 0]}
        if pair.holdout is not None:
            found["holdout"] = search(pair, "holdout", "real", 2).distances[:, 0]
        found["synthetic"] = search(pair, "synthetic", "real", 2).distances[:, 0]
        control = "real" if pair.holdout is None else "holdout"
        controls = np.concatenate([found["real"], found[control]])
        end = float(np.quantile(controls, 0.99)) or 1.0
        places = np.linspace(0.0, end, 240)
        curves = [
            Curve(side, PENS[side], places, _up_to(places, distances))
            for side, distances in found.items()
        ]
        copies, others = (percent(float((found[s] == 0).mean())) for s in ("synthetic", control))
        ink = curves_panel("distance to closest record", curves, (0.0, end))
        said = f"copies {copies}, {control} {others}" if (found["synthetic"] == 0).any() else ""
        remark(ink, CARD_BOX, said, SYNTHETIC)
        return card(ink, self.scale)


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
        check_scale(self, self.scale)

    def __call__(self, pair: TablePair) -> Picture:
        """Draw."""
        curve = pair.get(MembershipAttack(self.seed)).curve
        across, up = (
            np.log10(np.maximum(side, _LEAST))
            for side in (curve.false_positive, curve.true_positive)
        )
        attack = Curve("attack", PENS["synthetic"], across, up)
        ends = (float(np.log10(_LEAST)), 0.0)
        ink = curves_panel("membership inference", [attack], ends, chance=True, logarithmic=True)
        remark(ink, CARD_BOX, "training rows named, by others named", MUTED)
        return card(ink, self.scale)


@final
@dataclass(frozen=True)
class FlaggedRows:
    """Real, synthetic and flagged rows in the plane of the real table's principal components.

    Flagged are the synthetic rows that `Audit` finds too close to a real one; the title says their
    share, which is about `share` for a harmless table. They are drawn last and never sampled away,
    smaller where they are many, so that they do not hide the others.

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
        check_scale(self, self.scale)
        check_least(self, "points", self.points, 1)
        Audit(self.share)  # refuses a share that is none

    def __call__(self, pair: TablePair) -> Picture:
        """Draw."""
        flagged = pair.get(Audit(self.share))["synthetic_row"].to_numpy(dtype=np.intp)
        fit = pair.real.get(Projection("pca", 20_000, self.seed))
        real = fit.plane(pair.real, sampled(pair.real, self.points, self.seed))
        names = [f"PC {axis + 1}  {percent(fit.explained[axis])}" for axis in range(2)]
        share = len(flagged) / len(pair.synthetic)
        heading = f"flagged: {percent(share)} of rows"
        sheet = cloud_sheet(heading, real, (names[0], names[1]), self.scale)
        some = sampled(pair.synthetic, self.points, self.seed)
        layers = [
            (_SYNTHETIC_DOTS, [fit.plane(pair.synthetic, some)]),
            (
                _MANY_FLAGGED_DOTS if len(flagged) > _MANY else _FLAGGED_DOTS,
                [fit.plane(pair.synthetic, flagged)],
            ),
        ]
        return sheet.cards([layer for layer in layers if len(layer[1][0])])[0]


def _up_to(places: Floats, distances: Floats) -> Floats:
    ordered = np.sort(distances)
    return np.asarray(np.searchsorted(ordered, places, side="right") / len(ordered))


_BAR: Final = 13.0


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
        scale: Pixels of the picture per pixel of a 350 x 196 panel, 0.5 to 4; 2 for print.
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
        check_scale(self, self.scale)
        check_least(self, "folds", self.folds, 2)
        require_learn("C2STCurve")

    def __call__(self, pair: TablePair) -> Picture:
        """Draw."""
        curves = []
        for learner in self.learners:
            found = pair.get(TwoSampleTest(learner, self.folds, self.seed))
            curve = roc(found.synthetic, found.real)
            pen = PENS["synthetic" if learner == "trees" else "linear"]
            name = f"{learner} {found.auc:.3f}"
            curves.append(Curve(name, pen, curve.false_positive, curve.true_positive))
        ink = curves_panel("classifier two-sample test", curves, (0.0, 1.0), chance=True)
        return card(ink, self.scale)


@final
@dataclass(frozen=True)
class GiveawayBars:
    """What gives the synthetic rows away: the columns of `Giveaways`, largest first.

    A bar is the area under the ROC curve that the trees lose when the column is shuffled. The
    remark says the whole area: where it is about 0.5 or below, bars are noise.

    Attributes:
        columns: Most columns to show, 1 to 9.
        folds: As in `C2ST`.
        seed: As in `C2ST`.
        scale: Pixels of the picture per pixel of a 350 x 196 panel, 0.5 to 4; 2 for print.
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
        check_scale(self, self.scale)
        check_least(self, "folds", self.folds, 2)
        require_learn("GiveawayBars")
        if not 1 <= self.columns <= 9:
            raise ParameterError(
                f"GiveawayBars: `columns` must be from 1 to 9; got {self.columns}."
            )

    def __call__(self, pair: TablePair) -> Picture:
        """Draw."""
        found = pair.get(Giveaways(self.folds, self.seed))["importance"].iloc[: self.columns]
        whole = pair.get(TwoSampleTest("trees", self.folds, self.seed)).auc
        values = np.maximum(found.to_numpy(dtype=np.float64), 0.0)
        end = max(0.05, float(values.max(initial=0.0)) * 1.1)
        area = plot_area(CARD_BOX, left=118.0)
        across = Scale(0.0, end, area.left, area.right)
        ink = Ink()
        title(ink, CARD_BOX, "what gives rows away")
        remark(ink, CARD_BOX, f"AUC lost when the column is shuffled, of {whole:.3f}", MUTED)
        upright_axis(ink, area, across, ticks(0.0, end, most=4))
        for place, (column, value) in enumerate(zip(found.index, values.tolist(), strict=True)):
            y = area.top - (place + 0.5) * (area.height / max(len(values), 1))
            text = shortened(str(column), 104.0, 10.0)
            ink.label(Label(area.left - 6, y, text, TEXT, 10.0, "right", "middle"))
            height = min(_BAR, 0.8 * area.height / len(values))
            ink.box(SYNTHETIC, area.left, y - height / 2, across.at(value) - area.left, height)
        return card(ink, self.scale)
