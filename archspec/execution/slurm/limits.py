"""What a cluster allows: how long an array may be, how many jobs one may have, how long a partition lets them run."""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from archspec.errors import ExecutionError
from archspec.execution.slurm.asking import said
from archspec.spec.runner import Slurm

UNLIMITED = 365 * 24 * 60
"""Minutes that stand for no limit: a year."""


class Limits(NamedTuple):
    """How much may be submitted."""

    array: int
    """Most tasks of an array."""
    jobs: int
    """Most jobs, or tasks of arrays, that one may have at a time."""
    memory: int = 0
    """Bytes of the largest node; 0 where nobody counts memory."""


class Partition(NamedTuple):
    """A part of a cluster."""

    name: str
    default: bool
    default_minutes: int
    most_minutes: int
    up: bool


def limits(runner: Slurm) -> Limits:
    """What the controller and accounting say; where accounting says nothing, only what the controller does."""
    config = said(["scontrol", "show", "config"])
    array, jobs = (_number(config, name) for name in ("MaxArraySize", "MaxJobCount"))
    return Limits(max(1, array), max(1, min([jobs, *_allowed(runner)])), _largest(runner))


def _number(config: str, name: str) -> int:
    found = re.search(rf"^{name}\s*=\s*(\d+)", config, re.MULTILINE)
    return int(found[1]) if found else 1


def _largest(runner: Slurm) -> int:
    """The memory of the largest node; a node has one MiB where its memory was never written down."""
    partition = runner.options.get("partition")
    named = [f"--partition={partition}"] if partition else []
    with suppress(ExecutionError):
        sizes = said(["sinfo", "--Node", "--noheader", "--format=%m", *named]).split()
        return max((int(size) for size in sizes if int(size) > 1), default=0) * 2**20
    return 0


def _allowed(runner: Slurm) -> Iterator[int]:
    """The limits of one's account and of the quality of service."""
    account, qos = runner.options.get("account"), runner.options.get("qos")
    show = ["sacctmgr", "--noheader", "--parsable2", "show"]
    named = [f"account={account}"] if account else []
    with suppress(ExecutionError):
        lines = said([*show, "assoc", f"user={getpass.getuser()}", *named, "format=MaxSubmitJobs"]).splitlines()
        yield from (int(line) for line in lines if line.isdecimal())
    if qos:
        with suppress(ExecutionError):
            lines = said([*show, "qos", str(qos), "format=MaxSubmitJobsPerUser"]).splitlines()
            yield from (int(line) for line in lines if line.isdecimal())


def partitions() -> list[Partition]:
    """The parts of the cluster."""
    found = []
    for line in said(["scontrol", "--oneliner", "show", "partition"]).splitlines():
        fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
        if "PartitionName" in fields:
            most = _minutes(fields.get("MaxTime", "")) or UNLIMITED
            usual = _minutes(fields.get("DefaultTime", "")) or most
            is_default, is_up = fields.get("Default") == "YES", fields.get("State") == "UP"
            found.append(Partition(fields["PartitionName"], is_default, usual, most, is_up))
    return found


def _minutes(said_: str) -> int | None:
    """`2-12:30:00`, `01:00:00` and `30:00` in minutes; None for UNLIMITED and NONE."""
    match = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", said_)
    if match is None:
        return None
    days, hours, minutes, _ = (int(part or 0) for part in match.groups())
    return (days * 24 + hours) * 60 + minutes


def minutes_by_default(runner: Slurm) -> int:
    """How long the runner's partition lets a job run that names no limit."""
    named = str(runner.options.get("partition", "")).split(",")[0]
    chosen = [part for part in partitions() if (part.name == named if named else part.default)]
    return chosen[0].default_minutes if chosen else UNLIMITED
