"""Vision-LSTM against outputs of the authors' own code: cells, layers, stacks of blocks and whole networks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from torch import Tensor, nn

import archspec
from archspec.nn.matrix_memory import Tokens, read, read_one_by_one
from archspec.nn.mixers.mlstm import Blocks, HeadNorm, Memory
from archspec.spec.arch import Arch
from archspec.spec.convolutions import Causal1d
from archspec.spec.mixers.mlstm import Mlstm
from archspec.spec.place import Place, Scope
from archspec.spec.traversals import RowsReversed

HERE = Path(__file__).parent
LAYER = 2e-5
NETWORK = 1e-4
SCANS = ("", "_rev", "_du", "_ud")
"""What the authors append to the names of a layer's further scans, which are ours in this order."""


def case(name: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Inputs and outputs of a case, and its weights."""
    tensors = load_file(HERE / f"{name}.safetensors")
    weights = {key.removeprefix("sd."): tensor for key, tensor in tensors.items() if key.startswith("sd.")}
    return {key: tensor for key, tensor in tensors.items() if not key.startswith("sd.")}, weights


def as_stored_here(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The norms' weights as factors; the authors store what they differ from one by."""
    return {name: tensor + ("norm.weight" in name) for name, tensor in weights.items()}


def layer_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """One layer under our names, its scans in order; a norm that they give no bias gets one of zeros."""
    found: dict[str, Tensor] = {}
    for name, tensor in as_stored_here(weights).items():
        part, _, last = name.replace("conv1d", "conv").rpartition(".")
        if name.startswith("learnable_skip"):
            part, last = name, "weight"
        first, _, rest = part.partition(".")
        scan = next((index for index, end in enumerate(SCANS) if index and first.endswith(end)), 0)
        first = first.removesuffix(SCANS[scan])
        part = first if rest in ("", "conv") else f"{first}.{rest}"
        outside = {"proj_up": "up", "proj_down": "down"}
        inside = {"conv": "conv.0", "conv_k": "conv.1", "q_proj": "q", "k_proj": "k", "v_proj": "v",
                  "learnable_skip": "skip", "mlstm_cell.igate": "memory.input", "mlstm_cell.fgate": "memory.forget",
                  "mlstm_cell.outnorm": "norm"}  # fmt: skip
        found[f"{outside[part]}.{last}" if part in outside else f"cores.{scan}.{inside[part]}.{last}"] = tensor
    return found


def loaded(module: nn.Module, weights: dict[str, Tensor]) -> nn.Module:
    """A module with given weights; norms without a bias in the case have zeros."""
    missing, unknown = module.load_state_dict(weights, strict=False)
    assert not unknown
    for name in missing:
        assert name.endswith(".norm.bias")
        nn.init.zeros_(module.get_parameter(name))
    return module.eval()


def agree(ours: Tensor, theirs: Tensor, tolerance: float) -> bool:
    """Equal up to a tolerance."""
    assert ours.shape == theirs.shape
    return (ours - theirs).abs().max().item() < tolerance


@pytest.mark.parametrize("form", [read, read_one_by_one, partial(read, chunk=3)])
def test_memory(form: Any) -> None:
    given, _ = case("vil_mlstm_cell_parallel")
    q, k, v = (given[f"in.{name}"].transpose(1, 2) for name in "qkv")
    i, f = (given[f"in.{name}gate_preact"].squeeze(-1).transpose(1, 2) for name in "if")
    assert agree(form(Tokens(q, k, v, i, f)), given["out.h"].transpose(1, 2), LAYER)


def test_cell() -> None:
    given, weights = case("vil_matrixlstmcell")
    weights = as_stored_here(weights)
    gates = {
        name.replace("igate", "input").replace("fgate", "forget"): w for name, w in weights.items() if "gate" in name
    }
    memory = loaded(Memory(32, heads=4), gates)
    norm = loaded(HeadNorm(32, heads=4, bias=True), {name[8:]: w for name, w in weights.items() if "outnorm" in name})
    assert agree(norm(memory(*(given[f"in.{name}"] for name in "qkv"))), given["out.y"], LAYER)


def test_blocks() -> None:
    given, weights = case("vil_linearheadwise")
    assert agree(loaded(Blocks(16, 4, 1.0, bias=True), weights)(given["in.x"]), given["out.y"], LAYER)


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("vil2_layer_rowwise_from_top_left", Mlstm()),
        ("vil2_layer_rowwise_from_bot_right", Mlstm(traversal=RowsReversed())),
        ("vil2_causal1d_layer_rowwise_from_top_left", Mlstm(conv=Causal1d())),
    ],
)
def test_layer(name: str, spec: Mlstm) -> None:
    given, weights = case(name)
    module = loaded(spec.resolve(Scope((3, 4))).build(Place(32, (3, 4), (3, 4))), layer_weights(weights))
    assert agree(module(given["in.x"], (3, 4)), given["out.y"], LAYER)


def stack(traversal: Any, **said: Any) -> Arch:
    """The stage of a stack of four blocks, with a norm behind it."""
    norm = {"kind": "layer_norm", "eps": 1e-5, "bias": said.get("bias", True)}
    return archspec.load(
        {
            "arch": "stack",
            "input": {"size": 16},
            "stem": {"kind": "patch", "size": 4},
            "stages": [
                {
                    "dim": 32,
                    "depth": 4,
                    "mlp": "none",
                    "norm": {"kind": "layer_norm", "eps": 1e-5},
                    "bias": said.pop("bias", True),
                    "mixer": {"kind": "mlstm", "traversal": traversal, **said},
                }
            ],
            "head": {"kind": "linear", "norm_before": norm},
        }
    )


STACKS = {
    "vil_traversal_uni": stack("uni"),
    "vil_traversal_bi_separate_qk_conv": stack("bi", share_conv=False),
    "vil_traversal_bi_shared_qkv_conv": stack("bi", value_conv=True),
    "vil_traversal_parallel_bidir_within_block": stack({"parallel": "bi"}),
    "vil_traversal_parallel_bidir_shared_within_block": stack({"parallel": "bi", "share": "all"}),
    "vil_traversal_parallel_quaddir_within_block_causalconv": stack(
        {"parallel": "quad"}, conv="causal1d", bias=["conv"]
    ),
}


@pytest.mark.parametrize("name", STACKS)
def test_stack(name: str) -> None:
    given, weights = case(name)
    network = archspec.build(STACKS[name]).eval()
    for number, block in enumerate(network.stages[0].blocks):  # type: ignore[arg-type]
        prefix = f"blocks.{number}."
        own = {key.removeprefix(prefix): tensor for key, tensor in weights.items() if key.startswith(prefix)}
        layer = {key.removeprefix("xlstm."): tensor for key, tensor in own.items() if key.startswith("xlstm.")}
        norm = {key.removeprefix("xlstm_norm."): tensor for key, tensor in own.items() if key.startswith("xlstm_norm.")}
        loaded(block.mixer.op, layer_weights(layer))
        loaded(block.mixer.norm, {key: tensor + (key == "weight") for key, tensor in norm.items()})
    after = {key.rpartition(".")[2]: t for key, t in as_stored_here(weights).items() if key.startswith("post")}
    y, _ = network.stages[0](given["in.x"], (4, 4))
    assert agree(loaded(network.head.norm_before, after)(y), given["out.y"], LAYER)


NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "vil2_t192_2blocks": ("vil_tiny", {"stages.depth": 2}),
    "vil2_d32_nolegacy": ("vil_tiny", {"stages.depth": 2, "stages.dim": 32, "head.norm_after": "none"}),
    "vil1_d64_2blocks": ("vil1_tiny", {"stages.depth": 2, "stages.dim": 64}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_network_with_the_authors_weights(name: str) -> None:
    given, weights = case(name)
    arch, edits = NETWORKS[name]
    network = archspec.build(archspec.load(arch).edit({"input.size": 64, "classes": 10, **edits})).eval()
    archspec.load_weights(network, weights, source="official")
    assert agree(network(given["in.x"]), given["out.y"], NETWORK)
