"""Mixers, held to their definitions."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from archspec.errors import RuntimeInputError
from archspec.spec.mixers.attention import Attention
from archspec.spec.mixers.base import Parallel
from archspec.spec.mixers.convnext import ConvNext
from archspec.spec.mixers.identity import Identity
from archspec.spec.mixers.pooling import Pooling
from archspec.spec.mixers.random import Random
from archspec.spec.mixers.sep_conv import SepConv
from archspec.spec.norms import LayerNorm
from archspec.spec.place import Place, Scope

AT = Place(8, (3, 5), (3, 5))


def tokens(at: Place = AT) -> torch.Tensor:
    return torch.randn(2, at.tokens, at.dim, generator=torch.Generator().manual_seed(0))


def test_pooling_averages_what_exists_and_takes_the_token_away() -> None:
    x_bhwc = tokens().view(2, 3, 5, 8)
    mixed = Pooling().build(AT)(tokens(), AT.grid).view(2, 3, 5, 8)
    corner = x_bhwc[:, :2, :2].mean((1, 2)) - x_bhwc[:, 0, 0]
    middle = x_bhwc[:, 0:3, 1:4].mean((1, 2)) - x_bhwc[:, 1, 2]
    torch.testing.assert_close(mixed[:, 0, 0], corner)
    torch.testing.assert_close(mixed[:, 1, 2], middle)


def test_random_mixing_is_a_frozen_matrix_of_means() -> None:
    torch.manual_seed(0)
    module, other = Random().build(AT), Random().build(AT)
    matrix = module.matrix
    assert not matrix.requires_grad
    assert "matrix" in module.state_dict()
    assert not torch.equal(matrix, other.matrix)
    torch.testing.assert_close(matrix.sum(1), torch.ones(15))
    # The softmax of numbers between 0 and 1: no weight is more than e times another.
    assert 1 < (matrix.max(1).values / matrix.min(1).values).max() < torch.e
    mixed = module(tokens(), AT.grid)
    torch.testing.assert_close(mixed[1, 4], sum(matrix[4, n] * tokens()[1, n] for n in range(15)))
    with pytest.raises(RuntimeInputError, match="mixes 15 tokens and was given 16"):
        module(torch.randn(2, 16, 8), (4, 4))


@pytest.mark.parametrize(("dim", "head_dim", "heads"), [(64, 32, 2), (24, 32, 1), (72, 32, 2)])
def test_attention_is_softmax_attention_per_head(dim: int, head_dim: int, heads: int) -> None:
    at = Place(dim, (2, 3), (2, 3))
    module, x = Attention(head_dim=head_dim, bias=("linear",)).build(at), tokens(at)
    assert module.qkv.out_features == 3 * heads * head_dim
    q, k, v = module.qkv(x).unflatten(2, (3, heads, head_dim)).permute(2, 0, 3, 1, 4)
    weights = (q @ k.mT * head_dim**-0.5).softmax(-1)
    expected = module.proj((weights @ v).transpose(1, 2).flatten(2))
    torch.testing.assert_close(module(x, at.grid), expected)


def test_a_separable_convolution_step_by_step() -> None:
    module = SepConv(kernel=3, ratio=1.5).resolve(Scope(AT.native)).build(AT)
    hidden = F.gelu(module.fc1(tokens())).view(2, 3, 5, 12).permute(0, 3, 1, 2)
    kernel = module.depthwise
    padded = F.conv2d(hidden, kernel.weight, kernel.bias, padding=1, groups=12)
    expected = module.fc2(padded.permute(0, 2, 3, 1).flatten(1, 2))
    torch.testing.assert_close(module(tokens(), AT.grid), expected)


def test_a_convnext_block_step_by_step() -> None:
    module = ConvNext(kernel=3).resolve(Scope(AT.native)).build(AT)
    x_bchw = tokens().view(2, 3, 5, 8).permute(0, 3, 1, 2)
    mixed = F.conv2d(x_bchw, module.depthwise.weight, module.depthwise.bias, padding=1, groups=8)
    expected = module.fc2(F.gelu(module.fc1(module.norm(mixed.permute(0, 2, 3, 1).flatten(1, 2)))))
    torch.testing.assert_close(module(tokens(), AT.grid), expected)


@pytest.mark.parametrize("bias", [(), ("conv",), ("linear", "conv")])
def test_biases_are_where_the_spec_has_them(bias: tuple[str, ...]) -> None:
    for spec in (SepConv(bias=bias), ConvNext(bias=bias)):
        module = spec.resolve(Scope(AT.native)).build(AT)
        assert (module.fc1.bias is None) == (module.fc2.bias is None) == ("linear" not in bias)
        assert (module.depthwise.bias is None) == ("conv" not in bias)


def test_parallel_mixers_are_summed_each_behind_its_own_norm() -> None:
    spec = Parallel(parallel=(Identity(), Pooling()), norm=LayerNorm(bias=()))
    module, x = spec.build(AT), tokens()
    with torch.no_grad():
        module.norm[1].weight.fill_(2)
    normed = F.layer_norm(x, (8,), eps=1e-6)
    expected = normed + Pooling().build(AT)(2 * normed, AT.grid)
    torch.testing.assert_close(module(x, AT.grid), expected)
