"""`work(folder)`: what runners call. However it ends, the folder tells; what went wrong is kept with its traceback."""

from __future__ import annotations

import gc
import traceback
from pathlib import Path

import torch

from archspec.errors import RecordsError
from archspec.records.files import write_atomic
from archspec.records.run import RunFolder
from archspec.training.attempting import SupersededError
from archspec.training.environment import ApartError
from archspec.training.measuring import measure
from archspec.training.progress import Progress
from archspec.training.signals import Stopped
from archspec.training.train import train


def work(folder: Path | str, progress: Progress | None = None) -> int:
    """Train a run's folder, or measure what it says: 0 when it has a result, perhaps that it failed; else, again."""
    run = RunFolder(Path(folder))
    try:
        (measure if run.measures else train)(run.path, progress)
    except Stopped as stop:
        return stop.code
    except SupersededError:
        return 0
    # A disk that is full says nothing about the run, nor does a process beside this one that has died.
    except (RecordsError, ApartError):
        raise
    except Exception as error:
        failed(run, f"{type(error).__name__}: {error}", traceback.format_exc())
    finally:
        _give_back()
    return 0


def _give_back() -> None:
    """Leave an accelerator's memory to others: a process that waits for its next run would keep it."""
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()


def failed(run: RunFolder, reason: str, details: str) -> None:
    """End a run as failed, for a reason in one line; the details are kept beside."""
    attempt = run.newest() or run.claim()
    write_atomic(attempt.failure, details)
    run.finish(attempt, {"state": "failed", "reason": reason.splitlines()[0], "checkpoint": None})
    attempt.leave()
