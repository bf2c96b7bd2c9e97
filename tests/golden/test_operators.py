"""Single operators against outputs of the authors' own code."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from archspec.spec.activations import StarRelu
from archspec.spec.mixers.attention import Attention
from archspec.spec.norms import GroupNorm
from archspec.spec.place import Place

HERE = Path(__file__).parent


def case(name: str, renamed: dict[str, str]) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Input, output and weights of a case; what an operator calls `weight` may be called otherwise here."""
    tensors = load_file(HERE / f"{name}.safetensors")
    weights = {key.removeprefix("sd."): tensor for key, tensor in tensors.items() if key.startswith("sd.")}
    return tensors["in.x"], tensors["out.y"], {renamed.get(key, key): tensor for key, tensor in weights.items()}


def loaded(module: nn.Module, weights: dict[str, Tensor]) -> nn.Module:
    """A module with given weights, one-element ones reshaped to what the module has."""
    own = module.state_dict()
    module.load_state_dict({name: tensor.reshape(own[name].shape) for name, tensor in weights.items()})
    return module


def agree(ours: Tensor, theirs: Tensor) -> bool:
    """Equal to 2e-5."""
    return (ours - theirs).abs().max().item() < 2e-5


def test_star_relu() -> None:
    x, y, weights = case("metaformer_starrelu", {"bias": "shift"})
    module = loaded(StarRelu().build(Place(32, (1, 1), (1, 1))), weights)
    assert agree(module(x), y)


def test_group_norm_of_one_group() -> None:
    x, y, weights = case("metaformer_layernormgeneral_gn1", {})
    module = loaded(GroupNorm(bias=()).build(Place(8, (4, 5), (4, 5))), weights)
    assert agree(module(x.flatten(1, 2)), y.flatten(1, 2))
    assert agree(module.as_layer_norm(x.flatten(1, 2)), y.flatten(1, 2))  # type: ignore[operator]


def test_attention_wider_than_its_tokens() -> None:
    x, y, weights = case("metaformer_attention_dim24", {})
    at = Place(24, (3, 4), (3, 4))
    module = loaded(Attention(head_dim=32, bias=()).build(at), weights)
    assert agree(module(x.flatten(1, 2), at.grid), y.flatten(1, 2))


def test_compiled_star_relu() -> None:
    x, y, weights = case("metaformer_starrelu", {"bias": "shift"})
    module = loaded(StarRelu().build(Place(32, (1, 1), (1, 1))), weights)
    torch._dynamo.reset()
    assert agree(torch.compile(module, fullgraph=True, backend="aot_eager")(x), y)
