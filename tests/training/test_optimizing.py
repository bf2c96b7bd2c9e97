"""Optimizers: what timm's factory makes of every shipped recipe, which parameters decay, and how layers are scaled."""

from __future__ import annotations

from fnmatch import fnmatch
from functools import cache
from typing import Any

import pytest
import torch
from timm.optim._param_groups import param_groups_weight_decay
from torch import nn

import archspec
from archspec.compiler.network import Network
from archspec.errors import SpecError
from archspec.spec.optimizers import Optimizer
from archspec.spec.recipe import RECIPE, Recipe, phases_of
from archspec.training.optimizing import layer_scales, optimizer_for, parameter_groups
from tests.training.test_recipes import NAMES


@cache
def network(name: str) -> Network:
    """A shipped network with two blocks a stage, or twelve in its only one."""
    arch = archspec.load(name)
    return archspec.build(arch.edit({"stages.depth": 2}) if len(arch.stages) > 1 else arch)


def spec(**said: Any) -> Optimizer:
    """An optimizer as it is written."""
    return recipe(**said).optimizer


def recipe(**said: Any) -> Recipe:
    """A recipe with an optimizer."""
    return RECIPE.load({"data": "digits", "epochs": 1, "batch": 8, "optimizer": {"kind": "adamw", **said}})


def undecayed(model: nn.Module, optimizer: Optimizer) -> set[str]:
    """The names of the parameters without decay."""
    groups = parameter_groups(model, optimizer)
    return {name for group in groups if group["weight_decay"] == 0 for name in group["names"]}


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that learn, by name."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_recipe_gives_its_optimizer(name: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))
    model.stages, model.stem = nn.ModuleList(), nn.Identity()
    for phase in phases_of(RECIPE.load(name)):
        optimizer = optimizer_for(model, phase, phase.batch)
        assert type(optimizer).__name__.lower() == phase.optimizer.kind  # type: ignore[attr-defined]
        assert {group["lr"] for group in optimizer.param_groups} == {phase.peak}
        assert {group["weight_decay"] for group in optimizer.param_groups} == {0, phase.optimizer.weight_decay}
        assert {group["eps"] for group in optimizer.param_groups} == {phase.optimizer.settings()["eps"]}
        assert {tuple(group["betas"]) for group in optimizer.param_groups} == {(0.9, 0.999)}


@pytest.mark.parametrize(
    "name", ["caformer_s18", "convformer_s18", "randformer_s12", "vit_tiny", "convnext_iso_small", "sequencer2d_s"]
)
def test_the_default_rule_is_timms(name: str) -> None:
    model = network(name)
    timms = {bool(group["weight_decay"]): group["params"] for group in param_groups_weight_decay(model, 0.05)}
    names = {id(parameter): name for name, parameter in trainable(model).items()}
    ours = undecayed(model, RECIPE.load("imagenet_310ep").optimizer)
    assert ours == {names[id(parameter)] for parameter in timms[False]}
    assert trainable(model).keys() - ours == {names[id(parameter)] for parameter in timms[True]}


def test_metaformers_rule_spares_norms_scales_and_star_relu() -> None:
    model = network("caformer_s18")
    spared = undecayed(model, RECIPE.load("caformer_s18_310ep").optimizer)
    kinds = (
        "*.norm.weight",
        "*.norm_*.weight",
        "*.bias",
        "*.scaling.residual",
        "*.activation.scale",
        "*.activation.shift",
    )
    assert spared == {name for name in trainable(model) if any(fnmatch(name, kind) for kind in kinds)}
    assert "stages.2.blocks.0.mixer.scaling.residual" in spared
    assert {"stem.conv.weight", "stages.2.blocks.0.mixer.op.qkv.weight", "head.fc1.weight"}.isdisjoint(spared)


@pytest.mark.parametrize("recipe", ["sequencer_300ep", "sequencer_l_392", "sequencer_cars"])
def test_sequencers_rule_spares_norms_and_biases_and_reaches_all_that_cells_multiply_by(recipe: str) -> None:
    model = network("sequencer2d_s")
    spared = undecayed(model, RECIPE.load(recipe).optimizer)
    assert spared == {name for name in trainable(model) if fnmatch(name, "*bias*") or ".norm" in name}
    cells = "stages.0.blocks.0.mixer.op.passes.vertical.rnn"
    assert {f"{cells}.bias_hh_l0", f"{cells}.bias_ih_l0_reverse", "head.norm_before.weight"} <= spared
    assert {f"{cells}.weight_hh_l0", f"{cells}.weight_ih_l0_reverse", "stages.2.downsample.fc.weight"}.isdisjoint(
        spared
    )


def test_vision_lstms_rule_spares_the_position_table_as_well() -> None:
    model = network("vil_tiny")
    usual, spared = (undecayed(model, RECIPE.load(name).optimizer) for name in ("imagenet_310ep", "vil_ablation_100ep"))
    assert spared - usual == {"stages.0.positions.table"}
    assert usual == {name for name, weight in trainable(model).items() if weight.ndim <= 1}
    core = "stages.0.blocks.1.mixer.op.cores.0"
    assert {f"{core}.skip.weight", f"{core}.norm.weight", f"{core}.memory.forget.bias", f"{core}.q.bias"} <= spared
    decayed = ("q.weight", "v.weight", "conv.0.weight", "memory.input.weight", "memory.forget.weight")
    assert spared.isdisjoint(f"{core}.{name}" for name in decayed)


def test_transnexts_rule_spares_what_scales_and_biases_attention_and_reaches_what_it_looks_for() -> None:
    model = network("transnext_micro")
    spared = undecayed(model, RECIPE.load("transnext_300ep").optimizer)
    small = {name for name, parameter in trainable(model).items() if parameter.ndim <= 1 or name.endswith(".bias")}
    of_both = ("query_embedding", "temperature", "cpb.fc1.weight", "cpb.fc2.weight")
    of_stages = {0: (*of_both, "window_bias"), 3: of_both}
    for stage, names in of_stages.items():
        op = f"stages.{stage}.blocks.1.mixer.op"
        assert {f"{op}.{name}" for name in names} == {name for name in spared - small if name.startswith(op)} | {
            f"{op}.temperature"
        }
    decayed = ("learned_keys", "learned_bias", "q.weight", "kv.weight", "reduction.weight", "proj.weight")
    assert spared.isdisjoint(f"stages.1.blocks.0.mixer.op.{name}" for name in decayed)
    assert small <= spared
    assert all(".mixer.op." in name for name in spared - small)


@pytest.mark.parametrize("name", ["hpxformer_s4", "hbaformer_s18", "hpxformer_s12_separable"])
def test_hyenapixels_rule_decays_what_is_a_table_in_the_authors_code(name: str) -> None:
    """Places, rates, shifts and frequencies of filters are decayed, though elsewhere they would be vectors."""
    model = network(name)
    spared = undecayed(model, RECIPE.load("hyenapixel_310ep").optimizer)
    flat = (
        *("*.norm.weight", "*.norm_*.weight", "*.norm.[01].weight", "*.norms.0.weight", "*.bias", "*.skip"),
        *("*.scaling.residual", "*.activation.scale", "*.activation.shift"),
    )
    assert spared == {name for name in trainable(model) if any(fnmatch(name, kind) for kind in flat)}
    tables = {name for name in trainable(model) if name.endswith((".places", ".alpha", ".frequency"))}
    assert tables or name.endswith("separable")
    assert tables.isdisjoint(spared)
    assert {name for name in trainable(model) if name.endswith("0.shift")}.isdisjoint(spared)


def test_frozen_parameters_are_left_alone() -> None:
    model = network("randformer_s12")
    named = {name for group in parameter_groups(model, spec()) for name in group["names"]}
    assert named == trainable(model).keys() < dict(model.named_parameters()).keys()


def test_two_blocks_are_one_layer() -> None:
    """Twelve blocks in pairs: six layers between the stem and the head, which has the whole rate."""
    scales = layer_scales(network("vit_tiny"), 0.65, 2)
    assert scales["head.fc.weight"] == scales["head.norm_before.weight"] == 1
    assert scales["stages.0.blocks.11.mlp.op.fc1.weight"] == scales["stages.0.blocks.10.mlp.op.fc1.weight"] == 0.65
    assert scales["stages.0.blocks.9.mixer.norm.weight"] == pytest.approx(0.65**2)
    assert scales["stages.0.blocks.0.mixer.norm.weight"] == pytest.approx(0.65**6)
    first = {"stem.conv.weight", "stages.0.positions.table", "stages.0.class_tokens.table"}
    assert [scales[name] for name in sorted(first)] == pytest.approx([0.65**7] * 3)
    assert {round(scale, 12) for scale in scales.values()} == {round(0.65**n, 12) for n in range(8)}


def test_a_downsampler_goes_with_the_blocks_behind_it() -> None:
    scales = layer_scales(network("convformer_s18"), 0.5, 1)
    assert scales["stem.conv.weight"] == 0.5**9
    assert scales["stages.1.downsample.conv.weight"] == scales["stages.1.blocks.0.mlp.op.fc1.weight"] == 0.5**6
    assert scales["stages.3.blocks.1.mlp.op.fc1.weight"] == 0.5


def test_the_scales_reach_the_optimizer() -> None:
    model = network("vit_tiny")
    optimizer = optimizer_for(model, RECIPE.load("vil_vtab"), 64)
    rates = {name: group["lr"] for group in optimizer.param_groups for name in group["names"]}
    assert rates == pytest.approx({name: 1e-3 * scale for name, scale in layer_scales(model, 0.65, 2).items()})


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"kind": "sgd"}, "SGD"),
        ({"kind": "sgd", "nesterov": False, "momentum": 0.5}, "SGD"),
        ({"kind": "lamb"}, "Lamb"),
        ({"kind": "timm"}, "NAdamW"),
        ({"kind": "timm", "optimizer": "lion", "options": {"betas": [0.9, 0.98]}}, "Lion"),
    ],
)
def test_optimizers_are_timms(said: dict[str, Any], kind: str) -> None:
    model = nn.Linear(2, 2)
    optimizer = optimizer_for(model, recipe(**said), 8)
    assert type(optimizer).__name__ == kind
    for name in ("nesterov", "momentum"):
        if name in said:
            assert optimizer.defaults[name] == said[name]
    if "options" in said:
        assert optimizer.defaults["betas"] == said["options"]["betas"]
    before = model.weight.detach().clone()
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    assert not torch.equal(model.weight, before)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"optimizer": "lions"}, r"timm has no optimizer `lions` \(did you mean `lion`"),
        ({"optimizer": "lion", "options": {"beta": 0.9}}, "timm cannot make the optimizer `lion`"),
    ],
)
def test_what_timm_does_not_know_is_told(said: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        optimizer_for(nn.Linear(2, 2), recipe(kind="timm", **said), 8)
