"""What is known about timm's models without importing timm or torch: asked of a process of its own, kept on disk.

That process is started when something is asked that no earlier one has answered with this version of timm, answers
everything that follows too, and ends with this one.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from archspec.errors import ArchspecError
from archspec.spec.hashing import digest

ANSWERS = 1
"""Raised when answers are worked out in another way, so that those on disk are not taken for them."""
HELPER = "archspec.compiler.timm_answers"
"""The module that answers, line by line."""


class _Helper:
    """The process that answers."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[str] | None = None

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """A line there and a line back."""
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                self.process = self._started()
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            try:
                print(json.dumps(question), file=self.process.stdin, flush=True)
                line = self.process.stdout.readline()
            except BrokenPipeError:
                line = ""
        if not line:
            raise ArchspecError(f"timm cannot be asked about its models: see `{sys.executable} -m {HELPER}`")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _started(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", HELPER]
        pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
        # No accelerator is needed, and a Ctrl-C is for whoever asks.
        env = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
        how: Any = {"stdin": pipe, "stdout": pipe, "stderr": quiet, "text": True, "start_new_session": True}
        made: subprocess.Popen[str] = subprocess.Popen(command, env=env, **how)  # noqa: S603
        atexit.register(_end, made)
        return made


def _end(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()


_HELPER = _Helper()


def models() -> dict[str, list[int]]:
    """Every model's name, and the channels, rows and columns it is made for."""
    found: dict[str, list[int]] = _answer(json.dumps({"ask": "models"}))["models"]
    return found


def costs(question: Mapping[str, Any]) -> dict[str, Any]:
    """What a model costs, or under `error` why there can be no such model."""
    return _answer(json.dumps({"ask": "costs", **question}, sort_keys=True))


@cache
def _answer(question: str) -> dict[str, Any]:
    """An answer from disk, or from the process; mistakes are not kept, for their cause may go away."""
    asked = json.loads(question)
    file = _folder() / f"{digest({'answers': ANSWERS, **asked})}.json"
    try:
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = _HELPER.ask(asked)
        if "error" not in kept:
            _keep(file, kept)
    return kept


def _folder() -> Path:
    """Where answers are kept, apart for each version of timm."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "archspec" / f"timm-{version('timm')}"


def _keep(file: Path, answer: Mapping[str, Any]) -> None:
    """Write an answer down, whole; a disk on which nothing can be kept only costs time."""
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(answer), encoding="utf-8")
        beside.replace(file)
    except OSError:
        return
