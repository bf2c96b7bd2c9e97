"""A real SLURM on one machine, for tests: started and stopped by two scripts, and left without a trace."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).parent
NO_PACKAGES = 3
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""Debian keeps daemons where not everybody looks."""
PATIENCE = 240.0


class UnavailableError(Exception):
    """There can be no cluster here; the message says why."""


@dataclass(frozen=True)
class Cluster:
    """A cluster of two nodes, `c1` and `c2`, with two cores and two make-believe GPUs each."""

    root: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What makes SLURM's commands speak to it."""
        return {"SLURM_CONF": str(self.root / "etc" / "slurm.conf")}

    def up(self) -> None:
        """Start whatever of it does not run."""
        with (Path(tempfile.gettempdir()) / "archspec-slurm.lock").open("a") as lock:
            if shutil.which("slurmdbd", path=PATH) is None:
                fcntl.flock(lock, fcntl.LOCK_EX)  # only one at a time may install packages
            done = self._script("up.sh")
        if done.returncode == NO_PACKAGES:
            raise UnavailableError("SLURM's packages cannot be installed")
        assert done.returncode == 0, done.stderr

    def down(self) -> None:
        """Stop it and remove its files."""
        self._script("down.sh", "--purge")

    def kill(self, daemon: str) -> None:
        """Kill `slurmctld`, or a node's `slurmd.c1`."""
        os.kill(int((self.root / "pid" / f"{daemon}.pid").read_text()), signal.SIGKILL)

    def saved(self) -> None:
        """Wait until the controller has written down what it knows now; it does so every few seconds."""
        now, state = time.time(), self.root / "ctld" / "job_state"
        until(lambda: state.exists() and state.stat().st_mtime > now)

    def say(self, *command: str) -> str:
        """What one of SLURM's commands prints."""
        environment = {**os.environ, **self.environment}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    def queue(self, form: str = "%i %T") -> list[str]:
        """The jobs that SLURM works on or means to."""
        return self.say("squeue", "--noheader", "--array", f"--format={form}").splitlines()

    def clear(self) -> None:
        """Cancel everything and wait until it is gone."""
        self.say("scancel", "--quiet", "--user=root")
        until(lambda: not self.queue())

    def _script(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        named = {"PATH": PATH, "SLURM_CI_ROOT": str(self.root), "SLURM_CI_PORT": str(self.port)}
        command = ["bash", str(SCRIPTS / name), *words]
        # Daemons keep whatever output they are born with, so it must be no pipe.
        with tempfile.TemporaryFile("w+") as said:
            code = subprocess.run(
                command, env={**os.environ, **named}, stdout=said, stderr=said, check=False
            ).returncode
            said.seek(0)
            return subprocess.CompletedProcess(command, code, "", said.read())


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster of one's own."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or not shutil.which("apt-get", path=PATH):
        raise UnavailableError("a cluster of one's own needs root on Debian")
    # A folder with a short name: sockets have no room for long ones.
    one = Cluster(Path(tempfile.mkdtemp(prefix="slurm")), _free_ports())
    try:
        one.up()
        yield one
    finally:
        one.down()


def until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait for something that has to happen."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def _free_ports() -> int:
    for base in range(17000 + os.getpid() % 500 * 20, 30000, 20):
        try:
            for port in (base, base + 2, base + 10, base + 11):
                with socket.socket() as tried:
                    tried.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise UnavailableError("no free ports")
