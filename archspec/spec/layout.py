"""A resolved network laid out: every part with the place where it stands, what it costs, and what is wrong with it.

Stages and their parts are remembered by what they are and where they stand: an edit works out again only the stages it
touches, and a search puts its many stages together from few parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from archspec.errors import Problem
from archspec.spec.arch import CLASS_TOKENS, Arch, Block, Stage, as_grid
from archspec.spec.base import Complaint, Cycle, Spec
from archspec.spec.cost import Cost, vector
from archspec.spec.downsamples import NoDownsample
from archspec.spec.place import Place, Scope
from archspec.spec.symbols import misplaced, nothing_to_inherit


@dataclass(frozen=True, slots=True)
class Section:
    """The stem, a stage or the head: where it begins and ends, its cost part by part, and what cannot work."""

    name: str
    spec: Spec
    entry: Place
    at: Place
    costs: tuple[tuple[str, Cost], ...]
    complaints: tuple[Complaint, ...]
    ends: bool = False
    """Whether no map comes out of it, so that nothing can be said about what follows."""

    @property
    def cost(self) -> Cost:
        """The sum over its parts."""
        return sum((cost for _, cost in self.costs), Cost())


@dataclass(frozen=True)
class Layout:
    """A resolved arch and its sections in order."""

    arch: Arch
    sections: tuple[Section, ...]

    @cached_property
    def cost(self) -> Cost:
        """What the whole network costs."""
        return sum((section.cost for section in self.sections), Cost())

    @property
    def stages(self) -> tuple[Section, ...]:
        """The stages' sections."""
        return self.sections[1:-1]

    def problems(self) -> Iterator[Problem]:
        """Everything that cannot work, with its path."""
        for complaint in misplaced(self.arch.init, "init", 0):
            yield Problem(complaint.code, complaint.message, complaint.hint, complaint.field)
        for section in self.sections:
            for complaint in section.complaints:
                path = f"{section.name}.{complaint.field}".strip(".")
                yield Problem(complaint.code, complaint.message, complaint.hint, path)
            if section.ends:
                return


def lay_out(arch: Arch, size: Any = None) -> Layout:
    """The network at its own image size, or run at another one."""
    native = as_grid(arch.input.size)
    image = Place(arch.input.channels, native if size is None else as_grid(size), native, out=arch.stages[0].dim)
    sections = [_reshaped("stem", arch.stem, image)]
    for index, stage in enumerate(arch.stages):
        if sections[-1].ends:
            break
        entry = sections[-1].at._replace(out=stage.dim)
        section = _first_stage(stage, entry) if index == 0 else _stage(stage, entry)
        sections.append(replace(section, name=f"stages.{index}"))
    sections.append(_head(arch.head, sections[-1].at._replace(out=arch.classes)))
    return Layout(_resolved(arch, sections), tuple(sections))


def _resolved(arch: Arch, sections: list[Section]) -> Arch:
    stem, *stages, head = (section.spec for section in sections)
    return arch._changed({"stem": stem, "stages": tuple(stages), "head": head})


@lru_cache(maxsize=65536)
def _reshaped(name: str, reshaper: Any, entry: Place) -> Section:
    """The stem, or what leads from one stage into the next; the mistakes of both are found at their own fields."""
    written = misplaced(reshaper, "", 0)
    reshaper = reshaper.resolve(Scope(entry.native))
    complaints = [*written, *_reshaping(reshaper, entry)]
    if entry.class_tokens and reshaper.needs_grid:
        message = f"class tokens cannot pass `{reshaper.kind}`, which works on a grid"
        complaints.append(Complaint("", message, "let them enter at a later stage", "ARC302"))
    costs = () if complaints else ((name, reshaper.total(entry)),)
    ends = _ends(reshaper, entry)
    return Section(name, reshaper, entry, _behind(reshaper, entry), costs, tuple(complaints), ends)


@lru_cache(maxsize=4096)
def _head(head: Spec, at: Place) -> Section:
    written = misplaced(head, "", 0)
    head = head.resolve(Scope(at.native))
    complaints = (*written, *head.complaints(at))
    return Section("head", head, at, at, () if complaints else (("head", head.total(at)),), complaints)


@lru_cache(maxsize=4096)
def _first_stage(stage: Stage, at: Place) -> Section:
    return _inside(stage, at, at, (), ())


@lru_cache(maxsize=4096)
def _stage(stage: Stage, entry: Place) -> Section:
    """A stage that another leads into."""
    way = _reshaped("downsample", stage.downsample or NoDownsample(), entry)
    complaints = tuple(_under("downsample", way.complaints))
    stage = stage._changed({"downsample": way.spec})
    if way.ends:
        return Section("", stage, entry, way.at, (), complaints, ends=True)
    return _inside(stage, entry, way.at, way.costs, complaints)


def _behind(reshaper: Any, entry: Place) -> Place:
    """The place behind a reshaper, at least one token large so that what follows can still be looked at."""
    after = entry.behind(reshaper)
    return after._replace(grid=_at_least_one(after.grid), native=_at_least_one(after.native))


def _at_least_one(grid: tuple[int, int]) -> tuple[int, int]:
    return max(1, grid[0]), max(1, grid[1])


def _ends(reshaper: Any, entry: Place) -> bool:
    """Whether what comes out is no map, or one that only makes further mistakes of the one at hand."""
    after = reshaper.grid_after(entry.grid)
    return min(after) < 1 or (after != entry.grid and any(reshaper.check(entry)))


def _reshaping(reshaper: Any, entry: Place) -> Iterator[Complaint]:
    found = list(reshaper.check(entry))
    yield from found
    if min(reshaper.grid_after(entry.grid)) < 1:
        if not found:
            rows, columns = entry.grid
            message = f"nothing is left of a {rows}×{columns} map"
            yield Complaint("", message, "a larger `input.size`, or a smaller stride")
        return
    for name, spec, place in reshaper.parts(entry):
        yield from _under(name, spec.complaints(place))


def _inside(
    stage: Stage, entry: Place, after: Place, costs: tuple[tuple[str, Cost], ...], complaints: tuple[Complaint, ...]
) -> Section:
    """A stage's section, once it is known what its downsampler leads to."""
    own = tuple(token for token in CLASS_TOKENS if token in stage.class_tokens or token in after.class_tokens)
    at = after._replace(class_tokens=own)
    resolved, told, inner = _blocks(stage, after, at)
    found = (*complaints, *told)
    return Section("", resolved, entry, at, () if found else (*costs, *inner), found)


Blocks = tuple[Stage, tuple[Complaint, ...], tuple[tuple[str, Cost], ...]]
"""A resolved stage, what is wrong with it, and what it costs behind its downsampler."""


def _blocks(stage: Stage, before: Place, at: Place) -> Blocks:
    """The blocks of a stage: equal ones are looked at once, and equal parts of all stages remembered."""
    resolved, complaints, costs = stage.resolve(Scope(at.native)), [*_misplaced(stage, before)], dict[str, Cost]()
    found = _looked_at(resolved.positions, at)
    complaints += _under("positions", found.complaints)
    if not resolved.positions.is_none:
        costs["positions"] = found.cost
    if stage.class_tokens:
        costs["class_tokens"] = vector(at.dim, len(stage.class_tokens))
    turns = min(stage.depth, stage.period())
    for index in range(turns):
        repeats = len(range(index, stage.depth, turns))
        for name, spec in _parts(resolved.block(index)):
            found = _looked_at(spec, at)
            costs[name] = costs.get(name, NOTHING) + found.cost * repeats
            if found.complaints:
                complaints += _under(_address(getattr(stage, name), name, index), found.complaints)
    return resolved, tuple(dict.fromkeys(complaints)), tuple(costs.items())


PER_BLOCK = ("mixer", "mlp", "norm", "scaling")
"""The costs of a stage that grow with its depth."""


def _parts(block: Block) -> Iterator[tuple[str, Spec]]:
    """The parts of a block, each under the name of the field that says what it is."""
    branches = [branch for branch in (block.mixer, block.mlp) if branch]
    yield from zip(("mixer", "mlp"), (branch.op for branch in branches), strict=False)
    for branch in branches:
        yield "norm", branch.norm
        yield "scaling", branch.scaling


def _misplaced(stage: Stage, before: Place) -> Iterator[Complaint]:
    """What is wrong with a stage wherever it stands, or after what stands before it."""
    for name in ("mixer", "mlp", "norm", "scaling", "activation"):
        yield from misplaced(getattr(stage, name), name, stage.depth)
    yield from misplaced(stage.positions, "positions", 0)
    yield from nothing_to_inherit(stage, "")
    for token in set(stage.class_tokens) & set(before.class_tokens):
        message = f"the stage before already has a class token at the {token}"
        yield Complaint("class_tokens", message, "it goes through all that follow", "ARC302")


class LookedAt(NamedTuple):
    """A resolved part at a place: what is wrong with it there, and what it costs where nothing is."""

    complaints: tuple[Complaint, ...]
    cost: Cost


NOTHING = Cost()


@lru_cache(maxsize=65536)
def _looked_at(spec: Spec, at: Place) -> LookedAt:
    complaints = tuple(spec.complaints(at))
    # What cannot work has no cost: asking for it could divide by a width of nothing.
    return LookedAt(complaints, NOTHING if complaints else spec.total(at))


def _under(path: str, complaints: Iterable[Complaint]) -> Iterator[Complaint]:
    """Complaints about a part as complaints about what it is part of."""
    return (one._replace(field=f"{path}.{one.field}".strip(".")) for one in complaints)


def _address(part: Spec, path: str, block: int) -> str:
    """Where a block's part is written: in the stage, or in the cycle it takes its turn in."""
    if not isinstance(part, Cycle):
        return path
    turn, index = divmod(block, len(part.cycle))
    return _address(part.cycle[index], f"{path}.cycle.{index}", turn)
