"""Other people's checkpoints give other people's outputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import archspec
from archspec.errors import RecordsError, WeightsError

GOLDEN = Path(__file__).parent.parent / "golden"
TINY = {
    "input.size": 64,
    "classes": 10,
    "stages.depth": {"each": [1, 1, 2, 1]},
    "stages.dim": {"each": [8, 16, 24, 32]},
}
OFFICIAL: dict[str, tuple[str, dict[str, Any]]] = {
    "metaformer_identityformer_tiny": ("identityformer_s12", TINY),
    "metaformer_poolformerv2_tiny": ("poolformerv2_s12", TINY),
    "metaformer_convformer_tiny": ("convformer_s18", {**TINY, "stages.dim": {"each": [16, 32, 64, 96]}}),
    "metaformer_convformer_layerscale_tiny": (
        "convformer_s18",
        {**TINY, "stages.scaling": {"kind": "layer_scale", "initial": 1e-5}},
    ),
    "transnext_tiny64": ("transnext_micro", {**TINY, "stages.dim": {"each": [24, 48, 48, 72]}}),
    "vsequencer_h_tiny": ("vsequencer_s_h", {**TINY, "input.size": 56, "stages.dim": {"each": [16, 32, 32, 32]}}),
}
HEAD = {"head.norm.eps": 1e-6}
"""timm's, where the authors' code, and so the zoo, has 1e-5: with untrained weights the logits differ by 3e-4."""
TIMM: dict[str, tuple[str, dict[str, Any]]] = {
    "caformer_s18": ("caformer_s18", HEAD),
    "convformer_s18": ("convformer_s18", HEAD),
    "poolformerv2_s12": ("poolformerv2_s12", {}),
    **{name: (name, {}) for name in ("pvt_v2_b0", "pvt_v2_b1", "pvt_v2_b2", "pvt_v2_b2_li", "pvt_v2_b3")},
    **{name: (name, {}) for name in ("pvt_v2_b4", "pvt_v2_b5")},
    "sequencer2d_s": ("sequencer2d_s", {}),
    "sequencer2d_m": ("sequencer2d_m", {}),
    "sequencer2d_l": ("sequencer2d_l", {}),
    "vit_tiny": ("vit_tiny_patch16_224", {}),
    "vit_small": ("vit_small_patch16_224", {}),
    "vit_base": ("vit_base_patch16_224", {}),
    # timm has no DeiT-III-T; its S is the same network, wider.
    "deit3_tiny": ("deit3_small_patch16_224", {"stages.dim": 384}),
}


def golden(case: str) -> dict[str, Tensor]:
    return load_file(GOLDEN / f"{case}.safetensors")


def official_weights(case: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix("sd."): tensor for name, tensor in case.items() if name.startswith("sd.")}


def perturbed(model: nn.Module, seed: int) -> nn.Module:
    """The model with norms, biases, scales and zeros moved, so that ones and zeros cannot stand in for each other."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim <= 1 or not parameter.any():
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return model


@pytest.mark.parametrize("name", OFFICIAL)
def test_authors_weights_give_the_authors_outputs(name: str) -> None:
    case, (arch, edits) = golden(name), OFFICIAL[name]
    model = archspec.build(archspec.load(arch).edit(edits)).eval()
    archspec.load_weights(model, official_weights(case), source="official")
    with torch.no_grad():
        tokens = model.head.norm_before(model.forward_features(case["in.x"]))
        features = model.head.norm_after(model.head.pool(tokens))
        logits = model(case["in.x"])
    torch.testing.assert_close(features, case["out.features"], atol=1e-4, rtol=0)
    torch.testing.assert_close(logits, case["out.y"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", TIMM)
def test_timms_weights_give_timms_outputs(name: str) -> None:
    theirs, edits = timm.create_model(TIMM[name][0]).eval(), TIMM[name][1]
    ours = archspec.build(archspec.load(name).edit(edits)).eval()
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(2))
    archspec.load_weights(ours, theirs.state_dict(), source="timm")
    with torch.no_grad():
        torch.testing.assert_close(ours(image), theirs(image), atol=1e-4, rtol=0)
        archspec.load_weights(ours.double(), perturbed(theirs, seed=1).double().state_dict(), source="timm")
        torch.testing.assert_close(ours(image.double()), theirs(image.double()), atol=1e-9, rtol=0)


def test_sequencers_authors_put_what_leads_into_a_stage_at_the_end_of_the_one_before() -> None:
    theirs = {
        re.sub(r"^stages\.(\d)\.downsample", lambda stage: f"blocks.{int(stage[1]) - 1}.1", name)
        .replace("stages.", "blocks.").replace(".blocks.", ".").replace("head.fc.", "head."): tensor
        for name, tensor in timm.create_model("sequencer2d_s", layers=(1, 1, 1, 1)).state_dict().items()
    }  # fmt: skip
    assert {"blocks.0.1.down.weight", "blocks.3.0.rnn_tokens.rnn_h.bias_hh_l0_reverse", "head.weight"} <= theirs.keys()
    model = archspec.build(archspec.load("sequencer2d_s").edit({"stages.depth": 1}))
    archspec.load_weights(model, theirs, source="official")
    assert torch.equal(model.get_parameter("stages.1.downsample.conv.weight"), theirs["blocks.0.1.down.weight"])


@pytest.mark.parametrize("name", ["ape", "pos_embed", "absolute_pos_embed", "stem.position_embedding.weight"])
def test_a_table_of_positions_may_lie_on_the_grid(name: str) -> None:
    arch, edits = OFFICIAL["vsequencer_h_tiny"]
    model = archspec.build(archspec.load(arch).edit({**edits, "stages.0.positions": "learned"})).eval()
    case = golden("vsequencer_h_tiny")
    weights = official_weights(case)
    rows = columns = 8
    table = torch.randn(1, rows, columns, weights["stem.proj.weight"].shape[0])
    archspec.load_weights(model, {**weights, name: table}, source="official")
    assert torch.equal(model.get_parameter("stages.0.positions.table"), table.flatten(0, 2))
    archspec.load_weights(model, {**weights, name: torch.zeros_like(table)}, source="official")
    with torch.no_grad():
        torch.testing.assert_close(model(case["in.x"]), case["out.y"], atol=1e-4, rtol=0)


def _without(name: str) -> Callable[[dict[str, Tensor]], None]:
    return lambda weights: weights.__delitem__(name)


def _with(name: str, tensor: Tensor) -> Callable[[dict[str, Tensor]], None]:
    return lambda weights: weights.update({name: tensor})


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_without("norm.weight"), "1 missing: head.norm_after.weight"),
        (_with("stages.0.0.extra.weight", torch.zeros(3)), "1 left over: stages.0.0.extra.weight"),
        (_with("head.fc2.weight", torch.zeros(7, 384)), "head.fc2.weight is 7×384, not 10×384"),
    ],
    ids=["missing", "left over", "misshapen"],
)
def test_a_misfit_is_named_and_nothing_is_loaded(damage: Callable[[dict[str, Tensor]], None], said: str) -> None:
    arch, edits = OFFICIAL["metaformer_convformer_tiny"]
    model = archspec.build(archspec.load(arch).edit(edits))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    weights = official_weights(golden("metaformer_convformer_tiny"))
    damage(weights)
    with pytest.raises(WeightsError, match=said):
        archspec.load_weights(model, weights, source="official")
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(WeightsError, match="`torchvision` is no source of weights"):
        archspec.load_weights(nn.Linear(1, 1), {}, source="torchvision")  # type: ignore[arg-type]


def test_a_weight_file_alone_rebuilds_its_network(tmp_path: Path) -> None:
    arch = archspec.load("randformer_s12").edit({**TINY, "stages.mixer": {"cycle": ["pooling", "random"]}} | {
        "stages.depth": 2, "stages.positions": "sincos"})  # fmt: skip
    model = archspec.build(arch, seed=3).eval()
    archspec.save_model(model, tmp_path / "model.safetensors")
    again = archspec.load_model(tmp_path / "model.safetensors").eval()
    image = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert again.spec.digest == model.spec.digest == arch.digest
    assert torch.equal(again(image), model(image))
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert frozen == {name for name, parameter in again.named_parameters() if not parameter.requires_grad} != set()


def test_a_network_without_a_classifier_is_rebuilt_without_one(tmp_path: Path) -> None:
    model = archspec.build(archspec.load("identityformer_s12").edit(TINY)).eval()
    model.reset_classifier(0)
    archspec.save_model(model, tmp_path / "model.safetensors")
    again = archspec.load_model(tmp_path / "model.safetensors").eval()
    image = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert again.num_classes == 0
    assert torch.equal(again(image), model(image))


def test_a_weight_file_names_the_plugins_that_its_network_needs(tmp_path: Path) -> None:
    (tmp_path / "arch.yaml").write_text("arch: mine\nextends: poolformerv2_s12\nplugins: [json.tool]\n")
    model = archspec.build(archspec.load(tmp_path / "arch.yaml").edit(TINY))
    archspec.save_model(model, tmp_path / "model.safetensors")
    assert archspec.load_model(tmp_path / "model.safetensors").spec.plugins == ("json.tool",)


def test_there_is_nothing_to_write_of_a_network_without_numbers(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="`meta` has no numbers"):
        archspec.save_model(archspec.build("identityformer_s12", device="meta"), tmp_path / "model.safetensors")


def test_files_that_are_not_ours_are_refused(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "bare.safetensors")
    (tmp_path / "text.safetensors").write_text("not tensors")
    with pytest.raises(WeightsError, match="does not say which network"):
        archspec.load_model(tmp_path / "bare.safetensors")
    with pytest.raises(WeightsError, match="cannot be read"):
        archspec.load_model(tmp_path / "text.safetensors")
    with pytest.raises(WeightsError, match="cannot be read"):
        archspec.load_model(tmp_path / "absent.safetensors")


def test_an_archs_pretrained_file_is_loaded(tmp_path: Path) -> None:
    theirs = timm.create_model("poolformerv2_s12", num_classes=10).eval()
    torch.save({"state_dict": theirs.state_dict()}, tmp_path / "weights.pth")
    document = tmp_path / "arch.yaml"
    document.write_text(
        "arch: mine\nextends: poolformerv2_s12\nedits: {classes: 10}\npretrained: {file: weights.pth, source: timm}\n"
    )
    ours = archspec.build(str(document), pretrained=True).eval()
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(ours(image), theirs(image), atol=1e-4, rtol=0)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="cannot be written"):
        archspec.save_model(archspec.build("vit_tiny"), tmp_path / "absent" / "model.safetensors")
