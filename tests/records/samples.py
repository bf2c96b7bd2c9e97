"""A run to make folders of, and processes to do harm with."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from archspec.records.run import RunFolder
from archspec.spec.recipe import RECIPE, Recipe

RUN: dict[str, Any] = {
    "key": "0123456789",
    "seed": 3,
    "data": "digits-1",
    "arch": {"arch": "net"},
    "recipe": {"epochs": 2},
}
PATIENCE = 240
"""Seconds after which a process that hangs fails its test."""


def recipe(**changes: Any) -> Recipe:
    """A small recipe."""
    return RECIPE.load({"data": "digits", "epochs": 2, "batch": 8, **changes})


def run_folder(store: Path) -> RunFolder:
    """A run nobody has tried yet."""
    return RunFolder.create(store, RUN)


def python(code: str, *arguments: object) -> list[str]:
    """The command that runs some code in a fresh interpreter, at the repository's root."""
    return [sys.executable, "-c", dedent(code), *map(str, arguments)]


def start(command: Sequence[str]) -> subprocess.Popen[str]:
    """A process to talk to."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=Path(__file__).parents[2], stdin=pipe, stdout=pipe, text=True)


def said(command: Sequence[str], *, code: int = 0) -> str:
    """What a process prints that must end with an exit code."""
    place = Path(__file__).parents[2]
    run = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode == code, run.stderr
    return run.stdout.strip()


def on_a_disk_of_its_own(size: str, code: str, *arguments: object) -> str:
    """What some code prints that has a small disk for itself, at `sys.argv[1]`; it may mount it again read-only."""
    mounted = 'mkdir -p "$0" && mount -t tmpfs -o size=SIZE none "$0" && exec "$@"'.replace("SIZE", size)
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    folder = str(arguments[0])
    if shutil.which("unshare") is None or subprocess.run([*alone, mounted, folder, "true"], check=False).returncode:
        pytest.skip("this system lends no user a disk of their own")
    return said([*alone, mounted, folder, *python(code, *arguments)])
