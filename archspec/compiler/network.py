"""A built network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from archspec.errors import RuntimeInputError
from archspec.nn.block import Stage, recompute
from archspec.nn.inits import Scheme, initialise
from archspec.spec.arch import Arch, as_grid
from archspec.spec.place import Grid


class Network(nn.Module):
    """Images (B, C, H, W) → logits (B, classes). Its modules stand at the paths of the spec they were built from."""

    draws: ClassVar[bool] = False
    """Whether parts of it may draw from torch's own generator in training."""

    def __init__(self, arch: Arch, seed: int = 0) -> None:
        super().__init__()
        stem, *stages, head = arch.layout.sections
        self.spec, self.seed = arch.layout.arch, seed
        self.num_classes, self.num_features = arch.classes, head.at.dim
        self.stem = stem.spec.build(stem.entry)
        self.stages = nn.ModuleList(Stage(stage.spec, stage.entry, stage.at) for stage in stages)  # type: ignore[arg-type]
        self.head = head.spec.build(head.at)
        self.scheme: Scheme = arch.init.build(stem.entry)
        self.sizes = {as_grid(arch.input.size)}
        """The image sizes known to fit."""

    def start(self) -> None:
        """Start its weights from its seed."""
        initialise(self.named_modules(), self.scheme, self.seed)

    def forward(self, image: Tensor) -> Tensor:
        """Images (B, C, H, W) → logits (B, classes)."""
        return self.forward_head(self.forward_features(image))

    def forward_features(self, image: Tensor) -> Tensor:
        """Images (B, C, H, W) → the last stage's tokens (B, N, C)."""
        self.check(image)
        x: Tensor
        x, grid = self.stem(image)
        for stage in self.stages:
            x, grid = stage(x, grid)
        return x

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """The last stage's tokens → logits, or what the classifier would look at."""
        y: Tensor = self.head(x, pre_logits)
        return y

    def droppable(self, rate: float, *, constant: bool) -> Iterator[tuple[Any, float]]:
        """Every branch and its rate: the same in all blocks, or from 0 in the first one to `rate` in the last."""
        blocks: list[Any] = [block for stage in self.stages for block in stage.blocks]  # type: ignore[union-attr]
        for index, block in enumerate(blocks):
            share = 1.0 if constant else index / max(1, len(blocks) - 1)
            yield from ((branch, rate * share) for branch in (block.mixer, block.mlp) if branch is not None)

    def recompute(self) -> None:
        """Have every block run again in the backward pass instead of keeping what it computed."""
        for stage in self.stages:
            for block in stage.blocks:  # type: ignore[union-attr]
                recompute(block)

    @property
    def classifier_path(self) -> str:
        """Where the linear layer stands whose outputs are the logits."""
        return f"head.{self.head.classifier_name}"

    @property
    def has_hidden(self) -> bool:
        """Whether the head has a hidden layer, which a recipe may have dropped out of."""
        return bool(self.head.has_hidden)

    def get_classifier(self) -> nn.Module:
        """The linear layer whose outputs are the logits; an identity where there are no classes."""
        classifier: nn.Module = self.head.classifier
        return classifier

    def reset_classifier(self, num_classes: int) -> None:
        """Start a classifier for another number of classes as `build` would have; with 0 classes, have none."""
        if num_classes < 0:
            raise RuntimeInputError(f"{num_classes} is no number of classes; 0 leaves the classifier out")
        like = next(self.parameters())
        with torch.random.fork_rng(devices=[]), torch.device("meta" if like.is_meta else "cpu"):
            self.head.reset(num_classes)
        if not like.is_meta:
            initialise([(self.classifier_path, self.get_classifier())], self.scheme, self.seed)
        self.get_classifier().to(like.device, like.dtype)
        self.num_classes = num_classes
        if num_classes:
            self.spec = self.spec.edit({"classes": num_classes}).resolved()

    def check(self, image: Tensor) -> None:
        """Say what is wrong with an input that the network cannot take."""
        if image.ndim != 4:
            shape = tuple(image.shape)
            raise RuntimeInputError(f"the network takes images as (batch, channels, rows, columns), not as {shape}")
        if image.shape[1] != self.spec.input.channels:
            message = f"the network takes images of {self.spec.input.channels} channels, not of {image.shape[1]}"
            raise RuntimeInputError(f"{message}; `input.channels` says how many")
        size = (image.shape[2], image.shape[3])
        if not torch.compiler.is_compiling() and size not in self.sizes:
            self.admit(size)

    def admit(self, size: Grid) -> None:
        """Remember that images of a size fit, or say which parts they do not fit."""
        problems = list(self.spec.laid_out(size).problems())
        if problems:
            reasons = "; ".join(f"{p.path}: {p.message}" + f" ({p.hint})" * bool(p.hint) for p in problems)
            raise RuntimeInputError(f"the network cannot run on images of {size[0]}×{size[1]}: {reasons}")
        self.sizes.add(size)
