"""A PostgreSQL server of our own, on a socket nobody else sees, for as long as the tests last."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

USER = "nobody"
"""Who runs the server where we are root, whom PostgreSQL does not serve."""
DEBIAN = Path("/usr/lib/postgresql")
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "log_min_messages": "log",
    "log_checkpoints": "off",
    "shared_buffers": "16MB",
}
READY = "ready to accept connections"


@contextmanager
def server() -> Iterator[str]:
    """The URL of a database; the test is skipped, with a reason, where there is no server to start."""
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        if os.getuid() == 0:
            shutil.chown(folder, USER, pwd.getpwnam(USER).pw_gid)
        making: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "tester",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        made = subprocess.run([*_as_nobody(), *making], capture_output=True, text=True, check=False, cwd=folder)
        assert made.returncode == 0, made.stderr
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        # Whatever kills the tests, the server is told.
        command = [*_as_nobody(), "--pdeathsig=INT", programs / "postgres", "-D", data, "-k", folder, *settings]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder) as process:
            try:
                assert process.stderr is not None
                said = ""
                while READY not in said:
                    line = process.stderr.readline()
                    assert line, said
                    said += line
                yield f"postgresql://tester@/postgres?host={quote(folder)}"
            finally:
                process.send_signal(signal.SIGINT)  # a fast stop


def _as_nobody() -> list[str | Path]:
    if os.getuid() != 0:
        return ["setpriv"]
    return ["setpriv", f"--reuid={USER}", f"--regid={pwd.getpwnam(USER).pw_gid}", "--clear-groups"]


def _programs() -> Path:
    """The folder of the server's programs."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    found = [*sorted(DEBIAN.glob("*/bin")), *(Path(path).parent for path in [shutil.which("postgres")] if path)]
    if not found:
        pytest.skip("there is no PostgreSQL server on this machine")
    if shutil.which("setpriv") is None:
        pytest.skip("there is no setpriv to start a server with")
    return found[-1]
