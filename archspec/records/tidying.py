"""What a store can do without: found first, deleted only when asked."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from archspec.errors import RecordsError
from archspec.records.attempt import Attempt
from archspec.records.files import make_folder, read_json, telling
from archspec.records.run import RunFolder
from archspec.records.store import Store

ENDED = {"done", "pruned", "invalid"}
"""States from which nobody goes on; what failed or was cancelled may yet be tried again, from its checkpoints."""
KEPT = {"timing.jsonl", "environment.json", "log.txt", "lease"}
"""What a superseded attempt keeps: the time it took, where, and what it said."""
YOUNG = 3600.0
"""Seconds for which whoever makes something is given the time to finish it."""
GONE = ".gone"
"""The folder in a store where whole runs go to be deleted."""


@dataclass(frozen=True)
class Item:
    """Something that can go."""

    kind: str
    """checkpoint | superseded | temporary | orphan"""
    path: Path
    bytes: int


def disposable(store: Store, *, orphans: bool = False) -> list[Item]:
    """What can go. With `orphans` also the runs that no study mentions. Nothing of a run that somebody works on."""
    wanted = mentioned(store) if orphans else set()
    found = [*_temporary(_shared_files(store))]
    for folder in sorted(store.runs.iterdir()) if store.runs.is_dir() else ():
        run = RunFolder(folder)
        with suppress(RecordsError, KeyError, TypeError, ValueError):  # what cannot be read is left alone
            if folder.is_dir() and not is_live(run):
                found += [_orphan(run)] if orphans and _is_orphan(run, wanted) else _within(run)
    return found


def delete(store: Store, items: Iterable[Item]) -> int:
    """Delete what was found, unless somebody has begun to work on it meanwhile; how many bytes that gave back."""
    freed = 0
    for item in items:
        if _is_of_a_live_run(store, item.path):
            continue
        with telling(item.path, "deleted"):
            _delete(store, item.path)
        freed += item.bytes
    with suppress(OSError):
        (store.path / GONE).rmdir()
    return freed


def is_live(run: RunFolder) -> bool:
    """Whether somebody works on a run, or may do so elsewhere before it has ended."""
    signs = [attempt.alive() for attempt in run.attempts()]
    return True in signs or (signs[-1:] == [None] and run.result() is None)


def set_aside(store: Store, folder: Path) -> Path:
    """Take a folder out of everybody's sight in one step; where it is now."""
    make_folder(store.path / GONE)
    aside = store.path / GONE / f"{folder.name}-{secrets.token_hex(4)}"
    folder.rename(aside)
    return aside


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files within a folder."""
    return sum(file.lstat().st_size for file in _files(path)) if path.is_dir() else path.lstat().st_size


def mentioned(store: Store, study: str = "") -> set[str]:
    """The keys that studies mention, all of them or one."""
    keys: set[str] = set()
    for file in [store.study(study) / "plan.json"] if study else store.studies.glob("*/plan.json"):
        runs = (read_json(file) or {}).get("runs")
        if not isinstance(runs, list):
            raise RecordsError(f"{file} is no plan, so nobody knows which runs it needs; start the study, or delete it")
        keys |= {str(key) for run in runs for key in (run["key"], *run.get("needs", ()))}
    return keys


def _is_orphan(run: RunFolder, wanted: set[str]) -> bool:
    return run.path.name not in wanted and run.exists() and not run.path.is_symlink() and _is_old(run.run_yaml)


def _orphan(run: RunFolder) -> Item:
    return Item("orphan", run.path, size_of(run.path))


def _within(run: RunFolder) -> Iterator[Item]:
    """What can go of a run that stays."""
    result, attempts = run.result(), run.attempts()
    places = [run.path, *(attempt.path for attempt in attempts)]
    yield from _temporary(file for place in places for file in _own_files(place))
    yield from _temporary(_inside(run.attempts_folder))
    if result is None or result["state"] not in ENDED:
        return
    for attempt in attempts:
        yield from (Item("checkpoint", path, path.lstat().st_size) for path in attempt.saved())
        if attempt.number != int(result["attempt"]):
            yield from _superseded(attempt)


def _superseded(attempt: Attempt) -> Iterator[Item]:
    for file in _inside(attempt.path):
        if file.name not in KEPT and not file.is_dir() and not _is_temporary(file):
            yield Item("superseded", file, file.lstat().st_size)


def _temporary(files: Iterable[Path]) -> Iterator[Item]:
    """Files that were being written when something died."""
    for file in files:
        if _is_temporary(file) and _is_old(file):
            yield Item("temporary", file, size_of(file))


def _is_temporary(file: Path) -> bool:
    hidden = file.name.startswith(".") and file.suffix == ".tmp"
    return hidden or file.suffix == ".partial" or file.parent.name == GONE or file.name.startswith(".importing-")


def _is_old(path: Path) -> bool:
    with suppress(OSError):
        return time.time() - path.lstat().st_mtime > YOUNG
    return False


def _shared_files(store: Store) -> Iterator[Path]:
    """What lies in the store, outside its runs."""
    for folder in (store.path, store.path / GONE, store.environments, store.path / "weights", *_folders(store.studies)):
        yield from _inside(folder)


def _own_files(folder: Path) -> list[Path]:
    """The files of a run's or an attempt's folder, and of its checkpoints."""
    return [path for place in (folder, folder / "checkpoints") for path in _inside(place) if not path.is_dir()]


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _folders(folder: Path) -> list[Path]:
    return [path for path in _inside(folder) if path.is_dir()]


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in names)


def _is_of_a_live_run(store: Store, path: Path) -> bool:
    if not path.is_relative_to(store.runs):
        return False
    return is_live(RunFolder(store.run(path.relative_to(store.runs).parts[0])))


def _delete(store: Store, path: Path) -> None:
    if path.parent == store.runs:
        path = set_aside(store, path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
