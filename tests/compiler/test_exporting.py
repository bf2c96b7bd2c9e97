"""Networks as files for other programs."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest
import torch

import archspec
from archspec.compiler.exporting import export_model
from archspec.errors import ExportError

SMALL = {"input.size": 32, "classes": 10}
FAMILIES = {
    "caformer_s18": {**SMALL, "stages.depth": 1},
    "sequencer2d_s": {"input.size": 28, "classes": 10, "stages.depth": 1},
    "hbformer_s12": {**SMALL, "stages.depth": 1},
    "hpxformer_s12": {**SMALL, "stages.depth": 1},
    "vil_tiny": {**SMALL, "stages.depth": 2},
    "transnext_micro": {**SMALL, "stages.depth": 1},
    "pvt_v2_b0": {**SMALL, "stages.depth": 1},
    "vit_tiny": {**SMALL, "stages.depth": 1},
}
IN_ONNX = ["caformer_s18", "sequencer2d_s", "hbformer_s12", "pvt_v2_b0"]
NOT_IN_ONNX = {"hpxformer_s12": "aten.split_with_sizes", "vil_tiny": "aten.cummax"}


def small(name: str) -> archspec.compiler.Network:
    """A member of a family, in small."""
    return archspec.build(archspec.load(name).edit(FAMILIES[name])).eval()


def images(model: archspec.compiler.Network, count: int, size: int | None = None) -> torch.Tensor:
    """Any images, always the same."""
    side = size or model.spec.input.size
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_torch_program_computes_what_the_network_does(name: str, tmp_path: Path) -> None:
    model, file = small(name), tmp_path / "network.pt2"
    export_model(model, file, "torch-export")
    some = images(model, 3)
    torch.testing.assert_close(torch.export.load(file).module()(some), model(some), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", IN_ONNX)
def test_an_onnx_program_computes_what_the_network_does(name: str, tmp_path: Path) -> None:
    model, file = small(name), tmp_path / "network.onnx"
    export_model(model, file, "onnx")
    some = images(model, 3)
    (logits,) = onnxruntime.InferenceSession(file).run(["logits"], {"image": some.numpy()})
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(logits), model(some), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NOT_IN_ONNX)
def test_what_onnx_cannot_say_is_refused_by_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=f"has no operator for {NOT_IN_ONNX[name]}"):
        export_model(small(name), tmp_path / "network.onnx", "onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_program_is_written_for_one_size(tmp_path: Path) -> None:
    model, file = small("caformer_s18"), tmp_path / "network.pt2"
    export_model(model, file, "torch-export", size=48)
    program = torch.export.load(file).module()
    torch.testing.assert_close(program(images(model, 1, 48)), model(images(model, 1, 48)), rtol=1e-4, atol=1e-5)
    with pytest.raises(AssertionError, match="48"):
        program(images(model, 1))
