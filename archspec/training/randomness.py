"""Stateless randomness: every draw follows from a seed, a purpose and a few numbers, never from what ran before."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def number(seed: int, purpose: str, *numbers: int) -> int:
    """64 bits that follow from a seed, a purpose and some numbers."""
    text = ":".join([str(seed), purpose, *map(str, numbers)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def generator(seed: int, purpose: str, *numbers: int) -> torch.Generator:
    """Torch's draws for a purpose."""
    import torch

    return torch.Generator().manual_seed(number(seed, purpose, *numbers))


def draws(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """Numpy's draws for a purpose."""
    return np.random.Generator(np.random.Philox(key=number(seed, purpose, *numbers)))


def order(count: int, seed: int, purpose: str, *numbers: int) -> np.ndarray:
    """The numbers below `count`, shuffled; built on plain uniform draws, which no version of numpy changes."""
    return np.argsort(draws(seed, purpose, *numbers).random(count), kind="stable")


@contextmanager
def forked(seed: int, purpose: str, *numbers: int) -> Iterator[None]:
    """Have the global generators of Python, numpy and torch draw for a purpose, and put them back as they were."""
    from torch import default_generator

    start = number(seed, purpose, *numbers)
    before = random.getstate(), np.random.get_state(), default_generator.get_state()
    random.seed(start)
    np.random.seed(start % 2**32)
    default_generator.manual_seed(start)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        default_generator.set_state(before[2])
