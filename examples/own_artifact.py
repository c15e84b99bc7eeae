"""Artifacts of your own in a plan beside the library's: a function, and a class of five lines.

A part is any callable of a `TablePair`; there is nothing to inherit from or to register. A class
gives its tag as ``name``, a function as its own name. ``pair.real`` and ``pair.synthetic`` have
statistics at hand that other parts may have computed before; ``table.get`` keeps yours with them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthproto import JSDistance, Juxtaposition, Table, TablePair, TablePlan, TableSpec


def implausible_pairs(pair: TablePair) -> float:
    """Share of synthetic people who have worked for longer than since they were 14."""
    synthetic = pair.synthetic.frame
    return float((synthetic["years_worked"] > synthetic["age"] - 14).mean())


def skewness(table: Table) -> float:
    """Skewness of the incomes of one table: a statistic, computed once for each table."""
    incomes, moments = table.values("income"), table.moments("income")
    return float(np.nanmean(((incomes - moments.mean) / moments.std) ** 3))


@dataclass(frozen=True)
class SkewnessGap:
    """Difference of the skewness of synthetic and real incomes; 0 is best."""

    name: str = "own/skewness_gap"
    best: float = 0.0

    def __call__(self, pair: TablePair) -> float:
        """Absolute difference; the real side's is computed in the first epoch only."""
        return abs(pair.real.get(skewness) - pair.synthetic.get(skewness))


def people(rows: int, seed: int, spread: float = 0.6) -> pd.DataFrame:
    """A made-up table."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 66, rows)
    return pd.DataFrame(
        {
            "age": age,
            "years_worked": (rng.random(rows) * (age - 16)).round(1),
            "income": np.exp(rng.normal(10, spread, rows)).round(),
            "city": rng.choice(["Athens", "Lisbon", "Oslo"], rows),
        }
    )


def main() -> None:
    """Compare two generated tables with a real one, and with a holdout for reference."""
    frame = people(2000, seed=0)
    spec = TableSpec.infer(frame)
    real, holdout = Table(frame, spec), Table(people(2000, seed=1), spec)
    plan = TablePlan(
        scores=[JSDistance(), SkewnessGap(), implausible_pairs],
        arrays=[Juxtaposition("median")],
    )
    for epoch, spread in enumerate((1.2, 0.7), start=1):
        generated = people(2000, seed=10 + epoch, spread=spread)
        report = plan.run(TablePair(real, Table(generated, spec), holdout))
        print(f"epoch {epoch}\n{report}")
        print(report.arrays["fidelity/median_juxtaposition"], "\n")


if __name__ == "__main__":
    main()
