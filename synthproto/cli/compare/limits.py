"""Limits of ``--fail-under``: what a score must not be worse than."""

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from synthproto.checks import about, did_you_mean, listed, tag_of
from synthproto.cli.compare.comparer import SIMILARITY, Compared, Comparison
from synthproto.errors import ParameterError
from synthproto.formatting import number
from synthproto.plan import TablePlan


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

        The tag may have ``/low`` or ``/high`` behind it: an end of the score's interval.

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
        found = self._value(table)
        if found is None:
            return f"{table.name}: {self.tag} has no value: {self._reason(comparison, table)}"
        value, owner = found
        upwards = table.report.directions.get(owner) != "lower"
        if (value >= self.value) if upwards else (value <= self.value):
            return ""
        worse = "below" if upwards else "above"
        text = f"{table.name}: {self.tag} is {number(value)}, {worse} {self.value:g}"
        reference = table.report.references.get(owner)
        if reference is not None and (
            reference < self.value if upwards else reference > self.value
        ):
            text += f"; real rows do not keep this limit either ({number(reference)})"
        return text

    def _value(self, table: Compared) -> tuple[float, str] | None:
        """The value, and the score that it is of: itself, or one of whose interval it is an end."""
        if self.tag in table.report:
            return table.report[self.tag], self.tag
        owner, _, end = self.tag.rpartition("/")
        if owner in table.report.intervals and end in ("low", "high"):
            return table.report.intervals[owner][end == "high"], owner
        return None

    def _reason(self, comparison: Comparison, table: Compared) -> str:
        owner = comparison.collection(self.tag)
        if owner in table.undefined:
            return table.undefined[owner]
        raise ParameterError(
            f"--fail-under names no score: {self.tag!r}."
            f"{did_you_mean([self.tag], list(table.report))}"
        )


def check_limits(limits: Sequence[Limit], plan: TablePlan) -> None:
    """Refuse limits on scores that the plan does not have, or that get no better either way.

    Raises:
        ParameterError: Names the score, and those that there are.
    """
    endless = {tag_of(part) for part in plan.scores if not about(part).ordered}
    for limit in limits:
        owners = [t for t in plan.score_tags if limit.tag == t or limit.tag.startswith(f"{t}/")]
        if not owners:
            raise ParameterError(
                f"--fail-under names no score of this plan: {limit.tag!r}; it has "
                f"{listed(plan.score_tags)}.{hint(limit.tag, plan.score_tags)}"
            )
        if max(owners, key=len) in endless:
            raise ParameterError(f"--fail-under: {limit.tag!r} has no end that is better")


def failures(limits: Sequence[Limit], comparison: Comparison) -> list[str]:
    """A sentence for each table and limit that it does not keep."""
    found = [limit.failure(comparison, table) for limit in limits for table in comparison.tables]
    return [text for text in found if text]


def hint(tag: str, existing: Sequence[str]) -> str:
    """A tag whose name resembles the wrong one; what all of a group begin with is no likeness."""
    by_name = {known.partition("/")[2]: known for known in existing}
    close = difflib.get_close_matches(tag.partition("/")[2] or tag, by_name, n=1)
    return f" Did you mean {by_name[close[0]]!r}?" if close else ""
