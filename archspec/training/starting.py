"""Where a run's weights come from, when not from scratch."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from archspec.compiler import load_model
from archspec.compiler.network import Network
from archspec.errors import RecordsError, WeightsError
from archspec.records.files import make_folder
from archspec.records.run import FILE, RunFolder
from archspec.records.store import Store


def start_of(origin: str, store: Path) -> str:
    """What identifies the weights in a run's folder or in a file; a file's are copied into the store."""
    there = Path(origin).expanduser()
    before = RunFolder(there)
    if before.exists() and there.resolve().parent == Store(store).runs.resolve():
        return before.key
    file = finished_model(before) if before.exists() else there
    if not file.is_file():
        message = f"`from: {origin}` is neither a run's folder nor a file of weights"
        raise WeightsError(f"{message}; give one, or the recipe by which the weights are to be trained")
    if file.suffix != ".safetensors":
        message = f"`from: {origin}`: weights are read from safetensors files only"
        raise WeightsError(f"{message}; `archspec export` writes them, and so does `archspec.save_model`")
    return FILE + _kept(file, Store(store))


def _kept(file: Path, store: Store) -> str:
    """The name under which a store keeps a file of weights."""
    name = hashlib.sha256(file.read_bytes()).hexdigest()[:20]
    kept = store.weights(name)
    if not kept.exists():
        make_folder(kept.parent)
        unfinished = kept.with_suffix(".partial")
        shutil.copyfile(file, unfinished)
        unfinished.replace(kept)
    return name


def started(run: RunFolder) -> Network | None:
    """The network whose weights a run starts from."""
    if not run.start:
        return None
    before = run.parent()
    file = run.store.weights(run.start.removeprefix(FILE)) if before is None else finished_model(before)
    return load_model(file)


def finished_model(run: RunFolder) -> Path:
    """The file of a finished run's network."""
    result = run.result()
    if result is None or result["state"] != "done":
        why = f"failed: {result['reason']}" if result is not None and "reason" in result else "is not finished"
        raise RecordsError(f"the run {run.path}, whose weights are needed, {why}; train it first")
    model = run.attempt(int(result["attempt"])).model
    if not model.is_file():
        raise WeightsError(f"the weights of the run {run.path} are not here: {model}")
    return model
