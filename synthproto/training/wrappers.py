"""Looking through what libraries wrap around a model to train it."""

import inspect

from torch import nn


def inner_model(model: object) -> object:
    """The model inside wrappers that only pass calls on (torch's DDP and compile, Fabric's module).

    Their own ``forward`` takes anything, and their state has a prefix before each key.
    """
    while isinstance(model, nn.Module):
        # torch.compile(model) keeps the model under another name than the others.
        inner = getattr(model, "module", None) or getattr(model, "_orig_mod", None)
        if not isinstance(inner, nn.Module) or not _takes_anything(model):
            break
        model = inner
    return model


def _takes_anything(model: nn.Module) -> bool:
    kinds = [each.kind for each in inspect.signature(model.forward).parameters.values()]
    return bool(kinds) and set(kinds) <= {
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    }
