"""Plots of what gives the real rows behind synthetic ones away.

Each shows its control: holdout rows beside synthetic ones, the diagonal of an attacker who knows
nothing. A harmless picture does not mean that a table is private (arXiv 2505.01524).
"""

from dataclasses import dataclass
from typing import Final, final

import numpy as np

from synthproto.artifacts.attacks import MembershipAttack
from synthproto.artifacts.audit import Audit
from synthproto.artifacts.curves import CARD_BOX, PENS, Curve, card, check_scale, curves_panel
from synthproto.artifacts.encoding import sampled
from synthproto.artifacts.projections import Projection, cloud_sheet
from synthproto.artifacts.searches import check_least, search
from synthproto.data.table import TablePair
from synthproto.drawing.axes import remark
from synthproto.drawing.ink import MUTED, SYNTHETIC, TEXT, Dot, Pen
from synthproto.drawing.panels import Look
from synthproto.drawing.picture import Picture
from synthproto.drawing.ticks import percent
from synthproto.errors import UndefinedScoreError
from synthproto.measures.rows import Floats

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
