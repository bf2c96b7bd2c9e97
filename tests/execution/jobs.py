"""Jobs that wait to be told to stop."""

from __future__ import annotations

import os
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


def joining(folder: str) -> int:
    """Says which of several it is, where they would meet, and on which cores."""
    said = " ".join([os.environ["RANK"], os.environ["WORLD_SIZE"], os.environ["MASTER_PORT"], *_cores()])
    (Path(folder) / os.environ["RANK"]).write_text(said)
    return 0


def _cores() -> list[str]:
    return sorted(str(core) for core in os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def forsaken(folder: str) -> int:
    """One of several dies, and the others wait for it."""
    if os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    return deaf(folder)


def raising_in_one(folder: str) -> int:
    """One of several finds something wrong."""
    if os.environ["RANK"] == "1":
        raise ValueError("only here")
    return 0
