"""What has changed in a store since it was last looked at, told by sizes and times and not by content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from archspec.errors import RecordsError
from archspec.records.run import RunFolder
from archspec.records.store import Store

NEVER_TRIED = "planned"
"""The signature of a run without attempts."""


class Changed(NamedTuple):
    """A run folder that is to be read, and what it looked like before."""

    run: RunFolder
    signature: str


def changed(store: Store, keys: Iterable[str], seen: Mapping[str, str]) -> Iterator[Changed]:
    """The runs that do not look as they did when they were seen."""
    for key in keys:
        run = RunFolder(store.run(key))
        signature = signature_of(run)
        if signature != seen.get(key) and (signature != NEVER_TRIED or run.exists()):
            yield Changed(run, signature)


def folders(store: Store, keys: Iterable[str] | None = None) -> list[str]:
    """The names of the run folders, or those among some keys; some may just be in the making."""
    if keys is not None:
        return [key for key in keys if store.run(key).is_dir()]
    with suppress(FileNotFoundError), os.scandir(store.runs) as entries:
        return [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    return []


def plans(store: Store) -> dict[str, str]:
    """The studies that have a plan, and what tells whether it has changed."""
    stamps = {file.parent.name: stamp(file) for file in store.studies.glob("*/plan.json")}
    return {name: signature for name, signature in stamps.items() if signature}


def signature_of(run: RunFolder) -> str:
    """What differs whenever a run has changed. A finished one is told by its result alone."""
    return stamp(run.result_json) or _of_attempts(run)


def stamp(file: str | Path) -> str:
    """What differs whenever a file has been written; nothing where it is not."""
    try:
        said = os.stat(file)  # noqa: PTH116 - twenty thousand of them
    except OSError:
        return ""
    return f"{said.st_mtime_ns}-{said.st_size}-{said.st_ino}"


def _of_attempts(run: RunFolder) -> str:
    try:
        attempt = run.newest()
        if attempt is None:
            return NEVER_TRIED
        parts = [stamp(file) for file in (attempt.metrics, attempt.timing, attempt.environment)]
        # Not the lease itself, which is written every few seconds.
        return " ".join([str(attempt.number), str(attempt.alive()), *parts])
    except (RecordsError, KeyError, TypeError, ValueError) as error:
        return f"unreadable: {error}"
