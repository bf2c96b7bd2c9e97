"""Signs of life: who works on an attempt, and whether it still does."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

PATIENCE = 120.0
"""Seconds for which a sign of life from elsewhere is believed; also what clocks of two hosts may be apart."""


def lease() -> dict[str, Any]:
    """What this process says of itself: where and which it is, and the time."""
    return {**place(), "pid": os.getpid(), "began": began(os.getpid()), "time": time.time()}


def alive(said: Mapping[str, Any] | None, now: float | None = None) -> bool | None:
    """Whether what a lease speaks of still works; None where that cannot be known from here."""
    if said is None:
        return None
    if "left" in said:
        return False
    if {name: said.get(name) for name in place()} == place():
        return _is_running(int(said["pid"]), said.get("began"))
    silent = (time.time() if now is None else now) - float(said["time"])
    if abs(silent) < PATIENCE:  # what was said tomorrow, by a clock that is wrong, tells no more than what is old
        return True
    # The same host under another boot id has been restarted, and nothing outlives that.
    restarted = said.get("host") == place()["host"] and said.get("boot") != place()["boot"]
    return False if restarted else None


@cache
def place() -> dict[str, str]:
    """What must be equal for a process number to mean the same process: host, boot, and container."""
    try:
        container = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        container = ""
    return {"host": socket.gethostname(), "boot": _text("/proc/sys/kernel/random/boot_id"), "container": container}


def began(pid: int) -> str | None:
    """When a process began, in the kernel's count, which tells apart two of one number; None if it is gone."""
    state, *others = _text(f"/proc/{pid}/stat").rpartition(")")[2].split() or [""]
    return others[18] if state and state not in "ZX" else None


def _is_running(pid: int, since: str | None) -> bool:
    if since is not None:
        return began(pid) == since
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
