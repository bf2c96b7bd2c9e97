"""What there is to see of a network: sections and blocks with their costs, and what a baseline has instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from archspec.spec.cost import Cost
from archspec.spec.place import Grid

NOTHING = "nothing"
"""What a baseline has where it has no such part."""


class Box(NamedTuple):
    """A part of the network."""

    role: str
    """`mixer`, `mlp`, `norm`, `scaling`, `downsample`, `positions`, `class_tokens`, `stem` or `head`."""
    path: str
    kind: str
    said: str
    """All of it in words."""
    details: tuple[tuple[str, str], ...]
    """Fields that are not as usual, and their values in short."""
    cost: Cost
    """Of one such part, for one image."""
    activation: str = ""
    file: str = ""
    line: int = 0
    """Where it is written; 0 where that is not known."""
    was: str = ""
    """What the baseline has instead; empty where it has the same, or there is none."""


class Arm(NamedTuple):
    """A residual branch: the norm before it, the part itself, and how it is added."""

    norm: Box | None
    op: Box
    scaling: Box | None


class Run(NamedTuple):
    """Equal blocks that follow each other: one of them, and how many there are."""

    arms: tuple[Arm, ...]
    depth: int
    cost: Cost
    """Of one block."""


class Group(NamedTuple):
    """Runs of blocks, and how often they come round."""

    runs: tuple[Run, ...]
    times: int


@dataclass(frozen=True)
class Part:
    """The stem, a stage or the head."""

    name: str
    path: str
    grid: Grid
    dim: int
    class_tokens: tuple[str, ...]
    cost: Cost
    before: Cost | None = None
    """What it costs in the baseline; None where there is no baseline, or none such in it."""
    is_new: bool = False
    """Whether there is a baseline, without such a part."""
    was: tuple[tuple[str, str], ...] = ()
    """Width and depth that the baseline has instead."""
    depth: int = 0
    entry: tuple[Box, ...] = ()
    """What comes before the blocks; of the stem and the head all there is."""
    groups: tuple[Group, ...] = ()

    @property
    def boxes(self) -> Iterator[Box]:
        """Every box in it."""
        yield from self.entry
        for arm in (arm for group in self.groups for run in group.runs for arm in run.arms):
            yield from (box for box in arm if box is not None)


@dataclass(frozen=True)
class Network:
    """A network as it is drawn."""

    name: str
    image: Grid
    channels: int
    classes: int
    parts: tuple[Part, ...]
    cost: Cost
    baseline: str = ""
    gone: tuple[str, ...] = ()
    """Stages that only the baseline has."""

    @property
    def boxes(self) -> Iterator[Box]:
        """Every box in it."""
        for part in self.parts:
            yield from part.boxes

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its mixers, in order of appearance."""
        return tuple(dict.fromkeys(box.kind for box in self.boxes if box.role == "mixer"))


def worded(name: str, value: str) -> str:
    """A field in words: `reduction 8`; what is on or off only by its name."""
    said = name.replace("_", " ")
    return {"true": said, "false": f"no {said}", "[]": f"no {said}"}.get(value, f"{said} {value}")
