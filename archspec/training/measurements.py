"""How each kind of measurement is made; `spec/measurements.py` says what can be asked for."""

from __future__ import annotations

import time
from statistics import median

import torch

from archspec.spec.measurements import Evaluate, Throughput
from archspec.training.environment import autocast
from archspec.training.evaluating import Scores, evaluate_on
from archspec.training.measuring import Measured


def evaluation(spec: Evaluate, one: Measured) -> Scores:
    """Top-1, top-5 and loss on images that were not learned from."""
    return evaluate_on(
        one.network, one.recipe, spec.split, spec.size, identity=one.data, world=one.world, between=one.between
    )


@torch.no_grad()
def throughput(spec: Throughput, one: Measured) -> dict[str, float]:
    """Images a second in evaluation: the median over batches, of which the first is not timed."""
    network, device, recipe = one.network, one.device, one.recipe
    size = spec.size or network.spec.input.size
    rows, columns = (size, size) if isinstance(size, int) else size
    images = torch.rand(spec.batch, network.spec.input.channels, rows, columns).to(device)
    seconds = []
    for _ in range(1 + spec.repeats):
        one.between()
        began = time.perf_counter()
        with autocast(recipe.precision, device):
            network(images)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - began)
    return {"images_per_second": spec.batch / median(seconds[1:])}
