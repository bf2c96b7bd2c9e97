"""From a runner to a submission, by submitit."""

from __future__ import annotations

import math
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.errors import ExecutionError
from archspec.execution.slurm.batch import MARK, Batch
from archspec.execution.slurm.job import Folders
from archspec.execution.slurm.limits import minutes_by_default
from archspec.spec.runner import Slurm, seconds

if TYPE_CHECKING:
    from submitit import SlurmExecutor

REQUEUES = 10_000
"""How often submitit may requeue a job whose time was up; whether it gets anywhere is the driver's business."""
BUSY = ("Limit", "contact slurm controller", "Socket timed out", "temporarily unable", "try again", "Invalid job array")
"""What SLURM says when the same submission may be taken later."""


MEMORY = {"mem", "mem-per-cpu", "mem-per-gpu"}
"""Options of which sbatch takes only one."""


class BusyError(ExecutionError):
    """SLURM takes no more now."""


def submit(runner: Slurm, target: str, batch: Batch, memory: int) -> str:
    """Hand a batch to SLURM, whose jobs need so much memory on each node; the number it has there."""
    work = [Folders(target, tuple(folder for _, folder in pack)) for pack in batch.packs]
    return submit_all(runner, work, batch.logs, batch.name, memory)


def submit_all(runner: Slurm, work: Sequence[Callable[[], int]], logs: Path, name: str, memory: int) -> str:
    """Submit functions, several as an array; the number that SLURM gives them."""
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    # What sbatch says against it is in the error, and submitit prints it too.
    with plain_environment(), redirect_stderr(StringIO()):
        executor = executor_for(runner, logs, name, len(work), memory)
        try:
            # A single function makes a job, several an array.
            jobs = executor.submit_array(work)
        except (FailedJobError, FailedSubmissionError, OSError) as error:
            said = [line for line in str(error).strip().splitlines() if not line.startswith('Try "')]
            reason = next((line for line in reversed(said) if "error" in line.lower()), said[-1] if said else "")
            raise (BusyError if any(word in reason for word in BUSY) else ExecutionError)(reason) from error
    return str(jobs[0].job_id).partition("_")[0]


def script(runner: Slurm, tasks: int, folder: Path, memory: int = 0) -> str:
    """What sbatch is given; also where there is no SLURM."""
    from submitit.slurm.slurm import _make_sbatch_string

    try:
        said = parameters(runner, f"{MARK}…", tasks, memory)
    except ExecutionError:  # without a cluster nobody knows its partition's limit
        said = parameters(runner.model_copy(update={"time_limit": "1m"}), f"{MARK}…", tasks, memory) | {"time": None}
    command = f"{runner.python or shlex.quote(sys.executable)} -u -m submitit.core._submit {shlex.quote(str(folder))}"
    return str(_make_sbatch_string(command, folder, map_count=tasks if tasks > 1 else None, **said))


def executor_for(runner: Slurm, logs: Path, name: str, tasks: int, memory: int) -> SlurmExecutor:
    """What submitit submits with."""
    from submitit import SlurmExecutor

    executor = SlurmExecutor(logs, max_num_timeout=REQUEUES, python=runner.python)
    executor.update_parameters(**parameters(runner, name, tasks, memory))
    return executor


def parameters(runner: Slurm, name: str, tasks: int, memory: int) -> dict[str, Any]:
    """The runner in submitit's words; the memory where there is any, and no other word for it."""
    wanted, cpus = runner.resources, runner.cpus_each
    said: dict[str, Any] = {"job_name": name, "nodes": runner.nodes, "ntasks_per_node": runner.processes}
    said |= {"cpus_per_task": cpus, "time": _minutes(runner), "array_parallelism": tasks}
    said |= {"signal_delay_s": math.ceil(seconds(runner.warning)), "stderr_to_stdout": True, "wckey": None}
    # What `--cpus-per-task` gives to a job, newer versions of srun do not give to its steps.
    said |= {"setup": list(_setup(runner)), "srun_args": [f"--cpus-per-task={cpus}", *runner.srun]}
    options: dict[str, Any] = {"requeue": True}
    if wanted.gpus and "gres" not in runner.options:
        options["gpus-per-node"] = wanted.gpus
    named = {option.replace("_", "-"): value for option, value in runner.options.items()}
    if memory and not MEMORY & named.keys():
        options["mem"] = f"{math.ceil(memory / 2**20)}M"
    return {**said, "additional_parameters": options | named}


def _minutes(runner: Slurm) -> int:
    if runner.time_limit is None:
        return minutes_by_default(runner)
    return max(1, math.ceil(seconds(runner.time_limit) / 60))


def _setup(runner: Slurm) -> Iterator[str]:
    yield from (f"export {name}={shlex.quote(str(value))}" for name, value in runner.environment.items())
    yield from runner.setup


@contextmanager
def plain_environment() -> Iterator[None]:
    """Without what SLURM tells the job that we may be: jobs would inherit it, and srun take it for its options."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("SLURM_") and name != "SLURM_CONF"}
    for name in ours:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(ours)
