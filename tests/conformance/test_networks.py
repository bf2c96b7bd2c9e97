"""Whole networks: every architecture of the zoo is what its spec says, part by part and number by number."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn

import archspec
from archspec.compiler import Network
from archspec.errors import SpecError
from archspec.spec.arch import Arch, Branch
from archspec.spec.base import Spec
from tests.conformance import measuring
from tests.zoo.shelf import NAMES, shipped

BATCH = 2
ODD = {
    "arch": "odd",
    "input": {"size": [32, 48], "channels": 2},
    "classes": 7,
    "stem": {"kind": "patch", "size": 4},
    "stages": [
        {"dim": 12, "depth": 3, "mixer": {"cycle": [{"parallel": ["pooling", "sep_conv"]}, "convnext", "random"]},
         "norm": {"cycle": ["layer_norm", "batch_norm", "rms_norm"]}, "activation": "relu", "scaling": "branch_scale"},
        {"dim": 16, "depth": 2, "downsample": "patch", "mixer": {"cycle": ["attention", "identity"]},
         "mlp": {"cycle": ["mlp", "none"]}, "scaling": "layer_scale", "positions": "sincos",
         "class_tokens": ["start", "end"]},
        {"dim": 20, "depth": 1, "downsample": {"kind": "pointwise", "norm_after": "layer_norm"}, "mixer": "attention",
         "class_tokens": ["middle"], "positions": {"kind": "learned", "covers": "all"}, "bias": ["norm"]},
    ],
    "head": {"kind": "mlp", "pool": "cls", "norm_before": "layer_norm"},
}  # fmt: skip
"""What no paper built: cycles, parallel mixers, class tokens that enter later, an image that is not square."""


SIDES = (64, 56, 112)
"""Small images: patches of 14 do not divide the first, a pooled map of 7×7 asks for the last."""


@cache
def small(name: str) -> Arch:
    """An arch of the zoo at a size that tests can run, or the odd one."""
    if name == "odd":
        return archspec.load(ODD)
    depths = [stage.period() for stage in shipped(name).stages]
    for side in SIDES:
        with suppress(SpecError):
            return shipped(name).edit({"input.size": side, "stages.depth": {"each": depths}, "classes": 10})
    raise AssertionError(f"{name} runs at none of {SIDES}")


SMALL = ["odd", *(name for name in NAMES if not name.endswith(("24", "36", "48")))]


def images(arch: Arch) -> torch.Tensor:
    """A batch that an arch is shaped for."""
    return torch.randn(BATCH, arch.input.channels, *arch.layout.sections[0].entry.grid)


@pytest.mark.parametrize("name", ["odd", *NAMES])
def test_parameters_are_as_said(name: str) -> None:
    arch = small(name) if name == "odd" else shipped(name)
    cost = archspec.profile(arch)
    assert measuring.params(archspec.build(arch, device="meta")) == (cost.params, cost.frozen_params)


@pytest.mark.parametrize("name", SMALL)
def test_macs_are_as_said(name: str) -> None:
    network, batch = archspec.build(small(name)), images(small(name))
    assert measuring.macs(lambda: network(batch)) == archspec.profile(small(name)).macs * BATCH


@pytest.mark.parametrize("name", SMALL)
def test_kept_numbers_are_as_said(name: str) -> None:
    network, batch = archspec.build(small(name)), images(small(name))
    twice = torch.cat([batch, batch])
    once, again = measuring.kept(network, lambda: network(batch)), measuring.kept(network, lambda: network(twice))
    assert again - once == archspec.profile(small(name)).activations * BATCH


def implementation(spec: Spec) -> type[nn.Module]:
    """The class that is to do what a spec says."""
    path = spec.implementation or f"{type(spec).__module__.replace('.spec.', '.nn.', 1)}:{type(spec).__name__}"
    module, _, name = path.partition(":")
    found: type[nn.Module] = getattr(importlib.import_module(module), name)
    return found


def differences(spec: Spec, module: nn.Module, path: str) -> Iterator[str]:
    """Where a module is not what the spec at its path says; a part that a spec repeats is a list of modules."""
    if type(module) is not implementation(spec):
        yield f"{path}: {type(module)} does not do what {spec!r} says"
    for name in spec.names:
        value = getattr(spec, name)
        if isinstance(value, Spec):
            # What reads tokens in order does so in cores, one a scan, which may repeat a part within.
            holders: list[Any] = [module] if hasattr(module, name) else list(module.cores)  # type: ignore[arg-type]
            children = [getattr(holder, name) for holder in holders]
            repeats = [m for child in children for m in (child if isinstance(child, nn.ModuleList) else [child])]
            pairs = [(value, repeat) for repeat in repeats]
        else:
            nested = [element for element in value if isinstance(element, Spec)] if isinstance(value, tuple) else []
            pairs = list(zip(nested, getattr(module, name), strict=True)) if nested else []
        for inner, built in pairs:
            yield from differences(inner, built, f"{path}.{name}")


def branch_differences(branch: Branch | None, module: nn.Module | None, path: str) -> Iterator[str]:
    """The same for a residual branch."""
    if branch is None or module is None:
        if (branch is None) != (module is None):
            yield f"{path}: {branch} and {module}"
        return
    for name in ("norm", "op", "scaling"):
        yield from differences(getattr(branch, name), getattr(module, name), f"{path}.{name}")


def network_differences(network: Network) -> Iterator[str]:
    """The same for a network."""
    spec = network.spec
    yield from differences(spec.stem, network.get_submodule("stem"), "stem")
    yield from differences(spec.head, network.get_submodule("head"), "head")
    for index, stage in enumerate(spec.stages):
        path = f"stages.{index}"
        yield from differences(stage.positions, network.get_submodule(f"{path}.positions"), f"{path}.positions")
        if stage.downsample is not None:
            yield from differences(stage.downsample, network.get_submodule(f"{path}.downsample"), f"{path}.downsample")
        for number in range(stage.depth):
            for name in ("mixer", "mlp"):
                block = network.get_submodule(f"{path}.blocks.{number}")
                where = f"{path}.blocks.{number}.{name}"
                yield from branch_differences(getattr(stage.block(number), name), getattr(block, name), where)


@pytest.mark.parametrize("name", ["odd", *NAMES])
def test_modules_stand_at_the_paths_of_their_specs(name: str) -> None:
    network = archspec.build(small(name) if name == "odd" else shipped(name), device="meta")
    assert not list(network_differences(network))
    assert [len(stage.blocks) for stage in network.stages] == [stage.depth for stage in network.spec.stages]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    [
        "odd",
        "caformer_s18",
        "hbaformer_s18",
        "hpxformer_s4",
        "randformer_s12",
        "vil_tiny",
        "pvt_tiny",
        "transnext_micro",
        "vit_tiny",
    ],
)
def test_compiles_whole(name: str) -> None:
    torch._dynamo.reset()
    network, batch = archspec.build(small(name)).eval(), images(small(name))
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(batch), network(batch))


# Torch's recurrent layers keep a list of their weights beside the weights.
@pytest.mark.filterwarnings("ignore:The tensor attributes .*_flat_weights")
@pytest.mark.parametrize(
    "name",
    [
        "odd",
        "convformer_s18",
        "hbaformer_s18",
        "hpxformer_s4",
        "poolformerv2_s12",
        "sequencer2d_s",
        "vil_tiny",
        "pvt_tiny",
        "transnext_micro",
        "vit_tiny",
    ],
)
def test_exports(name: str) -> None:
    network, batch = archspec.build(small(name)).eval(), images(small(name))
    exported = torch.export.export(network, (batch,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    three = torch.cat([batch, batch[:1]])
    torch.testing.assert_close(exported.module()(three), network(three))


@pytest.mark.parametrize("name", SMALL)
def test_trains_in_half_precision(name: str) -> None:
    network, batch = archspec.build(small(name)), images(small(name))
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(batch)
        loss = torch.nn.functional.cross_entropy(logits, torch.zeros(BATCH, dtype=torch.long))
    torch.autograd.backward(loss)
    assert logits.dtype is torch.bfloat16
    for name, parameter in network.named_parameters():
        assert not parameter.requires_grad or (parameter.grad is not None and parameter.grad.isfinite().all()), name
