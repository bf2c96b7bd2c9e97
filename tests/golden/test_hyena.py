"""HyenaPixel's operators and networks against outputs of the authors' own code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import archspec
from archspec.compiler.dialects import dialects
from archspec.spec.mixers.base import Mixer
from archspec.spec.mixers.hyena import Hyena
from archspec.spec.mixers.hyena_pixel import HyenaPixel
from archspec.spec.norms import LayerNorm
from archspec.spec.place import Place, Scope

HERE = Path(__file__).parent
NORM = LayerNorm(bias=(), eps=1e-5)
PIXEL, SEQUENCE = {"kernel": 15, "bands": 4}, {"bands": 4}
OPERATORS: dict[str, tuple[Mixer, tuple[int, int]]] = {
    "hpx_op_ln_8x8_k15": (HyenaPixel(**PIXEL, norm=NORM), (8, 8)),
    "hpx_op_noln_8x8_k15": (HyenaPixel(**PIXEL), (8, 8)),
    "hpx_op_ln_4x4_k15": (HyenaPixel(**PIXEL, norm=NORM), (4, 4)),
    "hpx_op_nodecay_8x8_k15": (HyenaPixel(**PIXEL, window=None), (8, 8)),
    "hpx_op_separable_ln_8x8_k15": (HyenaPixel(**PIXEL, filter="separable", norm=NORM), (8, 8)),
    "hpx_op_explicit_8x8_k15": (HyenaPixel(**PIXEL, filter="explicit"), (8, 8)),
    "hb_op_4x5": (Hyena(**SEQUENCE), (4, 5)),
    "hb_op_ln_4x5": (Hyena(**SEQUENCE, norm=NORM), (4, 5)),
    "hyena_causal_op_4x5": (Hyena(**SEQUENCE, direction="causal"), (4, 5)),
}
TINY = {"input.size": 64, "classes": 10, "stages.depth": 1, "stages.dim": {"each": [8, 16, 32, 32]}}
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "hbformer_tiny": ("hbformer_s18", {**TINY, "stages.mixer.bands": {"each": [4, 4, 6, 8]}}),
    "chpxformer_tiny": ("chpxformer_s18", {**TINY, "stages.2-3.mixer.bands": {"each": [6, 8]}}),
    "hpxaformer_tiny": ("hpxaformer_s18", {**TINY, "stages.0-1.mixer.bands": 4}),
}


def golden(name: str) -> dict[str, Tensor]:
    return load_file(HERE / f"{name}.safetensors")


def authors(case: dict[str, Tensor], before: str = "") -> dict[str, Tensor]:
    """The weights of a case under the authors' names, an operator's with what would stand before it in a network."""
    return {before + name.removeprefix("sd."): tensor for name, tensor in case.items() if name.startswith("sd.")}


def loaded(name: str) -> tuple[nn.Module, Place, dict[str, Tensor]]:
    """An operator with the authors' weights, through the dialect that knows all of their names."""
    case, (spec, grid) = golden(name), OPERATORS[name]
    at = Place(16, grid, grid)
    module: nn.Module = spec.resolve(Scope(grid)).build(at)
    own, weights = module.state_dict(), authors(case, "stages.0.0.token_mixer.")
    for dialect in dialects():
        ours = {dialect.translate(key).removeprefix("stages.0.blocks.0.mixer.op."): w for key, w in weights.items()}
        if ours.keys() == own.keys():
            module.load_state_dict({key: weight.reshape(own[key].shape) for key, weight in ours.items()})
            return module, at, case
    raise AssertionError(f"no dialect knows {list(weights)}")


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("is_training", [True, False], ids=["training", "evaluation"])
def test_operators(name: str, is_training: bool) -> None:
    module, at, case = loaded(name)
    with torch.set_grad_enabled(is_training):
        y = module.train(is_training)(case["in.x"].flatten(1, 2), at.grid)
    torch.testing.assert_close(y, case["out.y"].flatten(1, 2), atol=2e-5, rtol=0)


@pytest.mark.parametrize("name", [name for name in OPERATORS if "out.filter" in golden(name)])
def test_filters_along_the_sequence(name: str) -> None:
    module, at, case = loaded(name)
    convolution: Any = module.get_submodule("cores.0.filters.0")
    taps = convolution.taps((at.pixels,)).t()
    taps[0 if "causal" in name else at.pixels - 1] -= convolution.skip
    torch.testing.assert_close(taps, case["out.filter"], atol=2e-6, rtol=0)


@pytest.mark.parametrize("name", [name for name in OPERATORS if "out.decay" in golden(name)])
def test_filters_in_the_plane(name: str) -> None:
    module, _, case = loaded(name)
    convolution: Any = module.get_submodule("filter.0")
    written = convolution.layers(convolution.listed((15, 15))).t().view(16, 15, 15)
    fading = convolution.let_through(convolution.distance.flatten().unsqueeze(1)) - convolution.shift
    torch.testing.assert_close(written, case["out.filter_before_decay"][0], atol=2e-6, rtol=0)
    torch.testing.assert_close(fading.t().view(16, 15, 15), case["out.decay"][0], atol=2e-6, rtol=0)


@pytest.mark.parametrize("name", OPERATORS)
def test_what_is_not_trained_starts_as_the_authors_have_it(name: str) -> None:
    """The cases draw what is trained at random, and leave the rest as their code starts it."""
    spec, grid = OPERATORS[name]
    fresh = spec.resolve(Scope(grid)).build(Place(16, grid, grid))
    with_weights, _, _ = loaded(name)
    trained = {key for key, parameter in fresh.named_parameters() if parameter.requires_grad}
    for key, tensor in fresh.state_dict().items():
        if key not in trained:
            torch.testing.assert_close(tensor, with_weights.state_dict()[key], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", OPERATORS)
def test_tables_start_near_where_the_cases_moved_them_from(name: str) -> None:
    """The cases add a tenth of a standard normal to tables of places and to rates: what is left looks like one."""
    spec, grid = OPERATORS[name]
    fresh = spec.resolve(Scope(grid)).build(Place(16, grid, grid)).state_dict()
    with_weights = loaded(name)[0].state_dict()
    for key in fresh:
        if key.endswith((".places", ".shift")):
            moved = (with_weights[key] - fresh[key]) / 0.1
            assert moved.mean().abs() < 4 / moved.numel() ** 0.5
            assert moved.std() == pytest.approx(1, abs=4 / moved.numel() ** 0.5)
        elif key.endswith((".alpha", ".frequency")):
            assert (with_weights[key] / fresh[key] - 1).abs().max() < 0.5


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name: str) -> None:
    case, (arch, edits) = golden(name), NETWORKS[name]
    model = archspec.build(archspec.load(arch).edit(edits)).eval()
    archspec.load_weights(model, authors(case), source="official")
    with torch.no_grad():
        features = model.head.norm_after(model.head.pool(model.forward_features(case["in.x"])))
        logits = model(case["in.x"])
    torch.testing.assert_close(features, case["out.features"], atol=1e-4, rtol=0)
    torch.testing.assert_close(logits, case["out.y"], atol=1e-4, rtol=0)
