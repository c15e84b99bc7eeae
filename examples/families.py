"""Five families of synthesizers in one experiment: one table, one TensorBoard.

    python examples/families.py

A VAE, a WGAN-GP, a diffusion model, a transformer and the CTGAN of the ctgan package, beside what
each should be better than on pairs: every column drawn by itself. See ``experiment.py``.
"""

import argparse
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from ctgan import CTGAN
from diffusion_model import Diffusion, DiffusionParams
from experiment import Lab, experiment, independent, judged, prepared, reference
from tables import health_insurance
from torch.optim import Adam
from torch.optim.lr_scheduler import OneCycleLR
from transformer import Transformer, TransformerParams, Vocabulary
from vae import VAE, VAEBatch, VAEParams
from wgan import Critic, Generator, WGANParams

import synthproto as sp


def vae(lab: Lab, epochs: int = 60) -> pd.Series:
    """A variational autoencoder: its output carries the loss."""
    model = VAE(lab.codec.width, lab.one_hot, lab.codec.decode)
    optimizer = Adam(model.parameters(), fused=True)
    step = sp.GradientStep(model=model, loss=sp.loss_of, optimizer=optimizer)
    batches = sp.Batches(VAEBatch(features=lab.codec.encode(lab.real)), size=500)
    return experiment(lab, "VAE", model, VAEParams(lab.size), step, batches, epochs)


def wgan(lab: Lab, epochs: int = 60) -> pd.Series:
    """A Wasserstein GAN: two networks, two optimizers, averaged weights of the generator."""
    generator = Generator(lab.codec.width, lab.one_hot, lab.codec.decode)
    critic = Critic(lab.codec.width)
    adam = partial(Adam, lr=5e-4, betas=(0.5, 0.9), fused=True)
    step = sp.AdversarialStep(
        generator=generator,
        critic=critic,
        generator_loss=critic.generator_loss,
        critic_loss=critic.critic_loss,
        generator_optimizer=adam(generator.parameters()),
        critic_optimizer=adam(critic.parameters()),
        ema=sp.Ema(generator, decay=0.99),
    )
    batches = sp.Batches(lab.codec.encode(lab.real), size=500)
    return experiment(lab, "WGAN-GP", generator, WGANParams(lab.size), step, batches, epochs)


def diffusion(lab: Lab, epochs: int = 40) -> pd.Series:
    """A diffusion model, sampled with averaged weights."""
    model = Diffusion(lab.codec.width, lab.one_hot, lab.codec.decode, steps=50)
    optimizer = Adam(model.parameters(), lr=2e-3, fused=True)
    ema = sp.Ema(model, decay=0.999)
    step = sp.GradientStep(model=model, loss=sp.loss_of, optimizer=optimizer, ema=ema)
    batches = sp.Batches(lab.codec.encode(lab.real), size=500)
    return experiment(lab, "diffusion", model, DiffusionParams(lab.size), step, batches, epochs)


def transformer(lab: Lab, epochs: int = 8) -> pd.Series:
    """An autoregressive transformer over words, its learning rate warmed up and let fall."""
    words = Vocabulary(lab.real.frame)
    model = Transformer(words.sizes, words.decode)
    batches = sp.Batches(words.encode(lab.real.frame), size=500)
    optimizer = Adam(model.parameters(), fused=True)
    rate = sp.PerStep(OneCycleLR(optimizer, 2e-3, total_steps=epochs * len(batches), pct_start=0.1))
    step = sp.GradientStep(model=model, loss=sp.loss_of, optimizer=optimizer, scheduler=rate)
    return experiment(lab, "transformer", model, TransformerParams(lab.size), step, batches, epochs)


def ctgan(lab: Lab, epochs: int = 12) -> pd.Series:
    """A package's own training loop on words, unchanged: each step lets it make six updates."""
    words, columns = Vocabulary(lab.real.frame, words=30), list(lab.real.spec.names)
    frame = pd.DataFrame(words.encode(lab.real.frame).numpy(), columns=columns)
    model = CTGAN(
        epochs=epochs,
        pac=1,
        discriminator_steps=5,
        discriminator_lr=1e-3,
        generator_lr=5e-4,
        log_frequency=False,
    )
    batches = range(max(1, len(frame) // 500))

    def sample() -> pd.DataFrame:
        rows = model.sample(lab.size)[columns]
        return words.decode(torch.from_numpy(rows.to_numpy()))

    with sp.ForeignFit(sp.bind(model.fit, frame, columns), updates=6) as step:
        return judged(lab, "CTGAN", step, batches, sample, epochs)


def main() -> None:
    """Run all experiments and print their last scores in one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, help="use only the first rows")
    parser.add_argument("--epochs", type=int, help="of every family")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of all runs")
    given = parser.parse_args()
    torch.manual_seed(0)
    np.random.seed(0)
    torch.set_num_threads(1)  # matrices this small are quickest on one
    folder = given.out / f"families-{datetime.now():%Y-%m-%d-%H%M%S}"
    lab = prepared(health_insurance().head(given.rows), folder)
    changed = {} if given.epochs is None else {"epochs": given.epochs}
    trained = [family(lab, **changed) for family in (vae, wgan, diffusion, transformer, ctgan)]
    rows = [reference(lab), independent(lab), *trained]
    print(pd.DataFrame(rows).to_string(float_format="{:.3f}".format))
    print(f"tensorboard --logdir {folder}")


if __name__ == "__main__":
    main()
