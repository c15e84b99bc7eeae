"""Samplers: what is bound is checked when it is bound."""

import pickle
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from synthproto import ConformanceError, ParameterError, bind, sampler


@dataclass(frozen=True)
class Params:
    n_records: int
    value: float = 0.0


class Constant:
    def generate(self, params: Params) -> pd.DataFrame:
        return pd.DataFrame({"income": [params.value] * params.n_records})


def test_a_sampler_makes_a_table_per_call() -> None:
    sample = sampler(Constant(), Params(3, 2.0))
    assert sample()["income"].tolist() == [2.0, 2.0, 2.0]
    assert sample() is not sample()


def test_params_may_be_given_anew_for_each_table() -> None:
    values = iter([1.0, 2.0])
    sample = sampler(Constant(), lambda: Params(1, next(values)))
    assert [sample()["income"][0] for _ in range(2)] == [1.0, 2.0]


def test_too_few_records_are_refused_when_bound_or_when_given() -> None:
    with pytest.raises(ParameterError, match=r"n_records of Constant's params .* at least 1; got"):
        sampler(Constant(), Params(0))
    later = sampler(Constant(), lambda: Params(-1))
    with pytest.raises(ParameterError, match="got -1"):
        later()


WRONG: list[tuple[Any, Any, str]] = [
    (Constant(), 3, r"params must be GenerationParams \| Callable\[\[\], Params\]"),
    (Constant(), Params, "Params is a class; pass an instance"),
    (Constant, Params(3), r"got the class Constant. Pass an instance: Constant\(...\)"),
    (3, Params(3), r"model must be Generator\[Params\]; got int 3. It lacks generate"),
]


@pytest.mark.parametrize(("model", "params", "text"), WRONG)
def test_a_wrong_model_or_params_are_refused_when_bound(model: Any, params: Any, text: str) -> None:
    with pytest.raises(ConformanceError, match=text):
        sampler(model, params)


def test_a_generate_of_two_arguments_is_refused_when_bound() -> None:
    class Two:
        def generate(self, params: Params, seed: int) -> pd.DataFrame:
            raise AssertionError

    two: Any = Two()
    with pytest.raises(ConformanceError, match=r"takes \(params, seed\): missing .*'seed'"):
        sampler(two, Params(3))


def test_bound_arguments_are_passed_on() -> None:
    assert bind(divmod, 7, 2)() == (3, 1)
    assert bind(sorted, [2, 1], reverse=True)() == [2, 1]
    again = pickle.loads(pickle.dumps(bind(Constant().generate, Params(2))))
    assert len(again()) == 2


def test_arguments_that_a_function_does_not_take_are_refused_when_bound() -> None:
    generate: Any = Constant().generate
    with pytest.raises(ConformanceError, match=r"Constant.generate takes \(params\): missing"):
        bind(generate)
    with pytest.raises(ConformanceError, match="unexpected keyword argument 'seed'"):
        bind(generate, Params(1), seed=3)
