"""`python -m archspec.training.trackers NAME FOLDER`: tell one tracker what is read from standard input."""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from archspec.records.run import RunFolder
from archspec.training.trackers import About, Tracker

GRACE = 60.0
"""Seconds for what is left to tell once the run has ended, or died."""


def opened(name: str, run: RunFolder) -> Tracker:
    """The tracker of a name: the one class in the file of that name."""
    module = importlib.import_module(f"archspec.training.trackers.{name}")
    kind = next(kind for kind in Tracker.__subclasses__() if kind.__module__ == module.__name__)
    return kind(About.of(run))


def listen(lines: SimpleQueue[dict[str, Any]]) -> None:
    """Take in whatever comes, so that the run never waits, and leave soon after it has ended."""
    for line in sys.stdin:
        lines.put(json.loads(line))
    lines.put({"state": "stopped"})
    time.sleep(GRACE)
    os._exit(1)


def main() -> None:
    """Tell the tracker until the run ends; the last line on standard error says what went wrong."""
    name, folder = sys.argv[1:]
    lines: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=listen, args=(lines,), daemon=True).start()
    try:
        tracker = opened(name, RunFolder(Path(folder)))
        while "state" not in (told := lines.get()):
            tracker.tell(told["numbers"], told["step"])
        tracker.close(told["state"])
    except ModuleNotFoundError as error:
        sys.exit(f"{error}; pip install 'archspec-engine[{name}]'")
    except Exception as error:  # whatever a service that cannot be reached makes its client raise
        said = str(error).strip().partition("\n")[0]
        sys.exit(f"{type(error).__name__}: {said}")


if __name__ == "__main__":
    main()
