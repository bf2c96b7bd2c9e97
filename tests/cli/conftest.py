"""Ways to call a command: in this process, in another one, and in a terminal of a given width."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archspec.cli.root import archspec

Run = Callable[..., Result]

TINY = """\
arch: tiny
input: {size: 32, channels: 3}
classes: 10
stem: {kind: patch, size: 4}
defaults: {mixer: pooling, norm: layer_norm, downsample: {kind: patch, size: 2}}
stages:
  - {dim: 8, depth: 2}
  - {dim: 16, depth: 3, mixer: {cycle: [pooling, {kind: attention, head_dim: 8}]}, scaling: res_scale}
head: {kind: linear, norm_before: layer_norm}
reference: {paper: a_paper, table: 2, params: 10K, macs: 1M, top1: 12, at: {64: {macs: 0.9M}}}
"""

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with one arch of ours on a shelf of our own."""
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARCHSPEC_PATH", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


@pytest.fixture
def run() -> Run:
    """A command in this process; its exit code is asserted, and a traceback is never an answer."""

    def call(*args: str, code: int = 0) -> Result:
        result = CliRunner().invoke(archspec, args, prog_name="archspec")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture
def data(run: Run) -> Callable[..., Any]:
    """The data that a command prints with --json."""
    return lambda *args, code=0: json.loads(run(*args, "--json", code=code).stdout)


def process(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, its output piped."""
    command, env = [sys.executable, "-m", "archspec", *args], {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=env)


def terminal(command: Sequence[str], columns: int = 80, environment: Mapping[str, str] = MappingProxyType({})) -> str:
    """What a process writes to a terminal, colours included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    env = {**kept, "TERM": "xterm", **environment}
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # raised once the child, and with it the terminal's other end, is gone
        while chunk := os.read(ours, 65536):
            written += chunk
    child.wait()
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def in_terminal(args: Sequence[str], columns: int = 80, environment: Mapping[str, str] = MappingProxyType({})) -> str:
    """A command's output in a terminal."""
    return terminal([sys.executable, "-m", "archspec", *args], columns, environment)
