"""Trackers: each has a process of its own, so that nothing it does can fail, delay or change a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from archspec.errors import RecordsError
from archspec.records.files import make_folder
from archspec.records.run import RunFolder

PATIENCE = {"done": 30.0, "failed": 30.0, "stopped": 3.0}
"""Seconds that a tracker has for its last words; whoever asks a run to stop does not wait long."""


class Listener:
    """The process that tells one tracker."""

    def __init__(self, name: str, run: RunFolder, say: Callable[[str], None]) -> None:
        self.name, self.say = name, say
        self.log = run.tracked / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        command = [sys.executable, "-m", "archspec.training.trackers", name, str(run.path)]
        try:
            make_folder(run.tracked)
            with self.log.open("ab") as log:
                # A session of its own: Ctrl-C is the run's alone, and the tracker ends when its input does.
                self.process = subprocess.Popen(  # noqa: S603
                    command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
                )
            os.set_blocking(self._input, False)
        except (OSError, RecordsError) as error:
            self._give_up(str(error))

    def tell(self, what: Mapping[str, Any]) -> None:
        """Pass something on; a tracker that takes nothing in any more is given up."""
        if self.process is None:
            return
        try:
            os.write(self._input, json.dumps(what).encode() + b"\n")
        except BrokenPipeError:
            self._give_up(self._last_words())
        except OSError as error:
            self._give_up(str(error))

    def close(self, state: str) -> None:
        """Say how the run ended, and wait a little."""
        self.tell({"state": state})
        if self.process is None:
            return
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            if self.process.wait(PATIENCE[state]):
                self._give_up(self._last_words())
        except subprocess.TimeoutExpired:
            self._give_up(f"it was not through {PATIENCE[state]:g} s after the end")
        self.process = None

    @property
    def _input(self) -> int:
        assert self.process is not None
        assert self.process.stdin is not None
        return self.process.stdin.fileno()

    def _last_words(self) -> str:
        with suppress(OSError):
            return self.log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
        return ""

    def _give_up(self, why: str) -> None:
        self.say(
            f"warning: {self.name} is told nothing more: {why or 'it has ended'} (training goes on; see {self.log})"
        )
        if self.process is not None:
            with suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
            with suppress(OSError):
                self.process.communicate()
            self.process = None
