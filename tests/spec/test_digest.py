"""The digest: equal for equal networks however they are written, different for different ones."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import archspec

from .samples import SMALL, small, written

SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a bare word and a mapping": ({"stages.mixer": "pooling"}, {"stages.mixer": {"kind": "pooling"}}),
    "defaults written out": ({"stages.mixer": "pooling"}, {"stages.mixer": {"kind": "pooling", "size": 3}}),
    "whole numbers": ({"stages.mlp.ratio": 2}, {"stages.mlp.ratio": 2.0}),
    "a square size": ({"input.size": [64, 64]}, {"input.size": 64}),
    "a relative size and the number it is": (
        {"stages.0-1.mixer.kernel": {"grid": 1}},
        {"stages.0-1.mixer.kernel": {"each": [15, 7]}},
    ),
    "a cycle of one": ({"stages.mixer": {"cycle": ["pooling"]}}, {"stages.mixer": "pooling"}),
    "a cycle of equals": ({"stages.mixer": {"cycle": ["pooling", "pooling"]}}, {"stages.mixer": "pooling"}),
    "a cycle said twice": (
        {"stages.1.mixer": {"cycle": ["pooling", "identity", "pooling", "identity"]}},
        {"stages.1.mixer": {"cycle": ["pooling", "identity"]}},
    ),
    "inherited or said": (
        {"stages.activation": "relu", "stages.bias": False},
        {
            "stages.0-1.mixer": {"activation": "relu", "bias": False},
            "stages.2.mixer": {"bias": False},
            "stages.mlp": {"activation": "relu", "bias": False},
            "stages.norm": {"bias": False},
        },
    ),
    "an activation in turn, handed on or said": (
        {"stages.activation": {"cycle": ["relu", "gelu"]}},
        {
            "stages.0-1.mixer.activation": {"cycle": ["relu", "gelu"]},
            "stages.mlp.activation": {"cycle": ["relu", "gelu"]},
        },
    ),
    "an activation nobody inherits": (
        {"stages.mixer": "identity", "stages.mlp": "none", "stages.activation": "relu"},
        {"stages.mixer": "identity", "stages.mlp": "none"},
    ),
    "a bias nobody inherits": (
        {"stages.mixer": "identity", "stages.mlp": "none", "stages.norm": "none", "stages.bias": False},
        {"stages.mixer": "identity", "stages.mlp": "none", "stages.norm": "none"},
    ),
    "bias parts that a kind lacks": (
        {"stages.2.mixer.bias": ["linear", "conv", "norm"]},
        {"stages.2.mixer.bias": True},
    ),
    "every bias part": ({"stages.bias": ["conv", "norm", "linear"]}, {"stages.bias": True}),
    "no bias part": ({"stages.bias": []}, {"stages.bias": False}),
    "outside the stages, inherit is the default": (
        {"head.norm_after": {"kind": "layer_norm", "bias": True}},
        {"head.norm_after": "layer_norm"},
    ),
    "class tokens in any order": (
        {"stages.mixer": "attention", "stages.2.class_tokens": ["end", "start"], "head.pool": "cls"},
        {"stages.mixer": "attention", "stages.2.class_tokens": ["start", "end"], "head.pool": "cls"},
    ),
    "parallel members that inherit": (
        {"stages.mixer": {"parallel": ["sep_conv", "pooling"]}},
        {"stages.mixer": {"parallel": [{"kind": "sep_conv", "activation": "gelu", "bias": True}, "pooling"]}},
    ),
}

CHANGES: dict[str, Any] = {
    "classes": 11,
    "input.size": 128,
    "input.channels": 1,
    "init": "torch",
    "init.std": 0.01,
    "stem.size": 2,
    "stem.bias": False,
    "stem.norm_after": "layer_norm",
    "stages.0.dim": 12,
    "stages.0.depth": 3,
    "stages.0.mixer.kernel": 7,
    "stages.0.mixer.ratio": 3,
    "stages.0.mixer.activation": "relu",
    "stages.0.mixer.bias": ["conv"],
    "stages.0.mixer": "pooling",
    "stages.1.mixer": {"cycle": ["sep_conv", "pooling"]},
    "stages.2.mixer": {"cycle": ["pooling", "sep_conv"]},
    "stages.1.mixer.kernel": {"grid": 2},
    "stages.2.mixer.head_dim": 16,
    "stages.1.mlp": "none",
    "stages.1.mlp.ratio": 2,
    "stages.1.norm": "none",
    "stages.1.norm.eps": 1e-5,
    "stages.1.norm.bias": False,
    "stages.1.scaling": "layer_scale",
    "stages.0.scaling": {"kind": "layer_scale", "initial": 1e-6},
    "stages.1.activation": "relu",
    "stages.2.activation": {"kind": "gelu", "approximate": "tanh"},
    "stages.1.bias": False,
    "stages.0.bias": ["norm"],
    "stages.1.positions": "learned",
    "stages.2.positions": "sincos",
    "stages.1.downsample": {"kind": "conv", "kernel": 2, "padding": 0},
    "stages.1.downsample.norm_before": "layer_norm",
    "stages.1.downsample.norm_after": "layer_norm",
    "stages.2.downsample": {"kind": "patch", "size": 4},
    "head": "mlp",
    "head.bias": False,
    "head.norm_before": "layer_norm",
    "head.norm_after": "layer_norm",
}
"""Edits that each make another network."""


@pytest.mark.parametrize("reason", SAME)
def test_equal_networks_have_equal_digests(reason: str) -> None:
    one, other = SAME[reason]
    assert small(one).digest == small(other).digest


def test_nothing_has_no_sign() -> None:
    # Equal numbers that are written differently would be one network here and two in another process.
    arch = small({"stages.scaling": {"kind": "layer_scale", "initial": -0.0}})
    arch = arch.edit({"stages.activation": {"kind": "star_relu", "shift": -0.0}})
    assert "-0.0" not in json.dumps(arch.resolved().identity())


def test_every_change_makes_another_network() -> None:
    digests = {path: small({path: value}).digest for path, value in CHANGES.items()}
    assert len({small().digest, *digests.values()}) == len(CHANGES) + 1


def test_turns_that_end_differently_are_different_networks() -> None:
    turns = [{"cycle": ["identity", "random", "identity"]}, {"cycle": ["identity", "random"]}]
    longer, shorter = (small({"stages.2.mixer": turn}) for turn in turns)
    assert longer.digest != shorter.digest
    ending, alike = (small({"stages.2.depth": 3, "stages.2.mixer": turn}) for turn in turns)
    assert ending.digest == alike.digest


def test_names_figures_and_comments_are_no_part_of_it(tmp_path: Path) -> None:
    about = {
        "arch": "another",
        "note": "a note",
        "reference": {"paper": "p", "top1": 90},
        "pretrained": {"file": "x.safetensors"},
        "plugins": ["json"],
    }
    assert archspec.load({**SMALL, **about}).digest == small().digest
    text = "# a comment\n" + yaml.safe_dump({**SMALL}, sort_keys=False).replace("classes: 10", "classes: 10   # ten")
    assert archspec.load(written(tmp_path, text)).digest == small().digest


def test_the_order_of_keys_is_no_part_of_it() -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            first = {"arch": value["arch"]} if "arch" in value else {}
            return {**first, **{key: turned(value[key]) for key in reversed(value)}}
        return [turned(element) for element in value] if isinstance(value, list) else value

    assert list(turned(SMALL)) != list(SMALL)
    assert archspec.load(turned(SMALL)).digest == small().digest


def test_defaults_are_no_part_of_it() -> None:
    shared = {"norm": "rms_norm", "mlp": {"ratio": 2}, "scaling": "res_scale"}
    spelled = [{**stage, **shared} for stage in SMALL["stages"]]
    assert archspec.load({**SMALL, "defaults": shared}).digest == archspec.load({**SMALL, "stages": spelled}).digest


def test_extending_is_no_part_of_it() -> None:
    base = archspec.load("convformer_s18")
    derived = archspec.load(
        {"arch": "mine", "extends": "convformer_s18", "edits": {"stages.depth": {"each": [3, 3, 9, 3]}}}
    )
    assert derived.digest == base.digest


def test_it_is_the_same_in_every_process() -> None:
    script = "import archspec; print(archspec.load('caformer_s18').digest)"
    command = [sys.executable, "-c", script]
    outputs = {
        subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout.strip()
        for seed in ("1", "2")
    }
    assert outputs == {archspec.load("caformer_s18").digest}


def test_copies_are_the_same_network() -> None:
    arch = archspec.load("convformer_s18")
    for copied in (pickle.loads(pickle.dumps(arch)), copy.copy(arch), copy.deepcopy(arch)):
        assert copied == arch
        assert copied.digest == arch.digest
        assert copied.edit({"classes": 10}).digest == arch.edit({"classes": 10}).digest


def test_a_copy_with_another_value_is_another_network() -> None:
    arch = small()
    digest, params = arch.digest, arch.layout.cost.params
    changed = arch.model_copy(update={"classes": 100})
    assert changed.digest == arch.edit({"classes": 100}).digest != digest
    assert changed.layout.cost.params != params
    assert changed.edit({"stages.depth": 1}).digest == arch.edit({"classes": 100, "stages.depth": 1}).digest


def test_equal_archs_hash_alike() -> None:
    assert hash(small()) == hash(small({"classes": 11}).edit({"classes": 10}))
    assert small() in {small()}


def _choices() -> st.SearchStrategy[dict[str, Any]]:
    """Random edits of different places."""
    values: dict[str, list[Any]] = {
        "classes": [10, 11],
        "input.size": [64, [64, 64], 128],
        "stem.norm_after": ["none", "layer_norm", {"kind": "layer_norm", "eps": 1e-6}],
        "stages.activation": ["gelu", "relu", {"cycle": ["relu", "gelu"]}, {"cycle": ["relu", "relu"]}],
        "stages.bias": [True, False, ["norm"], ["norm", "linear", "conv"]],
        "stages.0.mixer": [
            "pooling",
            "identity",
            {"cycle": ["pooling", "pooling"]},
            {"parallel": ["pooling", "identity"]},
        ],
        "stages.1.mixer": ["sep_conv", {"kind": "sep_conv", "kernel": {"grid": 1}}, {"cycle": ["random", "pooling"]}],
        "stages.2.mixer.bias": ["inherit", True, ["linear"], False],
        "stages.mlp": ["none", "mlp", {"ratio": 4}, {"kind": "mlp", "activation": "relu"}],
        "stages.2.depth": [1 + 1, 6],
        "stages.1.scaling": ["none", "res_scale", {"kind": "res_scale", "initial": 1}],
        "head.norm_before": ["none", "layer_norm"],
    }
    return st.fixed_dictionaries({}, optional={path: st.sampled_from(options) for path, options in values.items()})


@given(_choices(), _choices())
def test_digests_are_equal_where_the_resolved_networks_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = small(one), small(other)
    alike = first.resolved().to_dict(metadata=False) == second.resolved().to_dict(metadata=False)
    assert (first.digest == second.digest) == alike
    assert (archspec.diff(first, second) == []) == alike


@given(_choices())
def test_nothing_is_lost_on_the_way_out_and_back(edits: dict[str, Any]) -> None:
    arch = small(edits)
    assert archspec.load(arch.to_dict()) == arch
    again = archspec.load(yaml.safe_load(yaml.safe_dump(arch.to_dict())))
    assert (again.digest, again.to_dict()) == (arch.digest, arch.to_dict())
    resolved = arch.resolved()
    assert archspec.load(resolved.to_dict()).digest == resolved.digest == arch.digest
    assert resolved.resolved().to_dict() == resolved.to_dict()
    assert archspec.profile(resolved).stages == archspec.profile(arch).stages


@given(_choices(), _choices())
def test_editing_in_two_steps_is_editing_in_one(one: dict[str, Any], other: dict[str, Any]) -> None:
    apart = {path: value for path, value in other.items() if not any(_touch(path, done) for done in one)}
    assert small(one).edit(apart).digest == small({**one, **apart}).digest


def _touch(path: str, other: str) -> bool:
    """Whether two paths may share a place: in all stages or in the same one."""
    return path == other or (path.startswith("stages") and other.startswith("stages"))
