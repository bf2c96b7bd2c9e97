"""A roadmap as a waterfall: where it starts, what each step adds or takes, where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.report.figures.drawing import Drawing, Figure, axis, layout, plain
from archspec.report.table import Block, Table
from archspec.report.wording import fixed, signed


@dataclass(frozen=True)
class Bar:
    """A step: where it begins and ends, how sure the end is, and where the paper is by then."""

    label: str
    start: float
    end: float
    margin: float | None
    """Half the interval of what the step itself adds, paired by seed."""
    paper: float | None

    @property
    def gain(self) -> float:
        """What the step adds."""
        return self.end - self.start


@dataclass(frozen=True)
class Waterfall:
    """A roadmap's bars, from its start on."""

    baseline: str
    start: float
    paper: float | None
    bars: tuple[Bar, ...]


def waterfall(table: Table, block: Block) -> Waterfall | None:
    """The roadmap of a baseline: paired gains stacked on its mean; None before anything can be stacked."""
    start = block.baseline.summary
    if start is None:
        return None
    height, bars = start.mean, []
    for rung in table.rungs[block.baseline.planned.id]:
        if rung.gain is None:
            break
        end = height + rung.gain.mean
        bars.append(Bar(rung.row.label, height, end, rung.gain.summary.margin, rung.row.paper))
        height = end
    return Waterfall(block.baseline.label, start.mean, block.baseline.paper, tuple(bars)) if bars else None


def figures(table: Table) -> Iterator[Figure]:
    """A figure for each baseline of a roadmap."""
    for number, block in enumerate(table.blocks if table.rungs else ()):
        found = waterfall(table, block)
        if found is not None:
            caption = (
                "what each step adds, paired by seed; bars are 95% intervals of the step, diamonds the paper's values"
            )
            drawing = draw(found, table.metric, table.digits)
            yield Figure(f"roadmap-{number}", f"From {block.baseline.label}", caption, drawing)


def draw(found: Waterfall, metric: str, digits: int) -> Drawing:
    """Floating bars from bottom to top, up in one colour and down in another, with their sizes written on them."""
    names = [found.baseline, *(bar.label for bar in found.bars)]
    values = [found.start, *(v for bar in found.bars for v in (bar.start, bar.end, bar.paper) if v is not None)]
    values += [found.paper] if found.paper is not None else []
    room = (max(values) - min(values)) or 1.0
    floor = min(values) - 0.15 * room
    # The names of steps are long: they stand beside the bars, the start on top.
    plane = layout(metric, "", height=90 + 38 * len(names), hovermode="closest", showlegend=False, bargap=0.35)
    plane["xaxis"] = axis(metric, range=[floor, max(values) + 0.2 * room])
    plane["yaxis"] = axis("", autorange="reversed", type="category", showgrid=False)
    data = [_start(found, floor, digits), *(_bar(bar, digits) for bar in found.bars), *_paper(found, names)]
    sizes = [fixed(found.start, digits), *(signed(bar.gain, digits) for bar in found.bars)]
    plane["annotations"] = [_size(name, size) for name, size in zip(names, sizes, strict=True)]
    return {"data": data, "layout": plane}


def _size(name: str, size: str) -> dict[str, Any]:
    """A step's size in words, at the right edge, where no bar is."""
    return {"text": size, "y": plain(name), "x": 1, "xref": "paper", "xanchor": "right", "showarrow": False}


def _start(found: Waterfall, floor: float, digits: int) -> dict[str, Any]:
    text = fixed(found.start, digits)
    size = [round(found.start - floor, 6)]
    return {**_shared(found.baseline, text), "x": size, "base": [floor], "marker": {"color": "@ink/0.75"}}


def _bar(bar: Bar, digits: int) -> dict[str, Any]:
    colour = "@up" if bar.gain >= 0 else "@down"
    error = {"type": "data", "array": [bar.margin], "color": "@ink", "thickness": 1.2, "width": 4}
    shown = {"error_x": error} if bar.margin is not None else {}
    size = {"x": [round(bar.gain, 6)], "base": [round(bar.start, 6)]}
    return {**_shared(bar.label, signed(bar.gain, digits)), **size, "marker": {"color": colour}, **shown}


def _shared(label: str, text: str) -> dict[str, Any]:
    hover = {"hovertemplate": f"{plain(label)}: {text}<extra></extra>"}
    return {"type": "bar", "orientation": "h", "y": [plain(label)], "name": plain(label), **hover}


def _paper(found: Waterfall, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    heights = [found.paper, *(bar.paper for bar in found.bars)]
    known = [(name, height) for name, height in zip(names, heights, strict=True) if height is not None]
    if known:
        yield {
            "type": "scatter",
            "mode": "markers",
            "name": "paper",
            "x": [height for _, height in known],
            "y": [plain(name) for name, _ in known],
            "marker": {"symbol": "diamond-open", "size": 10, "color": "@ink", "line": {"width": 1.5}},
            "hovertemplate": "%{y}: %{x} in the paper<extra></extra>",
        }
