"""A run's folder: the run as it was asked for, the attempts at it, and the result of the one that counts."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from archspec.errors import RecordsError
from archspec.records.attempt import Attempt, numbered, step_of
from archspec.records.files import make_folder, move_exclusively, read_json, telling, write_atomic, write_json
from archspec.records.store import Store
from archspec.spec.reading import compose
from archspec.spec.writing import document

__all__ = ["Attempt", "RunFolder", "written"]

FILE = "file:"
"""What the identity of weights in a file begins with; other weights are those of the run of that key."""


def written(run: Mapping[str, Any]) -> str:
    """A run as its folder says it."""
    return "\n".join(document(run)) + "\n"


@dataclass(frozen=True)
class RunFolder:
    """Every path of a run's folder, and the rules by which attempts at it are made and end."""

    path: Path

    @classmethod
    def create(cls, store: Path, run: Mapping[str, Any]) -> RunFolder:
        """The folder of a run (see `run_document`) in a store; one that is there already stays as it is."""
        folder = cls(Store(store).run(str(run["key"])))
        if not folder.exists():
            make_folder(folder.path)
            write_atomic(folder.run_yaml, written(run))
        elif folder.spec().get("key") != run["key"]:
            message = f"{folder.run_yaml} describes the run {folder.spec().get('key')}, not {run['key']}"
            raise RecordsError(f"{message}; a run folder keeps the name it was given, so move it back")
        return folder

    @property
    def run_yaml(self) -> Path:
        """What is to run."""
        return self.path / "run.yaml"

    @property
    def result_json(self) -> Path:
        """How it ended, and which attempt that was."""
        return self.path / "result.json"

    @property
    def attempts_folder(self) -> Path:
        """The attempts, each under its number."""
        return self.path / "attempts"

    @property
    def tracked(self) -> Path:
        """What trackers keep here, and what they said; shared by all attempts."""
        return self.path / "trackers"

    @property
    def store(self) -> Store:
        """The store that it lies in."""
        return Store(self.path.parent.parent)

    @property
    def key(self) -> str:
        """The hash of everything that can change the result."""
        return str(self.spec()["key"])

    def exists(self) -> bool:
        """Whether there is a run here."""
        return self.run_yaml.is_file()

    def spec(self) -> dict[str, Any]:
        """What is to run, as plain data."""
        with telling(self.run_yaml, "read"):
            text = self.run_yaml.read_text(encoding="utf-8")
        run = [tree.plain() for tree in compose(text, str(self.run_yaml))]
        if len(run) != 1 or not isinstance(run[0], dict) or "key" not in run[0]:
            raise RecordsError(f"{self.run_yaml} does not describe a run; delete {self.path} and create it again")
        return run[0]

    @property
    def start(self) -> str:
        """What identifies the weights that it starts from; empty where it starts from scratch."""
        return str(self.spec().get("start", ""))

    def parent(self) -> RunFolder | None:
        """The run whose weights it starts from, which has to be finished first."""
        start = self.start
        return None if not start or start.startswith(FILE) else RunFolder(self.store.run(start))

    @property
    def measures(self) -> bool:
        """Whether it is a measurement, and trains nothing."""
        return "measure" in self.spec()

    def measured(self) -> RunFolder | None:
        """The run that this one measures, where it measures a finished one."""
        spec = self.spec()
        return RunFolder(self.store.run(str(spec["of"]))) if "of" in spec else None

    def lineage(self) -> list[RunFolder]:
        """This run after those that it starts from, the first one first."""
        before = self.parent()
        return [*(before.lineage() if before is not None else ()), self]

    def claim(self) -> Attempt:
        """Begin a new attempt, which from now on is the only one that counts."""
        make_folder(self.attempts_folder)
        made = Attempt(self.attempts_folder / f".{secrets.token_hex(6)}.tmp")
        try:
            make_folder(made.checkpoints)
            made.beat()
            for number in count(1 + max(numbered(self.attempts_folder), default=0)):
                # It appears with its sign of life already in it, so that one without is nobody's.
                if move_exclusively(made.path, self.attempts_folder / str(number)):
                    return self.attempt(number)
        finally:
            shutil.rmtree(made.path, ignore_errors=True)
        raise AssertionError  # numbers do not end

    def attempt(self, number: int) -> Attempt:
        """The attempt of a number."""
        return Attempt(self.attempts_folder / str(number))

    def attempts(self) -> list[Attempt]:
        """All attempts, the first one first."""
        return [self.attempt(number) for number in numbered(self.attempts_folder)]

    def newest(self) -> Attempt | None:
        """The attempt that counts, if one was made."""
        return next(reversed(self.attempts()), None)

    def result(self) -> dict[str, Any] | None:
        """How the run ended, with the number of its `attempt`; None while it has not."""
        return read_json(self.result_json)

    def finish(self, attempt: Attempt, result: Mapping[str, Any]) -> bool:
        """Write the result of an attempt; refused, with False, where a newer one has been made."""
        if not attempt.is_newest():
            return False
        write_json(self.result_json, {**result, "attempt": attempt.number})
        return True

    def reopen(self) -> None:
        """Forget a result, so that the run goes on with another attempt."""
        with telling(self.result_json, "deleted"):
            self.result_json.unlink(missing_ok=True)

    def metrics(self) -> list[dict[str, Any]]:
        """What the attempt that gave the result measured, or else what the newest has so far."""
        result = self.result()
        attempt = self.newest() if result is None else self.attempt(int(result["attempt"]))
        return [] if attempt is None else attempt.lines()

    def checkpoints(self) -> list[Path]:
        """The checkpoints of all attempts, those of later steps first, and of one step those of later attempts."""
        found = [path for attempt in reversed(self.attempts()) for path in attempt.saved()]
        return sorted(found, key=step_of, reverse=True)
