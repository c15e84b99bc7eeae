# What is used of ctgan, with DataFrames (arrays, which it also takes, have no column names).
from typing import Any as Any

import pandas as pd
from ctgan.synthesizers.ctgan import CTGAN as CTGAN
from ctgan.synthesizers.tvae import TVAE as TVAE

__all__ = ("CTGAN", "TVAE", "load_demo")

def load_demo() -> pd.DataFrame: ...

__version__: str

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
