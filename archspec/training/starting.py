"""Where a run's weights come from, when not from scratch."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from archspec.compiler import load_model
from archspec.compiler.network import Network
from archspec.errors import RecordsError, WeightsError
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.recipe import Recipe

FILE = "file:"
"""What the identity of weights in a file begins with; other weights are those of the run of that key."""


def start_of(recipe: Recipe, store: Path) -> str:
    """What identifies the weights that a recipe starts from; a file of weights is copied into the store."""
    if recipe.start is None:
        return ""
    there = Path(recipe.start).expanduser()
    if RunFolder(there).exists():
        return RunFolder(there).key
    if not there.is_file():
        message = f"`from: {recipe.start}` is neither a run's folder nor a file of weights"
        raise WeightsError(f"{message}; train the run that it names first, and give its folder")
    name = hashlib.sha256(there.read_bytes()).hexdigest()[:20]
    kept = _kept(store, name)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(".partial")
        shutil.copyfile(there, unfinished)
        unfinished.replace(kept)
    return FILE + name


def started(run: RunFolder) -> Network | None:
    """The network whose weights a run starts from."""
    start, store = str(run.spec().get("start", "")), run.path.parent.parent
    if not start:
        return None
    if start.startswith(FILE):
        return load_model(_kept(store, start.removeprefix(FILE)))
    before = RunFolder(Store(store).run(start))
    result = before.result()
    if result is None or result["state"] != "done":
        raise RecordsError(f"the run {start}, whose weights this one starts from, is not finished; train it first")
    return load_model(before.attempt(int(result["attempt"])).model)


def _kept(store: Path, name: str) -> Path:
    return store / "weights" / f"{name}.safetensors"
