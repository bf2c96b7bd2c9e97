"""TransNeXt's and PVTv2's operators against outputs of the authors' own code."""

from __future__ import annotations

from functools import reduce

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from archspec.nn.position_biases import axis
from archspec.nn.windows import counts, outside
from archspec.spec.base import Spec
from archspec.spec.mixers.aggregated_attention import AggregatedAttention
from archspec.spec.mixers.cosine import distances
from archspec.spec.mixers.cosine_attention import CosineAttention
from archspec.spec.mixers.spatial_reduction_attention import SpatialReductionAttention
from archspec.spec.mlps.conv_ffn import ConvFfn
from archspec.spec.mlps.conv_glu import ConvGlu
from archspec.spec.place import Grid, Place, Scope
from tests.golden.test_operators import HERE, agree, loaded

NAMES = {
    "sr.": "reduction.",
    "cpb_fc": "cpb.fc",
    "relative_pos_bias_local": "window_bias",
    "learnable_tokens": "learned_keys",
    "learnable_bias": "learned_bias",
    "dwconv.dwconv": "depthwise",
}
"""What the authors call it, and what we do."""
CASES: dict[str, tuple[Spec, int, Grid]] = {
    "tnx_aggattn_8x8_w3_sr4": (AggregatedAttention(reduction=4), 48, (8, 8)),
    "tnx_aggattn_8x8_w5_sr2": (AggregatedAttention(window=5, reduction=2), 48, (8, 8)),
    "tnx_mhsa_stage4_3x4": (CosineAttention(), 72, (3, 4)),
    "tnx_convglu": (ConvGlu(ratio=8), 24, (5, 6)),
    "pvtv2_sra_8x8_sr4": (SpatialReductionAttention(head_dim=16, reduction=4), 32, (8, 8)),
    "pvtv2_convffn": (ConvFfn(ratio=4), 24, (5, 6)),
}


def tensors(name: str) -> dict[str, Tensor]:
    return load_file(HERE / f"{name}.safetensors")


def module(name: str) -> nn.Module:
    """The module of a case, with the authors' weights."""
    spec, dim, grid = CASES[name]
    weights = {}
    for key, tensor in tensors(name).items():
        if key.startswith("sd.") and "NONPERSISTENT" not in key:
            ours = reduce(lambda said, names: said.replace(*names), NAMES.items(), key.removeprefix("sd."))
            weights[ours] = tensor
    return loaded(spec.resolve(Scope(grid)).build(Place(dim, grid, grid)), weights)


@pytest.mark.parametrize("name", CASES)
def test_operators(name: str) -> None:
    case = tensors(name)
    assert agree(module(name)(case["in.x"], CASES[name][2]), case["out.y"])


@pytest.mark.parametrize("name", CASES)
def test_operators_as_a_compiler_sees_them(name: str) -> None:
    case, ours = tensors(name), module(name)
    torch._dynamo.reset()
    assert agree(torch.compile(ours, fullgraph=True, backend="aot_eager")(case["in.x"], CASES[name][2]), case["out.y"])


@pytest.mark.parametrize(
    ("name", "grid", "keys", "native"),
    [
        ("8x8_2x2", (8, 8), (2, 2), (8, 8)),
        ("7x7_7x7", (7, 7), (7, 7), (7, 7)),
        ("12x12_5x5", (12, 12), (5, 5), (12, 12)),
        ("14x14_7x7_pre7", (14, 14), (7, 7), (7, 7)),
    ],
)
def test_distances(name: str, grid: Grid, keys: Grid, native: Grid) -> None:
    case, steps = tensors(f"tnx_cpbtable_{name}"), [side - 1 for side in native]
    rows, columns = (axis(*along, torch.ones(())) for along in zip(grid, keys, steps, strict=True))
    by_row = rows.spaced[rows.places].view(grid[0], 1, keys[0], 1).expand(-1, grid[1], -1, keys[1])
    by_column = columns.spaced[columns.places].view(1, grid[1], 1, keys[1]).expand(grid[0], -1, keys[0], -1)
    ours = torch.stack([by_row, by_column], -1).view(grid[0] * grid[1], -1, 2)
    torch.testing.assert_close(ours, case["out.coords"], atol=1e-6, rtol=0)
    assert len(rows.spaced) * len(columns.spaced) == len(case["out.table"])
    assert len(distances(grid[0], keys[0]).values) == len(rows.spaced)


@pytest.mark.parametrize("name", ["tnx_aggattn_8x8_w3_sr4", "tnx_aggattn_8x8_w5_sr2"])
def test_lengths_and_masks(name: str) -> None:
    case, (spec, _, grid) = tensors(name), CASES[name]
    assert isinstance(spec, AggregatedAttention)
    pooled = spec.pooled(grid)
    length = (counts(grid, spec.window, torch.ones(())) + pooled[0] * pooled[1]).log()
    torch.testing.assert_close(length, case["sd.NONPERSISTENT.seq_length_scale"].flatten())
    assert torch.equal(outside(grid, spec.window, length) < 0, case["sd.NONPERSISTENT.padding_mask"])
