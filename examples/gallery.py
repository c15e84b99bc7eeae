"""Synthesizers of other packages in one comparison, each as it is, in at most six lines.

    pip install npgc nrgboost synthyverse
    python examples/gallery.py

What is not installed is left out. The last one, a diffusion model that trains itself, is compared
during its fit as well. ``ctgan_during_fit.py`` does more of that, ``foreign.py`` joins odd shapes.
"""

import argparse
from collections.abc import Callable
from importlib.util import find_spec

import pandas as pd
from tables import health_insurance

import synthproto as sp

Sampler = Callable[[], pd.DataFrame]


def ctgan(real: sp.Table, effort: int) -> Sampler:
    """A conditional GAN; `TVAE`, its neighbour, likewise."""
    from ctgan import CTGAN

    model = CTGAN(epochs=effort)
    model.fit(real.frame, real.spec.of_kind("categorical", "boolean"))
    return sp.bind(model.sample, len(real))


def npgc(real: sp.Table, effort: int) -> Sampler:  # noqa: ARG001
    """A Gaussian copula of empirical margins."""
    from npgc import NPGC

    model = NPGC(epsilon=None)
    model.fit(real.frame, random_state=0)
    return sp.bind(model.sample, len(real))


def nrgboost(real: sp.Table, effort: int) -> Sampler:
    """Boosted trees of an energy; labels are of dtype category on both sides."""
    from nrgboost import Dataset, NRGBooster

    labels = real.spec.of_kind("categorical", "boolean")
    frame = real.frame.astype(dict.fromkeys(labels, "category"))
    model = NRGBooster.fit(Dataset(frame), {"num_trees": effort}, seed=0)
    return sp.bind(model.sample, len(real), num_steps=50)


def synthyverse(real: sp.Table, effort: int) -> Sampler:
    """A diffusion model for mixed columns; the package's other generators have the same shape."""
    from synthyverse.generators import CDTDGenerator

    model = CDTDGenerator(training_steps=100 * effort, mlp_n_units=128, batch_size=500)
    model.fit(real.frame, list(real.spec.of_kind("categorical", "boolean")))
    return sp.bind(model.generate, len(real))


def during_its_fit(real: sp.Table, plan: sp.TablePlan, effort: int) -> sp.TrainingResult:
    """The same model, compared after every 100 of its own steps.

    Within `fit` it generates codes of labels; what it decodes them with afterwards is there.
    """
    from synthyverse.generators import CDTDGenerator

    model = CDTDGenerator(training_steps=100 * effort, mlp_n_units=128, batch_size=500)
    fit = sp.bind(model.fit, real.frame, list(real.spec.of_kind("categorical", "boolean")))

    with sp.ForeignFit(fit) as step:

        def sample() -> pd.DataFrame:
            made: pd.DataFrame = model.generate(len(real))
            decoded = made if step.finished else model._decode_categoricals(made)
            return model.schema.restore(decoded)

        return sp.Trainer(
            step=step,
            batches=range(100),
            routines=[sp.Validation(sample=sample, real=real, plan=plan)],
            stopper=step.ended,
            progress=False,
        ).run()


def main() -> None:
    """Fit what is installed, and compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--effort", type=int, default=20, help="epochs, trees, hundreds of steps")
    given = parser.parse_args()
    frame = health_insurance().head(given.rows)
    real = sp.Table(frame, sp.TableSpec.infer(frame), name="real table")
    plan = sp.TablePlan(scores=[sp.MeanJSDistance(), sp.CorrelationDistance()])
    reports = {}
    for join in (ctgan, npgc, nrgboost, synthyverse):
        if find_spec(join.__name__) is None:
            print(f"{join.__name__} is not installed")
            continue
        validation = sp.Validation(sample=join(real, given.effort), real=real, plan=plan)
        reports[join.__name__] = dict(validation.compare())
    print(pd.DataFrame(reports).T.to_string(float_format="{:.4f}".format))
    if find_spec("synthyverse") is not None:
        print(during_its_fit(real, plan, given.effort).history.to_string())


if __name__ == "__main__":
    main()
