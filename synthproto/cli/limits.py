"""Limits that a comparison has to keep, for continuous integration."""

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from synthproto.cli.comparison import SIMILARITY, Compared, Comparison
from synthproto.cli.terminal import number
from synthproto.data.faults import did_you_mean, listed
from synthproto.errors import ParameterError
from synthproto.plan import TablePlan

# The safer or better end of scores that have no best value.
_BETTER = {"privacy/exact_match_share": 0.0, "privacy/dcr_share": 0.0, "privacy/dcr": 1.0}


@final
@dataclass(frozen=True)
class Limit:
    """A score must not be worse than this.

    Attributes:
        tag: Which score.
        value: The worst value that passes.
    """

    tag: str
    value: float

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """``0.9``, of the overall similarity, or ``TAG=VALUE``.

        Raises:
            ParameterError: It is neither.
        """
        tag, found, value = text.rpartition("=")
        try:
            worst = float(value)
        except ValueError:
            worst = math.nan
        if not math.isfinite(worst):
            raise ParameterError(f"--fail-under takes VALUE or TAG=VALUE; got {text!r}, e.g. 0.9")
        return cls(tag if found else SIMILARITY, worst)

    def failure(self, comparison: Comparison, table: Compared) -> str:
        """Why a table does not pass; empty if it does.

        Raises:
            ParameterError: No table has such a score.
        """
        if self.tag not in table.report:
            return f"{table.name}: {self.tag} has no value: {self._reason(comparison, table)}"
        value = table.report[self.tag]
        upwards = self._upwards(comparison, table)
        if (value >= self.value) if upwards else (value <= self.value):
            return ""
        worse = "below" if upwards else "above"
        return f"{table.name}: {self.tag} is {number(value)}, {worse} {self.value:g}"

    def _reason(self, comparison: Comparison, table: Compared) -> str:
        owner = comparison.collection(self.tag)
        if owner in table.undefined:
            return table.undefined[owner]
        raise ParameterError(
            f"--fail-under names no score: {self.tag!r}."
            f"{did_you_mean([self.tag], list(table.report))}"
        )

    def _upwards(self, comparison: Comparison, table: Compared) -> bool:
        best = table.report.best.get(self.tag, _BETTER.get(comparison.collection(self.tag)))
        return best != 0.0


def check_limits(limits: Sequence[Limit], plan: TablePlan) -> None:
    """Refuse limits on scores that the plan does not have, or that get no better either way.

    Raises:
        ParameterError: Names the score, and those that there are.
    """
    endless = {
        str(getattr(part, "name", ""))
        for part in plan.scores
        if getattr(part, "best", None) is None
    } - {*_BETTER}
    for limit in limits:
        owners = [t for t in plan.score_tags if limit.tag == t or limit.tag.startswith(f"{t}/")]
        if not owners:
            raise ParameterError(
                f"--fail-under names no score of this plan: {limit.tag!r}; it has "
                f"{listed(plan.score_tags)}.{_hint(limit.tag, plan.score_tags)}"
            )
        if max(owners, key=len) in endless:
            raise ParameterError(f"--fail-under: {limit.tag!r} has no end that is better")


def _hint(tag: str, existing: Sequence[str]) -> str:
    """A tag whose name resembles the wrong one; what all of a group begin with is no likeness."""
    by_name = {known.partition("/")[2]: known for known in existing}
    close = difflib.get_close_matches(tag.partition("/")[2] or tag, by_name, n=1)
    return f" Did you mean {by_name[close[0]]!r}?" if close else ""


def failures(limits: Sequence[Limit], comparison: Comparison) -> list[str]:
    """A sentence for each table and limit that it does not keep."""
    found = [limit.failure(comparison, table) for limit in limits for table in comparison.tables]
    return [text for text in found if text]
