"""Evaluation mode for a while, module by module."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from synthproto.contracts import Model


@contextmanager
def evaluated(*models: Model) -> Iterator[None]:
    """Inside, the models are in evaluation mode; afterwards each submodule is as it was.

    A submodule that a user keeps in evaluation mode (a frozen part) stays so.
    """
    modules = [part for model in models if isinstance(model, nn.Module) for part in model.modules()]
    were = [module.training for module in modules]
    for model in models:
        model.eval()
    try:
        yield
    finally:
        for model in models:
            if not isinstance(model, nn.Module):
                model.train()
        for module, training in zip(modules, were, strict=True):
            module.training = training
