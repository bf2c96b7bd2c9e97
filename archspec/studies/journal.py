"""A search's journal: Optuna's own file of trials, written a whole question or answer at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend
from optuna.storages.journal._storage import JournalOperation
from optuna.trial import TrialState

from archspec.errors import RecordsError
from archspec.records.files import telling

FEASIBLE = "choices"
"""Under which attribute a trial that is to be trained keeps its decisions; they are the last that is written of it."""


class Ledger(BaseJournalBackend):
    """A journal file, to which lines are added together: whatever dies, a question is there as a whole or not at all.

    Optuna's own backend writes each decision of each candidate to disk by itself.
    """

    def __init__(self, path: Path) -> None:
        # A study has one driver; a lock that is there was left by one that was killed while it wrote.
        path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
        self.path = path
        mend(path)
        self.file = JournalFileBackend(str(path))
        self.unread = list(self.file.read_logs(0))
        self.lines = len(self.unread)
        """In the file, as far as it was read."""
        self.pending: list[dict[str, Any]] = []

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """What was not read yet: the one storage that reads here reads everything once."""
        unread, self.unread = self.unread, []
        return unread

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Keep lines for the next commit, as they will be read from the file."""
        said = json.loads(json.dumps(logs))
        self.pending += said
        self.unread += said

    def commit(self) -> None:
        """Write what was said since the last commit, and read what others have written meanwhile: notes, tags."""
        if self.pending:
            with telling(self.path, "written"):
                self.file.append_logs(self.pending)
        since = list(self.file.read_logs(self.lines))
        self.lines += len(since)
        self.unread += [log for log in since if log not in self.pending]
        self.pending = []


def mend(path: Path) -> None:
    """Take away what a writer left that a full disk or a failing machine interrupted: half a line, half a question.

    What is added to half a line could never be read again, and half a question would be asked under another number.
    """
    if not path.exists():
        return
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    logs = [_read(line, path, number) for number, line in enumerate(lines, 1)]
    asked = [at for at, log in enumerate(logs) if log["op_code"] == JournalOperation.CREATE_TRIAL]
    if asked and not any(map(_ends_a_question, logs[asked[-1] :])):
        lines = lines[: asked[-1]]
    size = sum(map(len, lines))
    if size < path.stat().st_size:
        os.truncate(path, size)


def _read(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:
        message = f"{path}:{number} is no line of a journal; move the file away, and the search begins anew"
        raise RecordsError(f"{message}, answered from the store where it asks for the same") from None
    return said


def _ends_a_question(log: dict[str, Any]) -> bool:
    """Whether a line says what is to be trained, or that another candidate is drawn in its place."""
    ended = log["op_code"] == JournalOperation.SET_TRIAL_STATE_VALUES and TrialState(log["state"]).is_finished()
    return ended or (log["op_code"] == JournalOperation.SET_TRIAL_USER_ATTR and FEASIBLE in log["user_attr"])


def storage(ledger: Ledger) -> JournalStorage:
    """The storage of a journal."""
    return JournalStorage(ledger)
