# What examples/gallery.py uses of nrgboost, for checkers where it is not installed.
from collections.abc import Mapping

import pandas as pd

class Dataset:
    def __init__(self, df: pd.DataFrame, num_bins: int = ...) -> None: ...

class NRGBooster:
    @classmethod
    def fit(
        cls, dataset: Dataset, params: Mapping[str, float], seed: int | None = ...
    ) -> NRGBooster: ...
    def sample(self, num_samples: int, num_steps: int = ...) -> pd.DataFrame: ...
