"""Checkpoints: plain tensors and numbers in files whose names hold their own checksums."""

from __future__ import annotations

import hashlib
import io
import pickle
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from archspec.records.files import write_atomic

_NAME = re.compile(r"(\d{10})-([0-9a-f]{16})\.pt")


def write(folder: Path, step: int, state: dict[str, Any]) -> Path:
    """Write a state whole or not at all."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()
    path = folder / f"{step:010d}-{_checksum(content)}.pt"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        write_atomic(path, content)
    return path


def read(path: Path) -> dict[str, Any]:
    """The state in a file; a ValueError where the file is not what was written. No code is ever run from it."""
    match = _NAME.fullmatch(path.name)
    content = path.read_bytes()
    if match is None or _checksum(content) != match[2]:
        raise ValueError("its content is not what its checksum says")
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ValueError("it holds something else than tensors, numbers and text") from None
    return state


def newest(paths: Iterable[Path], warn: Callable[[str], None]) -> tuple[Path, dict[str, Any]] | None:
    """The first of some files that can be read, newest first; those passed over are told of."""
    for path in paths:
        try:
            return path, read(path)
        except (OSError, ValueError) as error:
            warn(f"warning: the checkpoint {path} is passed over for the one before it: {error}")
    return None


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
