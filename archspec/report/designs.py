"""What designs of several factors or steps say beyond their rows: effects, interactions, cumulative gains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from archspec.report.rows import Row, one_difference
from archspec.report.verdicts import Compared
from archspec.statistics import Cell, Difference, Effect, holm, interactions, ladder, main_effects


class Rung(NamedTuple):
    """A step of a roadmap: what it adds to the step before, and what all so far add to the start."""

    row: Row
    gain: Difference | None
    total: Difference | None
    p: float | None
    """Of the gain, corrected over the steps."""
    paper_gain: float | None

    @property
    def compared(self) -> Compared | None:
        """The step compared with the one before."""
        return Compared(self.row.label, self.gain, self.p) if self.gain else None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "arm": self.row.planned.name,
            "baseline": self.row.planned.baseline,
            "gain": one_difference(self.gain),
            "total": one_difference(self.total),
            "p": self.p,
            "paper_gain": self.paper_gain,
        }


def rungs(rows: Sequence[Row]) -> tuple[Rung, ...]:
    """The steps after a baseline, which is the first of the rows."""
    steps = list(ladder(row.values for row in rows))
    p = holm({i: step.gain.p if step.gain else None for i, step in enumerate(steps)})
    return tuple(
        Rung(row, step.gain, step.total, p[i], _minus(row.paper, before.paper))
        for i, (before, row, step) in enumerate(zip(rows, rows[1:], steps, strict=False))
    )


def together(found: Sequence[Rung]) -> Compared | None:
    """All steps of a roadmap as one comparison with its start."""
    last = found[-1] if found else None
    return Compared("all steps together", last.total, last.total.p) if last and last.total else None


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else round(a - b, 9)


class Found(NamedTuple):
    """An effect, and its p corrected over the effects of the same factors."""

    effect: Effect
    p: float | None

    @property
    def factor(self) -> str:
        """The factor of a main effect, or the two of an interaction."""
        return " × ".join(factor for factor, _ in self.effect.levels)

    @property
    def label(self) -> str:
        """The effect in words: `attention over pool`, or `attention × gelu` for what two levels do together."""
        if len(self.effect.levels) == 1:
            return f"{self.effect.levels[0][1] or 'none'} over {self.effect.against[0] or 'none'}"
        return " × ".join(level or "none" for _, level in self.effect.levels)

    @property
    def compared(self) -> Compared | None:
        """The effect as a comparison."""
        found = self.effect.difference
        return Compared(self.label, found, self.p) if found else None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        levels = dict(self.effect.levels)
        return {
            "levels": levels,
            "against": dict(zip(levels, self.effect.against, strict=True)),
            "estimable": self.effect.estimable,
            "p": self.p,
            **one_difference(self.effect.difference),
        }


@dataclass(frozen=True)
class Effects:
    """What the factors of a factorial do on one baseline."""

    baseline: str
    main: tuple[Found, ...]
    interactions: tuple[Found, ...]

    def to_list(self) -> list[dict[str, Any]]:
        """Plain data, main effects first."""
        return [{"baseline": self.baseline, **found.to_dict()} for found in (*self.main, *self.interactions)]


def effects(rows: Sequence[Row]) -> Effects:
    """The effects among the combinations of a block; one that nothing has finished of is left out of the model."""
    cells = [Cell(row.planned.levels, row.values) for row in rows if row.planned.levels and row.values]
    baseline = rows[0].planned.name
    if not cells:
        return Effects(baseline, (), ())
    several = len({name for cell in cells for name in cell.levels}) > 1
    twos = interactions(cells) if several else []
    return Effects(baseline, tuple(_corrected(main_effects(cells))), tuple(_corrected(twos)))


def _corrected(found: Sequence[Effect]) -> Iterator[Found]:
    """Effects with their p corrected within the same factors."""
    families: dict[tuple[str, ...], dict[int, float | None]] = {}
    for i, effect in enumerate(found):
        family = families.setdefault(tuple(factor for factor, _ in effect.levels), {})
        family[i] = effect.difference.p if effect.difference else None
    p = {i: value for family in families.values() for i, value in holm(family).items()}
    yield from (Found(effect, p[i]) for i, effect in enumerate(found))
