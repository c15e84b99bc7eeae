"""Every public part in every seat: generated, so that no part and no seat is forgotten.

`fits.txt` says which parts fit each seat. Every other pair has to be refused by every checker, and
each of these to be accepted.

    python -m typecheck.joints     # write fits.txt anew as mypy sees it, to read what changed
"""

import ast
import tempfile
from collections.abc import Mapping
from pathlib import Path

import synthproto
from typecheck.checkers import CHECKERS, Checker

HERE = Path(__file__).resolve().parent
FITS = HERE / "fits.txt"
MADE = {
    "AdaptedModel": "AdaptedModel(forward=VAE_MODEL.forward, module=VAE_MODEL)",
    "AdversarialStep": "VAE_STEP",
    "Activations": 'Activations(VAE_MODEL, ["layer"], MemoryTracker())',
    "AllOf": "AllOf(MaxEpochs(1))",
    "AnyOf": "AnyOf(MaxEpochs(1))",
    "Within": 'Within("sex", ShapeDistance())',
    "AttributeInference": 'AttributeInference(("sex",))',
    "Background": "Background(MemoryTracker())",
    "BatchScores": 'BatchScores(model=VAE_MODEL, batches=VAE_BATCHES, scores={"loss": loss_of})',
    "Batches": "Batches(VAEBatch(features=ROWS), 2)",
    "Checkpoints": 'Checkpoints("runs")',
    "Complement": "Complement(JSDistance())",
    "Ema": "Ema(VAE_MODEL, 0.9)",
    "Every": "Every(2, LossRoutine(MemoryTracker()))",
    "FilesystemTracker": 'FilesystemTracker("runs")',
    "ForeignFit": "ForeignFit(print)",
    "GradientHistograms": "GradientHistograms(VAE_MODEL, MemoryTracker())",
    "GradientNorms": "GradientNorms(VAE_MODEL, MemoryTracker())",
    "GradientStep": "VAE_STEP",
    "KeepBest": "KeepBest(VAE_MODEL, train_loss)",
    "LearningRate": "LearningRate(ADAM, MemoryTracker())",
    "LossCallback": "LossCallback(MemoryTracker())",
    "LossRoutine": "LossRoutine(MemoryTracker())",
    "MaxEpochs": "MaxEpochs(1)",
    "MaxSteps": "MaxSteps(1)",
    "Mean": "Mean(JSDistance())",
    "MlflowTracker": 'MlflowTracker("name")',
    "OnPlateau": "OnPlateau(PLATEAU, train_loss)",
    "OutputScalars": 'OutputScalars(VAE_MODEL, MemoryTracker(), {"loss": lambda output: 0.0})',
    "PaperRow": 'PaperRow("sex")',
    "PaperTable": "PaperTable({})",
    "ParameterHistograms": "ParameterHistograms(VAE_MODEL, MemoryTracker())",
    "Patience": "Patience(train_loss)",
    "PerStep": "PerStep(SCHEDULE)",
    "Plan": "TablePlan()",
    "Predicate": 'Predicate("any", lambda tensor: True)',
    "Report": "Report({})",
    "Sampled": "Sampled(MeanJSDistance())",
    "Scan": "Scan([FRAME.copy], SPEC)",
    "StreamedBatches": "StreamedBatches([lambda: VAEBatch(features=ROWS)], [2], 2)",
    "TSTR": 'TSTR("sex")',
    "TRTR": 'TRTR("sex")',
    "Table": "REAL",
    "TableCodec": "TableCodec.fit(REAL)",
    "Pair": "Pair(REAL, REAL)",
    "TableSpec": "SPEC",
    "Target": "Target(train_loss, 0.1)",
    "Tee": "Tee(MemoryTracker())",
    "TensorBoardTracker": 'TensorBoardTracker("runs")',
    "Throughput": "Throughput(MemoryTracker())",
    "TimeLimit": "TimeLimit(1.0)",
    "Trainer": "Trainer(step=VAE_STEP, batches=VAE_BATCHES, stopper=MaxEpochs(1))",
    "UtilityGap": 'UtilityGap("sex")',
    "UtilityTable": 'UtilityTable("sex")',
    "Validation": "Validation(sample=SAMPLE, real=REAL, plan=TablePlan())",
}
"""How parts are made that need arguments; the others are made without any."""

FOREIGN = {
    "a_frame": "FRAME",
    "a_name": '"age"',
    "a_number": "3",
    "a_tensor": "ROWS",
    "a_model": "VAE_MODEL",
    "an_optimizer": "ADAM",
    "a_loader": "DataLoader(TensorDataset(ROWS))",
    "a_class": "MeanJSDistance",
    "a_function_of_an_epoch": "on_epoch",
    "a_function_of_a_step": "on_vae_step",
    "a_function_of_another_step": "on_other_batch",
    "a_function_of_images": "brightness",
    "a_sampler": "SAMPLE",
    "a_loss": "loss_of",
    "a_monitor": "train_loss",
    "batches_of_dicts": "VAE_BATCHES",
    "some_names": '["sex"]',
}
"""What people pass that is no part of the library."""

NOT_MADE = {
    "Block": "is made by a codec",
    "Picture": "is made by plots",
    "Summary": "is a protocol",
    "TrainingResult": "is made by a trainer",
}

_TRAINED = "Trainer(step=VAE_STEP, batches=VAE_BATCHES, stopper=MaxEpochs(1), {})"
_STEP = "GradientStep(model=VAE_MODEL, loss=loss_of, optimizer=ADAM, {})"
_COMPARED = "Validation(sample=SAMPLE, real=REAL, plan=TablePlan(), {})"
SEATS = {
    "Trainer step": "Trainer(step={}, batches=VAE_BATCHES, stopper=MaxEpochs(1))",
    "Trainer batches": "Trainer(step=VAE_STEP, batches={}, stopper=MaxEpochs(1))",
    "Trainer stopper": "Trainer(step=VAE_STEP, batches=VAE_BATCHES, stopper={})",
    "Trainer callbacks": _TRAINED.format("callbacks={}"),
    "Trainer callbacks, one": _TRAINED.format("callbacks=[{}]"),
    "Trainer routines": _TRAINED.format("routines={}"),
    "Trainer routines, one": _TRAINED.format("routines=[{}]"),
    "Trainer progress": _TRAINED.format("progress={}"),
    "Trainer checkpoints": _TRAINED.format("checkpoints={}"),
    "Trainer processes": _TRAINED.format("processes={}"),
    "GradientStep model": "GradientStep(model={}, loss=loss_of, optimizer=ADAM)",
    "GradientStep loss": "GradientStep(model=VAE_MODEL, loss={}, optimizer=ADAM)",
    "GradientStep optimizer": "GradientStep(model=VAE_MODEL, loss=loss_of, optimizer={})",
    "GradientStep scheduler": _STEP.format("scheduler={}"),
    "GradientStep ema": _STEP.format("ema={}"),
    "Validation sample": "Validation(sample={}, real=REAL, plan=TablePlan())",
    "Validation real": "Validation(sample=SAMPLE, real={}, plan=TablePlan())",
    "Validation plan": "Validation(sample=SAMPLE, real=REAL, plan={})",
    "Validation tracker": _COMPARED.format("tracker={}"),
    "Validation holdout": _COMPARED.format("holdout={}"),
    "Validation.monitor score": "VALIDATION.monitor({})",
    "BatchScores model": 'BatchScores(model={}, batches=VAE_BATCHES, scores={{"a": loss_of}})',
    "BatchScores batches": 'BatchScores(model=VAE_MODEL, batches={}, scores={{"a": loss_of}})',
    "BatchScores scores": "BatchScores(model=VAE_MODEL, batches=VAE_BATCHES, scores={})",
    "TablePlan scores": "TablePlan(scores={})",
    "TablePlan scores, one": "TablePlan(scores=[{}])",
    "TablePlan arrays, one": "TablePlan(arrays=[{}])",
    "TablePlan plots, one": "TablePlan(plots=[{}])",
    "TablePlan.run": "TablePlan().run({})",
    "TablePair real": "TablePair({}, REAL)",
    "TablePair synthetic": "TablePair(REAL, {})",
    "TablePair holdout": "TablePair(REAL, REAL, {})",
    "Table frame": "Table({}, SPEC)",
    "Table spec": "Table(FRAME, {})",
    "TableCodec.fit": "TableCodec.fit({})",
    "TableSpec.infer frame": "TableSpec.infer({})",
    "TableSpec.infer categorical": "TableSpec.infer(FRAME, categorical={})",
    "default_plan spec": "default_plan({})",
    "Mean of": "Mean({})",
    "Complement of": "Complement({})",
    "Every every": "Every({}, on_epoch)",
    "Every among callbacks": _TRAINED.format("callbacks=[Every(2, {})]"),
    "Every among routines": _TRAINED.format("routines=[Every(2, {})]"),
    "LossRoutine tracker": "LossRoutine({})",
    "LossCallback tracker": "LossCallback({})",
    "GradientNorms model": "GradientNorms({}, MemoryTracker())",
    "GradientNorms tracker": "GradientNorms(VAE_MODEL, {})",
    "LearningRate optimizer": "LearningRate({}, MemoryTracker())",
    "Activations modules": "Activations(VAE_MODEL, {}, MemoryTracker())",
    "OutputScalars model": 'OutputScalars({}, MemoryTracker(), {{"a": lambda output: 0.0}})',
    "OutputScalars values": "OutputScalars(VAE_MODEL, MemoryTracker(), {})",
    "Tee": "Tee({})",
    "Background": "Background({})",
    "Report.track": "Report({{}}).track({}, 1)",
    "AnyOf": "AnyOf({})",
    "AllOf": "AllOf({})",
    "Patience monitor": "Patience({})",
    "Target monitor": "Target({}, 0.5)",
    "OnPlateau monitor": "OnPlateau(PLATEAU, {})",
    "PerStep": "PerStep({})",
    "KeepBest model": "KeepBest({}, train_loss)",
    "KeepBest monitor": "KeepBest(VAE_MODEL, {})",
    "Ema model": "Ema({}, 0.9)",
    "sampler model": "sampler({}, VAEParams(3))",
    "sampler params": "sampler(VAE_MODEL, {})",
    "ForeignFit fit": "ForeignFit({})",
    "AdaptedModel module": "AdaptedModel(forward=VAE_MODEL.forward, module={})",
    "trusted loader": "trusted({}, list[Tensor])",
    "Batches size": "Batches(ROWS, {})",
    "MaxEpochs": "MaxEpochs({})",
    "Checkpoints folder": "Checkpoints({})",
    "TensorBoardTracker folder": "TensorBoardTracker({})",
}
"""An argument of each public constructor and function, the part being the gap."""

HEAD = """
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR
from torch.utils.data import DataLoader, TensorDataset
from synthproto import *
from typecheck.parts import (
    ADAM, FRAME, REAL, ROWS, SPEC, VAE_BATCHES, VAE_MODEL, VAE_STEP, VAEBatch, VAEParams,
    brightness, on_epoch, on_other_batch, on_vae_step,
)
SCHEDULE = StepLR(ADAM, 1)
PLATEAU = ReduceLROnPlateau(ADAM)
SAMPLE = sampler(VAE_MODEL, VAEParams(n_records=10))
VALIDATION = Validation(sample=SAMPLE, real=REAL, plan=TablePlan())
"""


def parts() -> Mapping[str, str]:
    """How each public class of the library is made, and what people pass instead."""
    own = {
        name: MADE.get(name, f"{name}()")
        for name in dir(synthproto)
        if isinstance(value := getattr(synthproto, name), type)
        and value.__module__.startswith("synthproto.")
        and value.__module__ not in ("synthproto.contracts", "synthproto.errors")
        and name not in NOT_MADE
    }
    return own | FOREIGN


def emptied(call: str) -> str:
    """A seat's call without the argument that is its gap."""
    node = ast.parse(call.format("GAP"), mode="eval").body
    assert isinstance(node, ast.Call)
    node.args = [each for each in node.args if "GAP" not in ast.unparse(each)]
    node.keywords = [each for each in node.keywords if "GAP" not in ast.unparse(each)]
    return ast.unparse(node)


def script() -> tuple[str, dict[int, tuple[str, str]]]:
    """Every part in every seat, a line each; and which line is which pair."""
    names = ", ".join(sorted(set(dir(synthproto)) - {"__version__"}))
    lines = HEAD.strip().replace("import *", f"import ({names})").splitlines()
    pairs = {}
    lines += [f"p_{name} = {made}" for name, made in parts().items()]
    for seat, call in SEATS.items():
        filled = {name: call.format(f"p_{name}") for name in parts()}
        for name, line in (filled | {"nothing": emptied(call)}).items():
            lines.append(line)
            pairs[len(lines)] = (seat, name)
    return "\n".join(lines) + "\n", pairs


def pairs_of(refused: set[int], pairs: Mapping[int, tuple[str, str]]) -> dict[str, set[str]]:
    """Parts by seat, those in refused lines left out."""
    found: dict[str, set[str]] = {}
    for line, (seat, name) in pairs.items():
        if line not in refused:
            found.setdefault(seat, set()).add(name)
    return found


def fits() -> dict[str, set[str]]:
    """Parts that fit each seat, as fits.txt says."""
    rows = (line.partition(":")[::2] for line in FITS.read_text().splitlines())
    return {seat: set(names.split()) for seat, names in rows}


def refused(checker: Checker, folder: Path) -> set[int]:
    """Lines of the script that a checker refuses.

    Args:
        checker: Which one.
        folder: Where the script is written.
    """
    path = folder / "all_joints.py"
    path.write_text(script()[0])
    return {line for (_, line) in checker.run([path])}


def main() -> None:
    """Write fits.txt."""
    with tempfile.TemporaryDirectory() as folder:
        mypy = next(checker for checker in CHECKERS if checker.name == "mypy")
        found = pairs_of(refused(mypy, Path(folder)), script()[1])
    lines = [f"{seat}: {' '.join(sorted(found.get(seat, ())))}".strip() for seat in SEATS]
    FITS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
