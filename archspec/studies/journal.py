"""A search's journal: Optuna's own file of trials, written a whole question or answer at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend


class Ledger(BaseJournalBackend):
    """A journal file, to which lines are added together: whatever dies, a question is there as a whole or not at all.

    Optuna's own backend writes each decision of each candidate to disk by itself.
    """

    def __init__(self, path: Path) -> None:
        # A study has one driver; a lock that is there was left by one that was killed while it wrote.
        path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
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
            self.file.append_logs(self.pending)
        since = list(self.file.read_logs(self.lines))
        self.lines += len(since)
        self.unread += [log for log in since if log not in self.pending]
        self.pending = []


def storage(ledger: Ledger) -> JournalStorage:
    """The storage of a journal."""
    return JournalStorage(ledger)
