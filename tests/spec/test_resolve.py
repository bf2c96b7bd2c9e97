"""Resolved, nothing symbolic is left: what is inherited, relative or in turn is written out where it belongs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archspec
from archspec.spec.arch import Arch
from archspec.spec.place import Place, Scope
from archspec.spec.values import GridSize

from .samples import refused, small


def part(arch: Arch, path: str) -> Any:
    """The plain value at a path of the resolved arch."""
    value: Any = arch.resolved().to_dict(metadata=False)
    for name in path.split("."):
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def kind(value: Any) -> str:
    return value if isinstance(value, str) else str(value["kind"])


def test_mixers_mlps_and_norms_inherit_from_their_stage() -> None:
    arch = small({"stages.0.activation": "relu", "stages.0.bias": False})
    assert kind(part(arch, "stages.0.mixer.activation")) == "relu"
    assert kind(part(arch, "stages.0.mlp.activation")) == "relu"
    assert [part(arch, f"stages.0.{name}.bias") for name in ("mixer", "mlp", "norm")] == [[], [], []]
    assert kind(part(arch, "stages.1.mlp.activation")) == "gelu"
    assert part(arch, "stages.1.norm.bias") == ["norm"]


def test_what_a_part_says_itself_is_not_inherited() -> None:
    edits = {
        "stages.activation": "relu",
        "stages.bias": False,
        "stages.mlp.activation": "silu",
        "stages.mlp.bias": True,
    }
    arch = small(edits)
    assert kind(part(arch, "stages.0.mlp.activation")) == "silu"
    assert part(arch, "stages.0.mlp.bias") == ["linear"]
    assert kind(part(arch, "stages.0.mixer.activation")) == "relu"


def test_norms_inside_a_mixer_are_its_own() -> None:
    arch = small({"stages.mixer": {"kind": "convnext", "norm": "layer_norm"}, "stages.bias": False})
    assert part(arch, "stages.0.norm.bias") == []
    assert part(arch, "stages.0.mixer.bias") == []
    assert part(arch, "stages.0.mixer.norm.bias") == ["norm"]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("stem.norm_before", {"kind": "layer_norm"}),
        ("stem.norm_after", {"kind": "layer_norm"}),
        ("stages.1-.downsample.norm_before", {"kind": "layer_norm"}),
        ("stages.1-.downsample.norm_after", {"kind": "group_norm"}),
        ("head.norm_before", {"kind": "layer_norm"}),
        ("head.norm_after", {"kind": "batch_norm"}),
    ],
)
def test_nothing_outside_the_stages_inherits(place: str, value: dict[str, Any]) -> None:
    arch = small({place: value, "stages.bias": False, "stages.activation": "relu"})
    assert part(arch, f"{place.replace('1-', '1')}.bias") == ["norm"]


def test_stems_downsamplers_and_heads_keep_their_biases_and_activations() -> None:
    arch = small({"stages.bias": False, "stages.activation": "relu", "head": "mlp"})
    assert part(arch, "stem.bias") == part(arch, "stages.1.downsample.bias") == ["conv"]
    assert part(arch, "head.bias") == ["linear"]
    assert kind(part(arch, "head.activation")) == "gelu"
    assert part(arch, "head.norm.bias") == ["norm"]


@pytest.mark.parametrize(
    "path",
    [
        "stages.0.activation",
        "stages.0.bias",
        "stem.bias",
        "stages.1.downsample.bias",
        "head.bias",
        "head.activation",
    ],
)
def test_where_inherit_is_not_the_default_there_is_nothing_to_inherit_from(path: str) -> None:
    problem = refused({path: "inherit"}, small({"head": "mlp"}))
    assert (problem.code, problem.path) == ("ARC104", path)


@pytest.mark.parametrize(
    ("mixer", "bias", "kept"),
    [
        ("attention", True, ["linear"]),
        ("attention", ["norm", "conv"], []),
        ("sep_conv", ["norm", "conv"], ["conv"]),
        ("sep_conv", True, ["linear", "conv"]),
        ("sep_conv", ["conv", "linear"], ["linear", "conv"]),
    ],
)
def test_bias_parts_that_a_kind_lacks_are_dropped(mixer: str, bias: object, kept: list[str]) -> None:
    arch = small({"stages.mixer": mixer, "stages.bias": bias})
    assert part(arch, "stages.0.mixer.bias") == kept


def test_kinds_without_biases_have_none() -> None:
    arch = small({"stages.mixer": "identity", "stages.norm": "rms_norm"})
    assert "bias" not in part(arch, "stages.0")["norm"]
    assert part(arch, "stages.0.mixer") == "identity"


def test_what_a_stage_handed_on_is_said_no_more() -> None:
    arch = small({"stages.activation": "relu", "stages.bias": ["norm"]})
    assert (kind(part(arch, "stages.0.activation")), part(arch, "stages.0.bias")) == ("gelu", True)
    assert kind(part(arch, "stages.0.mlp.activation")) == "relu"


@pytest.mark.parametrize(
    ("cycle", "resolved"),
    [
        (["identity"], "identity"),
        (["identity", "identity"], "identity"),
        (["identity", "random"], {"cycle": ["identity", "random"]}),
        (["identity", "random", "identity", "random"], {"cycle": ["identity", "random"]}),
        (["identity", "random", "identity"], {"cycle": ["identity", "random", "identity"]}),
        (["identity", "identity", "random"], {"cycle": ["identity", "identity", "random"]}),
    ],
)
def test_a_cycle_is_the_shortest_there_is(cycle: list[str], resolved: object) -> None:
    assert part(small({"stages.2.mixer": {"cycle": cycle}}), "stages.2.mixer") == resolved


def test_blocks_take_turns() -> None:
    stage = small({"stages.2.mixer": {"cycle": ["identity", "random", "pooling"]}}).resolved().stages[2]
    kinds = [stage.block(index).mixer.op.model_dump()["kind"] for index in range(stage.depth)]
    assert kinds == ["identity", "random", "pooling"] * 2


def test_a_cycle_within_a_cycle_goes_on_at_every_turn() -> None:
    within = {"cycle": [{"cycle": ["identity", "random"]}, "pooling"]}
    stage = small({"stages.2.mixer": within}).resolved().stages[2]
    kinds = [stage.block(index).mixer.op.model_dump()["kind"] for index in range(stage.depth)]
    assert kinds == ["identity", "pooling", "random", "pooling", "identity", "pooling"]
    turns = [{"kind": "mlp", "activation": {"cycle": ["relu", "silu"]}}, "none"]
    members = part(small({"stages.2.mlp": {"cycle": turns}}), "stages.2.mlp.cycle")
    assert [kind(m if isinstance(m, str) else m["activation"]) for m in members] == ["relu", "none", "silu", "none"]


def test_a_cycle_within_a_cycle_is_refused_where_it_never_comes_round() -> None:
    problem = refused({"stages.0.mixer": {"cycle": [{"cycle": ["identity", "random"]}, "pooling"]}})
    assert (problem.code, problem.path) == ("ARC301", "stages.0.mixer.cycle.0")


def test_what_alternates_within_a_part_makes_the_part_alternate() -> None:
    arch = small({"stages.1.activation": {"cycle": ["relu", "gelu"]}})
    for name in ("mixer", "mlp"):
        turns = part(arch, f"stages.1.{name}.cycle")
        assert [kind(turn["activation"]) for turn in turns] == ["relu", "gelu"]
    assert part(arch, "stages.1.norm.kind") == "layer_norm"


def test_cycles_of_different_lengths_meet() -> None:
    edits = {
        "stages.2.mixer": {"cycle": ["identity", "random"]},
        "stages.2.norm": {"cycle": ["none", "layer_norm", "rms_norm"]},
    }
    stage = small(edits).resolved().stages[2]
    blocks = [stage.block(index).mixer for index in range(6)]
    pairs = [(b.op.model_dump()["kind"], b.norm.model_dump()["kind"]) for b in blocks]
    assert len(set(pairs)) == 6


def test_a_cycle_longer_than_the_stage_is_refused() -> None:
    problem = refused({"stages.0.mixer": {"cycle": ["identity", "random", "pooling"]}})
    assert (problem.code, problem.path) == ("ARC301", "stages.0.mixer")
    deep = refused({"stages.0.mlp": {"activation": {"cycle": ["relu", "gelu", "silu"]}}})
    assert deep.path == "stages.0.mlp.activation"


@pytest.mark.parametrize(
    "path",
    [
        "init",
        "stem",
        "stem.norm_after",
        "stages.1.downsample",
        "stages.1.downsample.norm_after",
        "stages.1.positions",
        "head",
        "head.pool",
        "head.norm_after",
    ],
)
def test_only_blocks_take_turns(path: str) -> None:
    member = {"stem": {"kind": "patch", "size": 4}, "init": "torch", "stages.1.downsample": "patch", "head": "linear"}
    fallback = "avg" if path.endswith("pool") else "learned" if path.endswith("positions") else "layer_norm"
    problem = refused({path: {"cycle": [member.get(path, fallback)] * 2}})
    assert (problem.code, problem.path) == ("ARC301", path)


def test_parallel_members_take_the_stages_norm_and_inherit() -> None:
    edits = {
        "stages.0.mixer": {"parallel": ["sep_conv", "pooling"]},
        "stages.0.bias": False,
        "stages.0.activation": "relu",
    }
    mixer = part(small(edits), "stages.0.mixer")
    assert mixer["norm"] == {"kind": "layer_norm", "eps": 1e-6, "bias": []}
    assert (kind(mixer["parallel"][0]["activation"]), mixer["parallel"][0]["bias"]) == ("relu", [])


def test_parallel_members_bring_their_norms_to_the_block() -> None:
    block = small({"stages.mixer": {"parallel": ["sep_conv", "pooling"]}}).resolved().stages[0].block(0)
    assert block.mixer.norm.is_none
    assert block.mlp is not None
    assert not block.mlp.norm.is_none


def test_mixers_in_parallel_may_have_a_norm_of_their_own() -> None:
    mixer = {"parallel": ["pooling", "identity"], "norm": "rms_norm"}
    own = small({"stages.0.mixer": mixer})
    assert kind(part(own, "stages.0.mixer.norm")) == "rms_norm"
    assert part(own, "stages.0.norm.kind") == "layer_norm"
    assert "norm" not in small({"stages.0.mixer": {"parallel": ["pooling"]}}).to_dict()["stages"][0]["mixer"]


def test_mixers_in_parallel_within_others_are_normed_once() -> None:
    mixer = {"parallel": ["pooling", {"parallel": ["identity", "random"]}]}
    op = small({"stages.0.mixer": mixer}).resolved().stages[0].block(0).mixer.op
    parts = [found.spec for found in op.parts(Place(8, (16, 16), (16, 16))) if found.name == "norm"]
    assert [norm.is_none for norm in parts] == [False, True]


def test_a_norm_in_turn_reaches_parallel_members_in_turn() -> None:
    edits = {"stages.1.mixer": {"parallel": ["pooling"]}, "stages.1.norm": {"cycle": ["layer_norm", "none"]}}
    turns = part(small(edits), "stages.1.mixer.cycle")
    assert [kind(turn["norm"]) for turn in turns] == ["layer_norm", "none"]


@pytest.mark.parametrize(
    ("size", "grids", "kernels"),
    [
        (64, [(16, 16), (8, 8), (4, 4)], [15, 7, 3]),
        (52, [(13, 13), (6, 6), (3, 3)], [13, 5, 3]),
        ([64, 32], [(16, 8), (8, 4), (4, 2)], [15, 7, 3]),
        ([24, 40], [(6, 10), (3, 5), (2, 3)], [9, 5, 3]),
    ],
)
def test_relative_sizes_follow_the_longer_side_of_the_grid(
    size: object, grids: list[tuple[int, int]], kernels: list[int]
) -> None:
    conv = {"kind": "conv", "kernel": 3, "stride": 2, "padding": 1}
    base = small({"stages.1.downsample": conv, "stages.mixer": {"kind": "sep_conv", "kernel": {"grid": 1}}})
    if size == 52:
        base = base.edit({"stages.1-.downsample": {"kind": "conv", "kernel": 2, "stride": 2, "padding": 0}})
    arch = base.edit({"input.size": size})
    assert [section.at.grid for section in arch.layout.stages] == grids
    assert [part(arch, f"stages.{index}.mixer.kernel") for index in range(3)] == kernels


@given(st.floats(0.05, 4.0), st.integers(1, 300), st.integers(1, 300))
def test_a_relative_size_is_the_largest_odd_number_that_fits(ratio: float, rows: int, columns: int) -> None:
    size = GridSize(grid=ratio).resolve(Scope((rows, columns)))
    bound = ratio * max(rows, columns)
    assert size % 2 == 1
    assert size <= max(1, bound * (1 + 1e-9))
    assert size + 2 > bound * (1 - 1e-9)


@pytest.mark.parametrize(("ratio", "sizes"), [(2, [111, 55, 27, 13]), (1, [55, 27, 13, 7]), (0.5, [27, 13, 7, 3])])
def test_relative_kernels_are_the_papers(ratio: float, sizes: list[int]) -> None:
    arch = archspec.load("convformer_s18").edit({"stages.mixer.kernel": {"grid": ratio}})
    assert [part(arch, f"stages.{index}.mixer.kernel") for index in range(4)] == sizes


def test_another_size_does_not_change_what_was_resolved() -> None:
    arch = small({"stages.0.mixer.kernel": {"grid": 1}})
    at_home, elsewhere = archspec.profile(arch), archspec.profile(arch, size=128)
    assert elsewhere.params == at_home.params
    assert elsewhere.macs > at_home.macs


def test_symbols_stay_in_the_written_arch() -> None:
    arch = small({"stages.0.mixer.kernel": {"grid": 0.5}})
    arch.resolved()
    assert arch.to_dict()["stages"][0]["mixer"]["kernel"] == {"grid": 0.5}
    assert arch.to_dict()["stages"][0]["mixer"]["bias"] == "inherit"
