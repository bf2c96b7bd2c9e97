"""A stand-in for training that asks a plugin, and leaves so that the next run is another process's."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from archspec.records.run import RunFolder


def work(folder: str) -> int:
    """The score is what the plugin says it is."""
    run = RunFolder(Path(folder))
    attempt = run.claim()
    score = getattr(import_module("my_lab.modules"), "VERSION", 0)
    run.finish(attempt, {"state": "done", "top1": float(score)})
    attempt.leave()
    os._exit(0)
