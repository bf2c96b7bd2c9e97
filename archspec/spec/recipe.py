"""Recipes: how a network is trained, and on which data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from archspec.errors import Problem, SpecError
from archspec.spec.arch import ImageSize
from archspec.spec.augmenting import Augment, View
from archspec.spec.base import Spec
from archspec.spec.checking_recipe import contradictions
from archspec.spec.deriving import Form
from archspec.spec.edits import edits_of
from archspec.spec.naming import Paths
from archspec.spec.nodes import Node
from archspec.spec.optimizers import AdamW, Optimizer
from archspec.spec.schedules import Cosine, Schedule
from archspec.spec.values import Amount, Count, Flag, Fraction, NonNegative, OrNone, Share
from archspec.spec.written import Written

Phase = Annotated[dict[str, Any], Paths("recipe")]
"""What a phase changes about its recipe."""


Start = Annotated[
    OrNone[str],
    Field(
        None,
        description="where the weights come from: a recipe, whose run of the same arch and seed goes first, a run's "
        "folder (with a slash: ./runs/3f2a) or a file of weights; `none`: from scratch. Position tables are resized",
    ),
]
"""Where the weights come from."""


class Checkpoint(Spec):
    """When training is saved, and how much of that is kept. Whatever ends early goes on from the newest one."""

    minutes: Amount = Field(
        10.0, description="minutes between checkpoints; one is written after each epoch in any case"
    )
    keep: Count = Field(2, description="how many are kept while training lasts")


class Recipe(Written):
    """How to train, and on which data."""

    without_effect: ClassVar[tuple[str, ...]] = (
        *("recipe", "note", "workers", "trackers", "checkpoint"),
        "data",  # what identifies the data is part of it, and not what it is called or where it lies
        *("micro_batch", "grad_checkpointing"),  # the same sums in another order, or worked out twice
    )
    """What changes no result, and so is no part of a run's identity."""

    recipe: str = Field("", description="the recipe's name: its address, never part of a result")
    data: str = Field(description="the data's name; classes and channels of a trained arch follow it")
    fraction: Fraction = Field(
        1, description="share of the images of training that is learned from, the same of every class"
    )
    resolution: OrNone[ImageSize] = Field(None, description="side of the images in pixels; `none`: as the arch's input")
    __annotations__["from"] = Start  # a word of Python, so that it can only be named like this
    epochs: OrNone[Count] = Field(None, description="epochs, warm-up included and cool-down not")
    steps: OrNone[Count] = Field(
        None, description="steps, in the place of `epochs`; `warmup` and `cooldown` then count steps as well"
    )
    batch: Count = Field(description="images a step, over all devices")
    optimizer: Optimizer = Field(AdamW(), description="what turns gradients into steps")
    schedule: Schedule = Field(Cosine(), description="how the learning rate moves")
    drop_path: Share = Field(0.0, description="highest rate at which branches are dropped")
    drop_path_rule: Literal["linear", "constant"] = Field(
        "linear", description="whether that rate grows with depth, from 0 on, or is the same everywhere"
    )
    head_dropout: Share = Field(0.0, description="rate at which a head with hidden features drops them")
    label_smoothing: Share = Field(0.0, description="share of the label given to all classes")
    augment: Augment = Field(Augment(), description="what is done to the images of training")
    test: View = Field(View(), description="how images are looked at in validation and test")
    ema: OrNone[Share] = Field(
        None, description="decay of the weights' moving average, which is then what is tested; `none`: no average"
    )
    select: Literal["last", "best"] = Field("last", description="the epoch to test: the last, or the best on val")
    evaluate_every: Count = Field(1, description="epochs from one validation to the next; the last is always validated")
    phases: tuple[Phase, ...] = Field(
        (), description="what changes from phase to phase: edits of this recipe; each goes on from the one before"
    )
    precision: Literal["float32", "tf32", "bf16", "fp16"] = Field(
        "float32", description="in what is computed; weights are float32 throughout, and fp16 is scaled"
    )
    channels_last: Flag = Field(False, description="whether images lie in memory with their channels last")
    compile: Literal["off", "on", "auto"] = Field(
        "off", description="whether torch compiles the network; `auto`: where it can, with a warning where it cannot"
    )
    grad_checkpointing: Flag = Field(
        False, description="whether blocks are run again in the backward pass, which saves memory and costs time"
    )
    micro_batch: OrNone[Count] = Field(
        None, description="images that one device takes at once; `none`: all that are its share, or what fits"
    )
    threads: OrNone[Count] = Field(None, description="threads of torch on a CPU; other numbers give other weights")
    workers: NonNegative = Field(0, description="processes that prepare images; with 0, training does so itself")
    trackers: tuple[Literal["tensorboard", "wandb", "mlflow"], ...] = Field(
        (), description="who else is told the metrics"
    )
    checkpoint: Checkpoint = Field(Checkpoint(), description="when training is saved, and what is kept")
    note: str | None = Field(None, description="anything a reader should know")

    def __hash__(self) -> int:
        return hash(repr(self.canonical()))  # what phases change are mappings

    @property
    def start(self) -> str | None:
        """What `from` says: where the weights come from."""
        origin: str | None = getattr(self, "from")
        return origin

    @property
    def length(self) -> int:
        """How long training lasts without its cool-down: epochs, or steps where it is steps that are given."""
        return self.epochs or self.steps or 0

    @property
    def peak(self) -> float:
        """The highest learning rate."""
        return self.optimizer.peak(self.batch)

    @property
    def mixes(self) -> bool:
        """Whether images are mixed with one another, so that labels are shares of classes."""
        return self.augment.mix > 0 and bool(self.augment.mixup or self.augment.cutmix)


def phases_of(recipe: Recipe) -> tuple[Recipe, ...]:
    """The recipe of each phase, in order; a recipe without phases is its only one."""
    phases = recipe.tree.mapping["phases"].items
    whole = recipe.tree.without("phases")
    return tuple(_phase(whole if i == 0 else whole.without("from"), phase) for i, phase in enumerate(phases)) or (
        recipe,
    )


def _phase(whole: Node, phase: Node) -> Recipe:
    edits = edits_of(phase)
    return RECIPE.blaming(RECIPE.from_tree(whole, check=False), edits) if edits else RECIPE.from_tree(whole)


ALONE = {
    "phases": ("a phase has no phases of its own", "write them one after the other"),
    "from": ("a phase goes on from the one before", "write `from` beside `phases`, for the first of them"),
    "data": ("all phases learn from the same data", "write a recipe of its own that starts `from` this one"),
}
"""What no phase may change: the reason, and what to do instead."""


def _problems(recipe: Recipe) -> Iterator[Problem]:
    """What contradicts itself; of a recipe with phases, in each of them."""
    if not recipe.phases:
        yield from contradictions(recipe)
        return
    for index, phase in enumerate(recipe.phases):
        for key in {path.split(".")[0] for path in phase} & ALONE.keys():
            yield Problem("ARC104", *ALONE[key], f"phases.{index}")
    try:
        phases_of(recipe)
    except SpecError as error:
        yield from error.problems


RECIPE = Form("recipe", Recipe, ("recipe", "note"), problems=_problems)
