"""Activations: elementwise, on tokens of any shape."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from archspec.spec import activations as specs
from archspec.spec.place import Place


class Relu(nn.Module):
    """max(x, 0)."""

    def __init__(self, spec: specs.Relu, at: Place) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return F.relu(x)


class SquaredRelu(nn.Module):
    """max(x, 0)²."""

    def __init__(self, spec: specs.SquaredRelu, at: Place) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return F.relu(x).square()


class Gelu(nn.Module):
    """x·Φ(x)."""

    def __init__(self, spec: specs.Gelu, at: Place) -> None:
        super().__init__()
        self.approximate = spec.approximate

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return F.gelu(x, approximate=self.approximate)


class Silu(nn.Module):
    """x·sigmoid(x)."""

    def __init__(self, spec: specs.Silu, at: Place) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return F.silu(x)


class StarRelu(nn.Module):
    """scale·max(x, 0)² + shift; what is learnable is a parameter of no dimension, so that x keeps its dtype."""

    scale: nn.Parameter | float
    shift: nn.Parameter | float

    def __init__(self, spec: specs.StarRelu, at: Place) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(())) if isinstance(spec.scale, str) else spec.scale
        self.shift = nn.Parameter(torch.zeros(())) if isinstance(spec.shift, str) else spec.shift

    def reset_parameters(self) -> None:
        """Scale 1 and shift 0."""
        if isinstance(self.scale, Tensor):
            nn.init.ones_(self.scale)
        if isinstance(self.shift, Tensor):
            nn.init.zeros_(self.shift)

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        if torch.compiler.is_compiling():
            # A compiler fuses the formula by itself, and then it keeps no more than x either.
            return F.relu(x).square() * self.scale + self.shift
        y: Tensor = _StarRelu.apply(x, self.scale, self.shift)
        return y


class _StarRelu(torch.autograd.Function):
    """The formula in one pass over memory less per step, keeping only its input for the backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor | float, shift: Tensor | float) -> Tensor:
        learned = scale if isinstance(scale, Tensor) else None
        ctx.number = None if isinstance(scale, Tensor) else scale
        ctx.save_for_backward(x, learned)
        y = F.relu(x)
        return y.mul_(y).mul_(scale).add_(shift)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, learned = ctx.saved_tensors
        scale = ctx.number if learned is None else learned
        dtype = torch.promote_types(x.dtype, torch.float32)
        y = F.relu(x)
        by_y = grad * y
        of_shift = grad.sum(dtype=dtype) if ctx.needs_input_grad[2] else None
        of_scale = y.to(dtype).mul_(by_y).sum() if ctx.needs_input_grad[1] else None
        return by_y.mul_(2 * scale), of_scale, of_shift
