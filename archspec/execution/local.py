"""Worker processes on this machine, each with its own cores and devices, kept from job to job."""

from __future__ import annotations

import math
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from archspec.errors import ExecutionError
from archspec.execution.crew import Crew
from archspec.execution.jobs import AGAIN, UNKNOWN_NEEDS, Ended, Needs, nothing
from archspec.execution.room import device_memory, free_memory, kills
from archspec.spec.runner import Local, seconds

VISIBLE = "CUDA_VISIBLE_DEVICES"
GRACE = 60.0
"""Seconds that a job has to stop once it was asked to."""


class Place(NamedTuple):
    """What is set apart for one run."""

    cores: tuple[str, ...]
    """Of each of its processes."""
    devices: str
    """For all of them."""


class Workers:
    """A pool of workers, started when there is work for them."""

    lasting = False

    def __init__(self, runner: Local, target: str, log: Path) -> None:
        self.runner, self.target, self.log = runner, target, log
        self.places = list(places(runner))
        if not self.places:
            wanted, there = runner.resources.gpus, len(_devices())
            message = f"a run is to have {wanted} of this machine's accelerators, and {there} can be seen"
            raise ExecutionError(f"{message}; `--runner local` runs on its processors, and `nvidia-smi -L` says more")
        self.idle: dict[int, Crew] = {}
        """By their places."""
        self.busy: dict[str, Crew] = {}
        self.place: dict[str, int] = {}
        """Of the jobs at work."""
        self.needs: dict[str, Needs] = {}
        """What is taken by the jobs at work."""
        self.kills: dict[str, int] = {}
        """How often the kernel had run short of memory before they began."""
        self.memory = free_memory() if runner.memory is None else runner.memory
        shared = {place.devices for place in self.places} if runner.resources.gpus and runner.share > 1 else set()
        self.devices = {devices: device_memory(devices) for devices in shared}
        """What is free before anything has begun, of main memory and on the accelerators that are shared."""
        self.limit = math.inf if runner.time_limit is None else seconds(runner.time_limit)
        self.deadlines: dict[str, float] = {}
        """When the time of jobs is over, where it is limited."""
        self.asked: dict[str, float] = {}
        """Jobs that were asked to stop, and when they are killed."""
        self.late: set[str] = set()

    def attach(self, jobs: Iterable[str]) -> tuple[str, ...]:
        """Nothing outlives its pool."""
        return ()

    @property
    def free(self) -> int:
        """How many more jobs it takes now."""
        return len(self.places) - len(self.busy)

    def takes(self, needs: Needs) -> bool:
        """Whether there is room beside the jobs at work; where there is no memory, workers without a job leave."""
        if self._crowded(needs):
            for place in list(self.idle):
                self.idle.pop(place).leave()
        return self._place(needs) is not None

    def submit(self, job: str, folder: Path, needs: Needs = UNKNOWN_NEEDS) -> None:
        """Give a job to workers that have none, or to new ones."""
        place = self._place(needs)
        assert place is not None, "whoever submits asks first"
        crew = self.idle.pop(place, None)
        if crew is None or not crew.begin(str(folder)):
            crew = self._crew(self.places[place], crew)
            crew.begin(str(folder))
        self.busy[job], self.place[job], self.needs[job], self.kills[job] = crew, place, needs, kills()
        self.deadlines[job] = time.monotonic() + self.limit

    def wait(self, seconds: float, meanwhile: Callable[[], None] = nothing) -> list[Ended]:
        """The jobs that have ended."""
        if not self.busy:
            return []
        with selectors.DefaultSelector() as selector:
            for job, crew in self.busy.items():
                for member in crew.silent:
                    selector.register(member.answers, selectors.EVENT_READ, (job, member))
            ready = [key.data for key, _ in selector.select(seconds)]
        ended = []
        for job, member in ready:
            if job in self.busy and self.busy[job].heard(member):
                ended.append(self._ended(job))
            elif job in self.busy:
                # Those that trained with it are about to end too, or wait for it in vain.
                self.deadlines[job] = min(self.deadlines[job], time.monotonic() + GRACE)
        self._mind_the_time()
        return ended

    def waiting(self) -> dict[str, str]:
        """None: what is taken begins."""
        return {}

    def stop(self, job: str) -> None:
        """Ask a job to stop where it can go on from; one that does not is killed."""
        if job in self.busy and job not in self.asked:
            self.asked[job] = time.monotonic() + GRACE
            self.busy[job].stop()

    def close(self) -> None:
        """End all workers: those without a job leave by themselves, the others are killed."""
        for crew in self.busy.values():
            crew.kill()
        for crew in (*self.idle.values(), *self.busy.values()):
            crew.leave()
        self.idle, self.busy, self.place, self.needs, self.deadlines = {}, {}, {}, {}, {}

    def _crew(self, place: Place, gone: Crew | None) -> Crew:
        """New workers, in the place of others of which some have gone."""
        if gone is not None:
            gone.kill()
            gone.leave()
        environment = {**os.environ, VISIBLE: place.devices, **self.runner.environment}
        return Crew(self.target, place.cores, environment, self.runner.setup, self.log)

    def _crowded(self, needs: Needs) -> bool:
        """Whether main memory is too little for one more beside those at work; what is too large may try alone."""
        taken = sum(one.main for one in self.needs.values())
        return bool(self.busy) and taken + needs.main > self.memory

    def _place(self, needs: Needs) -> int | None:
        """A free place with room; on the least used device, and with workers that are there already."""
        if self._crowded(needs):
            return None
        taken = {self.place[job]: one for job, one in self.needs.items()}

        def beside(place: int) -> list[Needs]:
            return [one for other, one in taken.items() if self.places[other].devices == self.places[place].devices]

        free = [place for place in range(len(self.places)) if place not in taken]
        for place in sorted(free, key=lambda place: (len(beside(place)), place not in self.idle)):
            others, memory = beside(place), self.devices.get(self.places[place].devices, math.inf)
            quiet = not any(one.alone for one in (*others, needs))
            if not others or (quiet and sum(one.device for one in others) + needs.device <= memory):
                return place
        return None

    def _mind_the_time(self) -> None:
        """Have jobs stop whose time is over; what does not is killed."""
        now = time.monotonic()
        for job, crew in self.busy.items():
            if now > self.asked.get(job, math.inf):
                crew.kill()
            elif now > self.deadlines[job] and job not in self.asked:
                self.late.add(job)
                self.stop(job)

    def _ended(self, job: str) -> Ended:
        crew, place = self.busy.pop(job), self.place.pop(job)
        ended, late = crew.ended(job), job in self.late
        before, stopped = self.kills.pop(job), self.asked.pop(job, None)
        del self.deadlines[job], self.needs[job]
        self.late.discard(job)
        if crew.dead is None:
            self.idle[place] = crew
        elif ended.code == -signal.SIGKILL and stopped is None and kills() > before:
            return ended._replace(error="the kernel killed it, since memory was short", starved=True)
        if late and ended.code == AGAIN:
            return ended._replace(error=f"stopped after {self.runner.time_limit}, its time limit")
        return ended


def places(runner: Local) -> Iterator[Place]:
    """The cores and the devices of every run that fits on this machine; no device is shared before all have one."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [*range(os.cpu_count() or 1)]
    gpus, each, processes = runner.resources.gpus, runner.cpus_each, runner.processes
    devices = _devices() if gpus else []
    sets = [",".join(devices[i : i + gpus]) for i in range(0, len(devices) - gpus + 1, gpus)] if gpus else []
    fitting = len(sets) * runner.share if gpus else max(1, len(cores) // (each * processes))
    wanted = runner.parallelism or fitting

    def own(index: int) -> str:
        """The cores of a process, counted over all places."""
        return ",".join(str(cores[(index * each + i) % len(cores)]) for i in range(min(each, len(cores))))

    for index in range(min(wanted, fitting) if gpus else wanted):
        members = range(index * processes, (index + 1) * processes)
        yield Place(tuple(map(own, members)), sets[index % len(sets)] if gpus else "")


def _devices() -> list[str]:
    """The accelerators that may be used, found without torch."""
    if VISIBLE in os.environ:
        # As CUDA reads it: what comes after a number that is none is not there.
        named = (device.strip() for device in os.environ[VISIBLE].split(","))
        return list(takewhile(lambda device: device and not device.startswith("-"), named))
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return []
    # Their names, since CUDA may count them in another order than the driver does.
    return re.findall(r"^GPU .*\(UUID: (\S+)\)", listed, re.MULTILINE)
