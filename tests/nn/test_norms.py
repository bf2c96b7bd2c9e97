"""Norms, held to their definitions."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from archspec.spec.base import Spec
from archspec.spec.norms import BatchNorm, GroupNorm, LayerNorm, RmsNorm
from archspec.spec.place import Place

AT = Place(12, (3, 5), (3, 5))


def built(spec: Spec, dtype: torch.dtype = torch.float64) -> Any:
    """A module whose parameters are not where they start."""
    module = spec.build(AT).to(dtype)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator, dtype=dtype))
    return module


def tokens(dtype: torch.dtype = torch.float64) -> Tensor:
    x = 3 + 2 * torch.randn(4, 15, 12, generator=torch.Generator().manual_seed(0), dtype=dtype)
    return x.requires_grad_()


def standardised(x: Tensor, dims: tuple[int, ...], eps: float) -> Tensor:
    """Zero mean and unit biased variance over some dimensions."""
    return (x - x.mean(dims, keepdim=True)) / (x.var(dims, unbiased=False, keepdim=True) + eps).sqrt()


@pytest.mark.parametrize("bias", [("norm",), ()])
@pytest.mark.parametrize("groups", [1, 3])
def test_group_norm_is_over_tokens_and_a_group_of_channels(groups: int, bias: tuple[str, ...]) -> None:
    module, x = built(GroupNorm(groups=groups, bias=bias)), tokens()
    expected = standardised(x.view(4, 15, groups, -1), (1, 3), 1e-6).flatten(2) * module.weight
    expected = expected + module.bias if bias else expected
    torch.testing.assert_close(module(x), expected)
    assert module(x).is_contiguous()


@pytest.mark.parametrize("bias", [("norm",), ()])
def test_one_group_off_the_cpu_is_the_same(bias: tuple[str, ...]) -> None:
    module, x = built(GroupNorm(bias=bias)), tokens()
    torch.testing.assert_close(module.as_layer_norm(x), module(x))
    results = [call(x).cos().sum() for call in (module, module.as_layer_norm)]
    ours, theirs = (torch.autograd.grad(result, [x, *module.parameters()]) for result in results)
    torch.testing.assert_close(ours, theirs)


def test_layer_norm_is_over_channels() -> None:
    module, x = built(LayerNorm(eps=1e-3, bias=())), tokens()
    torch.testing.assert_close(module(x), standardised(x, (2,), 1e-3) * module.weight)


def test_rms_norm() -> None:
    module, x = built(RmsNorm(eps=1e-3)), tokens()
    torch.testing.assert_close(module(x), F.rms_norm(x, (12,), module.weight, 1e-3))
    assert torch.autograd.gradcheck(module, x)
    results = [module(x).cos().sum(), F.rms_norm(x, (12,), module.weight, 1e-3).cos().sum()]
    ours, theirs = (torch.autograd.grad(result, [x, *module.parameters()]) for result in results)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("spec", [LayerNorm(), GroupNorm(), GroupNorm(groups=3), RmsNorm(), BatchNorm()], ids=repr)
def test_half_precision_tokens(spec: Spec) -> None:
    module, x = built(spec, torch.float32), tokens(torch.float32)
    y = module(x.bfloat16())
    assert y.dtype is torch.bfloat16
    torch.testing.assert_close(y.float(), module(x), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("bias", [("norm",), ()])
def test_batch_norm_learns_statistics_and_uses_them(bias: tuple[str, ...]) -> None:
    module, x = built(BatchNorm(momentum=1, bias=bias)), tokens()
    in_training = module(x)
    expected = standardised(x, (0, 1), 1e-5) * module.weight
    torch.testing.assert_close(in_training, expected + module.bias if bias else expected)
    torch.testing.assert_close(module.running_mean, x.detach().mean((0, 1)))
    torch.testing.assert_close(module.eval()(x), in_training, rtol=0.02, atol=0.02)
    module.reset_parameters()
    assert (module.running_var == 1).all()
    assert (module.running_mean == 0).all()
