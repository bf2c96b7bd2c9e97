"""Norms over tokens (B, N, C)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from archspec.spec import norms as specs
from archspec.spec.place import Place


class NoNorm(nn.Identity):
    """Leaves everything as it is."""


class LayerNorm(nn.LayerNorm):
    """Each token over its channels."""

    def __init__(self, spec: specs.LayerNorm, at: Place) -> None:
        super().__init__(at.dim, spec.eps, bias=bool(spec.bias))


class GroupNorm(nn.Module):
    """Each sample over its tokens and a group of channels; the variance is the biased one."""

    bias: nn.Parameter | None

    def __init__(self, spec: specs.GroupNorm, at: Place) -> None:
        super().__init__()
        self.groups, self.eps = spec.groups, spec.eps
        self.weight = nn.Parameter(torch.ones(at.dim))
        self.register_parameter("bias", nn.Parameter(torch.zeros(at.dim)) if spec.bias else None)

    def reset_parameters(self) -> None:
        """Ones and zeros."""
        nn.init.ones_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        if self.groups == 1 and not x.is_cpu:
            return self.as_layer_norm(x)
        # A map of one row is channels-last, and on a CPU torch normalises such a map without copying it.
        normed = F.group_norm(x.transpose(1, 2).unsqueeze(2), self.groups, self.weight, self.bias, self.eps)
        return normed.squeeze(2).transpose(1, 2).contiguous()

    def as_layer_norm(self, x: Tensor) -> Tensor:
        """One group as a layer norm over tokens and channels, which on accelerators saves torch two transpositions."""
        shape = x.shape[1:]
        bias = None if self.bias is None else self.bias.expand(shape)
        return F.layer_norm(x, shape, self.weight.expand(shape), bias, self.eps)


class RmsNorm(nn.RMSNorm):
    """Each token by its root mean square."""

    weight: nn.Parameter
    eps: float

    def __init__(self, spec: specs.RmsNorm, at: Place) -> None:
        super().__init__(at.dim, spec.eps)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        if torch.compiler.is_compiling() or not x.is_cpu:
            return super().forward(x)
        y: Tensor = _RmsNorm.apply(x, self.weight, self.eps)
        return y


class _RmsNorm(torch.autograd.Function):
    """What torch fuses everywhere but on a CPU, where it would keep the normalised tokens beside the tokens."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.eps = eps
        return _by_rms(x, eps).mul_(weight).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        normed = _by_rms(x, ctx.eps)
        of_weight = (grad * normed).flatten(0, -2).sum(0)
        of_normed = grad * weight
        along = (of_normed * normed).mean(-1, keepdim=True)
        of_x = torch.addcmul(of_normed, normed, along, value=-1).mul_(_inverse_rms(x, ctx.eps))
        return of_x.to(x.dtype), of_weight, None


def _inverse_rms(x: Tensor, eps: float) -> Tensor:
    wide = torch.promote_types(x.dtype, torch.float32)
    norm: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=wide)
    return norm.square_().div_(x.shape[-1]).add_(eps).rsqrt_()


def _by_rms(x: Tensor, eps: float) -> Tensor:
    return x * _inverse_rms(x, eps)


class BatchNorm(nn.Module):
    """Each channel over the batch and its tokens; running statistics stand in for the batch in evaluation."""

    bias: nn.Parameter | None
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, spec: specs.BatchNorm, at: Place) -> None:
        super().__init__()
        self.eps, self.momentum = spec.eps, spec.momentum
        self.weight = nn.Parameter(torch.ones(at.dim))
        self.register_parameter("bias", nn.Parameter(torch.zeros(at.dim)) if spec.bias else None)
        self.register_buffer("running_mean", torch.zeros(at.dim))
        self.register_buffer("running_var", torch.ones(at.dim))

    def reset_parameters(self) -> None:
        """Ones and zeros, for the running statistics too."""
        for ones in (self.weight, self.running_var):
            nn.init.ones_(ones)
        for zeros in (self.bias, self.running_mean):
            if zeros is not None:
                nn.init.zeros_(zeros)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        statistics = self.running_mean, self.running_var
        flat = F.batch_norm(
            x.flatten(0, 1), *statistics, self.weight, self.bias, self.training, self.momentum, self.eps
        )
        return flat.view_as(x)


def statistics(network: nn.Module) -> list[Tensor]:
    """The running statistics of all batch norms within a network."""
    return [running for norm in batch_norms(network) for running in (norm.running_mean, norm.running_var)]


@contextmanager
def keeping_statistics(network: nn.Module) -> Iterator[None]:
    """A context in which no running statistics change: for another pass of images that were counted already."""
    norms = batch_norms(network)
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before, strict=True):
            norm.momentum = momentum


def batch_norms(network: nn.Module) -> list[Any]:
    """The batch norms within a network that keep running statistics."""
    found = [module for module in network.modules() if isinstance(module, BatchNorm | nn.modules.batchnorm._BatchNorm)]
    return [norm for norm in found if norm.running_mean is not None]
