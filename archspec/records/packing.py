"""Finished runs in one file: what a store gives to another."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import archspec
from archspec.errors import RecordsError, near
from archspec.records.files import telling
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.records.tidying import mentioned

FORMAT = 1
CONTENTS = "contents.json"
"""The last member of an archive: what is in it, so that one which was cut off is known by its absence."""
WEIGHTS = ".safetensors"
SMALL = ("timing.jsonl", "environment.json", "log.txt")
"""What of a superseded attempt still counts: the time it took, where, and what it said."""
MODES = {".tar": "w", ".gz": "w:gz", ".tgz": "w:gz"}


@dataclass(frozen=True)
class Packed:
    """What went into an archive."""

    runs: int
    unfinished: int
    """Runs that stayed behind because they have no result."""
    bytes: int


def pack(store: Store, file: Path, *, study: str = "", weights: bool = True) -> Packed:
    """Write the finished runs of a store, or of one study, into an archive with their environments and studies."""
    mode = MODES.get(file.suffix)
    if mode is None:
        raise RecordsError(f"{file} should end in .tar, .tar.gz or .tgz")
    if file.exists():
        raise RecordsError(f"{file} is there already; delete it, or give another name")
    keys = _keys(store, study)
    runs = [run for run in (RunFolder(store.run(key)) for key in keys) if run.result() is not None]
    beside = file.with_name(f".{file.name}.{secrets.token_hex(6)}.tmp")
    with telling(file, "written"):
        try:
            with tarfile.open(beside, mode) as tar:  # type: ignore[call-overload]
                written = _Writer(tar, store.path)
                for path in _paths(store, runs, study):
                    if weights or path.suffix != WEIGHTS:
                        written.add(path)
                written.close()
            beside.replace(file)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
    return Packed(len(runs), len(keys) - len(runs), file.stat().st_size)


def _keys(store: Store, study: str) -> list[str]:
    if not study:
        return store.keys()
    there = [file.parent.name for file in store.studies.glob("*/plan.json")]
    if study not in there:
        raise RecordsError(f"{store.path} has no study `{study}`: {near(study, there)}")
    return sorted(key for key in mentioned(store, study) if RunFolder(store.run(key)).exists())


def _paths(store: Store, runs: list[RunFolder], study: str) -> Iterator[Path]:
    """The files to pack, those last that others refer to."""
    shared: set[Path] = set()
    for run in runs:
        yield from (run.run_yaml, run.result_json)
        counting = int((run.result() or {})["attempt"])
        for attempt in run.attempts():
            whole = attempt.number == counting
            yield from _plain(attempt.path, None if whole else SMALL)
            shared.add(store.environments / f"{attempt.surroundings().get('environment')}.json")
        shared.add(store.path / "weights" / f"{str(run.spec().get('start', '')).rpartition(':')[2]}{WEIGHTS}")
    yield from sorted(path for path in shared if path.is_file())
    for folder in [store.study(study)] if study else sorted(path.parent for path in store.studies.glob("*/plan.json")):
        yield from _plain(folder, ("plan.json", "study.yaml"))


def _plain(folder: Path, names: tuple[str, ...] | None) -> Iterator[Path]:
    """The files of a folder that are finished and worth keeping."""
    for path in sorted(folder.iterdir()):
        named = not path.name.startswith(".") and path.suffix != ".partial" and path.name != "lease"
        if path.is_file() and (named if names is None else path.name in names):
            yield path


class _Writer:
    """An archive in the making, and the checksums of what is in it."""

    def __init__(self, tar: tarfile.TarFile, root: Path) -> None:
        self.tar, self.root = tar, root
        self.sums: dict[str, str] = {}

    def add(self, path: Path) -> None:
        """Put a file in."""
        name = path.relative_to(self.root).as_posix()
        with path.open("rb") as file:
            member = tarfile.TarInfo(name)
            said = path.stat()
            member.size, member.mtime = said.st_size, said.st_mtime
            hashed = _Hashed(file)
            self.tar.addfile(member, hashed)
        self.sums[name] = hashed.sum.hexdigest()

    def close(self) -> None:
        """Put in what is in it."""
        said = {"format": FORMAT, "archspec": archspec.__version__, "files": self.sums}
        content = json.dumps(said, indent=1).encode()
        member = tarfile.TarInfo(CONTENTS)
        member.size = len(content)
        self.tar.addfile(member, io.BytesIO(content))


class _Hashed:
    """A file whose content is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self.file.read(size)
        self.sum.update(data)
        return data
