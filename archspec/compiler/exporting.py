"""Networks as files for other programs."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from archspec.compiler.weights import packed
from archspec.errors import ExportError
from archspec.records.files import write_atomic
from archspec.spec.arch import as_grid

if TYPE_CHECKING:
    from archspec.compiler.network import Network

Size = int | tuple[int, int] | list[int] | None
NO_OPERATOR = re.compile(r"No ONNX function found for <OpOverload\(op='([\w.:]+)'")


def export_model(model: Network, path: str | Path, to: str = "safetensors", size: Size = None) -> None:
    """Write a network for others: its weights and spec, or a program for any number of images of one size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporters warn of what they do themselves
        content = _WRITERS[to](model.eval(), size)
    write_atomic(Path(path), content)


def _safetensors(model: Network, size: Size) -> bytes:
    if size is not None:
        raise ExportError("safetensors hold weights, which have no size; only a program is written for one")
    return packed(model)


def _torch_export(model: Network, size: Size) -> bytes:
    content = io.BytesIO()
    torch.export.save(_program(model, size), content)
    return content.getvalue()


def _onnx(model: Network, size: Size) -> bytes:
    try:
        import onnxscript  # noqa: F401
    except ImportError:
        raise ExportError("ONNX is written by onnx and onnxscript: `pip install 'archspec-engine[onnx]'`") from None
    names: dict[str, Any] = {"input_names": ["image"], "output_names": ["logits"]}
    try:
        written = torch.onnx.export(_program(model, size), dynamo=True, verbose=False, **names)
    except torch.onnx.OnnxExporterError as error:
        missing = sorted(set(NO_OPERATOR.findall(str(error))))
        if not missing:
            raise
        name, operators = model.spec.arch, " and ".join(missing)
        raise ExportError(f"{name} cannot be written as ONNX, which has no operator for {operators}") from None
    assert written is not None  # without a file to write to there is a program
    return bytes(written.model_proto.SerializeToString())


def _program(model: Network, size: Size) -> torch.export.ExportedProgram:
    """What a network computes, for any number of images."""
    rows, columns = as_grid(model.spec.input.size if size is None else size)
    weight = next(model.parameters())
    images = weight.new_zeros(2, model.spec.input.channels, rows, columns)
    with torch.no_grad():
        model(images)  # what a network keeps for inference is made here and not in the program
        return torch.export.export(model, (images,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))


_WRITERS: dict[str, Callable[[Network, Size], bytes]] = {
    "safetensors": _safetensors,
    "onnx": _onnx,
    "torch-export": _torch_export,
}
