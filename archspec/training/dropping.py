"""Stochastic depth and the head's dropout: what is left out of each step, and in which order tokens are shuffled.

Decided for the whole effective batch from (seed, step, place) alone, so that cutting the batch into micro-batches,
sharing it out over processes and resuming in the middle all leave the same images out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from archspec.compiler.network import Network
from archspec.nn.block import Kept
from archspec.training.randomness import generator, number


class Dropping:
    """What one network leaves out in training; a context in which `decide` and `cut` are called for every step."""

    def __init__(self, network: Network, seed: int, drop_path: float, head_dropout: float, *, constant: bool) -> None:
        self.network, self.seed = network, seed
        self.head_dropout = head_dropout if network.has_hidden else 0.0
        self.branches = list(network.droppable(drop_path, constant=constant))
        self.shuffling: list[Any] = [module for module in network.modules() if getattr(module, "shuffles", False)]
        self.choices: list[Kept | None] = []
        self.mask: Tensor | None = None
        self.step = 0
        self.now: Tensor | None = None

    def __enter__(self) -> Dropping:
        self.hook: RemovableHandle = self.network.get_classifier().register_forward_pre_hook(self._drop)
        return self

    def __exit__(self, *_: object) -> None:
        self.hook.remove()
        self.now = None
        for branch, _rate in self.branches:
            branch.kept = None
        for module in self.shuffling:
            module.shuffle_seed = None

    def decide(self, step: int, batch: int) -> None:
        """Draw what is left out of a step's effective batch, and what the order of its tokens is drawn from."""
        for index, module in enumerate(self.shuffling):
            module.shuffle_seed = number(self.seed, "shuffle", step, index)
        rates = [rate for _, rate in self.branches]
        self.step = step
        self.choices = [kept(batch, rate, generator(self.seed, "drop", step, i)) for i, rate in enumerate(rates)]
        if self.head_dropout:
            drawn = torch.rand(batch, self._width(), generator=generator(self.seed, "dropout", step))
            self.mask = (drawn >= self.head_dropout) / (1 - self.head_dropout)

    def cut(self, images: Tensor, device: torch.device) -> None:
        """Turn to a micro-batch: the images of these indices in the effective batch."""
        for (branch, _), choice in zip(self.branches, self.choices, strict=True):
            branch.kept = None if choice is None else Kept(_among(choice.indices, images).to(device), choice.boost)
        self.now = None if self.mask is None else self.mask[images].to(device)
        if self.network.draws:
            torch.manual_seed(number(self.seed, "own draws", self.step, int(images[0])))

    def _width(self) -> int:
        classifier = self.network.get_classifier()
        return int(classifier.in_features)  # type: ignore[arg-type]

    def _drop(self, classifier: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        if self.now is None or not classifier.training:
            return None
        return (inputs[0] * self.now.to(inputs[0].dtype),)


def kept(batch: int, rate: float, draws: torch.Generator) -> Kept | None:
    """The images a branch runs on: a fixed number, or by a draw for each where that number would say too little."""
    if rate <= 0:
        return None
    count = int(batch * (1 - rate))
    if batch * rate < 1 or count < 1:
        return Kept(torch.nonzero(torch.rand(batch, generator=draws) >= rate).flatten(), 1 / (1 - rate))
    return Kept(torch.randperm(batch, generator=draws)[:count].sort().values, batch / count)


def _among(chosen: Tensor, images: Tensor) -> Tensor:
    """Where the chosen images stand in a micro-batch."""
    return torch.nonzero(torch.isin(images, chosen)).flatten()


def micro_batches(images: Tensor, size: int) -> Iterator[tuple[slice, Tensor]]:
    """A share of the effective batch in pieces: where each stands in the share, and the indices of its images."""
    for begin in itertools.count(0, size):
        if begin >= len(images):
            return
        piece = slice(begin, min(begin + size, len(images)))
        yield piece, images[piece]
