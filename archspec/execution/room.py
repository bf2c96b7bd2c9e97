"""How much memory there is for jobs: on this machine, within its cgroup, on an accelerator."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SYSTEM = Path("/")


def free_memory() -> float:
    """Bytes of main memory that are free, or that the cgroup allows; endless where nobody says."""
    return min((*_available(), *_allowed()), default=math.inf)


def _available() -> Iterator[float]:
    with suppress(OSError):
        found = re.search(r"^MemAvailable:\s*(\d+) kB", (SYSTEM / "proc/meminfo").read_text(), re.MULTILINE)
        yield from [int(found[1]) * 1024] if found else []


def _allowed() -> Iterator[float]:
    """The limits of this process's cgroup and of those above it, in either version."""
    with suppress(OSError):
        for line in (SYSTEM / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "memory" not in controllers.split(","):
                continue
            top, file = ("memory", "memory.limit_in_bytes") if controllers else ("", "memory.max")
            own = SYSTEM / "sys/fs/cgroup" / top / path.lstrip("/")
            for folder in (own, *own.parents):
                with suppress(OSError, ValueError):  # `max` is no number
                    yield float(int((folder / file).read_text()))


def kills() -> int:
    """How many processes the kernel has ended so far since memory was short; 0 where it does not say."""
    with suppress(OSError):
        found = re.search(r"^oom_kill (\d+)$", (SYSTEM / "proc/vmstat").read_text(), re.MULTILINE)
        return int(found[1]) if found else 0
    return 0


def device_memory(devices: str) -> float:
    """Bytes that are free on the fullest of some accelerators; endless where nobody says."""
    asked = ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits", f"--id={devices}"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return math.inf
    return min((int(line) * 2**20 for line in said.split() if line.isdecimal()), default=math.inf)
