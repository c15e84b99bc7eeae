"""States of several parts as one mapping."""

from collections.abc import Mapping
from typing import cast

from synthproto.contracts import Stateful
from synthproto.errors import ParameterError
from synthproto.training.wrappers import inner_model


def _stateful(name: str, part: object) -> Stateful:
    inner = inner_model(part)  # so that a file fits with the wrapper and without
    if not isinstance(inner, Stateful):
        raise ParameterError(
            f"{name} cannot be saved: a {type(part).__name__} has no state_dict and "
            "load_state_dict. Give it both, or run without checkpoints."
        )
    return inner


def parts_state(parts: Mapping[str, object]) -> dict[str, object]:
    """The states of parts by name; parts that are ``None`` are left out.

    Raises:
        ParameterError: A part has no ``state_dict``.
    """
    return {
        name: _stateful(name, part).state_dict() for name, part in parts.items() if part is not None
    }


def load_parts(parts: Mapping[str, object], state: Mapping[str, object]) -> None:
    """Give each part its state back.

    Raises:
        ParameterError: The names of parts and states differ, or a part has no state.
    """
    present = {name: part for name, part in parts.items() if part is not None}
    if present.keys() != state.keys():
        raise ParameterError(
            f"state has the parts {sorted(state)}; needed are {sorted(present)}. "
            "Compose the step as it was composed when the state was saved."
        )
    for name, part in present.items():
        # What a part is given is what its own state_dict returned.
        _stateful(name, part).load_state_dict(cast("dict[str, object]", state[name]))
