"""One attempt at a run: a folder of its own, in which even a copy that was given up does no harm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archspec.records.files import read_json, read_lines, telling, write_json
from archspec.records.lease import alive, lease
from archspec.records.store import Store


def numbered(folder: Path) -> list[int]:
    """The numbers that name things in a folder, the smallest first."""
    with telling(folder, "read"):
        return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal()) if folder.exists() else []


@dataclass(frozen=True)
class Attempt:
    """Everything one attempt writes, `attempts/<n>` of a run's folder."""

    path: Path

    @property
    def number(self) -> int:
        """Which attempt it is, from 1."""
        return int(self.path.name)

    @property
    def metrics(self) -> Path:
        """What was measured, line by line; equal for equal runs."""
        return self.path / "metrics.jsonl"

    @property
    def timing(self) -> Path:
        """What differs from one attempt to the next: seconds, throughput, memory."""
        return self.path / "timing.jsonl"

    @property
    def checkpoints(self) -> Path:
        """The folder from which a later attempt can go on."""
        return self.path / "checkpoints"

    @property
    def log(self) -> Path:
        """What was said meanwhile."""
        return self.path / "log.txt"

    @property
    def model(self) -> Path:
        """The weights of the chosen epoch."""
        return self.path / "model.safetensors"

    @property
    def failure(self) -> Path:
        """The traceback of what ended it."""
        return self.path / "failure.txt"

    @property
    def starved(self) -> Path:
        """How much memory it was given, where it died since that was too little."""
        return self.path / "starved.json"

    @property
    def environment(self) -> Path:
        """Where it ran, and the hash of the versions it ran with."""
        return self.path / "environment.json"

    @property
    def lease(self) -> Path:
        """The newest sign of life."""
        return self.path / "lease"

    def is_newest(self) -> bool:
        """Whether no other attempt has been made since: only then does it count."""
        return numbered(self.path.parent)[-1:] == [self.number]

    def beat(self) -> None:
        """Give a sign of life."""
        write_json(self.lease, lease())

    def leave(self) -> None:
        """Say that this attempt has ended, so that nobody waits for signs of life."""
        write_json(self.lease, {**lease(), "left": True})

    def alive(self) -> bool | None:
        """Whether somebody still works on it; None where that cannot be known from here."""
        said = read_json(self.lease)
        return said is not None and alive(said)

    def record_environment(self, shared: Mapping[str, Any], **here: Any) -> str:
        """Write what this attempt ran with: what is `shared` once a store, under the hash that is returned."""
        name = Store(self.path.parents[3]).keep_environment(shared)
        write_json(self.environment, {"environment": name, **here})
        return name

    def surroundings(self) -> dict[str, Any]:
        """What it ran with, as far as that is known."""
        here = read_json(self.environment) or {}
        shared = Store(self.path.parents[3]).environment(str(here.get("environment")))
        return {**(shared or {}), **here}

    def lines(self) -> list[dict[str, Any]]:
        """What it measured so far."""
        return read_lines(self.metrics)

    def saved(self) -> list[Path]:
        """Its checkpoints, those of later steps first; a name begins with its step."""
        found = self.checkpoints.iterdir() if self.checkpoints.is_dir() else ()
        return sorted((path for path in found if re.match(r"\d", path.name)), key=step_of, reverse=True)


def step_of(checkpoint: Path) -> int:
    """The step that a checkpoint's name begins with."""
    digits = re.match(r"\d+", checkpoint.name)
    return int(digits[0]) if digits else -1
