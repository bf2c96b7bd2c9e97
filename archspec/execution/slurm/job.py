"""What a job of SLURM's does: it has a child process do its folders, and is requeued when it is told to stop.

It has no state but the folders. Training runs in the child, which reaches a step boundary and saves when the signal
is handed on; a process that waits for it has time for that, whatever training is at.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

from archspec.execution.jobs import AGAIN
from archspec.execution.process import Process


class StoppedError(Exception):
    """The child was stopped by somebody else than this process."""


class Folders:
    """A function for submitit: it does folders one after another, all in one process."""

    def __init__(self, target: str, folders: tuple[str, ...]) -> None:
        self.target, self.folders = target, folders
        self.process: Process | None = None

    def __call__(self) -> int:
        """Do what is not done yet; what has a result is left at once."""
        worst = 0
        for folder in self.folders:
            code = self._do(folder)
            if code == AGAIN:
                return self._stopped()
            worst = worst or code
        if worst:
            raise StoppedError(f"ended with code {worst}")
        return worst

    def checkpoint(self) -> Any:
        """What submitit calls when time is up or others go first; it requeues what this returns."""
        from submitit.core.utils import DelayedSubmission

        if self.process is not None:
            self.process.stop(signal.SIGUSR2)
        return DelayedSubmission(Folders(self.target, self.folders))

    def _do(self, folder: str) -> int:
        """Have the child do a folder; one that dies of it is replaced for the next."""
        if self.process is None:
            command = [sys.executable, "-m", "archspec.execution.worker", self.target]
            self.process = Process(command, os.environ, sys.stderr)
        if not self.process.begin(folder):
            self.process.leave()
            self.process = None
            return self._do(folder)
        answer = self.process.answer()
        if answer is None:
            code, self.process = self.process.leave(), None
            print(f"{folder}: the process died with code {code}", file=sys.stderr)  # noqa: T201 - the job's log
            return code or 1
        print(answer["error"], end="", file=sys.stderr)  # noqa: T201
        return int(answer["code"])

    def _stopped(self) -> int:
        """A child that was stopped and not by us: the job fails, so that nobody takes it for done."""
        if int(os.environ.get("SLURM_PROCID", "0")) == 0:
            raise StoppedError("stopped; what it had done is saved")
        return AGAIN


class Command:
    """A function for submitit: a Python program that may want to be started again."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words
        self.child: subprocess.Popen[bytes] | None = None

    def __call__(self) -> int:
        """Run it to its end."""
        self.child = subprocess.Popen([sys.executable, *self.words])  # noqa: S603
        os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOWAIT)
        code = self.child.wait()
        if code:
            raise StoppedError(f"ended with code {code}")
        return code

    def checkpoint(self) -> Any:
        """Have it stop, and start it again."""
        from submitit.core.utils import DelayedSubmission

        if self.child is not None:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.child.pid, signal.SIGTERM)
                os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOWAIT)
        return DelayedSubmission(Command(self.words))
