"""Being asked to stop: the run reaches its next step boundary, writes a checkpoint and says how it wants to go on."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from archspec.execution.jobs import AGAIN, INTERRUPTED

CODES = {signal.SIGUSR1: AGAIN, signal.SIGUSR2: AGAIN, signal.SIGTERM: AGAIN, signal.SIGINT: INTERRUPTED}


class Stopped(Exception):  # noqa: N818
    """The run has written its checkpoint and ends for now."""

    def __init__(self, code: int) -> None:
        super().__init__(f"stopped by a signal; the same command goes on from here (exit code {code})")
        self.code = code


class Signals:
    """A context in which signals are remembered instead of ending the process; a second Ctrl-C ends it at once."""

    def __init__(self) -> None:
        self.code = 0
        self.before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        # Python lets only the main thread have handlers; elsewhere whoever owns the process decides.
        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.signal(number, self._remember) for number in CODES}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and self.code:
            raise KeyboardInterrupt
        self.code = CODES[signal.Signals(number)]
