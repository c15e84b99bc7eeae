from collections.abc import Sequence as Sequence
from typing import Any as Any

import pandas as pd
import torch
from ctgan.synthesizers.base import BaseSynthesizer as BaseSynthesizer

class CTGAN(BaseSynthesizer):
    pac: int
    loss_values: pd.DataFrame | None
    def __init__(
        self,
        embedding_dim: int = ...,
        generator_dim: Sequence[int] = ...,
        discriminator_dim: Sequence[int] = ...,
        generator_lr: float = ...,
        generator_decay: float = ...,
        discriminator_lr: float = ...,
        discriminator_decay: float = ...,
        batch_size: int = ...,
        discriminator_steps: int = ...,
        log_frequency: bool = ...,
        verbose: bool = ...,
        epochs: int = ...,
        pac: int = ...,
        enable_gpu: bool = ...,
        cuda: bool | str | None = ...,
    ) -> None: ...
    def fit(
        self,
        train_data: pd.DataFrame,
        discrete_columns: Sequence[str] = ...,
        epochs: int | None = ...,
    ) -> None: ...
    def sample(
        self, n: int, condition_column: str | None = ..., condition_value: str | None = ...
    ) -> pd.DataFrame: ...
    def set_device(self, device: str | torch.device) -> None: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
