"""Jobs in this very process, one after another: for debugging."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from archspec.execution.jobs import AGAIN, INTERRUPTED, UNKNOWN_NEEDS, WANTED, Ended, Needs, call, nothing


class Inline:
    """Runs each job when it is waited for."""

    lasting = False

    def __init__(self, target: str) -> None:
        self.target = target
        self.job: tuple[str, Path] | None = None
        self.ended: list[Ended] = []
        self.stopped: set[str] = set()

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

    def wait(self, seconds: float, meanwhile: Callable[[], None] = nothing) -> list[Ended]:
        """Run it, however long that takes; Ctrl-C stops it, and whoever waits."""
        if self.job is None:
            ended, self.ended = self.ended, []
            return ended
        (name, folder), self.job = self.job, None
        asked = WANTED.set(self._looking_on(name, seconds, meanwhile))
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
        finally:
            WANTED.reset(asked)
            self.stopped.discard(name)

    def _looking_on(self, job: str, seconds: float, meanwhile: Callable[[], None]) -> Callable[[], bool]:
        """What tells a job whether it is to go on, once what else there is has been seen to."""
        last = time.monotonic()

        def go_on() -> bool:
            nonlocal last
            if time.monotonic() - last >= seconds:
                meanwhile()
                last = time.monotonic()
            return job not in self.stopped

        return go_on

    def waiting(self) -> dict[str, str]:
        """None: what is taken begins."""
        return {}

    def stop(self, job: str) -> None:
        """Tell it when it asks."""
        self.stopped.add(job)

    def close(self) -> None:
        """Forget the job."""
        self.job = None
