"""What `archspec doctor --runner` looks at: whether runs could go where a runner sends them."""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.cli.checks import Finding
from archspec.errors import ExecutionError, near

if TYPE_CHECKING:
    from archspec.execution.slurm.probing import Probe
    from archspec.spec.runner import Slurm

COMMANDS = ("sbatch", "srun", "squeue", "scancel", "scontrol")
PATIENCE = 120.0
"""Seconds that the job has to start and end."""
FAILED = "is the same Python on the nodes, and do `setup` and `srun` work there?"
SHARED = "choose a --store on a disk that the nodes see as well"


@dataclass
class Examined:
    """A runner that is looked at, and the store that its runs would write to."""

    runner: Any
    store: Path

    def __iter__(self) -> Iterator[Callable[[], Iterator[Finding]]]:
        """What there is to look at for a runner of its kind."""
        kinds = {"slurm": [self.commands, self.partition, self.limits, self.job], "local": [self.workers]}
        yield from (telling(check) for check in kinds.get(self.runner.kind, [self.here]))

    def here(self) -> Iterator[Finding]:
        """Runs in this process: nothing can be amiss."""
        yield Finding("runner", "ok", f"{self.runner.runner}: runs in this process")

    def workers(self) -> Iterator[Finding]:
        """How many workers fit on this machine."""
        from archspec.execution.local import places
        from archspec.execution.room import free_memory

        found, memory = len(list(places(self.runner))), self.runner.memory or free_memory()
        hint = "" if found else "there are fewer accelerators than one run asks for"
        room = f", as long as they fit into {memory / 2**30:,.1f} GiB" if found and math.isfinite(memory) else ""
        yield Finding("runner", "ok" if found else "fail", f"{self.runner.runner}: {found} runs at a time{room}", hint)

    def commands(self) -> Iterator[Finding]:
        """SLURM's commands, and whether anybody answers them."""
        from archspec.execution.slurm.asking import said

        missing = [name for name in COMMANDS if shutil.which(name) is None]
        if missing:
            yield Finding(
                "commands", "fail", f"not on PATH: {', '.join(missing)}", "log in where you would type sbatch"
            )
            return
        version = said(["sbatch", "--version"]).strip()
        said(["squeue", "--me", "--noheader"])
        yield Finding("commands", "ok", f"{version}, and the controller answers")
        try:
            said(["sacct", "--noheader", "--allocations", "--starttime=now"])
        except ExecutionError:
            yield Finding("commands", "warn", "sacct has no answer", "jobs that SLURM has forgotten end later for us")

    def partition(self) -> Iterator[Finding]:
        """Whether the partition is there, and lets jobs run as long as they want to."""
        from archspec.execution.slurm.limits import UNLIMITED, partitions
        from archspec.spec.runner import seconds

        known = {part.name: part for part in partitions()}
        named = str(self.runner.options.get("partition", "")).split(",")[0]
        usual = named or next((part.name for part in known.values() if part.default), "")
        if usual not in known:
            message = f"there is no partition `{named}`" if named else "the cluster has no default partition"
            hint = near(named, list(known)) if named else f"name one: options: {{partition: {next(iter(known), '…')}}}"
            yield Finding("partition", "fail", message, hint)
            return
        part = known[usual]
        if not part.up:
            yield Finding("partition", "fail", f"{usual} takes no jobs now", "`sinfo` says more")
            return
        limit = self.runner.time_limit
        wanted = part.default_minutes if limit is None else seconds(limit) / 60
        own = " (its own default; `time_limit` says another)" if limit is None else ""
        most = "as long as they like" if part.most_minutes == UNLIMITED else f"at most {_time(part.most_minutes)}"
        said_ = f"{usual}{'' if named else ', the default'}: jobs run {_time(wanted)}{own}, and may run {most}"
        hint = f"time_limit: {part.most_minutes}m; a run that takes longer goes on in the next job"
        yield Finding("partition", *(("ok", said_) if wanted <= part.most_minutes else ("fail", said_, hint)))

    def limits(self) -> Iterator[Finding]:
        """How much may be submitted."""
        from archspec.execution.slurm.limits import limits as allowed

        array, jobs, memory = allowed(self.runner)
        most = f", nodes of up to {memory / 2**30:,.1f} GiB" if memory else ""
        yield Finding("limits", "ok", f"arrays of up to {array:,} tasks, up to {jobs:,} jobs in the queue{most}")

    def job(self) -> Iterator[Finding]:
        """A short job with all that the runner asks for."""
        from archspec.execution.slurm.probing import probed
        from archspec.execution.slurm.reasons import STUCK

        began = time.monotonic()
        with probed(self.runner, self.store / "slurm") as probe:
            if not probe.over(PATIENCE, STUCK):
                word = probe.word or "nothing"
                if probe.word is not None and probe.word.reason in STUCK:
                    yield Finding("job", "fail", f"it would wait in vain: {word}", STUCK[probe.word.reason])
                    return
                hint = "what the runner asks for may be busy, or nowhere: `sinfo` and `squeue --start` say more"
                yield Finding("job", "warn", f"taken, and after {PATIENCE:.0f} s SLURM says {word} of it", hint)
                return
            state = probe.word.state if probe.word else "nothing"
            printed = probe.printed
            if state != "COMPLETED" and printed is None:
                message = f"SLURM says {state}, and what the job printed in {self.store} is not to be seen here"
                yield Finding("store", "fail", message, SHARED)
                return
            if state != "COMPLETED":
                yield Finding("job", "fail", f"SLURM says {state}: {printed or 'it printed nothing'}", FAILED)
                return
            yield Finding("job", "ok", f"ran and ended {time.monotonic() - began:.0f} s after it was submitted")
            if printed:
                yield Finding("job", "warn", f"it printed: {printed}", "a line of `setup` may not have worked")
            yield from _seen(probe, self.runner, self.store)


def _time(minutes: float) -> str:
    return f"{minutes / 60:g} h" if minutes >= 60 else f"{minutes:g} min"


def telling(check: Callable[[], Iterator[Finding]]) -> Callable[[], Iterator[Finding]]:
    """A check that says what SLURM refuses in SLURM's words."""

    def told() -> Iterator[Finding]:
        try:
            yield from check()
        except ExecutionError as error:
            from archspec.execution.slurm.reasons import hint

            yield Finding(check.__name__, "fail", str(error), hint(str(error)))

    told.__name__ = check.__name__
    return told


def _seen(probe: Probe, runner: Slurm, store: Path) -> Iterator[Finding]:
    """What the job wrote, and how late that was to be seen."""
    from archspec import __version__
    from archspec.spec.runner import seconds

    began, delay = time.monotonic(), seconds(runner.file_delay)
    while (found := probe.found) is None:
        if time.monotonic() - began > delay:
            hint = f"{SHARED}, or a longer `file_delay`"
            yield Finding("store", "fail", f"what the job wrote in {store} is not to be seen here", hint)
            return
        time.sleep(0.2)
    yield Finding("store", "ok", f"{os.fspath(store)} is shared; what a job writes is seen within {delay:.0f} s")
    same = found["archspec"] == __version__ and found["torch"]
    message = f"{found['host']}: Python {found['python']}, archspec {found['archspec']}"
    message += "" if found["torch"] else ", and no torch"
    yield Finding("node", "ok" if same else "fail", message, "" if same else f"here it is archspec {__version__}")
    if runner.resources.gpus and not found["gpus"]:
        yield Finding("node", "warn", "a GPU was asked for and none is visible", "`gres` may have another name there")
    wanted = runner.processes * runner.nodes
    if found["processes"] != wanted:
        yield Finding(
            "node", "fail", f"{found['processes']} processes instead of {wanted}", "look at `srun` and `tasks`"
        )
