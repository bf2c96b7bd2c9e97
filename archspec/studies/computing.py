"""What a whole training takes, in closed form: images, multiply-accumulates, bytes on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archspec.spec.arch import Arch, Branch, Stage
from archspec.spec.layout import PER_BLOCK, Layout, Section
from archspec.spec.recipe import Recipe, phases_of
from archspec.training.data.facts import learned, steps_per_epoch
from archspec.training.scheduling import total_steps

BACKWARD = 3
"""A training step takes about three times the forward pass: the gradients of inputs and of weights take one each."""
STATES = {"sgd": 1, "momentum": 1}
"""Numbers that an optimizer remembers for each parameter, where it is not two."""


class Compute(NamedTuple):
    """What one training takes."""

    images: int
    macs: int


def compute(arch: Arch, recipe: Recipe, images: int) -> Compute:
    """One training of an arch on so many images an epoch, over all phases; dropped branches are not computed."""
    seen, macs = 0, 0.0
    for layout, phase in laid_out(arch, recipe):
        steps = steps_per_epoch(images, phase)
        shown = total_steps(phase, steps) * min(phase.batch, learned(images, phase))
        seen += shown
        macs += BACKWARD * shown * kept_macs(layout, phase.drop_path, constant=phase.drop_path_rule == "constant")
    return Compute(seen, round(macs))


def laid_out(arch: Arch, recipe: Recipe) -> Iterator[tuple[Layout, Recipe]]:
    """The phases of a training, each with the network as large as it is then."""
    for phase in phases_of(recipe):
        native = phase.resolution in (None, arch.input.size)
        yield arch.layout if native else arch.laid_out(phase.resolution), phase


def kept_macs(layout: Layout, rate: float, *, constant: bool) -> float:
    """Multiply-accumulates of one image when branches are dropped: at one rate, or from 0 in the first block on."""
    if not rate:
        return float(layout.cost.macs)
    blocks = [macs for section in layout.stages for macs in _block_macs(section)]
    last = max(1, len(blocks) - 1)
    rates = (rate if constant else rate * index / last for index in range(len(blocks)))
    return layout.cost.macs - sum(macs * dropped for macs, dropped in zip(blocks, rates, strict=True))


def _block_macs(section: Section) -> list[int]:
    """The multiply-accumulates of each block of a stage."""
    stage = section.spec
    assert isinstance(stage, Stage)
    blocks = map(stage.block, range(stage.depth))
    return [sum(_branch_macs(branch, section) for branch in (block.mixer, block.mlp) if branch) for block in blocks]


def _branch_macs(branch: Branch, section: Section) -> int:
    return branch.norm.total(section.at).macs + branch.op.total(section.at).macs


def kept_numbers(layout: Layout, *, recomputed: bool) -> int:
    """Numbers kept for the backward pass of an image; of blocks that are run again what enters each, and one's own."""
    whole = layout.cost.activations
    stages = [_blocks_of(section) for section in layout.stages] if recomputed else []
    saved = sum(stage.kept - stage.entering for stage in stages)
    return min(whole, whole - saved + max((stage.one for stage in stages), default=0))


class _Blocks(NamedTuple):
    """What the blocks of a stage keep for the backward pass of an image."""

    kept: int
    entering: int
    one: int
    """No block keeps more: what all keep that stand between two that are alike."""


def _blocks_of(section: Section) -> _Blocks:
    stage, at = section.spec, section.at
    assert isinstance(stage, Stage)
    kept = sum(cost.activations for name, cost in section.costs if name in PER_BLOCK)
    return _Blocks(kept, stage.depth * at.dim * at.tokens, kept // max(1, stage.depth // stage.period()))


def checkpoint_bytes(params: int, recipe: Recipe) -> int:
    """A checkpoint: the weights, what the optimizer remembers of each, and their average where one is kept."""
    copies = 1 + STATES.get(recipe.optimizer.name(), 2) + (recipe.ema is not None)
    return 4 * params * copies
