"""The worker processes of one place, that do every job together: one, or as many as train a run."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archspec.execution.jobs import Ended
from archspec.execution.process import Process


class Crew:
    """Processes that begin a job at once; it is over when all have said so, or when one has died."""

    def __init__(
        self, target: str, cores: tuple[str, ...], environment: Mapping[str, str], setup: tuple[str, ...], log: Path
    ) -> None:
        self.members: list[Process] = []
        self.silent: list[Process] = []
        """Those that have not said what became of the job."""
        self.answers: list[dict[str, Any]] = []
        self.dead: Process | None = None
        for rank, own in enumerate(cores):
            command = [sys.executable, "-m", "archspec.execution.worker", target, own]
            if setup:
                command = ["bash", "-c", "\n".join([*setup, 'exec "$@"']), "setup", *command]
            with log.open("ab") as said:
                # A session of its own: Ctrl-C is for the driver, which stops its workers in good order.
                self.members.append(Process(command, {**environment, **_role(rank, len(cores))}, said, apart=True))

    def begin(self, folder: str) -> bool:
        """Hand them a folder; False where one is no longer there to take it."""
        self.silent, self.answers = [*self.members], []
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())} if len(self.members) > 1 else {}
        return all(member.begin(folder, meeting) for member in self.members)

    def heard(self, member: Process) -> bool:
        """Take in what one of them has to say; whether the job is over."""
        answer = member.answer()
        if answer is None:
            self.dead = member
            return True
        self.silent.remove(member)
        self.answers.append(answer)
        return not self.silent

    def ended(self, job: str) -> Ended:
        """How the job has ended: by the first error that was told, or by the signal that one of them died of."""
        if self.dead is not None:
            self.kill()  # those that are left wait for it in vain
            code = self.dead.leave()
            self.leave()
            return Ended(job, code or -signal.SIGKILL)
        said = next((answer for answer in self.answers if answer["error"]), self.answers[0])
        return Ended(job, int(said["code"]), str(said["error"]))

    def stop(self) -> None:
        """Ask the first to stop; at their next step it tells the others."""
        self.members[0].process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End them at once."""
        for member in self.members:
            member.process.kill()

    def leave(self) -> None:
        """Let them go."""
        for member in self.members:
            member.leave()


def _role(rank: int, size: int) -> dict[str, str]:
    """Which of several processes one is, in the words of torchrun."""
    return {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)} if size > 1 else {}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
