"""How well a network does on images it has not learned from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.compiler.network import Network
from archspec.spec.recipe import Recipe, phases_of
from archspec.training.data import Batch, batches, source_for
from archspec.training.data.finding import same_source
from archspec.training.data.source import SplitName
from archspec.training.environment import ALONE, World, autocast, device_of, settled

Scores = dict[str, float]


@torch.no_grad()
def evaluate(
    network: nn.Module,
    batches: Iterable[Batch],
    *,
    device: torch.device,
    world: World = ALONE,
    precision: Callable[[], AbstractContextManager[Any]] = nullcontext,
    between: Callable[[], None] = lambda: None,
) -> Scores:
    """Mean loss and the shares of images, in percent, whose class is the network's first or among its first five."""
    network.eval()
    sums = torch.zeros(4, dtype=torch.float64, device=device)
    for batch in batches:
        between()
        with precision():
            logits = network(batch.images.to(device, non_blocking=True))
        sums += _sums(logits.float(), batch.targets.to(device))
    world.add([sums])
    loss, first, five, count = sums.tolist()
    if not count:
        raise ValueError("there are no images to evaluate")
    return {"loss": loss / count, "top1": 100 * first / count, "top5": 100 * five / count}


def _sums(logits: Tensor, labels: Tensor) -> Tensor:
    """Loss, first hits, hits among five, and images."""
    losses = F.cross_entropy(logits, labels, reduction="none")
    hits = logits.topk(min(5, logits.shape[1])).indices == labels[:, None]
    sums = [losses.double().sum(), hits[:, :1].sum(), hits.sum(), torch.tensor(len(labels), device=logits.device)]
    return torch.stack([number.double() for number in sums])


def evaluate_on(
    network: Network,
    recipe: Recipe,
    split: SplitName,
    size: Any = None,
    *,
    identity: str = "",
    world: World = ALONE,
    between: Callable[[], None] = lambda: None,
) -> Scores:
    """How a network does on a recipe's data, at the last phase's size or another; `identity`: which data it must be."""
    recipe = phases_of(recipe)[-1]
    said: dict[str, Any] = {
        "size": size or recipe.resolution or network.spec.input.size,
        "classes": network.num_classes,
    }
    said |= {"seed": 0, "epoch": 0, "training": False, "rank": world.rank, "world": world.size}
    with settled(recipe.threads, recipe.precision):
        device = device_of(world)
        source = same_source(recipe.data, identity) if identity else source_for(recipe.data)
        data = batches(source.split(split), recipe, **said)
        precision = partial(autocast, recipe.precision, device)
        return evaluate(network.to(device), data, device=device, world=world, precision=precision, between=between)
