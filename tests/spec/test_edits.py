"""Edits: which places a path names, what a value does there, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archspec
from archspec.spec.arch import Arch

from .samples import SMALL, refused, small, the_problem


def at(arch: Arch, path: str) -> list[Any]:
    """What stands at a path of every stage."""
    return [_within(stage, path.split(".")) for stage in arch.to_dict()["stages"]]


def _within(value: Any, names: list[str]) -> Any:
    for name in names:
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


@pytest.mark.parametrize(
    ("path", "depths"),
    [
        ("stages.depth", [9, 9, 9]),
        ("stages.1.depth", [2, 9, 6]),
        ("stages.0-1.depth", [9, 9, 6]),
        ("stages.1-.depth", [2, 9, 9]),
        ("stages.2-.depth", [2, 4, 9]),
        ("stages.0-2.depth", [9, 9, 9]),
    ],
)
def test_a_path_names_stages(path: str, depths: list[int]) -> None:
    assert at(small({path: 9}), "depth") == depths


def test_a_path_leads_outside_the_stages() -> None:
    written = small({"input.size": 32, "head.bias": False, "stem.norm_after": "layer_norm"}).to_dict()
    assert written["input"]["size"] == 32
    assert written["head"]["bias"] is False
    assert written["stem"]["norm_after"]["kind"] == "layer_norm"


def test_a_path_names_one_element_of_a_list_of_values() -> None:
    iso = archspec.load("identityformer_s_iso_conv")
    assert iso.edit({"stem.dims.0": 64}).to_dict()["stem"]["dims"] == [64, 96, 192]
    vit = archspec.load("vit_tiny")
    assert vit.edit({"stages.class_tokens.0": "end"}).stages[0].class_tokens == ("end",)


def test_a_path_names_members_of_a_cycle() -> None:
    cycled = small({"stages.mixer": {"cycle": ["sep_conv", {"kind": "sep_conv", "kernel": 9}]}})
    assert at(cycled.edit({"stages.mixer.cycle.1.kernel": 5}), "mixer.cycle.1.kernel") == [5] * 3
    both = cycled.edit({"stages.mixer.cycle.kernel": 3})
    assert at(both, "mixer.cycle.0.kernel") == at(both, "mixer.cycle.1.kernel") == [3] * 3


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("stages.mixr", "did you mean `mixer`?"),
        ("stages.0.mixer.kernal", "did you mean `kernel`?"),
        ("stages.mixer.kernel", "`attention`"),
        ("stages.downsample.size", "`stages.1-.downsample`"),
        ("stages.3.depth", "`3`"),
        ("stages.1-3.depth", "`1-3`"),
        ("stages.2-1.depth", "`2-1`"),
        ("stages..depth", "single dots"),
        (".depth", "single dots"),
        ("", "single dots"),
        ("heads", "did you mean `head`?"),
        ("classes.more", "`classes`"),
        ("stem.0", "`patch`"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path: str, says: str) -> None:
    problem = refused({path: 1})
    assert problem.code == "ARC201"
    assert says in str(problem)


@pytest.mark.parametrize("path", ["arch", "reference.top1", "note", "plugins", "pretrained"])
def test_what_is_said_about_an_arch_is_not_edited(path: str) -> None:
    assert refused({path: "x"}).code == "ARC201"


def test_figures_and_checkpoints_do_not_follow_an_edit() -> None:
    arch = archspec.load("convformer_s18").edit({"classes": 10})
    assert (arch.reference, arch.pretrained) == (None, None)


def test_an_edit_leaves_the_old_arch_alone() -> None:
    arch = small()
    before = arch.to_dict()
    arch.edit({"stages.mixer": "pooling", "classes": 3})
    assert arch.to_dict() == before


def test_each_gives_every_place_its_own() -> None:
    assert at(small({"stages.dim": {"each": [16, 32, 64]}}), "dim") == [16, 32, 64]


def test_each_stands_at_any_depth() -> None:
    mixer = {
        "kind": "sep_conv",
        "kernel": {"each": [3, 5, 7]},
        "activation": {"kind": {"each": ["relu", "gelu", "silu"]}},
    }
    arch = small({"stages.mixer": mixer})
    assert at(arch, "mixer.kernel") == [3, 5, 7]
    assert [a if isinstance(a, str) else a["kind"] for a in at(arch, "mixer.activation")] == ["relu", "gelu", "silu"]


def test_each_and_times_combine_both_ways() -> None:
    assert at(small({"stages.dim": {"times": {"each": [1, 2, 0.5]}}}), "dim") == [8, 32, 16]
    assert at(small({"stages.dim": {"each": [{"times": 3}, 16, {"times": 0.5}]}}), "dim") == [24, 16, 16]


@pytest.mark.parametrize("values", [[8, 16], [8, 16, 32, 64], [], 8, {"times": 2}])
def test_each_needs_a_value_a_place(values: object) -> None:
    problem = refused({"stages.dim": {"each": values}})
    assert problem.code == "ARC203"
    assert "`each`" in problem.message


def test_times_multiplies_what_is_there() -> None:
    assert at(small({"stages.dim": {"times": 1.5}}), "dim") == [12, 24, 48]
    assert at(small({"stages.mlp.ratio": {"times": 0.5}}), "mlp.ratio") == [2, 2, 2]


def test_times_keeps_whole_numbers_whole() -> None:
    third = small({"stages.dim": {"each": [9, 18, 36]}, "stages.2.mixer": "identity"})
    assert at(third.edit({"stages.dim": {"times": 1 / 3}}), "dim") == [3, 6, 12]


def test_times_reaches_relative_sizes_and_lists() -> None:
    arch = small({"stages.0-1.mixer.kernel": {"grid": 1}}).edit({"stages.0-1.mixer.kernel": {"times": 0.5}})
    assert at(arch.edit({"stages.2.mixer": "sep_conv"}), "mixer.kernel") == [{"grid": 0.5}, {"grid": 0.5}, 7]
    iso = archspec.load("identityformer_s_iso_conv").edit({"stem.dims": {"times": 2}})
    assert iso.to_dict()["stem"]["dims"] == [96, 192, 384]


@pytest.mark.parametrize(
    ("path", "factor", "says"),
    [
        ("stages.dim", 0.3, "8 × 0.3 is 2.4, and a whole number stands here"),
        ("stages.mixer", 2, "`times` multiplies a number"),
        ("stages.bias", 2, "`times` multiplies a number"),
        ("stages.dim", "twice", "`times` is followed by a number"),
        ("stages.dim", True, "`times` is followed by a number"),
    ],
)
def test_times_refuses(path: str, factor: object, says: str) -> None:
    problem = refused({path: {"times": factor}})
    assert problem.code == "ARC203"
    assert says in problem.message


@pytest.mark.parametrize(
    "edits",
    [
        {"stages.depth": 1, "stages.0.depth": 2},
        {"stages.0-1.depth": 1, "stages.1-2.depth": 2},
        {"stages.mixer": "pooling", "stages.0.mixer.kernel": 5},
        {"stages.0.mixer.kernel": 5, "stages.0.mixer": "pooling"},
        {"stages.mixer.kind": "pooling", "stages.1.mixer": "identity"},
        {"stages.mixer.kind": "pooling", "stages.1.mixer.kind": "identity"},
        {"stages.0": {"depth": 1}, "stages.0.dim": 4},
        {"stages": {"depth": 1}, "stages.0.dim": 4},
        {"head": "linear", "head.pool.kind": "avg"},
    ],
)
def test_no_path_equals_or_contains_another(edits: dict[str, Any]) -> None:
    problem = refused(edits)
    assert problem.code == "ARC202"
    assert "is also changed by" in problem.message


def test_neighbours_do_not_overlap() -> None:
    arch = small({"stages.0.dim": 4, "stages.0.depth": 1, "stages.1.dim": 64, "stages.1-.mlp.ratio": 2})
    assert (at(arch, "dim"), at(arch, "depth"), at(arch, "mlp.ratio")) == ([4, 64, 32], [1, 4, 6], [4, 2, 2])


def test_a_new_kind_keeps_fields_of_the_same_name() -> None:
    arch = small({"stages.0-1.mixer.ratio": 3}).edit({"stages.mixer.kind": "convnext"})
    assert (at(arch, "mixer.kernel"), at(arch, "mixer.ratio")) == ([3, 5, 7], [3, 3, 4])


def test_a_new_kind_drops_what_it_lacks_and_brings_its_own() -> None:
    assert at(small({"stages.mixer.kind": "pooling"}), "mixer") == [{"kind": "pooling", "size": 3}] * 3


@pytest.mark.parametrize("kind_first", [True, False])
def test_kinds_go_first_in_whatever_order_they_are_written(kind_first: bool) -> None:
    edits = [("stages.mixer.kind", "attention"), ("stages.mixer.head_dim", 4)]
    arch = small(dict(edits if kind_first else reversed(edits)))
    assert at(arch, "mixer.head_dim") == [4, 4, 4]


@pytest.mark.parametrize("outer_first", [True, False])
def test_a_kind_within_a_new_kind_can_be_chosen(outer_first: bool) -> None:
    edits = [("stages.2.mixer.kind", "sep_conv"), ("stages.2.mixer.activation.kind", "relu")]
    arch = small(dict(edits if outer_first else reversed(edits)))
    assert at(arch, "mixer.kind") == ["sep_conv"] * 3
    assert at(arch, "mixer.activation")[2] == "relu"


def test_each_place_can_have_its_own_kind() -> None:
    assert (
        at(small({"stages.mixer.kind": {"each": ["identity", "pooling", "sep_conv"]}}), "mixer")[1]["kind"] == "pooling"
    )


def test_having_no_downsampler_keeps_nothing_of_the_one_before() -> None:
    arch = small({"stages.2.dim": 16, "stages.2.downsample.norm_before": "layer_norm"})
    gone = arch.edit({"stages.2.downsample.kind": "none"})
    assert gone.to_dict()["stages"][2]["downsample"] == "none"
    problem = the_problem(lambda: gone.edit({"stages.2.downsample": {"kind": "none", "norm_after": "layer_norm"}}))
    assert (problem.code, problem.path) == ("ARC101", "stages.2.downsample.norm_after")


@pytest.mark.parametrize("path", ["kind", "input.kind", "stages.0.kind", "stages.kind"])
def test_only_members_of_families_have_kinds(path: str) -> None:
    assert refused({path: "pooling"}).code == "ARC201"


def test_an_unknown_kind_is_refused_with_a_near_match() -> None:
    problem = the_problem(lambda: small({"stages.0.mixer.kind": "sepconv"}))
    assert (problem.code, problem.hint) == ("ARC102", "did you mean `sep_conv`?")


def test_a_mapping_with_a_kind_replaces_and_one_without_merges() -> None:
    assert at(small({"stages.0-1.mixer": {"ratio": 3}}), "mixer")[0]["kernel"] == 3
    assert at(small({"stages.0-1.mixer": {"kind": "sep_conv", "ratio": 3}}), "mixer")[0]["kernel"] == 7


def test_merging_reaches_down() -> None:
    arch = small({"stages.0": {"depth": 1, "mixer": {"kernel": 9}}})
    assert (at(arch, "depth")[0], at(arch, "mixer")[0]["kernel"], at(arch, "dim")[0]) == (1, 9, 8)
    assert at(small({"stages": {"depth": 1}}), "depth") == [1, 1, 1]


def test_a_mapping_merges_into_a_bare_word() -> None:
    arch = archspec.load({**SMALL, "head": {"kind": "linear", "norm_after": "layer_norm"}})
    assert arch.edit({"head.norm_after": {"eps": 1e-3}}).to_dict()["head"]["norm_after"]["eps"] == 1e-3


def test_scalars_and_lists_replace() -> None:
    assert small({"stages.bias": ["norm", "conv"]}).edit({"stages.bias": ["linear"]}).stages[0].bias == ("linear",)
    assert at(small({"stages.bias": ["norm"]}).edit({"stages.bias": False}), "bias") == [False] * 3


@pytest.mark.parametrize("structure", ["cycle", "parallel"])
def test_nothing_merges_into_a_structure(structure: str) -> None:
    arch = small({"stages.mixer": {structure: ["pooling", "sep_conv"]}})
    problem = refused({"stages.mixer": {"kernel": 5}}, arch)
    assert problem.code == "ARC203"
    assert f"cannot be merged into a `{structure}`" in problem.message
    assert at(arch.edit({"stages.mixer": "identity"}), "mixer") == ["identity"] * 3


def test_none_is_the_way_to_say_nothing() -> None:
    assert at(small({"stages.norm": "none"}), "norm") == ["none"] * 3
    assert refused({"stages.0.mixer": None}).code == "ARC104"


def test_a_wrong_value_is_reported_at_its_path() -> None:
    problem = refused({"stages.0.dim": "wide"})
    assert (problem.code, problem.path) == ("ARC104", "stages.0.dim")


@given(st.lists(st.integers(0, 2), min_size=1, unique=True), st.integers(1, 8))
def test_a_range_is_its_indices(indices: list[int], depth: int) -> None:
    first, last = min(indices), max(indices)
    spelled = {f"stages.{index}.depth": depth for index in range(first, last + 1)}
    assert small({f"stages.{first}-{last}.depth": depth}) == small(spelled)


@given(st.integers(1, 64))
def test_times_is_undone_by_its_inverse(factor: int) -> None:
    wider = small({"stages.dim": {"times": factor}})
    assert wider.edit({"stages.dim": {"times": 1 / factor}}).digest == small().digest


@given(st.permutations(["stages.0.dim", "stages.1.depth", "stages.0.mixer.kernel", "classes"]))
def test_the_order_of_edits_does_not_matter(paths: list[str]) -> None:
    values = {"stages.0.dim": 12, "stages.1.depth": 1, "stages.0.mixer.kernel": 7, "classes": 5}
    assert small({path: values[path] for path in paths}) == small(values)


def test_what_a_new_kind_requires_may_be_edited_beside_it() -> None:
    edits = {"stem.kind": "conv_stack", "stem.dims": [8], "stem.kernels": [3, 3], "stem.stride": 1}
    assert small(edits).to_dict()["stem"]["kernels"] == [3, 3]
    assert (
        small(edits).digest
        == small({"stem": {"kind": "conv_stack", "dims": [8], "kernels": [3, 3], "stride": 1}}).digest
    )
    assert refused({"stem.kind": "conv_stack", "stem.dims": [8]}).message == "`kernels` is missing"
