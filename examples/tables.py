"""Real tables for the examples: one that ships with statsmodels, or a file of your own."""

import argparse
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.datasets import randhie

import synthproto as sp


class Arguments(argparse.Namespace):
    """What the command line of the quick start says."""

    csv: Path | None
    categorical: str
    encoding: str
    decimal: str
    missing: list[str]
    rows: int | None
    epochs: int
    device: str
    out: Path

    @property
    def folder(self) -> Path:
        """Of this run."""
        return self.out / f"vae-{datetime.now():%Y-%m-%d-%H%M%S}"


def arguments(about: str | None) -> Arguments:
    """Read the command line of the quick start."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--csv", type=Path, help="your own table")
    parser.add_argument("--categorical", default="", help="its columns to treat as categories: a,b")
    parser.add_argument("--encoding", default="utf-8", help="of it: cp1252, ...")
    parser.add_argument("--decimal", default=".", help="its decimal mark")
    parser.add_argument("--missing", action="append", default=[], help="a cell that is no value")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--rows", type=int, help="use only the first rows")
    parser.add_argument("--device", default="cpu", help="where to train: cuda, mps, ...")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of all runs")
    return parser.parse_args(namespace=Arguments())


def table_of(given: Arguments) -> sp.Table:
    """The table to imitate; what was decided in reading it is printed."""
    categorical = [name for name in given.categorical.split(",") if name]
    if given.csv is None:
        frame = health_insurance()
        table = sp.Table(frame, sp.TableSpec.infer(frame, categorical=categorical))
    else:
        spec, table = read(given, categorical)
        for note in dict.fromkeys([*spec.notes, *table.notes]):
            print(f"note: {note}")
    return sp.Table(table.frame.iloc[: given.rows], table.spec, name="real table")


def read(given: Arguments, categorical: list[str]) -> tuple[sp.TableSpec, sp.Table]:
    """A table of one's own, and what its columns are; or the reason why not, on one line."""
    path, encoding, decimal = given.csv or Path(), given.encoding, given.decimal
    try:
        spec = sp.TableSpec.read(
            path,
            categorical=categorical,
            encoding=encoding,
            decimal=decimal,
            missing=given.missing,
        )
        return spec, sp.Table.read(
            path, spec, encoding=encoding, decimal=decimal, missing=given.missing
        )
    except sp.SynthprotoError as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from error


def health_insurance() -> pd.DataFrame:
    """The RAND Health Insurance Experiment, its codes turned into words.

    Returns:
        20,190 rows, one a person and year: four numeric columns, one boolean, three of words.
    """
    raw = pd.DataFrame(randhie.load_pandas().data)
    codes = [raw["hlthg"] == 1, raw["hlthf"] == 1, raw["hlthp"] == 1]
    return pd.DataFrame(
        {
            "doctor visits": raw["mdvis"].astype(int),
            "coinsurance": np.expm1(raw["lncoins"]).round().astype(int).astype(str) + " %",
            "deductible plan": raw["idp"] == 1,
            "log incentive": raw["lpi"].round(3),
            "log maximum expenditure": raw["fmde"].round(3),
            "limitation": np.where(raw["physlm"] > 0, "yes", "no"),
            "chronic diseases": raw["disea"].round(1),
            "health": np.select(codes, ["good", "fair", "poor"], "excellent"),
        }
    )
