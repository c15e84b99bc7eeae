"""Six models from elsewhere in one comparison, none of them changed or subclassed.

    python examples/foreign.py

Each function below joins one of them: it returns a sampler, a function that generates a table.
"""

import argparse
from collections.abc import Callable

import pandas as pd
import torch
from ctgan import CTGAN
from foreign_models import Bootstrap, CausalOutput, RowLanguageModel, ScriptBatch, ScriptModel
from sklearn.mixture import GaussianMixture
from tables import health_insurance
from torch import Tensor
from transformer import Vocabulary

from synthproto import (
    Batches,
    CorrelationDistance,
    GradientStep,
    MaxEpochs,
    MeanJSDistance,
    Table,
    TableCodec,
    TablePlan,
    TableSpec,
    Trainer,
    Validation,
    bind,
)
from synthproto.adapters import AdaptedModel, as_frame

Sampler = Callable[[], pd.DataFrame]


def from_a_script(real: Table, epochs: int) -> Sampler:
    """`forward_training` gives outputs and loss; `generate_samples` a table and metadata."""
    codec = TableCodec.fit(real)
    rows = codec.encode(real)
    model = ScriptModel(codec.width, codec.decode)
    step = GradientStep(
        model=AdaptedModel(forward=model.forward_training, module=model),
        loss=lambda output, _: output[1],
        optimizer=torch.optim.Adam(model.parameters(), lr=1e-3),
    )
    batches = Batches(ScriptBatch(features=rows, targets=rows), size=200)
    Trainer(step=step, batches=batches, stopper=MaxEpochs(epochs), progress=False).run()
    return lambda: model.generate_samples(num_samples=len(real), temp=0.9, return_metadata=True)[0]


def like_hugging_face(real: Table, epochs: int) -> Sampler:
    """Arguments by name, and an output whose loss may be `None`: a function takes them apart."""
    words = Vocabulary(real.frame)
    model = RowLanguageModel(words.sizes)

    def forward(rows: Tensor) -> Tensor:
        output: CausalOutput = model(input_ids=rows[:, :-1], labels=rows)
        if output.loss is None:
            raise ValueError("the model was called without labels")
        return output.loss

    step = GradientStep(
        model=AdaptedModel(forward=forward, module=model),
        loss=lambda loss, _: loss,
        optimizer=torch.optim.Adam(model.parameters(), lr=3e-3),
    )
    batches = Batches(words.encode(real.frame), size=200)
    Trainer(step=step, batches=batches, stopper=MaxEpochs(epochs), progress=False).run()
    return lambda: words.decode(model.generate(num_return_sequences=len(real)))


def ctgan(real: Table, epochs: int) -> Sampler:
    """A package's synthesizer; `TVAE` likewise. ``ctgan_during_fit.py`` looks on as it fits."""
    model = CTGAN(epochs=epochs)
    model.fit(real.frame, real.spec.of_kind("categorical", "boolean"))
    return bind(model.sample, len(real))


def scikit_learn(real: Table, epochs: int) -> Sampler:  # noqa: ARG001
    """`fit` and `sample` on encoded rows: the codec stands on both sides."""
    codec = TableCodec.fit(real)
    mixture = GaussianMixture(n_components=20, reg_covar=1e-3, random_state=0)
    mixture.fit(codec.encode(real).numpy())
    return lambda: codec.decode(torch.from_numpy(mixture.sample(len(real))[0]))


def numpy_array(real: Table, epochs: int) -> Sampler:  # noqa: ARG001
    """A model that takes and gives arrays of cells: names and dtypes come back with `as_frame`."""
    model = Bootstrap().fit(real.frame.to_numpy(dtype=object))
    return lambda: as_frame(model.sample(len(real)), like=real.frame)


def any_function(real: Table, epochs: int) -> Sampler:  # noqa: ARG001
    """Any function ``n -> DataFrame``; a table on disk is ``lambda: pd.read_csv(path)``."""
    return bind(real.frame.sample, len(real), replace=True)


def main() -> None:
    """Join, sample, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=30)
    given = parser.parse_args()
    frame = health_insurance().head(given.rows)
    real = Table(frame, TableSpec.infer(frame), name="real table")
    plan = TablePlan(scores=[MeanJSDistance(), CorrelationDistance()])
    reports = {}
    for join in (from_a_script, like_hugging_face, ctgan, scikit_learn, numpy_array, any_function):
        validation = Validation(sample=join(real, given.epochs), real=real, plan=plan)
        with torch.no_grad():
            reports[join.__name__] = dict(validation.compare())
    print(pd.DataFrame(reports).T.to_string(float_format="{:.4f}".format))


if __name__ == "__main__":
    main()
