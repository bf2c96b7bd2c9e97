"""The store: a folder of run folders and of what they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archspec.records.files import make_folder, read_json, write_json
from archspec.spec.hashing import digest


@dataclass(frozen=True)
class Store:
    """Every path of a store that is outside the run folders."""

    path: Path

    @property
    def runs(self) -> Path:
        """The run folders, each under its key."""
        return self.path / "runs"

    @property
    def environments(self) -> Path:
        """Versions and packages that runs ran with, each under its hash."""
        return self.path / "environments"

    @property
    def studies(self) -> Path:
        """The folders of studies, each under its name (and its profile's: `name@profile`)."""
        return self.path / "studies"

    @property
    def code(self) -> Path:
        """Code as it was when studies began, each version under its hash."""
        return self.path / "code"

    @property
    def slurm(self) -> Path:
        """What was handed to SLURM, and what its jobs print; shared by all studies, as runs are."""
        return self.path / "slurm"

    def study(self, name: str) -> Path:
        """Where the study of a name keeps its plan, its reports and its driver's log."""
        return self.studies / name

    def weights(self, name: str) -> Path:
        """Where the weights lie that runs start from and that are no run's; their name is a hash of what they are."""
        return self.path / "weights" / f"{name}.safetensors"

    def run(self, key: str) -> Path:
        """Where the run of a key lives, whether or not it is there."""
        return self.runs / key

    def keys(self) -> list[str]:
        """The keys of the runs that are there."""
        return sorted(file.parent.name for file in self.runs.glob("*/run.yaml"))

    def keep_environment(self, record: Mapping[str, Any]) -> str:
        """Write an environment unless it is there; the hash it is known by."""
        name = digest(record)
        if self.environment(name) is None:
            make_folder(self.environments)
            write_json(self._environment(name), record)
        return name

    def environment(self, name: str) -> dict[str, Any] | None:
        """The environment of a hash, if it was kept."""
        return read_json(self._environment(name))

    def _environment(self, name: str) -> Path:
        return self.environments / f"{name}.json"
