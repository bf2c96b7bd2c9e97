"""The effects of a factorial: each level against the first of its factor, and how factors change each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from archspec.report.designs import Found
from archspec.report.figures import forest
from archspec.report.figures.drawing import Drawing, Figure, axis, layout, plain
from archspec.report.figures.forest import Twig
from archspec.report.figures.looks import look_of
from archspec.report.table import Block, Table
from archspec.statistics import mean


@dataclass(frozen=True)
class Crossing:
    """Two factors: for each level of the second, the mean at every level of the first."""

    first: str
    second: str
    levels: list[str]
    lines: dict[str, list[float | None]]


def twigs(found: Sequence[Found]) -> list[Twig]:
    """The effects that could be worked out."""
    there = [(one, one.effect.difference) for one in found if one.effect.difference is not None]
    return [Twig(one.factor, one.label, difference.mean, difference.interval) for one, difference in there]


def crossings(block: Block) -> list[Crossing]:
    """The means of every two factors' levels, over the combinations that have reached something."""
    rows = [row for row in block.rows if row.planned.levels and row.summary]
    names = dict.fromkeys(name for row in rows for name in row.planned.levels)
    levels = {name: list(dict.fromkeys(row.planned.levels.get(name, "none") for row in rows)) for name in names}
    varying = [name for name in names if len(levels[name]) > 1]
    found = []
    for first, second in combinations(varying, 2):
        at: dict[tuple[str, str], list[float]] = {}
        for row in rows:
            place = row.planned.levels.get(first, "none"), row.planned.levels.get(second, "none")
            at.setdefault(place, []).append(row.summary.mean if row.summary else 0.0)
        means = {place: summary.mean for place, values in at.items() if (summary := mean(values))}
        lines = {other: [means.get((one, other)) for one in levels[first]] for other in levels[second]}
        found.append(Crossing(first, second, levels[first], lines))
    return found


def figures(table: Table) -> Iterator[Figure]:
    """Main effects and crossings of every baseline of a factorial."""
    for number, block in enumerate(table.blocks if table.effects else ()):
        effects = table.effects[block.baseline.planned.id]
        shown = twigs([*effects.main, *effects.interactions])
        on = f" on {block.baseline.label}" if len(table.blocks) > 1 else ""
        if shown:
            caption = (
                "differences averaged over the other factors, with 95% intervals over seeds; grey where they cross 0"
            )
            drawing = forest.draw(shown, table.metric, table.digits)
            yield Figure(f"effects-{number}", f"Effects{on}", caption, drawing)
        for place, crossing in enumerate(crossings(block)):
            title, caption = (
                f"{crossing.first} × {crossing.second}{on}",
                "lines that are not parallel are an interaction",
            )
            yield Figure(f"crossing-{number}-{place}", title, caption, draw_crossing(crossing, table.metric))


def draw_crossing(crossing: Crossing, metric: str) -> Drawing:
    """A line for each level of the second factor over the levels of the first."""
    data = []
    for number, (level, heights) in enumerate(crossing.lines.items()):
        look = look_of(number)
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [plain(name) for name in crossing.levels],
                "y": [None if height is None else round(height, 4) for height in heights],
                "name": plain(level),
                "line": {"color": look.colour, "dash": look.dash, "width": 2},
                "marker": {"color": look.colour, "symbol": look.marker, "size": 9},
            }
        )
    plane = layout(crossing.first, metric, hovermode="x unified")
    plane["xaxis"] = axis(crossing.first, type="category", showgrid=False)
    plane["legend"] = {**plane["legend"], "title": {"text": plain(crossing.second)}}
    return {"data": data, "layout": plane}
