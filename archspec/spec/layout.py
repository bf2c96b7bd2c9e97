"""A resolved network laid out: every part with the place where it stands, what it costs, and what is wrong with it.

Stages are remembered by what they are and where they stand, so an edit works out again only the stages it touches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from archspec.errors import Problem
from archspec.spec.arch import CLASS_TOKENS, Arch, Branch, Stage, as_grid
from archspec.spec.base import Complaint, Cycle, Part, Spec
from archspec.spec.cost import Cost, vector
from archspec.spec.downsamples import NoDownsample
from archspec.spec.place import Place, Scope
from archspec.spec.symbols import each_inheriting, inheriting, long_cycles


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


@dataclass(frozen=True, slots=True)
class Layout:
    """A resolved arch and its sections in order."""

    arch: Arch
    sections: tuple[Section, ...]

    @property
    def cost(self) -> Cost:
        """What the whole network costs."""
        return sum((section.cost for section in self.sections), Cost())

    @property
    def stages(self) -> tuple[Section, ...]:
        """The stages' sections."""
        return self.sections[1:-1]

    def problems(self) -> Iterator[Problem]:
        """Everything that cannot work, with its path."""
        for complaint in long_cycles(self.arch.init, "init", 0):
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
    sections = [_stem(arch.stem, image)]
    for index, stage in enumerate(arch.stages):
        if sections[-1].ends:
            break
        entry = replace(sections[-1].at, out=stage.dim)
        section = _first_stage(stage, entry) if index == 0 else _stage(stage, entry)
        sections.append(replace(section, name=f"stages.{index}"))
    sections.append(_head(arch.head, replace(sections[-1].at, out=arch.classes)))
    return Layout(_resolved(arch, sections), tuple(sections))


def _resolved(arch: Arch, sections: list[Section]) -> Arch:
    stem, *stages, head = (section.spec for section in sections)
    return arch._changed({"stem": stem, "stages": tuple(stages), "head": head})


@lru_cache(maxsize=4096)
def _stem(stem: Spec, image: Place) -> Section:
    written = (*long_cycles(stem, "", 0), *inheriting(stem, ""))
    stem = stem.resolve(Scope(image.native))
    after = _behind(stem, image)
    complaints, ends = (*written, *_reshaping(stem, image)), _ends(stem, image)
    return Section("stem", stem, image, after, () if complaints else (("stem", stem.total(image)),), complaints, ends)


@lru_cache(maxsize=4096)
def _head(head: Spec, at: Place) -> Section:
    written = (*long_cycles(head, "", 0), *inheriting(head, ""))
    head = head.resolve(Scope(at.native))
    complaints = (*written, *head.complaints(at))
    return Section("head", head, at, at, () if complaints else (("head", head.total(at)),), complaints)


@lru_cache(maxsize=65536)
def _first_stage(stage: Stage, at: Place) -> Section:
    return _inside(stage, at, at, (), ())


@lru_cache(maxsize=65536)
def _stage(stage: Stage, entry: Place) -> Section:
    downsample: Any = stage.downsample or NoDownsample()
    complaints = [*long_cycles(downsample, "downsample", 0), *inheriting(downsample, "downsample")]
    downsample = downsample.resolve(Scope(entry.native))
    after = _behind(downsample, entry)
    complaints += (c._replace(field=f"downsample.{c.field}".strip(".")) for c in _reshaping(downsample, entry))
    if entry.class_tokens and downsample.needs_grid:
        message = f"class tokens cannot pass `{downsample.kind}`, which works on a grid"
        complaints.append(Complaint("downsample", message, "let them enter at a later stage", "ARC302"))
    stage = stage._changed({"downsample": downsample})
    if _ends(downsample, entry):
        return Section("", stage, entry, after, (), tuple(complaints), ends=True)
    costs = () if complaints else (("downsample", downsample.total(entry)),)
    return _inside(stage, entry, after, costs, tuple(complaints))


def _behind(reshaper: Any, entry: Place) -> Place:
    """The place behind a reshaper, at least one token large so that what follows can still be looked at."""
    after = entry.behind(reshaper)
    return replace(after, grid=_at_least_one(after.grid), native=_at_least_one(after.native))


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
        for complaint in spec.complaints(place):
            yield complaint._replace(field=f"{name}.{complaint.field}".strip("."))


def _inside(
    stage: Stage, entry: Place, after: Place, costs: tuple[tuple[str, Cost], ...], complaints: tuple[Complaint, ...]
) -> Section:
    """A stage's section, once it is known what its downsampler leads to."""
    own = tuple(token for token in CLASS_TOKENS if token in stage.class_tokens or token in after.class_tokens)
    at = replace(after, class_tokens=own)
    resolved, told, inner = _blocks(stage, after, at)
    found = (*complaints, *told)
    # What cannot work has no cost: asking for it could divide by a width of nothing.
    return Section("", resolved, entry, at, () if found else (*costs, *inner), found)


Blocks = tuple[Stage, tuple[Complaint, ...], tuple[tuple[str, Cost], ...]]
"""A resolved stage, what is wrong with it, and what it costs behind its downsampler."""


def _blocks(stage: Stage, after: Place, at: Place) -> Blocks:
    """The blocks of a stage; equal ones are looked at once, whatever their number and whatever leads to them."""
    depth = stage.depth if stage.period() == 1 else 1
    resolved, complaints, costs = _few_blocks(
        stage._changed({"downsample": None, "depth": stage.depth // depth}), after, at
    )
    resolved = resolved._changed({"downsample": stage.downsample, "depth": stage.depth})
    repeated = ((name, cost * (depth if name in PER_BLOCK else 1)) for name, cost in costs)
    return resolved, complaints, tuple(repeated)


@lru_cache(maxsize=65536)
def _few_blocks(stage: Stage, after: Place, at: Place) -> Blocks:
    resolved = stage.resolve(Scope(at.native))
    complaints = tuple(_stage_complaints(stage, resolved, after, at))
    return resolved, complaints, () if complaints else tuple(_stage_costs(resolved, at))


def _stage_costs(stage: Stage, at: Place) -> Iterator[tuple[str, Cost]]:
    if not stage.positions.is_none:
        yield "positions", stage.positions.total(at)
    if stage.class_tokens:
        yield "class_tokens", vector(at.dim, len(stage.class_tokens))
    period = min(stage.depth, stage.period())
    totals: dict[str, Cost] = {}
    for index in range(period):
        repeats = len(range(index, stage.depth, period))
        for name, spec in _branch_parts(stage, index):
            totals[name] = totals.get(name, Cost()) + _total(spec, at) * repeats
    yield from totals.items()


@lru_cache(maxsize=65536)
def _total(spec: Spec, at: Place) -> Cost:
    return spec.total(at)


PER_BLOCK = ("mixer", "mlp", "norm", "scaling")
"""The costs of a stage that grow with its depth."""


def _branch_parts(stage: Stage, index: int) -> Iterator[tuple[str, Spec]]:
    block = stage.block(index)
    yield "mixer", block.mixer.op
    if block.mlp:
        yield "mlp", block.mlp.op
    for branch in (block.mixer, block.mlp):
        if branch:
            yield "norm", branch.norm
            yield "scaling", branch.scaling


def _stage_complaints(stage: Stage, resolved: Stage, before: Place, at: Place) -> Iterator[Complaint]:
    for name in ("mixer", "mlp", "norm", "scaling", "activation"):
        yield from long_cycles(getattr(stage, name), name, stage.depth)
    yield from long_cycles(stage.positions, "positions", 0)
    yield from each_inheriting(stage, "")
    for token in set(stage.class_tokens) & set(before.class_tokens):
        message = f"the stage before already has a class token at the {token}"
        yield Complaint("class_tokens", message, "it goes through all that follow", "ARC302")
    yield from (c._replace(field=f"positions.{c.field}".strip(".")) for c in resolved.positions.complaints(at))
    seen = set()
    for index in range(min(stage.depth, resolved.period())):
        block = resolved.block(index)
        for name, branch in (("mixer", block.mixer), ("mlp", block.mlp)):
            if branch and (name, branch) not in seen:
                seen.add((name, branch))
                paths = _address(getattr(stage, name), name, index), _address(stage.norm, "norm", index)
                yield from _branch_complaints(branch, *paths, at)


def _branch_complaints(branch: Branch, path: str, norm_path: str, at: Place) -> Iterator[Complaint]:
    for part in (Part(path, branch.op, at), Part(norm_path, branch.norm, at)):
        for complaint in _complaints(part.spec, at):
            yield complaint._replace(field=f"{part.name}.{complaint.field}".strip("."))


@lru_cache(maxsize=65536)
def _complaints(spec: Spec, at: Place) -> tuple[Complaint, ...]:
    return tuple(spec.complaints(at))


def _address(part: Spec, path: str, block: int) -> str:
    """Where a block's part is written: in the stage, or in the cycle it takes its turn in."""
    if not isinstance(part, Cycle):
        return path
    turn, index = divmod(block, len(part.cycle))
    return _address(part.cycle[index], f"{path}.cycle.{index}", turn)
