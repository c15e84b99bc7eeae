"""What a model's forward declares, and models that cannot be trained."""

import warnings
from typing import Any, NotRequired

import pytest
import torch
from torch import Tensor, nn
from typing_extensions import ReadOnly, TypedDict

from synthproto.conformance.forward import check_forward
from synthproto.conformance.values import check_value
from synthproto.errors import ConformanceError, SynthprotoWarning

ONE = torch.zeros(())
ROWS = torch.zeros(3, 2)


class Batch(TypedDict):
    features: ReadOnly[Tensor]
    weights: NotRequired[Tensor]


class Output(TypedDict):
    loss: Tensor
    terms: dict[str, Tensor]


class Plain:
    """A model that is no Module."""

    def forward(self, batch: Batch, scale: float = 1.0, *, hard: bool = False) -> Output:
        return {"loss": ONE, "terms": {}}

    def train(self, mode: bool = True) -> None: ...

    def eval(self) -> None: ...


class VAE(nn.Module):
    def forward(self, batch: Batch, /) -> Output:
        return {"loss": ONE, "terms": {}}


class Quoted(nn.Module):
    def forward(self, batch: "Batch") -> "Output":
        return {"loss": ONE, "terms": {}}


class TwoInputs(nn.Module):
    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        return features + labels


class KeywordInput(nn.Module):
    def forward(self, *, features: Tensor) -> Tensor:
        return features


class NoInput(nn.Module):
    def forward(self) -> Tensor:
        return ONE


class Bare(nn.Module):
    def forward(self, batch):  # type: ignore[no-untyped-def]  # what is tested
        return batch


class SaysAny(nn.Module):
    def forward(self, batch: Any) -> Output:
        return {"loss": ONE, "terms": {}}


class NoForward(nn.Module): ...


@pytest.mark.parametrize("model", [Plain(), VAE(), Quoted()])
def test_forward_tells_what_it_declares(model: object) -> None:
    declared = check_forward(model)
    assert declared.part == f"{type(model).__name__}.forward"
    assert (declared.batch, declared.output) == (Batch, Output)


def test_a_compiled_model_is_still_itself() -> None:
    compiled: object = torch.compile(VAE())
    assert check_forward(compiled).part == "VAE.forward"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            TwoInputs(),
            r"TwoInputs.forward takes 2 arguments \(features, labels\), but is given",
        ),
        (KeywordInput(), r"KeywordInput.forward takes 1 argument \(features\), but is given one"),
        (NoInput(), "NoInput.forward takes 0 arguments, but is given one batch. Put what it"),
        (NoForward(), "model of type NoForward lacks forward. A model has"),
        (object(), "model of type object lacks forward, train, eval. A model has"),
        (VAE, r"model is the class VAE itself; pass an instance: VAE\(...\)"),
    ],
)
def test_a_model_that_cannot_be_trained_is_refused(model: object, message: str) -> None:
    with pytest.raises(ConformanceError, match=message):
        check_forward(model)


@pytest.mark.parametrize(
    ("model", "silent"),
    [
        (Bare(), "of what type its batch and output are"),
        (SaysAny(), "of what type its batch is"),
        (nn.Sequential(nn.Linear(2, 2)), "of what type its batch and output are"),
    ],
)
def test_a_forward_without_hints_warns(model: object, silent: str) -> None:
    with pytest.warns(SynthprotoWarning, match=silent) as seen:
        check_forward(model)
    assert seen[0].filename == __file__


def test_names_under_type_checking_are_told_truly() -> None:
    class Typed(nn.Module):
        def forward(self, batch: "OnlyForCheckers") -> "OnlyForCheckers":  # type: ignore[name-defined]  # noqa: F821
            return batch

    with pytest.warns(SynthprotoWarning) as seen:
        check_forward(Typed())
    told = [str(each.message) for each in seen]
    assert all("'OnlyForCheckers' is not defined" in text for text in told)
    assert all("under TYPE_CHECKING is not there at run time" in text for text in told)
    assert not any("does not say" in text for text in told)


def test_what_fits_makes_no_noise() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        declared = check_forward(VAE())
        check_value({"features": ROWS}, declared.batch, part=declared.part, place="batch")
