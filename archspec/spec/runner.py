"""Runners: where runs execute."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from archspec.errors import Problem
from archspec.spec.base import Spec
from archspec.spec.deriving import Form
from archspec.spec.naming import Text
from archspec.spec.refusing import shown, wrong
from archspec.spec.scalars import Printed
from archspec.spec.values import Count, NonNegative, OrNone
from archspec.spec.written import Written


def _duration(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(DURATION, value):
        raise wrong(f"{shown(value)} is not a time", "write 90m, 12h or 2d")
    return value


def seconds(duration: str) -> float:
    """A duration in seconds."""
    return float(duration[:-1]) * UNITS[duration[-1]]


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = r"[0-9]+(\.[0-9]+)?[smhd]"
Duration = Annotated[str, PlainValidator(_duration), WithJsonSchema({"type": "string", "pattern": f"^{DURATION}$"})]


def _memory(value: Any) -> Any:
    return value if value == AUTO else Printed._read(value)


AUTO: Any = "auto"
"""Memory that is as much as a run is thought to need."""
Memory = Annotated[
    Any,
    PlainValidator(_memory),
    PlainSerializer(lambda value: value if value == AUTO else repr(value)),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^(auto|[0-9.]+[KMGT]?)$"}]}),
]


class Resources(Spec):
    """What one run is given."""

    gpus: NonNegative = Field(0, description="accelerators")
    cpus: Count = Field(1, description="processor cores")
    memory: OrNone[Memory] = Field(
        AUTO,
        description="main memory in bytes: 16G; `auto`: what its network is thought to need; `none`: nobody counts it",
    )


class Runner(Written, family="runners"):
    """Where and how runs execute."""

    runner: str = Field("", description="the runner's name: its address")
    environment: dict[str, Text] = Field({}, description="environment variables of every run")
    note: str | None = Field(None, description="anything a reader should know")

    here: ClassVar[bool] = True
    """Whether runs execute on this very machine."""

    @property
    def given(self) -> Resources:
        """What one run is given, wherever it is."""
        return Resources()

    @property
    def crew(self) -> tuple[int, int]:
        """Processes of one run on each node, and nodes."""
        return 1, 1

    def memory_for(self, thought: int) -> int:
        """The main memory of a run on each machine that is thought to need so much; 0 where nobody counts it."""
        return thought

    def contradictions(self) -> Iterator[Problem]:
        """What cannot be meant, though each field is right."""
        yield from ()


class Queue(Runner):
    """What runners have that start processes of their own."""

    resources: Resources = Field(Resources(), description="what one run is given")
    parallelism: OrNone[Count] = Field(None, description="most runs at one time; `none`: as many as fit")
    time_limit: OrNone[Duration] = Field(
        None,
        description="how long one attempt may take: 90m, 12h, 2d; or `none`. Then it is saved, and another goes on",
    )
    setup: tuple[str, ...] = Field((), description="shell lines that come before every run")
    tasks: OrNone[Count] = Field(
        None, description="processes of one run on each node; `none`: one for each accelerator"
    )

    @property
    def processes(self) -> int:
        """Processes of one run on each node."""
        return self.tasks or max(1, self.resources.gpus)

    @property
    def cpus_each(self) -> int:
        """Cores of each process."""
        return max(1, self.resources.cpus // self.processes)

    @property
    def crew(self) -> tuple[int, int]:
        """Processes of one run on each node, and nodes."""
        return self.processes, 1

    @property
    def given(self) -> Resources:
        """What one run is given, on all its nodes."""
        one, (processes, nodes) = self.resources, self.crew
        memory = one.memory if one.memory in (None, AUTO) else one.memory * nodes
        return Resources(gpus=one.gpus * nodes, cpus=self.cpus_each * processes * nodes, memory=memory)

    def memory_for(self, thought: int) -> int:
        """What the runner names goes before what is thought."""
        named = self.resources.memory
        return thought if named == AUTO else int(named or 0)

    def contradictions(self) -> Iterator[Problem]:
        """A process trains on one accelerator, and an accelerator is no good to two of them."""
        gpus = self.resources.gpus
        if gpus and self.tasks not in (None, gpus):
            message = (
                f"a process trains on one accelerator: {gpus} accelerators want {gpus} processes, not {self.tasks}"
            )
            yield Problem("ARC104", message, "leave it out: then there is one for each", "tasks")


class Inline(Runner):
    """In this process, one run after another: for debugging."""

    kind: Literal["inline"] = "inline"


class Local(Queue):
    """In worker processes on this machine."""

    kind: Literal["local"] = "local"
    share: Count = Field(
        1, description="most runs at one time that share an accelerator; fewer, where its memory holds no more"
    )
    memory: OrNone[Printed] = Field(
        None, description="main memory in bytes that all runs at work may take together: 24G; `none`: what is free"
    )


class Slurm(Queue):
    """As jobs of a SLURM cluster; `resources` are those on each node."""

    here = False
    kind: Literal["slurm"] = "slurm"
    options: dict[str, Text] = Field({}, description="further options of sbatch: {partition: gpu, account: lab}")
    srun: tuple[str, ...] = Field((), description="further options of srun: [--mpi=none]")
    nodes: Count = Field(1, description="nodes that train one run together")
    per_job: Count = Field(1, description="runs that one job does one after another, in one process")
    python: OrNone[Text] = Field(
        None, description="what starts Python on a node: apptainer exec --nv lab.sif python; `none`: this very Python"
    )
    warning: Duration = Field("2m", description="how long before its time is up a run is told to save and stop")
    poll: Duration = Field("30s", description="how often SLURM is asked; clusters want to be asked seldom")
    file_delay: Duration = Field("1m", description="how late the shared disk may show what a job has written")

    @property
    def crew(self) -> tuple[int, int]:
        """Processes of one run on each node, and nodes."""
        return self.processes, self.nodes

    def contradictions(self) -> Iterator[Problem]:
        """Processes that train together have to begin and end together, one run at a time."""
        yield from super().contradictions()
        together = math.prod(self.crew)
        if self.per_job > 1 and together > 1:
            message = f"a run of {together} processes has a job to itself"
            hint = "leave it out; `nodes: 1` and `tasks: 1` have one process train each run"
            yield Problem("ARC104", message, hint, "per_job")


RUNNER = Form("runner", Runner, ("runner", "note"), problems=lambda runner: runner.contradictions())
