"""Training that takes its time, so that something can happen in the middle; its results are those of training."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from archspec.training import train
from archspec.training import work as working

PACE = "SLOW_PACE"
"""Seconds that are waited before each step."""


def work(folder: str) -> int:
    """The real thing, slowly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train.Training, "_rest", train.Training._pause)
        patch.setattr(train.Training, "_pause", slowly)
        return working.work(Path(folder))


def slowly(self: train.Training, pause: object = train.Training._pause) -> None:
    """Wait, and then do what is done between two steps."""
    time.sleep(float(os.environ.get(PACE, "0")))
    pause(self)  # type: ignore[operator]
