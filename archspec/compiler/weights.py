"""Weights under other people's parameter names, and in files that rebuild their own network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from archspec.compiler.dialects import Dialect, dialects
from archspec.errors import WeightsError
from archspec.records.files import write_atomic
from archspec.spec.arch import Arch
from archspec.spec.loading import load

if TYPE_CHECKING:
    from archspec.compiler.network import Network

Source = Literal["archspec", "timm", "official"]
SOURCES: tuple[Source, ...] = ("archspec", "timm", "official")
SHOWN = 8
"""How many tensors an error names before it counts the rest."""


def load_weights(model: nn.Module, state_dict: Mapping[str, Tensor], source: Source = "archspec") -> None:
    """Fill a network from a checkpoint under archspec's, timm's or the authors' parameter names: all or nothing."""
    if source not in SOURCES:
        raise WeightsError(f"`{source}` is no source of weights; there are {', '.join(SOURCES)}")
    target = model.state_dict()
    tensors = dict(state_dict) if source == "archspec" else _translated(state_dict, target, source)
    _refuse_misfits(tensors, target, source)
    model.load_state_dict({name: tensor.reshape(target[name].shape) for name, tensor in tensors.items()})


def _translated(state_dict: Mapping[str, Tensor], target: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """The checkpoint under our names, by the dialect that explains it best."""

    def misfits(dialect: Dialect) -> int:
        return len(set(map(dialect.translate, state_dict)) ^ target.keys())

    best = min((dialect for dialect in dialects() if dialect.source == source), key=misfits)
    translated = {best.translate(name): tensor for name, tensor in state_dict.items()}
    return {name: best.change(name, tensor) for name, tensor in translated.items()}


def _refuse_misfits(tensors: Mapping[str, Tensor], target: Mapping[str, Tensor], source: str) -> None:
    """Name every tensor that is missing, left over or of another shape."""
    misshapen = [
        f"{name} is {_shape(tensors[name])}, not {_shape(target[name])}"
        for name in target
        if name in tensors and not _same_shape(tensors[name], target[name])
    ]
    complaints = {
        "missing": [name for name in target if name not in tensors],
        "left over": [name for name in tensors if name not in target],
        "of another shape": misshapen,
    }
    found = [f"{len(names)} {word}: {_listed(names)}" for word, names in complaints.items() if names]
    if found:
        raise WeightsError(f"these {source} weights do not fit the network; " + "; ".join(found))


def _same_shape(given: Tensor, wanted: Tensor) -> bool:
    """Whether two shapes agree but for sides of one: a pointwise convolution is a linear layer."""
    return [side for side in given.shape if side != 1] == [side for side in wanted.shape if side != 1]


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a scalar"


def _listed(names: list[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def load_pretrained(model: Network, arch: Arch) -> None:
    """Fill a network from the checkpoint that its arch names, a path relative to the document that names it."""
    pretrained = arch.pretrained
    if pretrained is None:
        message = f"`{arch.arch}` names no checkpoint; write `pretrained: {{file: …, source: …}}` in its document"
        raise WeightsError(message)
    written = arch.tree.mark_of(("pretrained", "file"))
    folder = Path(written.file).parent if written else Path()
    load_weights(model, read_checkpoint(folder / pretrained.file), pretrained.source)


def save_model(model: Network, path: str | Path) -> None:
    """Write a network's weights, whole or not at all, with its resolved spec, so that the file alone rebuilds it."""
    write_atomic(Path(path), packed(model))


def packed(model: Network) -> bytes:
    """What such a file holds."""
    if any(tensor.is_meta for tensor in model.state_dict().values()):
        raise WeightsError("a network on the device `meta` has no numbers to write")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    about = {"arch": model.spec.arch, "plugins": model.spec.plugins}
    spec = {**about, **model.spec.to_dict(metadata=False)}
    return save(tensors, metadata={"archspec": json.dumps(spec), "classes": str(model.num_classes)})


def load_model(path: str | Path) -> Network:
    """Rebuild a network from a file that `save_model` wrote."""
    from archspec.compiler.building import build

    metadata = _metadata(Path(path))
    model = build(load(json.loads(metadata["archspec"])))
    if metadata.get("classes") == "0":
        model.reset_classifier(0)
    load_weights(model, load_file(path))
    return model


def _metadata(path: Path) -> dict[str, str]:
    """What such a file says about itself."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be read as safetensors: {error}") from None
    if "archspec" not in metadata:
        raise WeightsError(f"{path} does not say which network it belongs to; build it and use `load_weights`")
    return metadata


def read_checkpoint(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors file or of a torch checkpoint, which is read without running code from it."""
    try:
        if Path(path).suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch raises anything from OSError to UnpicklingError here; all of it means that the file is not usable.
        raise WeightsError(f"{path} cannot be read: {error}") from error
    for wrapper in ("state_dict", "model"):
        content = content.get(wrapper, content) if isinstance(content, dict) else content
    return dict(content)
