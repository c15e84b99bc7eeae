"""Two stages: an autoencoder learns a latent space, then a diffusion model learns to sample it.

    python examples/two_stage.py

Two trainers in sequence, in the manner of TabSyn (Zhang et al., "Mixed-Type Tabular Data Synthesis
with Score-based Diffusion in Latent Space", ICLR 2024). Latents have no categories, so the
diffusion model is given no one-hot blocks, and its ``decode`` is the autoencoder's second half.
"""

import argparse
from datetime import datetime
from pathlib import Path
from typing import assert_type

import pandas as pd
import torch
from diffusion_model import Diffusion, DiffusionOutput, DiffusionParams
from tables import health_insurance
from torch import Tensor
from torch.nn import functional as F
from vae import VAE, VAEBatch, VAEOutput

from synthproto import (
    Batches,
    CorrelationDistance,
    Ema,
    Every,
    GradientStep,
    MaxEpochs,
    MeanJSDistance,
    PDFByColumn,
    Table,
    TableCodec,
    TablePlan,
    TableSpec,
    TensorBoardTracker,
    Trainer,
    Validation,
    loss_of,
    sampler,
)


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=20, help="of each stage")
    parser.add_argument("--rows", type=int, help="use only the first rows")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of all runs")
    return parser.parse_args()


def main() -> None:
    """Train one stage after the other."""
    given = arguments()
    frame = health_insurance().head(given.rows)
    torch.manual_seed(0)
    torch.set_num_threads(1)  # matrices this small are quickest on one

    real = Table(frame, TableSpec.infer(frame), name="real table")
    codec = TableCodec.fit(real)
    one_hot = [block.slice for block in codec.blocks if block.form == "one-hot"]
    rows = codec.encode(real)

    vae = VAE(codec.width, one_hot, codec.decode)
    first = Trainer(
        step=GradientStep(
            model=vae,
            loss=lambda output, _: output["reconstruction"] + 0.1 * output["divergence"],
            optimizer=torch.optim.Adam(vae.parameters(), lr=1e-3, fused=True),
        ),
        batches=Batches(VAEBatch(features=rows), size=500),
        stopper=MaxEpochs(given.epochs),
    )
    assert_type(first, Trainer[VAEBatch, VAEOutput])
    print("autoencoder:", first.run())

    with torch.no_grad():
        latents: Tensor = vae.encoder(rows).chunk(2, dim=1)[0]
    mean, scale = latents.mean(0), latents.std(0).clamp(min=1e-3)

    def decode(scaled: Tensor) -> pd.DataFrame:
        """Latents to a table; of each one-hot block a category is drawn."""
        decoded: Tensor = vae.decoder(scaled * scale + mean)
        for block in one_hot:
            drawn = torch.multinomial(decoded[:, block].softmax(1), 1)[:, 0]
            decoded[:, block] = F.one_hot(drawn, block.stop - block.start).to(decoded.dtype)
        return codec.decode(decoded)

    diffusion = Diffusion(latents.shape[1], [], decode)
    with TensorBoardTracker(given.out / f"two-stage-{datetime.now():%Y-%m-%d-%H%M%S}") as tracker:
        validation = Validation(
            sample=sampler(diffusion, DiffusionParams(n_records=2_000)),
            real=real,
            plan=TablePlan(scores=[MeanJSDistance(), CorrelationDistance()], plots=[PDFByColumn()]),
            tracker=tracker,
        )
        second = Trainer(
            step=GradientStep(
                model=diffusion,
                loss=loss_of,
                optimizer=torch.optim.AdamW(diffusion.parameters(), lr=1e-3, fused=True),
                ema=Ema(diffusion, 0.99),
            ),
            batches=Batches((latents - mean) / scale, size=500),
            routines=[Every(5, validation)],
            stopper=MaxEpochs(given.epochs),
        )
        assert_type(second, Trainer[Tensor, DiffusionOutput])
        print("diffusion in its latent space:", second.run())
    print(validation.compare())
    print(f"tensorboard --logdir {given.out}")


if __name__ == "__main__":
    main()
