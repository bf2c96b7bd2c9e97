"""Schedules: how the learning rate moves."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from archspec.spec.base import Spec
from archspec.spec.values import Amount, Flag


class Schedule(Spec, family="schedules"):
    """How the learning rate moves: up while it warms up, along a curve, and at the curve's end while it cools down."""

    warmup: Amount = Field(0.0, description="epochs in which it rises, from `warmup_lr` on")
    warmup_lr: Amount = Field(0.0, description="where it begins")
    floor: Amount = Field(0.0, description="where it ends")
    cooldown: Amount = Field(0.0, description="epochs at the end of the curve, after the others")
    under_warmup: Flag = Field(
        False,
        description="whether the curve also runs under the warm-up, as timm has it, so that it is joined some way down",
    )
    every: Literal["step", "epoch"] = Field("step", description="when it moves: with each step, or between epochs")

    def rate(self, at: float, length: float, peak: float) -> float:
        """The learning rate some way through a training of a length, the cool-down not counted."""
        if at < self.warmup:
            return self.warmup_lr + at / self.warmup * (peak - self.warmup_lr)
        start = 0.0 if self.under_warmup else self.warmup
        done = (at - start) / (length - start) if at < length else 1.0
        return self.curve(done, peak)

    def curve(self, done: float, peak: float) -> float:
        """The learning rate where a share of the curve is done."""
        return self.floor + (peak - self.floor) * self.height(done)

    def height(self, done: float) -> float:
        """How far above the floor, from 1 down to 0; a kind that says nothing stays up."""
        return 1.0


class Cosine(Schedule):
    """Half a cosine, from the highest learning rate to the floor."""

    kind: Literal["cosine"] = "cosine"

    def height(self, done: float) -> float:
        """Half a cosine."""
        return 0.5 * (1 + math.cos(math.pi * done))


class Linear(Schedule):
    """A straight line, from the highest learning rate to the floor."""

    kind: Literal["linear"] = "linear"

    def height(self, done: float) -> float:
        """A straight line."""
        return 1 - done


class Constant(Schedule):
    """The highest learning rate, from the warm-up to the end; there is no floor."""

    kind: Literal["constant"] = "constant"
