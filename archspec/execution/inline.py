"""Jobs in this very process, one after another: for debugging."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from pathlib import Path

from archspec.execution.jobs import AGAIN, INTERRUPTED, UNKNOWN_NEEDS, Ended, Needs, call


class Inline:
    """Runs each job when it is waited for."""

    lasting = False

    def __init__(self, target: str) -> None:
        self.target = target
        self.job: tuple[str, Path] | None = None
        self.ended: list[Ended] = []

    def attach(self, jobs: Iterable[str]) -> tuple[str, ...]:
        """Nothing outlives its pool."""
        return ()

    @property
    def free(self) -> int:
        """One at a time."""
        return int(self.job is None)

    def takes(self, needs: Needs) -> bool:
        """One alone may try."""
        return True

    def submit(self, job: str, folder: Path, needs: Needs = UNKNOWN_NEEDS) -> None:
        """Take a job."""
        self.job = (job, folder)

    def wait(self, seconds: float) -> list[Ended]:
        """Run it, however long that takes; Ctrl-C stops it, and whoever waits."""
        if self.job is None:
            ended, self.ended = self.ended, []
            return ended
        (name, folder), self.job = self.job, None
        try:
            code = call(self.target, str(folder))
            if code != INTERRUPTED:
                return [Ended(name, code)]
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            self.ended = [Ended(name, AGAIN)]
            raise
        except Exception:
            return [Ended(name, 1, traceback.format_exc())]

    def waiting(self) -> dict[str, str]:
        """None: what is taken begins."""
        return {}

    def stop(self, job: str) -> None:
        """Nothing runs while nobody waits."""

    def close(self) -> None:
        """Forget the job."""
        self.job = None
