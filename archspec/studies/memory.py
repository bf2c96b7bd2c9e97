"""The memory that runs need: as it was measured on others of the same arm, else in closed form.

In closed form a process has its weights, their gradients, what its optimizer remembers and what backward needs of the
images that it takes at once: less in half precision, and where blocks are run again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archspec.execution.jobs import Needs
from archspec.records.files import read_json, write_json
from archspec.records.known import Known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.layout import Layout
from archspec.spec.recipe import Recipe
from archspec.spec.runner import Runner
from archspec.studies.computing import checkpoint_bytes, kept_numbers, laid_out
from archspec.studies.plan import CHOOSING, PlannedRun
from archspec.studies.planning import Planned
from archspec.studies.probed import MOST, place, probed
from archspec.studies.trained import Trained

MIB = 2**20
NUMBER = 4
"""Bytes of a number."""
REDUCED, HALF = ("bf16", "fp16"), 0.8
"""Precisions in which less is kept, and how much of it at most; norms and what is summed stay as they are."""
BASE, ACCELERATED = 1024 * MIB, 4096 * MIB
"""What a process takes that has no network yet: Python, torch and the rest; CUDA's libraries too."""
CONTEXT = 512 * MIB
"""What a process takes of an accelerator on which it has nothing yet."""
WORKER = 768 * MIB
"""What a process takes that prepares images."""
MARGIN = 1.2
"""By how much more is asked for: for what operators need meanwhile, and since no two runs are quite alike."""
STEP = 256 * MIB
"""What is asked for is a multiple of so much, so that arms that are much alike ask alike."""


@dataclass
class Memory:
    """What the runs of a study need, as far as it is known by now."""

    store: Path
    runner: Runner
    thought: dict[str, Needs] = field(default_factory=dict)
    """What arms need in closed form."""
    taken: dict[str, float] = field(default_factory=dict)
    """The most bytes that a process of an arm's finished runs took."""
    had: dict[str, int] = field(default_factory=dict)
    """What a run had and died of, by key."""

    def learn(self, run: PlannedRun, known: Known) -> None:
        """Take in what a finished training took, where it was made with such means as the runner's."""
        alike = run.role in ("train", *CHOOSING) and known.gpus == self.runner.given.gpus
        if known.state == "done" and known.memory_mib and alike:
            self.taken[run.arm] = max(self.taken.get(run.arm, 0.0), known.memory_mib * MIB)

    def of(self, planned: Planned, run: PlannedRun) -> Needs:
        """What a run needs; of memory, where it had too little, twice of that."""
        one = planned.trained[run.arm]
        if run.arm not in self.thought:
            self.thought[run.arm] = closed_form(one, self.runner)
            self._look_at_probe(one)
        needs = self.thought[run.arm]
        if run.arm in self.taken:
            needs = _measured(one.recipe, self.runner, needs, self.taken[run.arm])
        measurement = one.measurements.get(run.role)
        alone = measurement is not None and measurement.alone
        return needs._replace(main=max(self.runner.memory_for(needs.main), 2 * self._too_little(run)), alone=alone)

    def starve(self, planned: Planned, run: PlannedRun) -> int:
        """Write down that what a run had was too little, for whoever starts it again; how much it was."""
        folder, had = self._folder(run), self.of(planned, run).main
        attempt = folder.newest() or folder.claim()
        write_json(attempt.starved, {"memory": had})
        attempt.leave()
        self.had[run.key] = had
        return had

    def _too_little(self, run: PlannedRun) -> int:
        """The most that any attempt at a run had and died of."""
        if run.key not in self.had:
            said = (read_json(attempt.starved) for attempt in self._folder(run).attempts())
            self.had[run.key] = max((int(one["memory"]) for one in said if one), default=0)
        return self.had[run.key]

    def _folder(self, run: PlannedRun) -> RunFolder:
        return RunFolder(Store(self.store).run(run.key))

    def _look_at_probe(self, one: Trained) -> None:
        """A probe has taken what a run will, but for the images of a batch that it left out."""
        found = probed(one, self.store, self.runner) if place(self.store, self.runner).exists() else []
        took = [phase.scores["memory_mib"] * MIB for phase in found if "memory_mib" in phase.scores]
        if found and len(took) == len(found):
            phases = zip(took, laid_out(one.arch, one.recipe), strict=True)
            self.taken.setdefault(one.arm.id, max(mib + self._left_out(*phase) for mib, phase in phases))

    def _left_out(self, layout: Layout, recipe: Recipe) -> float:
        """What the images take that a probe left out of its batch."""
        return max(0, _at_once(recipe, self.runner) - MOST) * _kept(layout, recipe)


def closed_form(one: Trained, runner: Runner) -> Needs:
    """What the greediest phase of a training needs, or of those that it starts from."""
    phases = [*_phases(one, runner)]
    return Needs(max(need.main for need in phases), max(need.device for need in phases))


def _phases(one: Trained, runner: Runner) -> Iterator[Needs]:
    yield from (_phase(layout, phase, runner) for layout, phase in laid_out(one.arch, one.recipe))
    if one.before is not None:
        yield from _phases(one.before, runner)


def _kept(layout: Layout, recipe: Recipe) -> float:
    """Bytes that an image leaves for the backward pass."""
    numbers = kept_numbers(layout, recomputed=recipe.grad_checkpointing)
    return NUMBER * numbers * (HALF if recipe.precision in REDUCED else 1)


def _phase(layout: Layout, recipe: Recipe, runner: Runner) -> Needs:
    params = layout.cost.params + layout.cost.frozen_params
    saved = checkpoint_bytes(params, recipe)
    held = saved + NUMBER * params * (2 if recipe.select == "best" else 1)
    held += NUMBER // 2 * params if recipe.precision in REDUCED else 0  # the weights as they are multiplied
    images = _kept(layout, recipe) * _at_once(recipe, runner)
    # A checkpoint is written from its bytes, and they are there twice.
    if runner.given.gpus:
        return _asked(runner, ACCELERATED + 2 * saved + recipe.workers * WORKER, CONTEXT + held + images)
    return _asked(runner, BASE + held + max(images, 2 * saved) + recipe.workers * WORKER, 0)


def _measured(recipe: Recipe, runner: Runner, thought: Needs, taken: float) -> Needs:
    """What was measured is of the accelerator, where there is one, and then tells nothing of main memory."""
    if runner.given.gpus:
        return thought._replace(device=_asked(runner, 0, CONTEXT + taken).device)
    return _asked(runner, taken + recipe.workers * WORKER, 0)


def _asked(runner: Runner, main: float, device: float) -> Needs:
    """From what a process takes to what its machine and its accelerator are asked for."""
    processes, _ = runner.crew
    return Needs(math.ceil(MARGIN * main * processes / STEP) * STEP, math.ceil(MARGIN * device / STEP) * STEP)


def _at_once(recipe: Recipe, runner: Runner) -> int:
    """The images that a process takes at once."""
    share = math.ceil(recipe.batch / math.prod(runner.crew))
    return min(share, recipe.micro_batch or share)


def needed(planned: Planned, known: Mapping[str, Known], store: Path, runner: Runner) -> dict[str, Needs]:
    """What every run of a plan would be given now, by key."""
    memory = Memory(store, runner)
    for run in planned.plan.runs:
        memory.learn(run, known[run.key])
    return {run.key: memory.of(planned, run) for run in planned.plan.runs}
