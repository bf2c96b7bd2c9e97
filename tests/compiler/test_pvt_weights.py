"""PVT's checkpoints, whose names and arithmetic are written down here from the paper: there is no PVT in timm."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

import archspec

DIMS, HEADS, REDUCTIONS, RATIOS = (16, 32, 40, 64), (1, 2, 5, 8), (8, 4, 2, 1), (8, 8, 4, 4)
EDITS = {
    "input.size": 64,
    "classes": 10,
    "stages.depth": {"each": [1, 2, 1, 1]},
    "stages.dim": {"each": list(DIMS)},
    "stages.mixer.head_dim": {"each": [dim // heads for dim, heads in zip(DIMS, HEADS, strict=True)]},
}
DEPTHS = (1, 2, 1, 1)


def checkpoint() -> dict[str, Tensor]:
    """Random tensors under the authors' names."""
    generator = torch.Generator().manual_seed(0)
    found: dict[str, Tensor] = {}

    def add(name: str, *shape: int) -> None:
        fan = max(1, torch.Size(shape[1:]).numel())
        found[name] = torch.randn(shape, generator=generator) / fan**0.5

    def layer(name: str, *shape: int) -> None:
        add(f"{name}.weight", *shape)
        add(f"{name}.bias", shape[0])

    width = 3
    for stage, (dim, ratio, reduction) in enumerate(zip(DIMS, RATIOS, REDUCTIONS, strict=True), 1):
        patch, last = 4 if stage == 1 else 2, stage == 4
        layer(f"patch_embed{stage}.proj", dim, width, patch, patch)
        layer(f"patch_embed{stage}.norm", dim)
        add(f"pos_embed{stage}", 1, (32 >> stage) ** 2 + last, dim)
        for number in range(DEPTHS[stage - 1]):
            block = f"block{stage}.{number}"
            layer(f"{block}.norm1", dim)
            layer(f"{block}.attn.q", dim, dim)
            layer(f"{block}.attn.kv", 2 * dim, dim)
            layer(f"{block}.attn.proj", dim, dim)
            if reduction > 1:
                layer(f"{block}.attn.sr", dim, dim, reduction, reduction)
                layer(f"{block}.attn.norm", dim)
            layer(f"{block}.norm2", dim)
            layer(f"{block}.mlp.fc1", ratio * dim, dim)
            layer(f"{block}.mlp.fc2", dim, ratio * dim)
        width = dim
    add("cls_token", 1, 1, DIMS[-1])
    layer("norm", DIMS[-1])
    layer("head", 10, DIMS[-1])
    return found


def pvt(weights: dict[str, Tensor], image: Tensor) -> Tensor:
    """The network of the paper: four stages, attention to a smaller map, a class token in the last stage."""

    def two(name: str) -> tuple[Tensor, Tensor]:
        return weights[f"{name}.weight"], weights[f"{name}.bias"]

    def normed(x: Tensor, name: str, eps: float) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], *two(name), eps)

    def apart(x: Tensor, count: int) -> Tensor:
        return x.view(*x.shape[:2], count, -1).transpose(1, 2)

    def as_map(x: Tensor, side: int) -> Tensor:
        return x.mT.reshape(len(x), -1, side, side)

    def attention(x: Tensor, name: str, heads: int, reduction: int, side: int) -> Tensor:
        looked_at = x
        if reduction > 1:
            smaller = F.conv2d(as_map(x, side), *two(f"{name}.sr"), stride=reduction)
            looked_at = normed(smaller.flatten(2).mT, f"{name}.norm", 1e-5)
        q = F.linear(x, *two(f"{name}.q"))
        k, v = (apart(part, heads) for part in F.linear(looked_at, *two(f"{name}.kv")).chunk(2, 2))
        q = apart(q, heads)
        mixed = (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1) @ v
        return F.linear(mixed.transpose(1, 2).flatten(2), *two(f"{name}.proj"))

    x_map = image
    for stage, (heads, reduction) in enumerate(zip(HEADS, REDUCTIONS, strict=True), 1):
        x_map = F.conv2d(x_map, *two(f"patch_embed{stage}.proj"), stride=4 if stage == 1 else 2)
        x = normed(x_map.flatten(2).mT, f"patch_embed{stage}.norm", 1e-5)
        if stage == 4:
            x = torch.cat([weights["cls_token"].expand(len(x), -1, -1), x], 1)
        x = x + weights[f"pos_embed{stage}"]
        for number in range(DEPTHS[stage - 1]):
            block = f"block{stage}.{number}"
            x = x + attention(normed(x, f"{block}.norm1", 1e-6), f"{block}.attn", heads, reduction, 32 >> stage)
            hidden = F.gelu(F.linear(normed(x, f"{block}.norm2", 1e-6), *two(f"{block}.mlp.fc1")))
            x = x + F.linear(hidden, *two(f"{block}.mlp.fc2"))
        x_map = as_map(x, 32 >> stage) if stage < 4 else x
    return F.linear(normed(x, "norm", 1e-6)[:, 0], *two("head"))


def test_pvts_weights_give_pvts_outputs() -> None:
    weights = checkpoint()
    network = archspec.build(archspec.load("pvt_tiny").edit(EDITS)).eval()
    archspec.load_weights(network, weights, source="official")
    image = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = pvt({name: tensor.double() for name, tensor in weights.items()}, image)
    with torch.no_grad():
        torch.testing.assert_close(network.double()(image), expected, atol=1e-10, rtol=0)
