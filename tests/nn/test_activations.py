"""Activations: StarReLU's own backward pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.spec.activations import SquaredRelu, StarRelu
from archspec.spec.place import Place

AT = Place(6, (2, 2), (2, 2))
VARIANTS = [
    StarRelu(),
    StarRelu(scale=0.8944),
    StarRelu(shift=-0.4472),
    StarRelu(scale=0.8944, shift=-0.4472),
]


def perturbed(spec: StarRelu, dtype: torch.dtype = torch.float32) -> nn.Module:
    """A module whose learned scalars are not where they start."""
    module: nn.Module = spec.build(AT).to(dtype)
    with torch.no_grad():
        for number, parameter in enumerate(module.parameters()):
            parameter.add_(0.3 + number)
    return module


def formula(module: nn.Module, x: Tensor) -> Tensor:
    """The definition."""
    y: Tensor = module.scale * F.relu(x) ** 2 + module.shift  # type: ignore[operator]
    return y


def tokens(dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(2, 4, 6, dtype=dtype, generator=torch.Generator().manual_seed(0)).requires_grad_()


def gradients(function: Callable[[Tensor], Tensor], module: nn.Module, x: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(function(x).float().cos().sum(), [x, *module.parameters()]))


@pytest.mark.parametrize("spec", VARIANTS, ids=repr)
def test_it_is_the_formula(spec: StarRelu) -> None:
    module, x = perturbed(spec), tokens()
    torch.testing.assert_close(module(x), formula(module, x))
    ours, theirs = gradients(module, module, x), gradients(lambda x: formula(module, x), module, x)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("spec", VARIANTS, ids=repr)
def test_gradcheck(spec: StarRelu) -> None:
    module = perturbed(spec, torch.float64)
    parameters = dict(module.named_parameters())

    def call(x: Tensor, *values: Tensor) -> Tensor:
        out: Tensor = torch.func.functional_call(module, dict(zip(parameters, values, strict=True)), (x,))
        return out

    assert torch.autograd.gradcheck(call, (tokens(torch.float64), *parameters.values()))


def test_it_starts_as_a_squared_relu_and_keeps_one_scalar_each() -> None:
    module, x = StarRelu().build(AT), tokens()
    assert {name: p.item() for name, p in module.named_parameters()} == {"scale": 1, "shift": 0}
    assert all(p.shape == () and p.dtype is torch.float32 for p in module.parameters())
    torch.testing.assert_close(module(x), SquaredRelu().build(AT)(x))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_tokens_stay_so_and_scalars_do_not(dtype: torch.dtype) -> None:
    module, x = perturbed(StarRelu()), tokens(dtype)
    y = module(x)
    assert y.dtype is dtype
    of_x, of_scale, of_shift = gradients(module, module, x)
    assert (of_x.dtype, of_scale.dtype, of_shift.dtype) == (dtype, torch.float32, torch.float32)
    wide = gradients(lambda x: formula(module, x), module, x.detach().float().requires_grad_())
    torch.testing.assert_close([of_x.float(), of_scale, of_shift], wide, rtol=0.05, atol=0.05)


def test_it_keeps_only_its_input() -> None:
    module, x = perturbed(StarRelu()), tokens()
    saved: list[Tensor] = []

    def pack(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        module(x)
    assert {tensor.data_ptr() for tensor in saved if tensor.ndim} == {x.data_ptr()}


def test_the_input_is_left_as_it_was() -> None:
    module, x = perturbed(StarRelu()), tokens()
    before = x.detach().clone()
    torch.autograd.backward(module(x).sum())
    assert torch.equal(x, before)
