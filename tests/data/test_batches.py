from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, NotRequired, assert_type

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader, RandomSampler, TensorDataset
from torch.utils.data.distributed import DistributedSampler
from typing_extensions import TypedDict

from synthproto.data.batches import Batches, LoaderBatches, batch_rows, trusted
from synthproto.errors import ConformanceError, ParameterError


class Rows(TypedDict):
    features: Tensor
    target: Tensor


class Pair(NamedTuple):
    features: Tensor
    target: Tensor | None


@dataclass(frozen=True)
class Frozen:
    features: Tensor
    parts: Rows


@dataclass
class Open:
    features: Tensor


def numbers(rows: int) -> Tensor:
    return torch.arange(rows, dtype=torch.float32).reshape(-1, 1)


def order_of(batches: Iterable[Tensor]) -> list[list[int]]:
    return [batch.flatten().int().tolist() for batch in batches]


def flat(lists: Iterable[list[int]]) -> list[int]:
    return list(chain.from_iterable(lists))


def test_every_shape_of_batch_comes_out_as_it_went_in() -> None:
    x, y = numbers(10), torch.arange(10)
    typed = next(Batches(Rows(features=x, target=y), size=4)(1))
    assert assert_type(typed, Rows).keys() == {"features", "target"}
    pair = next(Batches(Pair(x, None), size=4)(1))
    assert isinstance(assert_type(pair, Pair), Pair)
    assert pair.target is None
    frozen = next(Batches(Frozen(x, Rows(features=x, target=y)), size=4)(1))
    assert isinstance(assert_type(frozen, Frozen), Frozen)
    torch.testing.assert_close(frozen.features.flatten().long(), frozen.parts["target"])
    assert len(next(Batches(Open(x), size=4)(1)).features) == 4
    plain = next(Batches((x, y), size=4)(1))
    assert isinstance(assert_type(plain, tuple[Tensor, Tensor]), tuple)
    assert isinstance(next(Batches([x, y], size=4)(1)), list)
    assert_type(next(Batches(x, size=4)(1)), Tensor)


def test_batches_are_a_function_of_the_epoch_for_the_trainer() -> None:
    takes: Callable[[int], Iterable[Rows]] = Batches(
        Rows(features=numbers(3), target=numbers(3)), size=2
    )
    assert [len(batch["features"]) for batch in takes(1)] == [2, 1]


@given(
    rows=st.integers(1, 300),
    size=st.integers(1, 80),
    epoch=st.integers(0, 5),
    start=st.integers(0, 30),
    shuffle=st.booleans(),
)
def test_an_epoch_has_each_row_once_and_may_start_anywhere(
    rows: int, size: int, epoch: int, start: int, shuffle: bool
) -> None:
    batches = Batches(numbers(rows), size=size, seed=3, shuffle=shuffle)
    whole = order_of(batches(epoch))
    assert sorted(flat(whole)) == list(range(rows))
    assert len(whole) == len(batches) == -(-rows // size)
    assert {len(batch) for batch in whole[:-1]} <= {size}
    assert order_of(batches(epoch, start)) == whole[start:]
    assert shuffle or flat(whole) == list(range(rows))


@given(
    rows=st.integers(1, 200),
    size=st.integers(1, 50),
    world=st.integers(1, 5),
    drop_last=st.booleans(),
    start=st.integers(0, 5),
)
def test_processes_share_every_batch(
    rows: int, size: int, world: int, drop_last: bool, start: int
) -> None:
    if size < world or rows < (size if drop_last else world):
        with pytest.raises(ParameterError):
            Batches(numbers(rows), size=size, world=world, drop_last=drop_last)
        return
    alone = order_of(Batches(numbers(rows), size=size, drop_last=drop_last)(2, start))
    shares = [
        Batches(numbers(rows), size=size, drop_last=drop_last, rank=rank, world=world)
        for rank in range(world)
    ]
    parts = [order_of(share(2, start)) for share in shares]
    assert {len(part) for part in parts} == {max(0, len(shares[0]) - start)}
    for together, *split in zip(alone, *parts, strict=False):
        assert flat(split) == together
        assert max(map(len, split)) - min(map(len, split)) <= 1
        assert min(map(len, split)) > 0
    left_out = alone[len(parts[0]) :]
    assert all(len(batch) < world for batch in left_out)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    first = Batches(numbers(100), size=10, seed=1)
    torch.manual_seed(99)
    state = torch.get_rng_state()
    a, b = order_of(first(1)), order_of(first(2))
    assert a != b
    assert order_of(Batches(numbers(100), size=10, seed=1)(1)) == a
    assert order_of(Batches(numbers(100), size=10, seed=2)(1)) not in (a, b)
    assert torch.equal(torch.get_rng_state(), state)
    assert order_of(first(1)) == a


def test_seed_and_epoch_do_not_stand_in_for_each_other() -> None:
    def order(seed: int, epoch: int) -> list[list[int]]:
        return order_of(Batches(numbers(50), size=50, seed=seed)(epoch))

    assert order(0, 1) != order(1, 0)
    assert order(2**40, 1) != order(0, 1)


def test_rows_stay_together_across_items_and_pieces() -> None:
    x = torch.arange(40_000, dtype=torch.int64)
    wide = x.reshape(-1, 1).expand(-1, 30).float()
    seen = Counter[int]()
    for batch in Batches((x, wide), size=300, seed=5)(1):
        assert torch.equal(batch[0].float(), batch[1][:, 7])
        seen.update(batch[0].tolist())
    assert len(seen) == 40_000
    assert set(seen.values()) == {1}


@pytest.mark.parametrize("shuffle", [True, False])
def test_batches_are_copies(shuffle: bool) -> None:
    x = numbers(10)
    for batch in Batches(x, size=3, shuffle=shuffle)(1):
        batch.zero_()
    assert torch.equal(x, numbers(10))


def test_last_batch_can_be_dropped() -> None:
    batches = Batches(numbers(10), size=4, drop_last=True)
    assert [len(batch) for batch in batches(1)] == [4, 4]
    assert len(batches) == 2
    assert (batches.rows, batches.size) == (10, 4)


def test_device_moves_the_data_once() -> None:
    batches = Batches(Rows(features=numbers(4), target=numbers(4)), size=2, device="meta")
    assert {batch["target"].device.type for batch in batches(1)} == {"meta"}


DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("device", DEVICES)
def test_order_is_the_same_on_every_device(device: str) -> None:
    there = Batches(numbers(100), size=7, device=device)
    assert order_of(there(1)) == order_of(Batches(numbers(100), size=7)(1))


def test_unequal_items_are_named_with_their_sizes() -> None:
    with pytest.raises(ParameterError, match=r"batch\['features'\]: 3, batch\['target'\]: 4"):
        Batches(Rows(features=numbers(3), target=numbers(4)), size=2)


def test_all_wrong_arguments_are_told_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        Batches((numbers(3), "label", torch.tensor(1.0)), size=0, seed=-1, rank=2, world=2)
    message = str(caught.value)
    assert "batch[1] is str, not a tensor" in message
    assert "batch[2] has no dimensions" in message
    assert "got -1" in message
    assert "rank 2 of world 2" in message


@pytest.mark.parametrize(
    ("data", "size", "told"),
    [
        (numbers(0), 2, "no rows"),
        (numbers(3), 0, "at least 1"),
        ((), 2, "no tensors"),
        (np.zeros(3), 2, "ndarray, not a tensor"),
    ],
)
def test_data_without_batches_is_refused(data: object, size: int, told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        Batches(data, size=size)


def test_an_epoch_without_a_batch_is_refused() -> None:
    with pytest.raises(ParameterError, match="too few rows for a single batch; got 3"):
        Batches(numbers(3), size=4, drop_last=True)


def test_negative_positions_are_refused_at_once() -> None:
    with pytest.raises(ParameterError, match="got epoch -1, start 0"):
        Batches(numbers(3), size=2)(-1)
    with pytest.raises(ParameterError, match="start -2"):
        trusted(DataLoader(TensorDataset(numbers(3))), list[Tensor])(1, -2)


def test_batch_rows() -> None:
    x = numbers(7)
    assert batch_rows(x) == 7
    assert batch_rows(Rows(features=x, target=x)) == 7
    assert batch_rows(Pair(x, None)) == 7
    assert batch_rows({"nested": [None, (x,)]}) == 7


@pytest.mark.parametrize("nothing", [3, {}, torch.tensor(1.0), None])
def test_a_batch_without_rows_is_refused(nothing: object) -> None:
    with pytest.raises(ConformanceError, match="no rows to count"):
        batch_rows(nothing)


# --- torch's DataLoader ---------------------------------------------------------------------


class Row(TypedDict):
    features: Tensor


class MaybeRow(TypedDict):
    features: Tensor
    weight: NotRequired[Tensor]


class Dicts(torch.utils.data.Dataset[dict[str, Tensor]]):
    def __len__(self) -> int:
        return 20

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"features": torch.tensor([float(index)])}


def loader_of(shuffle: bool = True, generator: torch.Generator | None = None) -> DataLoader[object]:
    return DataLoader(Dicts(), batch_size=6, shuffle=shuffle, generator=generator)


def order_in(batches: Iterable[Row]) -> list[list[int]]:
    return order_of(batch["features"] for batch in batches)


def test_a_loader_gets_its_type() -> None:
    typed = trusted(loader_of(), Row)
    assert_type(typed, LoaderBatches[Row])
    takes: Callable[[int], Iterable[Row]] = typed
    assert sorted(flat(order_in(takes(1)))) == list(range(20))
    assert len(typed) == 4


def test_a_tensor_dataset_gives_lists() -> None:
    loader = DataLoader(TensorDataset(numbers(8), numbers(8)), batch_size=4)
    batches = trusted(loader, list[Tensor])
    assert_type(batches, LoaderBatches[list[Tensor]])
    assert [len(batch) for batch in batches(1)] == [2, 2]
    with pytest.raises(ConformanceError, match=r"batch is declared Row, got list"):
        next(trusted(loader, Row)(1))


@pytest.mark.parametrize("own", [True, False])
def test_order_of_a_loader_is_a_function_of_seed_and_epoch(own: bool) -> None:
    def batches(seed: int) -> LoaderBatches[Row]:
        return trusted(loader_of(generator=torch.Generator() if own else None), Row, seed=seed)

    torch.manual_seed(1)
    first = batches(0)
    a, b = order_in(first(1)), order_in(first(2))
    torch.manual_seed(2)
    assert a != b
    assert order_in(first(1)) == a
    assert order_in(batches(0)(1)) == a
    assert order_in(batches(1)(1)) != a
    assert order_in(first(1, 2)) == a[2:]
    assert order_in(first(1, 9)) == []


@pytest.mark.parametrize("workers", [0, 1])
def test_a_loader_leaves_the_global_generator_alone(workers: int) -> None:
    loader: DataLoader[object] = DataLoader(
        Dicts(),
        batch_size=6,
        shuffle=True,
        num_workers=workers,
    )
    torch.manual_seed(1)
    state = torch.get_rng_state()
    orders = [order_in(trusted(loader, Row)(1)) for _ in range(2)]
    assert torch.equal(torch.get_rng_state(), state)
    assert orders[0] == orders[1]


def test_samplers_with_their_own_generator_or_epoch_are_told() -> None:
    data = Dicts()
    sampler = RandomSampler(data, generator=torch.Generator())
    loader: DataLoader[object] = DataLoader(data, batch_size=6, sampler=sampler)
    batches = trusted(loader, Row)
    assert order_in(batches(1)) == order_in(batches(1)) != order_in(batches(2))
    shares: list[DataLoader[object]] = [
        DataLoader(data, batch_size=6, sampler=DistributedSampler(data, 2, rank))
        for rank in range(2)
    ]
    ranks = [trusted(loader, Row) for loader in shares]
    assert sorted(flat(order_in(ranks[0](1)) + order_in(ranks[1](1)))) == list(range(20))
    assert order_in(ranks[0](1)) != order_in(ranks[0](2))


def test_a_loader_moves_its_batches() -> None:
    moved = next(trusted(loader_of(), Row, device="meta")(1))
    assert moved["features"].device.type == "meta"
    assert set(moved) == {"features"}


def test_an_empty_loader_gives_no_batches() -> None:
    loader = DataLoader(TensorDataset(numbers(0)))
    assert list(trusted(loader, list[Tensor])(1)) == []


def collated(batch: object) -> DataLoader[object]:
    return DataLoader(Dicts(), batch_size=2, collate_fn=lambda _: batch)


@pytest.mark.parametrize(
    ("batch", "promised", "told"),
    [
        ({"feature": numbers(2)}, Row, r"by Row, but missing.* Did you mean 'feature'"),
        ({"features": np.zeros(2)}, Row, r'"features"\] is declared Tensor, got float64 array'),
        ({"features": numbers(1), "weight": 1}, MaybeRow, r'"weight"\] is declared Tensor'),
        (Pair(numbers(2), None), Frozen, "batch is declared Frozen, got Pair"),
        (Frozen(numbers(2), {"features": 1}), Frozen, r'parts\["target"\] .* but missing'),  # type: ignore[typeddict-item]
        ([numbers(2), 1], list[Tensor], r"batch\[1\] is declared Tensor, got int 1"),
        ((numbers(2),), tuple[Tensor, Tensor], r"batch is declared tuple\[.*\], got tuple of 1"),
        (1, Tensor, "batch is declared Tensor, got int 1"),
    ],
)
def test_a_broken_promise_is_told_item_by_item(
    batch: object, promised: type[object], told: str
) -> None:
    with pytest.raises(ConformanceError, match=told):
        next(trusted(collated(batch), promised)(1))


@pytest.mark.parametrize(
    ("batch", "promised"),
    [
        ({"features": numbers(2)}, MaybeRow),
        (Pair(numbers(2), None), Pair),
        (Frozen(numbers(2), Rows(features=numbers(2), target=numbers(2))), Frozen),
        ((numbers(2), numbers(2)), tuple[Tensor, ...]),
        ({"a": numbers(2)}, dict[str, Tensor]),
    ],
)
def test_a_kept_promise_passes(batch: object, promised: type[object]) -> None:
    assert type(next(trusted(collated(batch), promised)(1))) is type(batch)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ParameterError, match="got -1"):
        trusted(loader_of(), Row, seed=-1)
