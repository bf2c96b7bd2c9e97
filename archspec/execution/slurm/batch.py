"""What was handed to SLURM together: a folder in the store that outlives whoever submitted it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from archspec.execution.slurm.asking import Word

Pack = tuple[tuple[str, str], ...]
"""Jobs that are done one after another, each with its folder."""
FORGOTTEN = 120.0
"""Seconds after which a submission of which SLURM knows nothing has never been made."""
FILE, LOST = "batch.json", "lost"
MARK = "archspec-"
"""What the names of all our jobs begin with."""


@dataclass(frozen=True)
class Batch:
    """A job, or an array of them. What it holds is written before it is submitted, its number after."""

    path: Path
    packs: tuple[Pack, ...]

    @classmethod
    def new(cls, ledger: Path, packs: tuple[Pack, ...]) -> Batch:
        """Write down what is about to be submitted."""
        batch = cls(ledger / f"{MARK}{secrets.token_hex(5)}", packs)
        batch.path.mkdir(parents=True)
        _write(batch.path / FILE, json.dumps(packs))
        return batch

    @property
    def name(self) -> str:
        """What SLURM calls it."""
        return self.path.name

    @property
    def jobs(self) -> list[str]:
        """What it does."""
        return [job for pack in self.packs for job, _ in pack]

    @property
    def logs(self) -> Path:
        """Where submitit keeps its files, and SLURM what jobs print."""
        return self.path / "jobs"

    def submitted(self, number: str) -> None:
        """Write down the number that SLURM gave it."""
        _write(self.path / "id", number)

    def number(self, words: Mapping[str, Word]) -> str | None:
        """SLURM's number; where whoever submitted it died over that, it is found by its name."""
        with suppress(FileNotFoundError):
            return (self.path / "id").read_text()
        return next((word.id.partition("_")[0] for word in words.values() if word.name == self.name), None)

    def forgotten(self) -> bool:
        """Whether it was written down so long ago that SLURM would know it."""
        with suppress(FileNotFoundError):
            return time.time() - (self.path / FILE).stat().st_mtime > FORGOTTEN
        return True

    def tasks(self, number: str) -> dict[str, Pack]:
        """Its jobs under the names that SLURM has for them."""
        if len(self.packs) == 1:
            return {number: self.packs[0]}
        return {f"{number}_{index}": pack for index, pack in enumerate(self.packs)}

    def log(self, task: str) -> Path:
        """What a task printed."""
        return self.logs / f"{task}_0_log.out"

    def said(self, task: str) -> str:
        """The end of what a task printed."""
        with suppress(OSError):
            text = self.log(task).read_text(errors="replace")
            return "\n".join(text.strip().splitlines()[-30:])
        return ""

    def lose(self, job: str) -> None:
        """Strike out a job that ended without a result: it may be in a later batch."""
        (self.path / LOST).mkdir(exist_ok=True)
        (self.path / LOST / job).touch()

    def close(self) -> None:
        """Nothing of it is left to wait for; what its jobs printed stays."""
        for file in (self.path / FILE, self.path / "id", *self.logs.glob("*.pkl")):
            file.unlink(missing_ok=True)


def batches(ledger: Path) -> Iterator[Batch]:
    """Everything that was submitted and is not over."""
    for file in sorted(ledger.glob(f"{MARK}*/{FILE}")):
        packs = read(file.parent)
        if any(packs):
            yield Batch(file.parent, packs)


def read(folder: Path) -> tuple[Pack, ...]:
    """What a batch's files say; nothing where it is over."""
    lost = {file.name for file in (folder / LOST).glob("*")}
    with suppress(FileNotFoundError):
        said = json.loads((folder / FILE).read_text())
        return tuple(tuple((job, path) for job, path in pack if job not in lost) for pack in said)
    return ()


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text)
    beside.replace(path)
