"""Random states are taken, put back and seeded; our own type checks draw nothing."""

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch

from synthproto.contracts import EpochEvent
from synthproto.training.randomness import (
    Generator,
    RandomStates,
    generator_state,
    kept_random_states,
    seed_all,
    seeded,
    set_generator_state,
)
from synthproto.training.state import history_frame


def draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.normal()), float(torch.rand(()))


def test_states_are_put_back() -> None:
    with kept_random_states():
        seed_all(3)
        draw()
        states = RandomStates.capture()
        first = draw()
        again = RandomStates.from_state_dict(states.state_dict())
        again.restore()
        assert draw() == first
        states.restore()
        with kept_random_states():
            draw()
        assert draw() == first


def test_states_are_put_back_after_an_error() -> None:
    def fail() -> None:
        with kept_random_states():
            draw()
            raise ValueError("inside")

    with seeded(1):
        expected = draw()
    with seeded(1):
        with pytest.raises(ValueError, match="inside"):
            fail()
        assert draw() == expected


def test_a_seed_is_torch_s_own() -> None:
    with seeded(11):
        ours = torch.rand(3)
    assert torch.equal(ours, torch.rand(3, generator=torch.Generator().manual_seed(11)))
    with seeded(None):
        assert draw() != draw()


@pytest.mark.parametrize(
    "make", [lambda: np.random.default_rng(1), lambda: torch.Generator().manual_seed(1)]
)
def test_own_generators_are_saved(make: Callable[[], Generator]) -> None:
    def drawn(generator: Generator) -> float:
        if isinstance(generator, torch.Generator):
            return float(torch.rand((), generator=generator))
        return generator.random()

    generator = make()
    drawn(generator)
    state = generator_state(generator)
    first = drawn(generator)
    other = make()
    set_generator_state(other, state)
    assert drawn(other) == first


def test_type_checks_draw_nothing_from_the_global_generator() -> None:
    before = random.getstate()
    history_frame([EpochEvent(number, number, 0.0, {}) for number in range(9)])
    assert random.getstate() == before
