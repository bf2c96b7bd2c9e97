"""Recipes: how a network is trained, and on which data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from archspec.spec.arch import ImageSize
from archspec.spec.base import Spec
from archspec.spec.deriving import Form
from archspec.spec.values import Amount, Count, OrNone, Positive, Share
from archspec.spec.written import Written


class Optimizer(Spec, family="optimizers"):
    """What turns gradients into steps."""

    lr: Positive = Field(1e-3, description="the highest learning rate")
    lr_per: OrNone[Count] = Field(None, description="the batch that `lr` is meant for; others scale it in proportion")
    weight_decay: Amount = Field(0.05, description="decay of weights; norms, biases and scalings have none")
    clip: OrNone[Positive] = Field(None, description="largest norm of the gradient, or `none`")


class AdamW(Optimizer):
    """Adam with weight decay of its own."""

    kind: Literal["adamw"] = "adamw"


class Schedule(Spec, family="schedules"):
    """How the learning rate moves."""

    warmup: Amount = Field(0.0, description="epochs in which it rises, from `warmup_lr` on")
    warmup_lr: Amount = Field(0.0, description="where it begins")
    floor: Amount = Field(0.0, description="where it ends")
    cooldown: Amount = Field(0.0, description="epochs at the floor, after the others")


class Cosine(Schedule):
    """Half a cosine, from the highest learning rate to the floor."""

    kind: Literal["cosine"] = "cosine"


class Augment(Spec):
    """What is done to the images of training."""

    mixup: Amount = Field(0.0, description="α of the Beta distribution that mixes two images; 0 for never")
    cutmix: Amount = Field(0.0, description="α of the Beta distribution that cuts one image into another; 0 for never")
    randaugment: OrNone[str] = Field(None, description="policy in timm's words: rand-m9-mstd0.5-inc1; or `none`")
    erasing: Share = Field(0.0, description="probability of erasing a rectangle")


class Recipe(Written):
    """How to train, and on which data."""

    recipe: str = Field("", description="the recipe's name: its address, never part of a result")
    data: str = Field(description="the data's name; classes and channels of a trained arch follow it")
    resolution: OrNone[ImageSize] = Field(None, description="side of the images in pixels; `none`: as the arch's input")
    epochs: Count = Field(description="epochs, warm-up included and cool-down not")
    batch: Count = Field(description="images a step, over all devices")
    optimizer: Optimizer = Field(AdamW(), description="what turns gradients into steps")
    schedule: Schedule = Field(Cosine(), description="how the learning rate moves")
    drop_path: Share = Field(0.0, description="highest rate at which branches are dropped; it grows with depth")
    label_smoothing: Share = Field(0.0, description="share of the label given to all classes")
    augment: Augment = Field(Augment(), description="what is done to the images of training")
    select: Literal["last", "best"] = Field("last", description="the epoch to test: the last, or the best on val")
    threads: OrNone[Count] = Field(None, description="threads of torch on a CPU; other numbers give other weights")
    note: str | None = Field(None, description="anything a reader should know")


RECIPE = Form("recipe", Recipe, ("recipe", "note"))
