from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from synthproto.data.streaming import StreamedBatches
from synthproto.errors import ConformanceError, ParameterError

COUNTS = [5, 1, 8, 3, 7, 4]


class Row(NamedTuple):
    number: Tensor
    twice: Tensor


def read(start: int, count: int) -> Row:
    numbers = torch.arange(start, start + count)
    return Row(numbers, 2.0 * numbers[:, None])


STARTS = [sum(COUNTS[:place]) for place in range(len(COUNTS))]
PIECES: list[Callable[[], Row]] = [
    partial(read, start, count) for start, count in zip(STARTS, COUNTS, strict=True)
]


def numbers(batches: StreamedBatches[Row], epoch: int, start: int = 0) -> list[list[int]]:
    found = list(batches(epoch, start))
    assert all(torch.equal(row.twice[:, 0], 2.0 * row.number) for row in found)
    assert all(isinstance(row, Row) for row in found)
    return [row.number.tolist() for row in found]


@pytest.mark.parametrize("window", [1, 2, 4, 9])
@pytest.mark.parametrize("size", [1, 4, 6, 50])
def test_every_row_comes_once_and_any_start_goes_on_exactly(window: int, size: int) -> None:
    batches = StreamedBatches(PIECES, COUNTS, size, 3, window=window)
    whole = numbers(batches, 2)
    assert sorted(chain(*whole)) == list(range(28))
    assert len(whole) == len(batches) == -(-28 // size)
    assert all(len(batch) == size for batch in whole[:-1])
    for start in range(len(whole) + 1):
        assert numbers(batches, 2, start) == whole[start:]


def test_the_order_is_that_of_seed_and_epoch() -> None:
    first = StreamedBatches(PIECES, COUNTS, 4, 3)
    assert numbers(first, 1) == numbers(StreamedBatches(PIECES, COUNTS, 4, 3), 1)
    assert numbers(first, 1) != numbers(first, 2)
    assert numbers(first, 1) != numbers(StreamedBatches(PIECES, COUNTS, 4, 4), 1)
    plain = StreamedBatches(PIECES, COUNTS, 4, shuffle=False)
    assert list(chain(*numbers(plain, 1))) == list(range(28))


def test_processes_share_each_batch() -> None:
    alone = numbers(StreamedBatches(PIECES, COUNTS, 5, 1), 1)
    shares = [
        numbers(StreamedBatches(PIECES, COUNTS, 5, 1, rank=rank, world=2), 1) for rank in (0, 1)
    ]
    assert [a + b for a, b in zip(*shares, strict=True)] == alone


def test_no_more_than_a_window_is_read_before_the_first_batch() -> None:
    seen = []

    def noted(place: int) -> Row:
        seen.append(place)
        return PIECES[place]()

    pieces = [partial(noted, place) for place in range(6)]
    batches = StreamedBatches(pieces, COUNTS, 2, window=2)
    next(batches(1))
    assert len(seen) == 2
    seen.clear()
    next(batches(1, start=len(batches) - 1))
    assert len(seen) == 2


def test_pieces_of_other_rows_are_named() -> None:
    with pytest.raises(ConformanceError, match=r"piece 1 of StreamedBatches .* of 4 rows"):
        next(StreamedBatches(PIECES[:1], [4], 2)(1))


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(
        ParameterError, match=r"size is at least 1; got 0\. rows are as many"
    ) as caught:
        StreamedBatches(PIECES, [3], 0, -1, rank=2, world=2)
    assert "seed is not negative" in str(caught.value)
    assert "rank 2 of world 2" in str(caught.value)
    with pytest.raises(ParameterError, match="not negative"):
        StreamedBatches(PIECES, COUNTS, 4)(1, -1)


def test_pieces_of_other_tensors_are_refused() -> None:
    pieces = [partial(torch.zeros, 3, 2), partial(torch.zeros, 3, 4)]
    batches = StreamedBatches(pieces, [3, 3], 2, shuffle=False)
    with pytest.raises(ConformanceError, match="piece 2 of StreamedBatches gives other tensors"):
        list(batches(1))


def test_batches_keep_their_rows_when_the_window_goes_on() -> None:
    batches = StreamedBatches(PIECES, COUNTS, 3, window=1)
    held = list(batches(2))
    copies = [batch.number.clone() for batch in held]
    assert all(torch.equal(b.number, copy) for b, copy in zip(held, copies, strict=True))
    assert sorted(torch.cat(copies).tolist()) == list(range(sum(COUNTS)))
