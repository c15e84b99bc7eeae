"""Parity: ctgan's own networks, trained by our trainer, end bit-identical to its ``fit``."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from ctgan import CTGAN, TVAE
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from synthproto.contracts import EpochEvent, Update
from synthproto.training.models import evaluated
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import MaxEpochs
from synthproto.training.trainer import Trainer

EPOCHS = 2
# Untyped: their networks and helpers are not meant for others.
tvae_module: Any = import_module("ctgan.synthesizers.tvae")
ctgan_module: Any = import_module("ctgan.synthesizers.ctgan")
DataSampler: Any = import_module("ctgan.data_sampler").DataSampler
DataTransformer: Any = import_module("ctgan.data_transformer").DataTransformer


def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": random.normal(size=120),
            "b": random.gamma(2.0, size=120),
            "c": random.choice(["x", "y", "z"], 120),
        }
    )


def seed() -> None:
    np.random.seed(3)
    torch.manual_seed(3)


def assert_same(one: nn.Module, other: nn.Module) -> None:
    pairs = zip(one.state_dict().items(), other.state_dict().values(), strict=True)
    assert [name for (name, a), b in pairs if not torch.equal(a, b)] == []


class Rows(NamedTuple):
    x: Tensor


class Loss(NamedTuple):
    loss: Tensor


class AutoEncoder(nn.Module):
    """TVAE's encoder, decoder and loss, as they are."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, transformer: Any) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self._columns = transformer.output_info_list

    def forward(self, batch: Rows) -> Loss:
        mu, std, logvar = self.encoder(batch.x)
        eps = torch.randn_like(std)
        rec, sigmas = self.decoder(eps * std + mu)
        parts = tvae_module._loss_function(rec, batch.x, sigmas, mu, logvar, self._columns, 2)
        return Loss(loss=parts[0] + parts[1])


def test_tvae() -> None:
    table, discrete = frame(), ["c"]
    seed()
    theirs: Any = TVAE(epochs=EPOCHS, batch_size=50, enable_gpu=False)
    theirs.fit(table, discrete)

    seed()
    transformer = DataTransformer()
    transformer.fit(table, discrete)
    rows = torch.from_numpy(transformer.transform(table).astype("float32"))
    loader = DataLoader(TensorDataset(rows), batch_size=50, shuffle=True)
    encoder = tvae_module.Encoder(transformer.output_dimensions, (128, 128), 128)
    decoder = tvae_module.Decoder(128, (128, 128), transformer.output_dimensions)
    model = AutoEncoder(encoder, decoder, transformer)
    Trainer(
        step=GradientStep(
            model=model,
            loss=loss_of,
            optimizer=torch.optim.Adam(model.parameters(), weight_decay=1e-5),
            after=lambda: decoder.sigma.data.clamp_(0.01, 1.0),
        ),
        batches=lambda _: (Rows(x) for (x,) in loader),
        stopper=MaxEpochs(EPOCHS),
        seed=None,
        progress=False,
    ).run()
    assert_same(decoder, theirs.decoder)


class CriticStep:
    """CTGAN's step: draws its rows itself, two optimizers, two backward passes for the critic."""

    def __init__(self, gan: Any, transformer: Any, rows: Any) -> None:
        self.gan, self.rows = gan, rows
        self.sampler: Any = DataSampler(rows, transformer.output_info_list, True)
        gan._data_sampler = self.sampler
        gan._transformer = transformer
        width, condition = transformer.output_dimensions, self.sampler.dim_cond_vec()
        self.generator = ctgan_module.Generator(128 + condition, (256, 256), width)
        self.critic = ctgan_module.Discriminator(width + condition, (256, 256), pac=10)
        self.of_generator, self.of_critic = (
            torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.9), weight_decay=1e-6)
            for net in (self.generator, self.critic)
        )

    def noise(self) -> tuple[Tensor, Tensor, Tensor, Any, Any]:
        size = self.gan._batch_size
        fakez = torch.normal(mean=torch.zeros(size, 128), std=torch.ones(size, 128))
        c1, m1, col, opt = self.sampler.sample_condvec(size)
        condition = torch.from_numpy(c1)
        return torch.cat([fakez, condition], 1), condition, torch.from_numpy(m1), col, opt

    def update(self, batch: int, /) -> Update[Tensor]:
        z, condition, _, col, opt = self.noise()
        order = np.arange(self.gan._batch_size)
        np.random.shuffle(order)
        real = self.sampler.sample_data(self.rows, len(order), col[order], opt[order])
        fake = self.gan._apply_activate(self.generator(z))
        real_cat = torch.cat([torch.from_numpy(real.astype("float32")), condition[order]], 1)
        fake_cat = torch.cat([fake, condition], 1)
        y_fake, y_real = self.critic(fake_cat), self.critic(real_cat)
        penalty = self.critic.calc_gradient_penalty(real_cat, fake_cat, "cpu", 10)
        critic_loss = -(y_real.mean() - y_fake.mean())
        self.of_critic.zero_grad(set_to_none=False)
        penalty.backward(retain_graph=True)
        critic_loss.backward()
        self.of_critic.step()

        z, condition, mask, _, _ = self.noise()
        raw = self.generator(z)
        fake = self.gan._apply_activate(raw)
        y_fake = self.critic(torch.cat([fake, condition], 1))
        loss = -y_fake.mean() + self.gan._cond_loss(raw, condition, mask)
        self.of_generator.zero_grad(set_to_none=False)
        loss.backward()
        self.of_generator.step()
        return Update(fake, {"critic": critic_loss.detach(), "generator": loss.detach()})

    def end_epoch(self, event: EpochEvent, /) -> None: ...

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        with evaluated(self.generator, self.critic):
            yield

    def state_dict(self) -> dict[str, object]:
        return {"generator": self.generator.state_dict(), "critic": self.critic.state_dict()}

    def load_state_dict(self, state: dict[str, object], /) -> None: ...


def test_ctgan() -> None:
    table, discrete = frame(), ["c"]
    seed()
    theirs: Any = CTGAN(epochs=EPOCHS, batch_size=40, enable_gpu=False)
    theirs.fit(table, discrete)

    seed()
    transformer = DataTransformer()
    transformer.fit(table, discrete)
    rows = transformer.transform(table)
    step = CriticStep(CTGAN(batch_size=40, enable_gpu=False), transformer, rows)
    result = Trainer(
        step=step,
        batches=range(len(rows) // 40),
        stopper=MaxEpochs(EPOCHS),
        seed=None,
        progress=False,
    ).run()
    assert_same(step.generator, theirs._generator)
    assert {"train/critic", "train/generator"} <= set(result.history)
