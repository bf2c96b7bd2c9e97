"""Decisions that a value leaves open, and what takes them.

A decision has a name, the path it stands at, and its answer is a text or a number: `stages.0.mixer` is `sep_conv`, and
then `stages.0.mixer.sep_conv.kernel` is 5.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from archspec.spec.nodes import Node

Answer = str | int | float | bool
Choices = dict[str, Answer]
"""The decisions of one candidate, by name."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A range of numbers, both ends included."""

    low: float
    high: float
    step: float | None
    """Between neighbours; None where everything between the ends is meant."""
    log: bool = False
    whole: bool = False

    def __str__(self) -> str:
        step = "" if self.step is None or (self.whole and self.step == 1) else f", step {self.step:g}"
        return f"{self.low:g} to {self.high:g}{step}{', logarithmic' if self.log else ''}"

    @property
    def count(self) -> float:
        """How many numbers it holds."""
        if self.step is None:
            return math.inf
        return 1 + round((self.high - self.low) / self.step)

    def at(self, index: int) -> int | float:
        """The number at a place, of a range with steps."""
        number = self.low + index * (self.step or 0)
        return round(number) if self.whole else number


Decision = tuple[str, tuple[Answer, ...] | Numbers]
"""A decision's name, and its possible answers."""


class Chooser(Protocol):
    """Something that takes decisions."""

    def choose(self, name: str, options: tuple[Answer, ...]) -> Answer:
        """One of some options."""

    def number(self, name: str, numbers: Numbers) -> int | float:
        """A number of a range."""


class Part(Protocol):
    """A value, or part of one, with decisions in it."""

    def decide(self, chooser: Chooser, chosen: Choices) -> None:
        """Have every decision taken that is not taken yet."""

    def node(self, chosen: Mapping[str, Answer]) -> Node:
        """The value that the decisions lead to."""

    def size(self) -> float:
        """How many values it can become."""

    def decisions(self) -> Iterator[Decision]:
        """The decisions in it."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Nothing to decide."""

    value: Node

    def decide(self, chooser: Chooser, chosen: Choices) -> None:
        """Nothing."""

    def node(self, chosen: Mapping[str, Answer]) -> Node:
        """The value."""
        return self.value

    def size(self) -> float:
        """One."""
        return 1

    def decisions(self) -> Iterator[Decision]:
        """None."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Choice:
    """`{choose: […]}`."""

    name: str
    options: dict[Answer, Part]
    labels: tuple[Answer, ...]

    def decide(self, chooser: Chooser, chosen: Choices) -> None:
        """Choose an option, and decide what is open in that one."""
        if self.name not in chosen:
            chosen[self.name] = chooser.choose(self.name, self.labels)
        self.options[chosen[self.name]].decide(chooser, chosen)

    def node(self, chosen: Mapping[str, Answer]) -> Node:
        """The option's value."""
        return self.options[chosen[self.name]].node(chosen)

    def size(self) -> float:
        """The values of all options."""
        return sum(option.size() for option in self.options.values())

    def decisions(self) -> Iterator[Decision]:
        """Its own, and those of the options."""
        yield self.name, self.labels
        for option in self.options.values():
            yield from option.decisions()


@dataclass(frozen=True, slots=True)
class Range:
    """`{range: [a, b]}`."""

    name: str
    numbers: Numbers
    written: Node

    def decide(self, chooser: Chooser, chosen: Choices) -> None:
        """Choose a number."""
        if self.name not in chosen:
            chosen[self.name] = chooser.number(self.name, self.numbers)

    def node(self, chosen: Mapping[str, Answer]) -> Node:
        """The number."""
        return Node(chosen[self.name], self.written.mark)

    def size(self) -> float:
        """The numbers of the range."""
        return self.numbers.count

    def decisions(self) -> Iterator[Decision]:
        """Its own."""
        yield self.name, self.numbers


@dataclass(frozen=True, slots=True)
class Whole:
    """A mapping or list with decisions within it."""

    value: Node
    parts: tuple[tuple[str, Part], ...]
    """Those of its entries that are not fixed."""

    def decide(self, chooser: Chooser, chosen: Choices) -> None:
        """Decide what is open in every part."""
        for _, part in self.parts:
            part.decide(chooser, chosen)

    def node(self, chosen: Mapping[str, Answer]) -> Node:
        """The value with every part decided."""
        value = self.value
        for key, part in self.parts:
            value = value.with_child(key, part.node(chosen))
        return value

    def size(self) -> float:
        """Every part with every other."""
        return math.prod(part.size() for _, part in self.parts)

    def decisions(self) -> Iterator[Decision]:
        """Those of the parts."""
        for _, part in self.parts:
            yield from part.decisions()
