"""Plots of what gives synthetic rows away: ROC curves of classifiers, columns that matter."""

from dataclasses import dataclass
from typing import Final, final

import numpy as np

from synthproto.artifacts.curves import CARD_BOX, PENS, Curve, card, check_scale, curves_panel
from synthproto.artifacts.detection import Giveaways, TwoSampleTest
from synthproto.artifacts.searches import check_least
from synthproto.data.table import TablePair
from synthproto.drawing.axes import Scale, plot_area, remark, title, upright_axis
from synthproto.drawing.fonts import shortened
from synthproto.drawing.ink import MUTED, SYNTHETIC, TEXT, Ink, Label
from synthproto.drawing.picture import Picture
from synthproto.drawing.ticks import ticks
from synthproto.errors import ParameterError
from synthproto.measures.classifiers import Learner, require_learn
from synthproto.measures.ranking import roc

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
