"""Edits that leave something open become decisions, and decisions the edits of one candidate.

Places that are told apart by `each` decide for themselves; the others share their decisions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from archspec.spec.decisions import Answer, Choice, Choices, Chooser, Fixed, Numbers, Part, Range, Whole
from archspec.spec.domains import varies
from archspec.spec.edits import Edit, distribute, places
from archspec.spec.nodes import Node
from archspec.spec.writing import flow


class Open(NamedTuple):
    """A path of a space, one place of it or all, and what is decided there."""

    edit: Edit
    part: Part

    def decided(self, chosen: Mapping[str, Answer]) -> Edit:
        """The edit that the decisions lead to."""
        return self.edit._replace(value=self.part.node(chosen))


def opened(tree: Node, edits: Sequence[Edit]) -> list[Open]:
    """What edits leave open; where places decide for themselves, each is an entry of its own."""
    found: list[Open] = []
    for edit in edits:
        if not _each(edit.value):
            found.append(Open(edit, _part(edit.value, _At(edit, edit.path, edit.path, 0, 1))))
            continue
        there = list(places(tree, edit))
        for index, place in enumerate(there):
            own = ".".join(place)
            part = _part(edit.value, _At(edit, edit.path, own, index, len(there)))
            found.append(Open(edit._replace(path=own), part))
    return found


def decided(found: Sequence[Open], chooser: Chooser) -> Choices:
    """The decisions of one candidate."""
    chosen: Choices = {}
    for one in found:
        one.part.decide(chooser, chosen)
    return chosen


def ways(parts: Sequence[Part]) -> Iterator[Choices]:
    """Every way in which parts can be decided, one after the other; ranges must have steps."""
    path: list[tuple[int, int]] = []
    while True:
        walker = _Walker([index for index, _ in path])
        chosen: Choices = {}
        for part in parts:
            part.decide(walker, chosen)
        yield chosen
        path = walker.taken
        while path and path[-1][0] + 1 == path[-1][1]:
            path.pop()
        if not path:
            return
        path[-1] = (path[-1][0] + 1, path[-1][1])


class _Walker:
    """Takes decisions as told, and the first option of what follows."""

    def __init__(self, told: Sequence[int]) -> None:
        self.told = told
        self.taken: list[tuple[int, int]] = []
        """The options taken, and out of how many."""

    def choose(self, name: str, options: tuple[Answer, ...]) -> Answer:
        """The option whose turn it is."""
        return options[self._turn(len(options))]

    def number(self, name: str, numbers: Numbers) -> int | float:
        """The number whose turn it is."""
        return numbers.at(self._turn(int(numbers.count)))

    def _turn(self, count: int) -> int:
        index = self.told[len(self.taken)] if len(self.taken) < len(self.told) else 0
        self.taken.append((index, count))
        return index


def size(found: Sequence[Open]) -> float:
    """How many candidates there are, some of which may be one network; infinite where numbers have no steps."""
    groups: list[tuple[set[str], list[Part]]] = []
    for part in (one.part for one in found):
        names, parts = {name for name, _ in part.decisions()}, [part]
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names, parts = names | group[0], [*group[1], *parts]
        groups.append((names, parts))
    return math.prod(_together(parts) for _, parts in groups)


def _together(parts: Sequence[Part]) -> float:
    """Parts that share decisions are counted by going through them."""
    if len(parts) == 1 or math.isinf(max(part.size() for part in parts)):
        return parts[0].size()
    return sum(1 for _ in ways(parts))


def _each(value: Node) -> bool:
    return value.sole("each") is not None or any(_each(child) for _, child in value.children())


@dataclass(frozen=True)
class _At:
    """Where a value stands: what its decisions are called, and would be if its place decided for itself."""

    edit: Edit
    name: str
    own: str
    index: int
    count: int

    def within(self, key: object) -> _At:
        """The same for a part of the value."""
        return replace(self, name=f"{self.name}.{key}", own=f"{self.own}.{key}")


def _part(value: Node, at: _At) -> Part:
    """The decisions of a value."""
    if "choose" in value.mapping:
        return _choice(value, at)
    if "range" in value.mapping:
        return Range(at.name, _numbers(value), value)
    each = value.sole("each")
    if each is not None and not each.is_list():
        return _part(each, replace(at, name=at.own))
    if each is not None:
        # A list of another length than there are places is refused here.
        return _part(distribute(value, at.index, at.count, at.edit), replace(at, name=at.own))
    parts = [(key, _part(child, at.within(key))) for key, child in value.children()]
    opened = tuple(entry for entry in parts if not isinstance(entry[1], Fixed))
    return Whole(value, opened) if opened else Fixed(value)


def _choice(value: Node, at: _At) -> Choice:
    options = value.mapping["choose"].items
    labels = _labels(options)
    parts = {label: _part(option, at.within(label)) for label, option in zip(labels, options, strict=True)}
    return Choice(at.name, parts, labels)


def _labels(options: Sequence[Node]) -> tuple[Answer, ...]:
    """What options are called, as short as tells them apart: by their kind, by what is fixed in them, or as written."""
    labels: list[Answer] = [flow(option.plain()) for option in options]
    for name in (_by_what_is_fixed, _by_kind):
        shorter = [name(option) for option in options]
        pairs = zip(shorter, labels, strict=True)
        labels = [short if shorter.count(short) == 1 else label for short, label in pairs]
    return tuple(labels)


def _by_kind(option: Node) -> Answer:
    if isinstance(option.value, str | int | float):
        return option.value
    kind = option.mapping.get("kind")
    return kind.value if kind is not None and isinstance(kind.value, str) else flow(option.plain())


def _by_what_is_fixed(option: Node) -> Answer:
    fixed = {key: child.plain() for key, child in option.mapping.items() if not varies(child)}
    return flow(fixed["kind"] if list(fixed) == ["kind"] else fixed or option.plain())


def _numbers(value: Node) -> Numbers:
    low, high = (bound.value for bound in value.mapping["range"].items)
    step, log = (value.mapping[key].value if key in value.mapping else None for key in ("step", "log"))
    whole = all(isinstance(number, int) for number in (low, high, 1 if step is None else step))
    return Numbers(low, high, 1 if whole and step is None else step, bool(log), whole)  # type: ignore[arg-type]
