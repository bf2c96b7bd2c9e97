"""The learning rate of every step, in plain numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archspec.spec.recipe import Recipe, phases_of

if TYPE_CHECKING:
    from torch.optim import Optimizer


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: int) -> float:
    """The learning rate of a step, counted from 0 within its phase.

    It rises in a straight line from `warmup_lr` to the peak, follows the curve to the floor, and stays there to cool
    down. With `under_warmup` and `every: epoch` it is timm's `CosineLRScheduler` stepped once an epoch, without prefix
    and with no noise, to the last digit: that is how MetaFormer Baselines, Sequencer, HyenaPixel and TransNeXt were
    trained. Without them the curve begins where the warm-up ends and moves each step, as in Vision-LSTM.
    """
    schedule = recipe.schedule
    if schedule.every == "epoch":
        step -= step % steps_per_epoch
    unit = steps_per_epoch if recipe.epochs else 1
    return schedule.rate(step / unit, recipe.length, recipe.peak)


def total_steps(recipe: Recipe, steps_per_epoch: int) -> int:
    """How many steps a phase has, cool-down included."""
    unit = steps_per_epoch if recipe.epochs else 1
    return math.ceil((recipe.length + recipe.schedule.cooldown) * unit)


def total_epochs(recipe: Recipe, steps_per_epoch: int = 0) -> int:
    """How many epochs all phases have, cool-downs included; `steps_per_epoch` where steps are what is counted."""
    return sum(_epochs(phase, steps_per_epoch) for phase in phases_of(recipe))


def _epochs(recipe: Recipe, steps_per_epoch: int) -> int:
    if recipe.epochs:
        return math.ceil(recipe.epochs + recipe.schedule.cooldown)
    return math.ceil(total_steps(recipe, steps_per_epoch) / steps_per_epoch)


def set_learning_rate(optimizer: Optimizer, rate: float) -> None:
    """Give every group its learning rate: the one that is due, times the group's own scale."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("lr_scale", 1.0)
