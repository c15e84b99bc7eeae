# What is used of ctgan, with DataFrames (arrays, which it also takes, have no column names).
import pandas as pd
from ctgan.synthesizers.ctgan import CTGAN as CTGAN
from ctgan.synthesizers.tvae import TVAE as TVAE

__all__ = ("CTGAN", "TVAE", "load_demo")

def load_demo() -> pd.DataFrame: ...
