"""Real tables for the examples: they ship with statsmodels, so nothing is downloaded."""

import numpy as np
import pandas as pd
from statsmodels.datasets import randhie


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
