"""A child process that does one job at a time: the other end of `archspec.execution.worker`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import IO, Any


class Process:
    """A worker process, told folders and asked for answers.

    Its pipes have no buffers: a signal handler may use them whatever the code that it interrupts is at.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], said: IO[Any], *, apart: bool = False
    ) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(  # noqa: S603
            command, stdin=pipe, stdout=pipe, stderr=said, env=dict(environment), bufsize=0, start_new_session=apart
        )

    @property
    def answers(self) -> IO[bytes]:
        """Where its answers come from."""
        assert self.process.stdout is not None
        return self.process.stdout

    def begin(self, folder: str, environment: Mapping[str, str] = MappingProxyType({})) -> bool:
        """Hand it a folder, and what is new of its environment; False where it is no longer there to take them."""
        assert self.process.stdin is not None
        try:
            said = {"folder": folder, "environment": dict(environment)}
            self.process.stdin.write(json.dumps(said).encode() + b"\n")
        except BrokenPipeError:
            return False
        return True

    def answer(self) -> dict[str, Any] | None:
        """What it says of its job; None where it has died over it."""
        line = self.answers.readline()
        said: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        return said

    def leave(self) -> int:
        """Let it go; its exit code."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        code = self.process.wait()
        self.answers.close()
        return code

    def stop(self, signal: int) -> None:
        """From within a signal handler: have it stop, and wait until it is gone."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        # Whoever was interrupted may be about to reap it, so here it is only looked at.
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.process.pid, signal)
            os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
