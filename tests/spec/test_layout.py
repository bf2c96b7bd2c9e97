"""A network laid out: places, costs that add up, and a memory that works out again only what changed."""

from __future__ import annotations

import json

import pytest

import archspec
from archspec.spec import layout
from archspec.spec.arch import Arch, Stage
from archspec.spec.cost import Cost, vector
from archspec.spec.layout import Section
from archspec.spec.shelf import names

from .samples import refused, small, the_problem

TURNS: dict[str, object] = {
    "stages.2.mixer": {"cycle": ["attention", "random", {"parallel": ["identity", "attention"]}]},
    "stages.2.norm": {"cycle": ["layer_norm", "group_norm"]},
    "stages.1.scaling": {"cycle": ["none", "layer_scale", "res_scale", "branch_scale"]},
    "stages.1.mlp": {"cycle": ["none", {"kind": "mlp", "ratio": 2}]},
    "stages.0.positions": "learned",
}
TOKENS: dict[str, object] = {
    "stages.mixer": "attention",
    "stages.1.positions": {"kind": "learned"},
    "stages.2.class_tokens": ["start", "end"],
    "stages.2.positions": {"kind": "learned", "covers": "all"},
    "head.pool": "cls",
}


def shelf() -> list[str]:
    return names("arch")


MEMORIES = {
    "ways": layout._reshaped,
    "first": layout._first_stage,
    "later": layout._stage,
    "parts": layout._looked_at,
    "head": layout._head,
}


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    """Nothing remembered from other tests."""
    for memory in MEMORIES.values():
        memory.cache_clear()


def worked_out(arch: Arch, edits: dict[str, object]) -> dict[str, int]:
    """How many things of each sort an edit makes us work out again: stem and downsamplers, stages, parts."""
    assert arch.layout.cost.params
    before = {name: memory.cache_info().misses for name, memory in MEMORIES.items()}
    assert arch.edit(edits).layout.cost.params
    misses = {name: memory.cache_info().misses - before[name] for name, memory in MEMORIES.items()}
    return {name: count for name, count in misses.items() if count}


@pytest.mark.parametrize(
    ("edits", "again"),
    [
        ({}, {}),
        ({"stages.1.mixer.kernel": 7}, {"later": 1, "parts": 1}),
        ({"stages.2.depth": 9}, {"later": 1}),
        ({"stages.0.mixer.kernel": 7}, {"first": 1, "parts": 1}),
        ({"stages.1-.norm": "none"}, {"later": 2, "parts": 2}),
        ({"stages.0.dim": 24}, {"ways": 2, "first": 1, "later": 1, "parts": 5}),
        ({"stages.1.dim": 24}, {"ways": 2, "later": 2, "parts": 5}),
        ({"stages.2.dim": 40}, {"ways": 1, "later": 1, "parts": 5, "head": 1}),
        ({"head.bias": False}, {"head": 1}),
        ({"classes": 100}, {"head": 1}),
        ({"stem.bias": False}, {"ways": 1}),
        ({"stem.size": 2}, {"ways": 3, "first": 1, "later": 2, "parts": 15, "head": 1}),
        ({"init": "torch"}, {}),
    ],
)
def test_an_edit_works_out_again_only_what_it_touches(edits: dict[str, object], again: dict[str, int]) -> None:
    assert worked_out(small(), edits) == again


def test_an_edit_and_its_reverse_are_remembered() -> None:
    arch = small()
    there = arch.edit({"stages.1.mixer.kernel": 7})
    assert there.layout.cost != arch.layout.cost
    assert worked_out(there, {"stages.1.mixer.kernel": 5}) == {}
    assert there.edit({"stages.1.mixer.kernel": 5}).layout.cost == arch.layout.cost


def test_the_size_it_runs_at_is_part_of_what_is_remembered() -> None:
    arch = small()
    costs = [archspec.profile(arch, size=size).macs for size in (64, 128, 64, 128)]
    assert costs[:2] == costs[2:]
    assert costs[0] < costs[1]


def test_a_layout_is_made_once() -> None:
    arch = small()
    assert arch.layout is arch.layout


@pytest.mark.parametrize("name", shelf())
def test_costs_add_up(name: str) -> None:
    _adds_up(archspec.load(name))


@pytest.mark.parametrize("depth", [3, 6, 7, 11])
def test_costs_of_blocks_in_turn_add_up(depth: int) -> None:
    _adds_up(small({**TURNS, "stages.2.depth": depth}))


def test_costs_of_class_tokens_add_up() -> None:
    _adds_up(small(TOKENS))
    _, _, _, last, head = small(TOKENS).layout.sections
    parts = dict(last.costs)
    assert parts["class_tokens"].params == 2 * 32
    assert parts["positions"].params == (4 * 4 + 2) * 32
    assert head.cost.params == 2 * 32 * 10 + 10


def _adds_up(arch: Arch) -> None:
    profile, sections = archspec.profile(arch), arch.layout.sections
    total = sum((section.cost for section in sections), Cost())
    assert (profile.params, profile.frozen_params, profile.macs, profile.activations) == total
    assert [stage.name for stage in profile.stages] == [section.name for section in sections]
    for stage, section in zip(profile.stages, sections, strict=True):
        assert stage.cost == sum(stage.parts.values(), Cost()) == section.cost
    for stage_section in arch.layout.stages:
        assert stage_section.cost == _block_by_block(stage_section)


def _block_by_block(section: Section) -> Cost:
    """A stage's cost, every block counted for itself."""
    stage, at = section.spec, section.at
    assert isinstance(stage, Stage)
    total = vector(at.dim, len(stage.class_tokens)) + stage.positions.total(at)
    if stage.downsample is not None:
        total += stage.downsample.total(section.entry)
    for index in range(stage.depth):
        block = stage.block(index)
        for branch in (block.mixer, block.mlp):
            if branch is not None:
                total += branch.norm.total(at) + branch.op.total(at) + branch.scaling.total(at)
    return total


def test_places_follow_the_network() -> None:
    sections = small().layout.sections
    assert [section.name for section in sections] == ["stem", "stages.0", "stages.1", "stages.2", "head"]
    assert [section.at.grid for section in sections] == [(16, 16), (16, 16), (8, 8), (4, 4), (4, 4)]
    assert [(section.entry.dim, section.entry.out) for section in sections] == [
        (3, 8),
        (8, 8),
        (8, 16),
        (16, 32),
        (32, 10),
    ]


def test_class_tokens_stay_among_the_tokens() -> None:
    *stages, head = small(TOKENS).layout.sections[1:]
    assert [section.at.tokens for section in stages] == [256, 64, 18]
    assert head.at.class_tokens == ("start", "end")


@pytest.mark.parametrize(
    ("edits", "code", "path"),
    [
        ({"stages.0.mixer.kernel": 4}, "ARC301", "stages.0.mixer.kernel"),
        ({"stages.2.dim": 34, "stages.2.positions": "sincos"}, "ARC301", "stages.2.positions"),
        ({"stages.1.downsample": "none"}, "ARC301", "stages.1.downsample"),
        ({"stages.2.mixer": "pooling", "stages.2.class_tokens": ["start"]}, "ARC302", "stages.2.mixer"),
        ({"stages.0.class_tokens": ["start"]}, "ARC302", "stages.1.downsample"),
        ({"stem.size": 5}, "ARC301", "stem.size"),
        ({"head.pool": "cls"}, "ARC302", "head.pool"),
        ({"stages.1.norm": {"kind": "group_norm", "groups": 3}}, "ARC301", "stages.1.norm.groups"),
        ({"stages.2.positions": {"kind": "learned", "covers": "all"}}, "ARC301", "stages.2.positions.covers"),
    ],
)
def test_what_cannot_work_is_refused_where_it_stands(edits: dict[str, object], code: str, path: str) -> None:
    with pytest.raises(archspec.SpecError) as caught:
        small(edits)
    assert (code, path) in {(problem.code, problem.path) for problem in caught.value.problems}


def test_members_of_a_cycle_are_addressed_in_it() -> None:
    problem = refused({"stages.1.mixer": {"cycle": ["identity", {"kind": "sep_conv", "kernel": 4}]}})
    assert problem.path == "stages.1.mixer.cycle.1.kernel"
    within = {"cycle": ["identity", {"cycle": ["identity", {"kind": "sep_conv", "kernel": 4}]}]}
    assert refused({"stages.1.mixer": within}).path == "stages.1.mixer.cycle.1.cycle.1.kernel"


def test_running_at_a_size_that_does_not_fit_is_refused() -> None:
    problem = the_problem(lambda: archspec.profile(small(), size=66))
    assert (problem.code, problem.path) == ("ARC301", "stem.size")


@pytest.mark.parametrize("size", [0, -5, "large", [64, 64, 3], 1.5, True])
def test_a_size_that_is_none_is_refused(size: object) -> None:
    problem = the_problem(lambda: archspec.profile(small(), size=size))
    assert (problem.code, problem.path) == ("ARC104", "size")


def test_random_matrices_have_one_size() -> None:
    problem = the_problem(lambda: archspec.profile(small({"stages.2.mixer": "random"}), size=128))
    assert problem.path == "stages.2.mixer"


def test_a_profile_is_plain_data() -> None:
    data = archspec.profile(small(), size=[64, 128]).to_dict()
    assert data == json.loads(json.dumps(data))
    assert data["size"] == [64, 128]
    assert sum(stage["params"] for stage in data["stages"]) == data["params"]
    assert set(data) == {"arch", "size", "params", "frozen_params", "macs", "activations", "stages"}
