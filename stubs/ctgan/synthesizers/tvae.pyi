from collections.abc import Sequence as Sequence
from typing import Any as Any

import pandas as pd
import torch
from ctgan.synthesizers.base import BaseSynthesizer as BaseSynthesizer

class TVAE(BaseSynthesizer):
    embedding_dim: int
    compress_dims: Sequence[int]
    decompress_dims: Sequence[int]
    l2scale: float
    batch_size: int
    loss_factor: int
    epochs: int
    verbose: bool
    loss_values: pd.DataFrame
    def __init__(
        self,
        embedding_dim: int = ...,
        compress_dims: Sequence[int] = ...,
        decompress_dims: Sequence[int] = ...,
        l2scale: float = ...,
        batch_size: int = ...,
        epochs: int = ...,
        loss_factor: int = ...,
        enable_gpu: bool = ...,
        verbose: bool = ...,
        cuda: bool | str | None = ...,
    ) -> None: ...
    def fit(self, train_data: pd.DataFrame, discrete_columns: Sequence[str] = ...) -> None: ...
    def sample(self, samples: int) -> pd.DataFrame: ...
    def set_device(self, device: str | torch.device) -> None: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
