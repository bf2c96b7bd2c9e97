"""Where a run runs: its processes, its device, torch's settings, and the record of all that."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, distributed

import archspec
from archspec.errors import ArchspecError
from archspec.records.freezing import git_state

CUDNN: Any = torch.backends.cudnn
DETERMINISTIC: Any = torch.utils.deterministic
"""Modules of settings that torch does not declare."""

REDUCED = {"bf16": torch.bfloat16, "fp16": torch.float16}
"""The precisions in which autocast computes."""

BUCKET = 2**23
"""Numbers that processes exchange at a time."""


class ApartError(ArchspecError):
    """Processes that train together have lost one another, which says nothing about what they train."""


@contextmanager
def speaking() -> Iterator[None]:
    """Where processes speak with one another, what goes wrong is that one of them is gone."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        message = str(error).splitlines()[0]
        raise ApartError(f"another process of this run has ended, or cannot be reached: {message}") from error


@dataclass(frozen=True)
class World:
    """The processes that train one network together."""

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def add(self, tensors: list[Tensor]) -> None:
        """Replace tensors by their sums over all processes; the same to the last bit in each."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        with speaking():
            for piece in torch.split(flat, BUCKET):
                distributed.all_reduce(piece)
        for tensor, summed in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(summed.view_as(tensor))

    def largest(self, number: int) -> int:
        """The largest of the numbers that the processes have."""
        if self.size == 1:
            return number
        box = torch.tensor([number], device="cuda" if torch.cuda.is_available() else "cpu")
        with speaking():
            distributed.all_reduce(box, distributed.ReduceOp.MAX)
            return int(box.item())

    def tell(self, value: Any) -> Any:
        """What the first process says."""
        if self.size == 1:
            return value
        box = [value]
        with speaking():
            distributed.broadcast_object_list(box, src=0)
        return box[0]


ALONE = World()
"""One process."""


def world_in(env: Mapping[str, str]) -> World:
    """The processes that torchrun's or SLURM's variables speak of."""
    if int(env.get("WORLD_SIZE", 1)) > 1:
        return World(int(env["RANK"]), int(env["WORLD_SIZE"]), int(env.get("LOCAL_RANK", 0)))
    if int(env.get("SLURM_STEP_NUM_TASKS", 1)) > 1:
        return World(int(env["SLURM_PROCID"]), int(env["SLURM_STEP_NUM_TASKS"]), int(env.get("SLURM_LOCALID", 0)))
    return ALONE


def meeting_point(env: Mapping[str, str]) -> str:
    """Where the processes find one another; under SLURM the first node, at a port that follows from the job."""
    if "MASTER_ADDR" in env:
        return f"tcp://{env['MASTER_ADDR']}:{env.get('MASTER_PORT', '29500')}"
    nodes = env.get("SLURM_STEP_NODELIST", env.get("SLURM_JOB_NODELIST", "localhost"))
    # `gpu[007-009,012],other1`: up to the first comma or range within the brackets.
    first = re.sub(r"^([^\[,]*)\[([^\],-]*).*$", r"\1\2", nodes).split(",")[0]
    return f"tcp://{first}:{20000 + int(env.get('SLURM_JOB_ID', 0)) % 20000}"


@contextmanager
def together(env: Mapping[str, str] = os.environ) -> Iterator[World]:
    """Join the other processes, if there are any, and leave them at the end."""
    world = world_in(env)
    if world.size == 1 or distributed.is_initialized():
        yield world
        return
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    if backend == "nccl":
        torch.cuda.set_device(world.local % torch.cuda.device_count())
    said: dict[str, Any] = {"rank": world.rank, "world_size": world.size, "timeout": timedelta(minutes=30)}
    with speaking():
        distributed.init_process_group(backend, init_method=meeting_point(env), **said)
    try:
        yield world
    finally:
        distributed.destroy_process_group()


def device_of(world: World) -> torch.device:
    """The accelerator of this process, or the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", world.local % torch.cuda.device_count())


def autocast(precision: str, device: torch.device) -> AbstractContextManager[Any]:
    """The precision of forward passes."""
    kind = REDUCED.get(precision)
    return torch.autocast(device.type, dtype=kind, enabled=kind is not None)


class Settings(NamedTuple):
    """Torch's settings for the whole process, as far as results and speed depend on them."""

    threads: int
    deterministic: bool
    warn_only: bool
    matmul: str
    tf32: bool
    """Whether cuDNN's convolutions and recurrent cells round to TF32, as they do unless told otherwise."""
    fill: bool

    @classmethod
    def now(cls) -> Settings:
        """Those in force."""
        modes = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
        matmul, fill = torch.get_float32_matmul_precision(), DETERMINISTIC.fill_uninitialized_memory
        return cls(torch.get_num_threads(), *modes, matmul, CUDNN.allow_tf32, fill)

    def apply(self) -> None:
        """Put them in force."""
        torch.set_num_threads(self.threads)
        torch.use_deterministic_algorithms(self.deterministic, warn_only=self.warn_only)
        torch.set_float32_matmul_precision(self.matmul)
        # The newer settings, one for each kind of operator, contradict this one, which torch's compiler reads.
        CUDNN.allow_tf32 = self.tf32
        DETERMINISTIC.fill_uninitialized_memory = self.fill


@contextmanager
def settled(threads: int | None, precision: str) -> Iterator[None]:
    """Torch as a run wants it, and as it was before at the end."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before, accelerated = Settings.now(), torch.cuda.is_available()
    tf32 = precision == "tf32"
    # Memory that nobody reads need not be filled for results to repeat.
    Settings(threads or before.threads, True, accelerated, "high" if tf32 else "highest", tf32, fill=False).apply()
    try:
        yield
    finally:
        before.apply()


@lru_cache(maxsize=1)
def surroundings() -> dict[str, Any]:
    """Versions, packages, machine and the state of the code, looked at once a process."""
    found = {(dist.metadata["Name"] or "").lower(): dist.version for dist in importlib.metadata.distributions()}
    cuda = torch.version.cuda if torch.cuda.is_available() else None
    return {
        "archspec": archspec.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": cuda,
        "platform": platform.platform(),
        "cpu": platform.machine(),
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "git": git_state(Path(archspec.__file__).parent),
        "packages": dict(sorted(found.items())),
    }


def here(world: World, device: torch.device) -> dict[str, Any]:
    """What is true of this process alone."""
    return {
        "host": socket.gethostname(),
        "processes": world.size,
        "placed": str(device),
        "threads": torch.get_num_threads(),
        "job": os.environ.get("SLURM_JOB_ID"),
        "started": time.time(),
    }
