"""What is known about a run: the row that status, report and dashboard read, wherever it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

State = Literal[
    "planned", "blocked", "queued", "running", "done", "failed", "pruned", "invalid", "cancelled", "lost", "unknown"
]
"""What has become of a run. `lost`: an attempt has died and none goes on; `unknown`: it cannot be seen from here."""


@dataclass(frozen=True)
class Known:
    """A run as its folder tells it."""

    key: str
    state: State = "planned"
    attempt: int = 0
    """The attempt that counts; 0 where none has been made."""
    epoch: int | None = None
    step: int | None = None
    scores: dict[str, float] = field(default_factory=dict)
    """The result's numbers (`top1`, `top5`, `loss`: test, at the chosen epoch; or what was measured)."""
    last: dict[str, float] = field(default_factory=dict)
    """The newest line of metrics."""
    reason: str = ""
    """Why it failed, in a line."""
    seconds: float = 0.0
    """Time spent training, over all attempts."""
    gpus: int = 0
    device: str = ""
    host: str = ""
    torch: str = ""
    commit: str = ""
    environment: str = ""
    """The hash under which the store keeps what it ran with."""
    images_per_second: float | None = None
    memory_mib: float | None = None
    started: float | None = None
    """Seconds since 1970."""
    ended: float | None = None


@dataclass(frozen=True)
class Point:
    """An epoch of a run: a line of metrics, and the time beside it."""

    epoch: int
    step: int | None
    seconds: float | None
    """How long the epoch took; of one that was interrupted, the last part."""
    values: dict[str, float]
    """The metrics that are numbers."""


@dataclass(frozen=True)
class Tried:
    """An attempt at a run, looked back at."""

    number: int
    seconds: float = 0.0
    gpus: int = 0
    device: str = ""
    host: str = ""
    job: str = ""
    torch: str = ""
    commit: str = ""
    environment: str = ""
    images_per_second: float | None = None
    memory_mib: float | None = None
    started: float | None = None
