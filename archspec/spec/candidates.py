"""The candidates of a space: drawn, costed and held against its conditions, by the hundred thousand and without torch.

Most of a candidate is like another's: the value of every field is worked out once for the decisions that bear on it,
by the very edits that make the candidate, and put together from there.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from archspec.errors import Problem, SpecError
from archspec.spec.arch import Arch
from archspec.spec.conditions import Condition, asked
from archspec.spec.decisions import Answer, Choices, Chooser, Numbers
from archspec.spec.drawing import Open, decided, opened, size, ways
from archspec.spec.edits import Edit, Path, edits_of, places
from archspec.spec.loading import ARCH
from archspec.spec.space import Space

WORKS = "network"
"""The condition that everybody makes: that the network can be built."""


class Refusal(NamedTuple):
    """A condition that a candidate does not meet."""

    condition: str
    missed_by: float
    problem: Problem | None = None
    """Why the network cannot be built, where that is it."""


class Draw:
    """Takes decisions at random."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def choose(self, name: str, options: tuple[Answer, ...]) -> Answer:
        """Any of them."""
        return options[int(self.rng.random() * len(options))]

    def number(self, name: str, numbers: Numbers) -> int | float:
        """Any of them; of a logarithmic range every magnitude as often as the others."""
        if numbers.log:
            drawn = math.exp(self.rng.uniform(math.log(numbers.low), math.log(numbers.high)))
            return round(drawn) if numbers.whole else drawn
        if numbers.step is None:
            return self.rng.uniform(numbers.low, numbers.high)
        return numbers.at(int(self.rng.random() * numbers.count))


class Slot(NamedTuple):
    """A field of a stage, or of the arch, that decisions bear on."""

    stage: int | None
    field: str
    edits: list[Open]
    names: tuple[str, ...]
    """The decisions."""
    known: dict[tuple[Answer | None, ...], Any]
    """Its value for the decisions that were met so far."""


@dataclass(frozen=True)
class Candidates:
    """What a base arch can become, and what is asked of it."""

    base: Arch
    open: tuple[Open, ...]
    conditions: tuple[Condition, ...] = ()
    sizes: tuple[Any, ...] = ()
    """Sizes of images at which candidates have to work too."""

    @property
    def size(self) -> float:
        """How many ways there are to decide everything; infinite where numbers have no steps."""
        return size(self.open)

    def draw(self, chooser: Chooser) -> Choices:
        """The decisions of one candidate."""
        return decided(self.open, chooser)

    def edits(self, chosen: Mapping[str, Answer]) -> list[Edit]:
        """The edits that decisions lead to."""
        return [one.decided(chosen) for one in self.open]

    def arch(self, chosen: Mapping[str, Answer]) -> Arch:
        """The network that decisions lead to; an error where it cannot be built."""
        return ARCH.edited(self.base, self.edits(chosen))

    def quick(self, chosen: Mapping[str, Answer]) -> Arch:
        """The same network, whether or not it can be built, and without knowing where it was written."""
        if self._slots is None:
            return ARCH.edited(self.base, self.edits(chosen), check=False)
        stages: dict[int, dict[str, Any]] = {}
        whole: dict[str, Any] = {}
        for slot in self._slots:
            value = self._value(slot, chosen)
            (whole if slot.stage is None else stages.setdefault(slot.stage, {}))[slot.field] = value
        if stages:
            whole["stages"] = tuple(
                stage._changed(stages.get(index, {})) for index, stage in enumerate(self.base.stages)
            )
        return self.base._changed(whole)

    def choices_of(self, arch: Arch) -> Choices | None:
        """The decisions that lead to a network; None where none do, or where they cannot be gone through."""
        chosen: Choices = {}
        for slot in self._slots or ():
            if (slot.stage or 0) >= len(arch.stages) or math.isinf(size(slot.edits)):
                return None
            wanted = getattr(arch if slot.stage is None else arch.stages[slot.stage], slot.field)
            fitting = (way for way in ways([one.part for one in slot.edits]) if self._value(slot, way) == wanted)
            found = next(
                (way for way in fitting if all(chosen.get(name, way[name]) == way[name] for name in way)), None
            )
            if found is None:
                return None
            chosen |= found
        return chosen if self._slots and self.quick(chosen).digest == arch.digest else None

    def refusal(self, arch: Arch) -> Refusal | None:
        """The first condition that a network does not meet, if there is one."""
        return (
            self._missed(arch, costs=False)
            or next((Refusal(WORKS, 1.0, problem) for problem in self._problems(arch)), None)
            or self._missed(arch, costs=True)
        )

    def _missed(self, arch: Arch, *, costs: bool) -> Refusal | None:
        """The first condition that is missed among those that ask for costs, or among the quicker ones that do not."""
        for condition in self.conditions:
            if condition.costs == costs and (missed := condition.missed_by(arch)):
                return Refusal(condition.text, missed)
        return None

    def _problems(self, arch: Arch) -> Iterator[Problem]:
        """Why a network cannot be built."""
        yield from arch.layout.problems()
        for side in self.sizes:
            yield from arch._changed({"input": arch.input._changed({"size": side})}).layout.problems()

    def _value(self, slot: Slot, chosen: Mapping[str, Answer]) -> Any:
        key = tuple([chosen.get(name) for name in slot.names])
        if key not in slot.known:
            edits = [one.decided(chosen) for one in slot.edits]
            arch = ARCH.edited(self.base, edits, check=False)
            slot.known[key] = getattr(arch if slot.stage is None else arch.stages[slot.stage], slot.field)
        return slot.known[key]

    @cached_property
    def _slots(self) -> tuple[Slot, ...] | None:
        """The fields that decisions bear on; None where that cannot be told field by field."""
        by_field: dict[tuple[int | None, str], list[Open]] = {}
        for one in self.open:
            try:
                there = list(places(self.base.tree, one.edit))
            except SpecError:
                return None  # a path that another edit brings about
            for place in there:
                field = _field(place)
                if field is None:
                    return None
                by_field.setdefault(field, []).append(one._replace(edit=one.edit._replace(path=".".join(place))))
        return tuple(
            Slot(*field, found, tuple(dict.fromkeys(name for one in found for name, _ in one.part.decisions())), {})
            for field, found in by_field.items()
        )


def _field(place: Path) -> tuple[int | None, str] | None:
    """The field that a place lies in; None for whole stages."""
    if place[0] != "stages":
        return None, place[0]
    return (int(place[1]), place[2]) if len(place) > 2 else None


def candidates_of(space: Space, base: Arch, further: Sequence[Condition] = ()) -> Candidates:
    """The candidates of a space on a base, of which more may be asked than the space itself does."""
    found = opened(base.tree, edits_of(space.tree.mapping["vary"]))
    return Candidates(base, tuple(found), (*asked(space.tree.mapping.get("where")), *further))
