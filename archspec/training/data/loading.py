"""Images from this process or from others, the same ones in the same order.

Workers are processes that start afresh (`spawn`), since torch's threads do not survive a fork; they stay for the run.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from archspec.errors import DataError
from archspec.spec.augmenting import Augment, View
from archspec.training.data.source import Split
from archspec.training.data.transforms import Draw, Eye

PIECE = 32
"""Images that a worker prepares at a time."""
AHEAD = 4
"""Pieces that each worker is ahead."""

Piece: TypeAlias = tuple[Tensor, Tensor]
"""Pixels (images, rows, columns, channels) in bytes, and classes."""


class Seen(Dataset[Piece]):
    """What an eye sees, piece by piece."""

    def __init__(self, eye: Eye) -> None:
        self.eye = eye

    def piece(self, draws: list[Draw]) -> Piece:
        """Some images."""
        pixels, labels = zip(*map(self.eye.see, draws), strict=True)
        return torch.from_numpy(np.stack(pixels)), torch.tensor(labels)

    def __getitems__(self, draws: list[Draw]) -> Piece | DataError:
        """The same for another process, which is handed an error as it is."""
        try:
            return self.piece(draws)
        except DataError as error:
            return error


class Turns:
    """What workers are to do next."""

    def __init__(self) -> None:
        self.todo: list[list[Draw]] = []

    def __iter__(self) -> Iterator[list[Draw]]:
        return iter(self.todo)

    def __len__(self) -> int:
        return len(self.todo)


@lru_cache(maxsize=8)
def seen(split: Split, how: Augment | View, size: tuple[int, int], seed: int) -> Seen:
    """A split as it is looked at; kept, since what is drawn for it and who works at it are worth keeping."""
    return Seen(Eye(split, how, size, seed))


@lru_cache(maxsize=2)
def _staff(images: Seen, workers: int) -> tuple[Turns, DataLoader[Any]]:
    turns = Turns()
    loader: DataLoader[Any] = DataLoader(
        images,
        batch_sampler=turns,
        num_workers=workers,
        collate_fn=_as_it_is,
        prefetch_factor=AHEAD,
        multiprocessing_context="spawn",
        persistent_workers=True,
        generator=torch.Generator(),
    )
    return turns, loader


@contextmanager
def _unadvised() -> Iterator[None]:
    """Without torch's advice on how many workers to have: somebody chose their number."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This DataLoader will create")
        yield


def _as_it_is(piece: Any) -> Any:
    return piece


def pieces(images: Seen, todo: list[list[Draw]], workers: int) -> Iterator[Piece]:
    """The pieces asked for, in order."""
    if not workers:
        yield from map(images.piece, todo)
        return
    with _unadvised():
        turns, loader = _staff(images, workers)
        turns.todo = todo
        ready = iter(loader)
    for piece in ready:
        if isinstance(piece, DataError):
            raise piece
        yield piece


def cut(draws: list[Draw]) -> list[list[Draw]]:
    """A share of a batch in pieces."""
    return [draws[begin : begin + PIECE] for begin in range(0, len(draws), PIECE)]
