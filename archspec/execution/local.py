"""Worker processes on this machine, each with its own cores and devices, kept from job to job."""

from __future__ import annotations

import math
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from archspec.execution.jobs import AGAIN, UNKNOWN_NEEDS, Ended, Needs, nothing
from archspec.execution.process import Process
from archspec.execution.room import device_memory, free_memory
from archspec.spec.runner import Local, seconds

VISIBLE = "CUDA_VISIBLE_DEVICES"
GRACE = 60.0
"""Seconds that a job has to stop once its time is over."""


class Workers:
    """A pool of workers, started when there is work for them."""

    lasting = False

    def __init__(self, runner: Local, target: str, log: Path) -> None:
        self.runner, self.target, self.log = runner, target, log
        self.places = list(places(runner))
        self.idle: dict[int, _Worker] = {}
        """By their places."""
        self.busy: dict[str, _Worker] = {}
        self.needs: dict[str, Needs] = {}
        """The memory that is taken by the jobs at work."""
        self.memory = free_memory() if runner.memory is None else runner.memory
        shared = {devices for _, devices in self.places} if runner.resources.gpus and runner.share > 1 else set()
        self.devices = {devices: device_memory(devices) for devices in shared}
        """What is free before anything has begun, of main memory and on the accelerators that are shared."""
        self.limit = math.inf if runner.time_limit is None else seconds(runner.time_limit)
        self.deadlines: dict[str, float] = {}
        """When the time of jobs is over, where it is limited."""
        self.late: set[str] = set()

    def attach(self, jobs: Iterable[str]) -> tuple[str, ...]:
        """Nothing outlives its pool."""
        return ()

    @property
    def free(self) -> int:
        """How many more jobs it takes now."""
        return len(self.places) - len(self.busy)

    def takes(self, needs: Needs) -> bool:
        """Whether there is memory beside the jobs at work; where there is none, workers without a job leave."""
        if (fits := self._place(needs) is not None) or not self.busy:
            return fits
        for place in list(self.idle):
            self.idle.pop(place).leave()
        return False

    def submit(self, job: str, folder: Path, needs: Needs = UNKNOWN_NEEDS) -> None:
        """Give a job to a worker that has none, or to a new one."""
        self.late.discard(job)
        place = self._place(needs)
        assert place is not None, "whoever submits asks first"
        worker = self.idle.pop(place, None)
        if worker is None or not worker.begin(str(folder)):
            worker = _Worker(place, self._command(place), self._environment(place), self.log)
            worker.begin(str(folder))
        self.busy[job], self.needs[job], self.deadlines[job] = worker, needs, time.monotonic() + self.limit

    def wait(self, seconds: float, meanwhile: Callable[[], None] = nothing) -> list[Ended]:
        """The jobs that have ended; a worker that has died ended its job with its signal."""
        if not self.busy:
            return []
        with selectors.DefaultSelector() as selector:
            for job, worker in self.busy.items():
                selector.register(worker.answers, selectors.EVENT_READ, job)
            ready = [key.data for key, _ in selector.select(seconds)]
        self._mind_the_time()
        return [self._ended(job) for job in ready]

    def stop(self, job: str) -> None:
        """Ask a job to stop where it can go on from."""
        if job in self.busy:
            self.busy[job].process.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """End all workers: those without a job leave by themselves, the others are killed."""
        for worker in self.idle.values():
            worker.leave()
        for worker in self.busy.values():
            worker.process.kill()
            worker.leave()
        self.idle, self.busy, self.needs, self.deadlines = {}, {}, {}, {}

    def _place(self, needs: Needs) -> int | None:
        """A free place with memory; on the least used device, and with a worker that is there already.

        What needs more than there is may try alone.
        """
        taken = {worker.place: self.needs[job] for job, worker in self.busy.items()}
        if taken and sum(one.main for one in taken.values()) + needs.main > self.memory:
            return None

        def beside(place: int) -> list[int]:
            return [one.device for other, one in taken.items() if self.places[other][1] == self.places[place][1]]

        free = [place for place in range(len(self.places)) if place not in taken]
        for place in sorted(free, key=lambda place: (len(beside(place)), place not in self.idle)):
            others = beside(place)
            if not others or sum(others) + needs.device <= self.devices.get(self.places[place][1], math.inf):
                return place
        return None

    def _mind_the_time(self) -> None:
        """Have jobs stop whose time is over; what does not is killed."""
        now = time.monotonic()
        for job, deadline in self.deadlines.items():
            if now > deadline + GRACE:
                self.busy[job].process.kill()
            elif now > deadline and job not in self.late:
                self.late.add(job)
                self.stop(job)

    def _ended(self, job: str) -> Ended:
        worker = self.busy.pop(job)
        del self.deadlines[job], self.needs[job]
        answer = worker.answer()
        if answer is None:
            return Ended(job, worker.leave() or -signal.SIGKILL)
        self.idle[worker.place] = worker
        code, error = int(answer["code"]), str(answer["error"])
        if job in self.late and code == AGAIN:
            error = f"stopped after {self.runner.time_limit}, its time limit"
        return Ended(job, code, error)

    def _command(self, place: int) -> list[str]:
        command = [sys.executable, "-m", "archspec.execution.worker", self.target, self.places[place][0]]
        if not self.runner.setup:
            return command
        return ["bash", "-c", "\n".join([*self.runner.setup, 'exec "$@"']), "setup", *command]

    def _environment(self, place: int) -> dict[str, str]:
        return {**os.environ, VISIBLE: self.places[place][1], **self.runner.environment}


class _Worker(Process):
    """A worker at a place of its own."""

    def __init__(self, place: int, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.place = place
        with log.open("ab") as said:
            # A session of its own: Ctrl-C is for the driver, which stops its workers in good order.
            super().__init__(command, environment, said, apart=True)


def places(runner: Local) -> Iterator[tuple[str, str]]:
    """The cores and the devices of every worker that fits on this machine; no device is shared before all have one."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [*range(os.cpu_count() or 1)]
    each, gpus = runner.resources.cpus, runner.resources.gpus
    devices = _devices() if gpus else []
    sets = (
        [",".join(devices[i : i + gpus]) for i in range(0, len(devices) - gpus + 1, gpus)] * runner.share
        if gpus
        else []
    )
    fitting = len(sets) if gpus else max(1, len(cores) // each)
    for index in range(min(runner.parallelism or fitting, fitting) if gpus else runner.parallelism or fitting):
        own = [cores[(index * each + i) % len(cores)] for i in range(min(each, len(cores)))]
        yield ",".join(map(str, own)), sets[index] if gpus else ""


def _devices() -> list[str]:
    """The accelerators that may be used, found without torch."""
    if VISIBLE in os.environ:
        return [device for device in os.environ[VISIBLE].split(",") if device]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return []
    return [str(index) for index, line in enumerate(listed.splitlines()) if line.startswith("GPU")]
