"""Multiply-accumulates counted by hand, from weights and inputs, of modules that torch's counter does not see."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from archspec.nn.filters import Free, Written
from archspec.nn.mixers import mlstm
from archspec.nn.mixers.aggregated_attention import AggregatedAttention
from archspec.nn.mixers.cosine_attention import CosineAttention
from archspec.nn.mixers.hyena import TokenFilter
from archspec.nn.mixers.hyena_pixel import PixelFilter
from archspec.nn.position_biases import PositionBias

BY_HAND: dict[type[nn.Module], Callable[[Any, tuple[Any, ...]], int]] = {}
"""What a call of a module with some inputs multiplies and accumulates, everything within it included."""


def matrix_memory(module: mlstm.Memory, given: tuple[Any, ...]) -> int:
    """Both gates of every head; then chunks of 32 tokens, half of each read directly, and a state between them."""
    batch, tokens, width = (int(side) for side in given[0].shape)
    gates = 2 * tokens * 3 * width * module.heads
    return batch * int(gates + 2 * tokens * (32 / 2 + 1) * width + 1.5 * tokens / 32 * width**2)


BY_HAND[mlstm.Memory] = matrix_memory
BY_HAND[mlstm.Blocks] = lambda module, given: given[0][..., 0].numel() * module.weight.numel()
BY_HAND[mlstm.HeadNorm] = lambda module, given: 5 * given[0].numel()


def position_biases(module: PositionBias | None, grid: tuple[int, int], keys: tuple[int, int]) -> int:
    """The little network, once for every distance between two places: counted by looking at all of them."""
    if module is None:
        return 0
    table = 1
    for side, count in zip(grid, keys, strict=True):
        places = torch.arange(side, dtype=torch.float64)
        centres = F.adaptive_avg_pool1d(places.view(1, -1), count)
        table *= len(torch.unique(places[:, None] - centres))
    return table * (module.fc1.weight.numel() + module.fc2.weight.numel())


def cosine_attention(module: CosineAttention, given: tuple[Any, ...]) -> int:
    """The layers, two products of tokens with tokens, and the biases, which are counted for every image."""
    x, grid = given
    batch, tokens, _ = x.shape
    layers = tokens * (module.qkv.weight.numel() + module.proj.weight.numel())
    products = 2 * tokens * tokens * module.proj.in_features
    return int(batch * (layers + products + position_biases(module.cpb, grid, grid)))


def aggregated_attention(module: AggregatedAttention, given: tuple[Any, ...]) -> int:
    """The same, with window and pooled map in place of all tokens, and the learned keys."""
    x, grid = given
    batch, tokens, _ = x.shape
    pooled = module.pooled_grid(grid)
    keys, window, inner = pooled[0] * pooled[1], module.window**2, module.proj.in_features
    every = sum(layer.weight.numel() for layer in (module.q, module.kv, module.reduction, module.proj))
    products = 2 * tokens * (window + keys) * inner
    learned = 0 if module.learned_keys is None else tokens * module.learned_keys.numel()
    layers = tokens * every + keys * module.kv.weight.numel()
    return int(batch * (layers + products + learned + position_biases(module.cpb, grid, pooled)))


BY_HAND[CosineAttention] = cosine_attention
BY_HAND[AggregatedAttention] = aggregated_attention


def written_filter(module: Written, given: tuple[Any, ...]) -> int:
    """A filter's layers, for every image, and three transforms at the published sizes: twice the grid, or the filter.

    A transform of real numbers counts its outputs times the logarithm of how many there are a channel.
    """
    x, grid = given
    batch, _, dim = x.shape
    sides = module.taps(grid).shape[1:]
    layers = sum(layer.weight.numel() for layer in module.layers if isinstance(layer, nn.Linear))
    sizes = [max(2 * own, side) if len(grid) > 1 else 2 * own for own, side in zip(grid, sides, strict=True)]
    forth = [*sizes[:-1], sizes[-1] // 2 + 1]
    transforms = sum(math.prod(shape) * math.log2(math.prod(shape)) for shape in (forth, forth, sizes))
    return int(batch * (math.prod(sides) * layers + round(dim * transforms)))


def free_filter(module: Free, given: tuple[Any, ...]) -> int:
    """What torch's own convolution would count."""
    x, _ = given
    return int(x.shape[0] * x.shape[1] * module.conv.weight.numel())


BY_HAND[PixelFilter] = BY_HAND[TokenFilter] = written_filter
BY_HAND[Free] = free_filter
