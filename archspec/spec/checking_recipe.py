"""What contradicts itself in a recipe whose fields are each right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archspec.errors import Problem

if TYPE_CHECKING:
    from archspec.spec.recipe import Recipe


def contradictions(recipe: Recipe) -> Iterator[Problem]:
    """Everything that cannot be meant."""
    yield from _of_length(recipe)
    yield from _of_rates(recipe)
    yield from _of_batches(recipe)
    yield from _of_images(recipe)


def _of_length(recipe: Recipe) -> Iterator[Problem]:
    if recipe.epochs and recipe.steps:
        yield _wrong("steps", "training is as long as `epochs` say, or `steps`", "set one of them to `none`")
    elif not recipe.epochs and not recipe.steps:
        yield Problem("ARC103", "nothing says how long training lasts", "write `epochs: 300`, or `steps`", "epochs")
    elif recipe.schedule.warmup > recipe.length:
        unit = "epochs" if recipe.epochs else "steps"
        said = f"the warm-up lasts {recipe.schedule.warmup:g} {unit}, the whole training only {recipe.length}"
        yield _wrong("schedule.warmup", said, f"write at most {recipe.length}")


def _of_rates(recipe: Recipe) -> Iterator[Problem]:
    for name in ("warmup_lr", "floor"):
        rate = getattr(recipe.schedule, name)
        if rate > recipe.peak:
            yield _wrong(f"schedule.{name}", f"{rate:g} is above the highest learning rate, {recipe.peak:g}")


def _of_batches(recipe: Recipe) -> Iterator[Problem]:
    batch, repeated = recipe.batch, recipe.augment.repeated
    if recipe.micro_batch is not None and recipe.micro_batch > batch:
        yield _wrong("micro_batch", f"the whole batch has {batch} images", "write a part of it, or `none`")
    if recipe.mixes and batch == 1:
        yield _wrong("batch", "a batch of one image has nothing to mix", "set `mixup` and `cutmix` to 0")
    if repeated > batch:
        yield _wrong("augment.repeated", f"an image cannot come {repeated} times in a batch of {batch}")


def _of_images(recipe: Recipe) -> Iterator[Problem]:
    augment = recipe.augment
    if augment.randaugment is not None and augment.three_augment:
        message = "RandAugment and 3-Augment take each other's place"
        yield _wrong("augment.three_augment", message, "set `randaugment` to `none`, or this to false")
    for name in ("scale", "ratio"):
        least, largest = getattr(augment, name)
        if least > largest:
            yield _wrong(f"augment.{name}", f"{least:g} is more than {largest:g}", "the least comes first")


def _wrong(path: str, message: str, hint: str = "") -> Problem:
    return Problem("ARC104", message, hint, path)
