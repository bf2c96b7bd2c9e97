"""A short job that says what it finds on a node."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import archspec
from archspec.errors import ExecutionError
from archspec.execution.slurm.asking import Word, history, queue
from archspec.execution.slurm.batch import Batch
from archspec.execution.slurm.submitting import submit
from archspec.execution.slurm.task import kill
from archspec.spec.runner import Slurm

NOISE = re.compile(r"submitit |srun: error: |Try \"")
"""What submitit says of itself, and srun in its own words of what went wrong in a job."""
TARGET = "archspec.execution.slurm.probing:probe"
ANSWER = "found.json"
PROBED = 2**29
"""The memory that the job asks for where its runner names none."""


def probe(folder: str) -> int:
    """What runs on the node: it writes down where it is and what is there."""
    place = Path(folder)
    found = {
        "host": socket.gethostname(),
        "python": f"{sys.version.split()[0]} at {sys.executable}",
        "archspec": archspec.__version__,
        "torch": find_spec("torch") is not None,
        "gpus": [gpu for gpu in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if gpu],
        "processes": int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")),
    }
    if int(os.environ.get("SLURM_PROCID", "0")) == 0:
        beside = place / f".{ANSWER}"
        beside.write_text(json.dumps(found))
        beside.replace(place / ANSWER)
    return 0


@dataclass
class Probe:
    """The job, from here."""

    batch: Batch
    number: str
    word: Word | None = None

    @property
    def found(self) -> dict[str, Any] | None:
        """What it wrote, once that can be seen."""
        file = self.batch.path / ANSWER
        return dict(json.loads(file.read_text())) if file.exists() else None

    @property
    def printed(self) -> str | None:
        """The last line that tells something, if any does; None where nothing that it printed is to be seen."""
        lines = self.batch.said(self.number).splitlines()
        there = self.batch.log(self.number).exists()
        return next((line for line in reversed(lines) if not NOISE.match(line)), "") if there else None

    def over(self, patience: float, never: Container[str]) -> bool:
        """Wait until SLURM says that it has ended; False where that takes too long, or for a reason that stays."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            self.word = (queue() or {}).get(self.number) or history([self.number]).get(self.number) or self.word
            if self.word is not None and not self.word.live:
                return True
            if self.word is not None and self.word.reason in never:
                return False
            time.sleep(1.0)
        return False


@contextmanager
def probed(runner: Slurm, ledger: Path) -> Iterator[Probe]:
    """Submit the job; whatever comes of it, nothing is left behind."""
    place, number = ledger.absolute() / f"doctor-{secrets.token_hex(5)}", ""
    place.mkdir(parents=True)
    # It is no batch that a driver may find: it has a folder and no file.
    batch = Batch(place, ((("doctor", str(place)),),))
    try:
        short = runner.model_copy(update={"time_limit": "2m", "warning": "30s"})
        number = submit(short, TARGET, batch, runner.memory_for(PROBED))
        yield Probe(batch, number)
    finally:
        # It may have ended, and there may be nobody to end it.
        with suppress(ExecutionError):
            kill([number] if number else [])
        shutil.rmtree(batch.path, ignore_errors=True)
