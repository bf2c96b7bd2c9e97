"""Convolutions along the tokens that a sequence mixer reads: (B, N, C), as torch starts them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.tokens import Names, apart, as_map, as_tokens, class_only, grid_only, together
from archspec.spec import convolutions as specs
from archspec.spec.place import Grid, Place


class NoConvolution(nn.Module):
    """Tokens as they are."""

    def __init__(self, spec: specs.NoConvolution, at: Place, bias: bool = True) -> None:
        super().__init__()

    def forward(self, x: Tensor, grid: Grid, class_tokens: Names) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        return x


class Depthwise(nn.Module):
    """A kernel a channel, which starts as torch starts convolutions whatever the scheme of the network."""

    bias: nn.Parameter | None

    def __init__(self, shape: tuple[int, ...], bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(shape))
        self.register_parameter("bias", nn.Parameter(torch.empty(shape[0])) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform within one over the root of what an output sees."""
        bound = 1 / math.sqrt(self.weight[0].numel())
        for tensor in (self.weight, self.bias):
            if tensor is not None:
                nn.init.uniform_(tensor, -bound, bound)


class AlongLine(Depthwise):
    """A convolution over tokens in one line, of which it sees so many before itself."""

    def __init__(self, dim: int, kernel: int, before: int, bias: bool) -> None:
        super().__init__((dim, 1, kernel), bias)
        self.before = before
        self.symmetric = kernel == 2 * before + 1

    def forward(self, x: Tensor, grid: Grid, class_tokens: Names) -> Tensor:
        """(B, N, C) → (B, N, C), class tokens among the others."""
        # A map of one row is channels-last, which convolutions read without a copy.
        if not self.symmetric:
            x = F.pad(x, (0, 0, self.before, 0))
        padding = (0, self.before if self.symmetric else 0)
        y = F.conv2d(
            as_map(x, (1, x.shape[1])), self.weight.unsqueeze(2), self.bias, padding=padding, groups=len(self.weight)
        )
        return as_tokens(y)


class Causal1d(AlongLine):
    """Over the token itself and those read just before it."""

    def __init__(self, spec: specs.Causal1d, at: Place, bias: bool = True) -> None:
        super().__init__(at.dim, spec.kernel, spec.kernel - 1, bias)


class Conv1d(AlongLine):
    """Over the token itself and those read just before and after it."""

    def __init__(self, spec: specs.Conv1d, at: Place, bias: bool = True) -> None:
        super().__init__(at.dim, spec.kernel, spec.kernel // 2, bias)


class Conv2d(Depthwise):
    """Over the grid as it is read."""

    def __init__(self, spec: specs.Conv2d, at: Place, bias: bool = True) -> None:
        super().__init__((at.dim, 1, spec.kernel, spec.kernel), bias)

    def forward(self, x: Tensor, grid: Grid, class_tokens: Names) -> Tensor:
        """(B, N, C) → (B, N, C), class tokens as they are."""
        image, padding = as_map(grid_only(x, class_tokens), grid), self.weight.shape[-1] // 2
        y = as_tokens(F.conv2d(image, self.weight, self.bias, padding=padding, groups=len(self.weight)))
        if not class_tokens:
            return y
        passing = torch.split(class_only(x, class_tokens), 1, 1)
        return together(apart(y, ()) | dict(zip(class_tokens, passing, strict=True)))
