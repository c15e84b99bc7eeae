"""One experiment for any family of synthesizers; ``families.py`` runs five of them through it.

What differs between a VAE, a GAN, a diffusion model, a transformer and somebody else's package is
the step that trains it and the function that samples it; all the rest is here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

import synthproto as sp

TARGET = "health"
UTILITY = "auroc_trees"
SHOWN = {
    "fidelity/mean_js_distance": "JS distance",
    "fidelity/correlation_distance": "correlation distance",
    "fidelity/contingency_similarity": "contingency similarity",
    f"utility/tstr/{UTILITY}": f"AUROC of {TARGET}",
    "privacy/dcr_share/share": "DCR share",
}

Sampler: TypeAlias = Callable[[], pd.DataFrame]


@dataclass(frozen=True)
class Lab:
    """What all experiments have in common; the folder gets one run a family, side by side."""

    real: sp.Table
    holdout: sp.Table
    codec: sp.TableCodec
    plan: sp.TablePlan
    folder: Path

    @property
    def size(self) -> int:
        """Rows of each synthetic table: as many as the holdout has."""
        return len(self.holdout)

    @property
    def one_hot(self) -> list[slice]:
        """Where the categories are in an encoded row."""
        return [block.slice for block in self.codec.blocks if block.form == "one-hot"]


def prepared(frame: pd.DataFrame, folder: Path) -> Lab:
    """Hold a fifth of the rows out, and settle how synthetic tables are judged.

    Scores depend on the number of rows: synthetic tables should be as long as the holdout, whose
    scores are what real rows reach.
    """
    table = sp.Table(frame, sp.TableSpec.infer(frame), name="real table")
    real, holdout = sp.split(table, holdout=0.2)
    plan = sp.TablePlan(
        scores=[
            sp.MeanJSDistance(),
            sp.CorrelationDistance(),
            sp.ContingencySimilarity(),
            sp.TSTR(TARGET, learners=("trees",), seeds=1),
            sp.DCRShare(),
        ],
        plots=[sp.PDFByColumn(), sp.CorrelationHeatmaps()],
    )
    return Lab(real, holdout, sp.TableCodec.fit(real), plan, folder)


def experiment(
    lab: Lab,
    name: str,
    model: sp.TableSynthesizer[sp.Batch, sp.Output, sp.Params],
    params: sp.Params,
    step: sp.TrainingStep[sp.Batch, sp.Output],
    batches: Sequence[sp.Batch] | Callable[[int], Iterable[sp.Batch]],
    epochs: int,
) -> pd.Series:
    """Train a synthesizer of any family, judge it on the way, return the last judgement."""
    return judged(lab, name, step, batches, sp.sampler(model, params), epochs)


def judged(
    lab: Lab,
    name: str,
    step: sp.TrainingStep[sp.Batch, sp.Output],
    batches: Sequence[sp.Batch] | Callable[[int], Iterable[sp.Batch]],
    sample: Sampler,
    epochs: int,
) -> pd.Series:
    """Train whatever can be sampled, judge it four times, return the last judgement."""
    every = max(1, epochs // 4)
    with sp.TensorBoardTracker(lab.folder / name) as tracker:
        trainer = sp.Trainer(
            step=step,
            batches=batches,
            routines=[
                sp.LossRoutine(tracker),
                sp.Every(every, _validation(lab, sample, tracker), first=epochs % every or every),
            ],
            stopper=sp.MaxEpochs(epochs),
        )
        result = trainer.run()
    return _row(name, result.report or {}, result.seconds)


def independent(lab: Lab) -> pd.Series:
    """The baseline, judged likewise: the real columns, each in an order of its own."""
    columns = lab.real.frame.items()
    shuffled = pd.DataFrame(
        {name: np.random.permutation(cells)[: lab.size] for name, cells in columns}
    )
    with sp.TensorBoardTracker(lab.folder / "independent") as tracker:
        report = _validation(lab, lambda: shuffled, tracker).compare()
        report.track(tracker, step=0)
    return _row("independent", report, 0.0)


def reference(lab: Lab) -> pd.Series:
    """What real rows reach: the holdout in place of a synthetic table."""
    report = lab.plan.run(sp.TablePair(lab.real, lab.real, lab.holdout))
    return _row("real rows", report.references, 0.0)


def _validation(lab: Lab, sample: Sampler, tracker: sp.ReportTracker) -> sp.Validation:
    return sp.Validation(
        sample=sample, real=lab.real, holdout=lab.holdout, plan=lab.plan, tracker=tracker
    )


def _row(name: str, scores: Mapping[str, float], seconds: float) -> pd.Series:
    shown = {title: scores[tag] for tag, title in SHOWN.items() if tag in scores}
    return pd.Series({**shown, "seconds": seconds}, name=name)
