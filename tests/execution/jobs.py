"""Jobs that wait to be told to stop."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from archspec.execution.jobs import AGAIN, INTERRUPTED

READY = "ready"


def obedient(folder: str) -> int:
    """Stops when it is asked to."""
    asked = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    (Path(folder) / READY).touch()
    while not asked.wait(0.01):
        pass
    signal.signal(signal.SIGTERM, before)
    return AGAIN


def deaf(folder: str) -> int:
    """Does not."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (Path(folder) / READY).touch()
    threading.Event().wait()
    return 0


def raising(folder: str) -> int:
    """Is interrupted."""
    raise KeyboardInterrupt


def returning(folder: str) -> int:
    """Is interrupted, and has saved what it had."""
    return INTERRUPTED
