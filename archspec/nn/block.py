"""What a network is made of between stem and head: stages of blocks of residual branches."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from archspec.nn.norms import keeping_statistics, statistics
from archspec.nn.tokens import ClassTokens
from archspec.spec import arch as specs
from archspec.spec.place import Grid, Place


class Kept(NamedTuple):
    """Which images of a batch a branch runs on, and what its output is multiplied by to make up for the others."""

    indices: Tensor
    boost: float


class Branch(nn.Module):
    """A residual branch: x and op(norm(x)), joined by the scaling.

    In training it may run on some of the images only (stochastic depth): whoever trains sets `kept` before each step.
    """

    kept: Kept | None = None
    """The images it runs on in training; None for all."""

    def __init__(self, spec: specs.Branch, at: Place) -> None:
        super().__init__()
        self.norm = spec.norm.build(at)
        self.op = spec.op.build(at)
        self.scaling = spec.scaling.build(at)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        branch = self.op(self.norm(x), grid) if self.kept is None or not self.training else self.thinned(x, grid)
        y: Tensor = self.scaling(x, branch)
        return y

    def thinned(self, x: Tensor, grid: Grid) -> Tensor:
        """What the branch makes of the images kept, as much larger as there are fewer; zero for all others."""
        indices, boost = self.kept  # type: ignore[misc]
        if not len(indices):
            return torch.zeros_like(x)
        branch: Tensor = self.op(self.norm(x.index_select(0, indices)), grid) * boost
        return branch.new_zeros(x.shape).index_copy(0, indices, branch)


class Block(nn.Module):
    """The mixer's branch and, unless there is none, the mlp's."""

    def __init__(self, spec: specs.Block, at: Place) -> None:
        super().__init__()
        self.mixer = Branch(spec.mixer, at)
        self.mlp = None if spec.mlp is None else Branch(spec.mlp, at)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        x = self.mixer(x, grid)
        return x if self.mlp is None else self.mlp(x, grid)


def recompute(block: nn.Module) -> None:
    """Have a block run again in the backward pass instead of keeping what it computed."""
    again: dict[str, Any] = {"use_reentrant": False, "preserve_rng_state": False}
    if statistics(block):
        again["context_fn"] = partial(_twice, block)
    block.forward = partial(checkpoint, block.forward, **again)


def _twice(block: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """The contexts of a block's two passes: only the first counts for statistics."""
    return nullcontext(), keeping_statistics(block)


class Stage(nn.Module):
    """What leads into it, what enters the sequence there, and its blocks."""

    def __init__(self, spec: specs.Stage, entry: Place, at: Place) -> None:
        super().__init__()
        entering, present = spec.class_tokens, entry.class_tokens
        self.downsample = None if spec.downsample is None else spec.downsample.build(entry)
        self.class_tokens = ClassTokens(entering, present, at.dim) if entering else None
        self.positions = spec.positions.build(at)
        self.blocks = nn.ModuleList(Block(spec.block(index), at) for index in range(spec.depth))

    def forward(self, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """(B, N, C) on a grid → (B, N', C') on another."""
        if self.downsample is not None:
            x, grid = self.downsample(x, grid)
        if self.class_tokens is not None:
            x = self.class_tokens(x)
        x = self.positions(x, grid)
        for block in self.blocks:
            x = block(x, grid)
        return x, grid
