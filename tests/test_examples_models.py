"""The examples' model files: each learns, each script runs on few rows, foreign models join."""

import runpy
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

import synthproto as sp

NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
on_devices = pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=NO_CUDA)])

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))

from diffusion_model import Diffusion, DiffusionParams  # noqa: E402  scripts are no package
from transformer import Transformer, TransformerParams, Vocabulary  # noqa: E402
from wgan import Critic, Generator, WGANParams  # noqa: E402


@pytest.fixture(scope="module")
def real() -> sp.Table:
    """Two columns of which each tells nearly all of the other, and a third."""
    rng = np.random.default_rng(0)
    size = rng.normal(0, 1, 1500)
    frame = pd.DataFrame(
        {
            "size": size,
            "class": np.where(size + rng.normal(0, 0.2, 1500) > 0, "large", "small"),
            "count": rng.poisson(np.exp(size.clip(-1, 2))),
        }
    )
    return sp.Table(frame, sp.TableSpec.infer(frame), name="real table")


@pytest.fixture(scope="module")
def codec(real: sp.Table) -> sp.TableCodec:
    return sp.TableCodec.fit(real)


def one_hot(codec: sp.TableCodec) -> list[slice]:
    return [block.slice for block in codec.blocks if block.form == "one-hot"]


def pair_distance(real: sp.Table, frame: pd.DataFrame) -> float:
    synthetic = sp.Table(frame, real.spec, name="synthetic table")
    return sp.CorrelationDistance()(sp.TablePair(real, synthetic))


def shuffled(real: sp.Table) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame({name: rng.permutation(cells) for name, cells in real.frame.items()})


def trained(
    step: sp.TrainingStep[Tensor, sp.Output],
    batches: Callable[[int], Iterable[Tensor]],
    sample: Callable[[], pd.DataFrame],
    epochs: int,
) -> pd.DataFrame:
    sp.Trainer(step=step, batches=batches, stopper=sp.MaxEpochs(epochs), progress=False).run()
    torch.manual_seed(1)
    with step.evaluation(), torch.no_grad():
        return sample()


@on_devices
def test_the_diffusion_model_learns_pairs(
    real: sp.Table, codec: sp.TableCodec, device: str
) -> None:
    torch.manual_seed(0)
    model = Diffusion(codec.width, one_hot(codec), codec.decode, steps=10, hidden=64).to(device)
    step = sp.GradientStep(
        model=model,
        loss=sp.loss_of,
        optimizer=torch.optim.Adam(model.parameters(), lr=3e-3),
        ema=sp.Ema(model, 0.98),
    )
    batches = sp.Batches(codec.encode(real), size=250, device=device)
    made = trained(step, batches, lambda: model.generate(DiffusionParams(1500)), epochs=20)
    assert pair_distance(real, made) < 0.4 * pair_distance(real, shuffled(real))


@on_devices
def test_the_transformer_learns_pairs(real: sp.Table, device: str) -> None:
    torch.manual_seed(0)
    words = Vocabulary(real.frame, words=20)
    model = Transformer(words.sizes, words.decode, width=32, depth=1).to(device)
    step = sp.GradientStep(
        model=model, loss=sp.loss_of, optimizer=torch.optim.Adam(model.parameters(), lr=5e-3)
    )
    batches = sp.Batches(words.encode(real.frame), size=250, device=device)
    made = trained(step, batches, lambda: model.generate(TransformerParams(1500)), epochs=12)
    assert pair_distance(real, made) < 0.4 * pair_distance(real, shuffled(real))


@on_devices
def test_the_wgan_learns_pairs(real: sp.Table, codec: sp.TableCodec, device: str) -> None:
    torch.manual_seed(0)
    generator = Generator(codec.width, one_hot(codec), codec.decode, noise=8, hidden=64)
    generator.to(device)
    critic = Critic(codec.width, hidden=64).to(device)
    step = sp.AdversarialStep(
        generator=generator,
        critic=critic,
        generator_loss=critic.generator_loss,
        critic_loss=critic.critic_loss,
        generator_optimizer=torch.optim.Adam(generator.parameters(), 2e-3, (0.5, 0.9)),
        critic_optimizer=torch.optim.Adam(critic.parameters(), 2e-3, (0.5, 0.9)),
        ema=sp.Ema(generator, 0.95),
    )
    batches = sp.Batches(codec.encode(real), size=250, device=device)
    made = trained(step, batches, lambda: generator.generate(WGANParams(1500)), epochs=50)
    assert pair_distance(real, made) < 0.5 * pair_distance(real, shuffled(real))


def test_words_are_the_cells_again(real: sp.Table) -> None:
    words = Vocabulary(real.frame, words=2000)
    pd.testing.assert_frame_equal(words.decode(words.encode(real.frame)), real.frame)


def test_ranges_of_words_keep_order_dtype_and_heaps(real: sp.Table) -> None:
    words = Vocabulary(real.frame, words=10)
    decoded = words.decode(words.encode(real.frame))
    assert max(words.sizes) <= 10
    assert decoded.dtypes.equals(real.frame.dtypes)
    assert decoded["size"].corr(real.frame["size"], method="spearman") > 0.95
    zeros = (real.frame["count"] == 0).mean()
    assert (decoded["count"] == 0).mean() == pytest.approx(zeros, abs=0.02)


def test_noise_is_undone_to_the_clean_categories_at_the_first_level() -> None:
    """One step before the first level nothing is noised: the posterior is the clean category."""
    model = Diffusion(3, [slice(0, 3)], lambda rows: pd.DataFrame(rows.numpy()), steps=10)
    noised, clean = torch.eye(3)[[0, 1]], torch.eye(3)[[0, 2]]
    before = model._before(noised, clean, torch.tensor([1, 1]))
    torch.testing.assert_close(before, clean)
    late = model._before(noised, clean, torch.tensor([10, 10]))
    torch.testing.assert_close(late.sum(1), torch.ones(2))


def test_a_column_is_drawn_from_its_own_words_only() -> None:
    torch.manual_seed(0)
    model = Transformer([2, 5, 3], lambda words: pd.DataFrame(words.numpy()), width=8, depth=1)
    drawn = model.generate(TransformerParams(500))
    assert drawn.max().tolist() == [1, 4, 2]
    assert drawn.min().tolist() == [0, 0, 0]


def test_a_columns_likelihood_depends_on_earlier_columns_only() -> None:
    torch.manual_seed(0)
    model = Transformer([4, 4, 4], lambda words: pd.DataFrame(words.numpy()), width=8, depth=2)
    words = torch.tensor([[0, 1, 2], [0, 1, 3], [0, 2, 2]])
    logits = model(words).logits
    torch.testing.assert_close(logits[0], logits[1])
    torch.testing.assert_close(logits[0, :2], logits[2, :2])
    assert not torch.allclose(logits[0, 2, 8:], logits[2, 2, 8:])


@pytest.mark.interpreter_independent
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["families.py", "--epochs", "1"],
            ["real rows", "independent", "VAE", "WGAN-GP", "diffusion", "transformer", "CTGAN"],
        ),
        (["sweep.py", "--trials", "8", "--epochs", "5"], ["PRUNED", "COMPLETE"]),
        (["foreign.py", "--epochs", "1"], ["from_a_script", "ctgan", "any_function"]),
        (
            ["ctgan_during_fit.py", "--epochs", "3", "--every", "1"],
            ["train/critic", "fidelity/mean_js_distance", "3 epochs"],
        ),
        pytest.param(
            ["gallery.py", "--effort", "1"],
            ["ctgan", "npgc", "nrgboost", "synthyverse", "fidelity/correlation_distance"],
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_the_script_runs(
    arguments: list[str],
    expected: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [*arguments, "--rows", "250"])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(sklearn|rdt|ctgan)\..*")
        runpy.run_path(str(EXAMPLES / arguments[0]), run_name="__main__")
    printed = capsys.readouterr().out
    for text in expected:
        assert text in printed
