"""Who else is told what a run measures: one file each, used in a process of its own (see `tracking`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

from archspec.records.run import RunFolder


class About(NamedTuple):
    """What a tracker is told of a run."""

    run: RunFolder
    key: str
    """Equal for all attempts at a run: what they tell belongs together."""
    name: str
    spec: dict[str, Any]

    @classmethod
    def of(cls, run: RunFolder) -> About:
        """What a run's folder says."""
        spec = run.spec()
        words = [spec["arch"].get("arch", ""), spec["recipe"].get("recipe", ""), f"seed {spec['seed']}"]
        return cls(run, str(spec["key"]), " ".join(filter(None, words)), spec)


class Tracker(ABC):
    """Keeps what it is told about one run. It may fail and take its time: nobody waits for it."""

    @abstractmethod
    def __init__(self, about: About) -> None: ...

    @abstractmethod
    def tell(self, numbers: Mapping[str, float], step: int) -> None:
        """What was measured after a step."""

    @abstractmethod
    def close(self, state: str) -> None:
        """The run is `done` or `failed`, or `stopped` and may go on later."""
