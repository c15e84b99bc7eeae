from pathlib import Path as Path
from typing import Any as Any
from typing import Self as Self

import numpy as np
import torch

class BaseSynthesizer:
    random_states: tuple[np.random.RandomState, torch.Generator] | None
    def save(self, path: str | Path) -> None: ...
    @classmethod
    def load(cls, path: str | Path) -> Self: ...
    def set_random_state(
        self, random_state: int | tuple[np.random.RandomState, torch.Generator] | None
    ) -> None: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
