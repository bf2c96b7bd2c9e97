"""What SLURM says of jobs: one `squeue` for all of them, and one `sacct` for those that it knows no more."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from archspec.errors import ExecutionError

WAITING = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT")
LIVE = frozenset((*WAITING, "RUNNING", "SUSPENDED", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED"))
"""States of jobs that SLURM still works on, or means to."""
TIMEOUT = 60.0
"""Seconds after which a command that does not answer has no answer."""


class Word(NamedTuple):
    """What SLURM says of one job or task."""

    id: str
    name: str
    state: str
    elapsed: str = ""
    node: str = ""
    reason: str = ""

    @property
    def live(self) -> bool:
        """Whether SLURM works on it, or will."""
        return self.state in LIVE

    def __str__(self) -> str:
        reason = "" if self.reason in ("", "None") else f" ({self.reason})"
        return f"{self.state}{reason}"


def queue() -> dict[str, Word] | None:
    """All of one's own jobs, and those that ended some minutes ago; None where the controller does not answer."""
    command = ["squeue", "--me", "--noheader", "--array", "--states=all", "--format=%i|%j|%T|%M|%N|%r"]
    with suppress(ExecutionError):
        return _words(said(command).splitlines())
    return None


def history(ids: Iterable[str]) -> dict[str, Word]:
    """What accounting says of jobs; nothing where there is none, or where it does not answer."""
    jobs = ",".join(sorted({one.partition("_")[0] for one in ids}))
    if not jobs:
        return {}
    command = ["sacct", "--allocations", "--noheader", "--parsable2", f"--jobs={jobs}"]
    with suppress(ExecutionError):
        return _words(said([*command, "--format=JobID,JobName,State,Elapsed,NodeList,Reason"]).splitlines())
    return {}


def _words(lines: Iterable[str]) -> dict[str, Word]:
    found = {}
    for line in lines:
        id_, name, state, *rest = line.split("|")
        # `CANCELLED by 1000`; and an array's tasks that wait together stand in one line, which tells nothing of an end.
        if "[" not in id_ and state:
            found[id_] = Word(id_, name, state.split()[0], *rest[:3])
    return found


def said(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    """What a command of SLURM's prints."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False, env=environment)  # noqa: S603
    except FileNotFoundError:
        raise ExecutionError(f"there is no `{command[0]}` here: start archspec where SLURM's commands are") from None
    except subprocess.TimeoutExpired:
        raise ExecutionError(f"`{command[0]}` did not answer within {TIMEOUT:.0f} seconds") from None
    if answer.returncode:
        raise ExecutionError(f"`{' '.join(command[:2])}` failed: {answer.stderr.strip() or answer.stdout.strip()}")
    return answer.stdout
