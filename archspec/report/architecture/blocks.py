"""A block as it is drawn: its branches from top to bottom, each with the line that passes it by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import escape

from archspec.report.architecture.parts import NOTHING, Arm, Box, Group, Run, worded
from archspec.report.architecture.svg import group, lines, path, printable, rect, tag, text
from archspec.report.wording import short

WIDTH = 184
"""Of a block."""
SIDE = 17
"""Beside the boxes, where lines pass them by."""
GAP = 7
MOST = 5
"""Details of a part that are named."""
MARGIN = 7
SIZES = {"kind": (13.5, 16), "small": (11, 14), "cost": (10.5, 14), "was": (10.5, 14)}
"""Size of the letters and height of a line."""

Link = Callable[[Box], str]
"""Where a box leads; empty where nowhere."""


class Spot(NamedTuple):
    """Where a box begins, and how wide it is."""

    x: float
    y: float
    width: float


class Piece(NamedTuple):
    """Something drawn, and how much room it took."""

    svg: str
    height: float


@dataclass(frozen=True)
class Style:
    """What boxes look like, and where they lead."""

    hues: Mapping[str, int]
    """The colour of each kind of mixer."""
    link: Link

    def hue(self, box: Box) -> str:
        """The class that colours a box."""
        if box.role == "mixer":
            return f"hue-{self.hues.get(box.kind, 0) % 8}"
        return "channels" if box.role == "mlp" else "other"


def large(box: Box, spot: Spot, style: Style) -> Piece:
    """A box with its kind, its details, what it costs, and what it was."""
    told = [box.activation] * bool(box.activation) + [worded(*field) for field in box.details]
    said = [(line, "kind") for line in lines(_name(box), spot.width - 8, 15, 4)]
    said += [(line, "small") for detail in told[:MOST] for line in lines(detail, spot.width - 12, 11, 2)]
    said += [(f"{len(told) - MOST} more", "small")] * (len(told) > MOST)
    said += [(line, "cost") for line in _costs(box)]
    return _box(box, said + _was(box, spot.width), spot, style, 6)


def small(box: Box, spot: Spot, style: Style) -> Piece:
    """A box that is only named."""
    said = [(line, "small") for line in lines(_name(box), spot.width - 12, 11, 1)]
    return _box(box, said + _was(box, spot.width), spot, style, 2)


def block(run: Run, x: float, y: float, style: Style) -> Piece:
    """Equal blocks: one of them in a frame, and how many there are."""
    drawn, at = [], y + MARGIN
    for arm in run.arms:
        piece = _arm(arm, x, at, style)
        drawn.append(piece.svg)
        at += piece.height + MARGIN
    frame = rect(x, y, WIDTH, at - y, "frame", radius=9)
    badge = _badge(f"×{run.depth}", x + WIDTH, y) if run.depth > 1 else ""
    return Piece(group([frame, *drawn, badge]), at - y)


def repeated(found: Group, x: float, y: float, columns: int, style: Style) -> Piece:
    """Blocks that come round: side by side as far as there is room, in a frame where they come more than once."""
    inset = MARGIN if found.times > 1 else 0
    drawn, at = [], y + inset
    for begin in range(0, len(found.runs), columns):
        row = [
            block(run, x + inset + i * (WIDTH + GAP), at, style)
            for i, run in enumerate(found.runs[begin : begin + columns])
        ]
        drawn += [piece.svg for piece in row]
        at += max(piece.height for piece in row) + GAP
    height = at - GAP + inset - y
    if found.times > 1:
        width = wide(found, columns)
        drawn = [rect(x, y, width, height, "round", radius=13), *drawn, _badge(f"×{found.times}", x + width, y)]
    return Piece(group(drawn), height)


def wide(found: Group, columns: int) -> float:
    """How wide a group is drawn."""
    across = min(columns, len(found.runs))
    return across * (WIDTH + GAP) - GAP + 2 * MARGIN * (found.times > 1)


def _arm(arm: Arm, x: float, y: float, style: Style) -> Piece:
    """Norm, part, scaling and sum, and the line that passes them by."""
    left, width, centre = x + SIDE, WIDTH - SIDE - MARGIN, x + SIDE + (WIDTH - SIDE - MARGIN) / 2
    drawn, at = [], y + GAP
    for box, draw in ((arm.norm, small), (arm.op, large), (arm.scaling, small)):
        if box is not None:
            piece = draw(box, Spot(left, at, width), style)
            drawn.append(piece.svg)
            at += piece.height + GAP
    plus, side = at + 6, x + 8
    wire = path(f"M{centre:g} {y - 1:g}V{plus - 6:g}", "wire")
    skip = path(f"M{centre:g} {y + 2:g}H{side + 5:g}q-5 0-5 5V{plus - 5:g}q0 5 5 5H{centre - 6:g}", "wire")
    cross = path(f"M{centre - 3:g} {plus:g}h6m-3-3v6", "wire")
    joined = tag("circle", cx=centre, cy=plus, r=6, class_="sum")
    return Piece(group([wire, skip, *drawn, joined, cross]), plus + 6 - y)


def _box(box: Box, said: list[tuple[str, str]], spot: Spot, style: Style, margin: float) -> Piece:
    x, y, width = spot
    height = 2 * margin + sum(SIZES[look][1] for _, look in said)
    looks = f"box {style.hue(box)}" + (" changed" if box.was else "")
    shape = rect(x, y, width, height, looks, radius=5 if margin > 4 else 8)
    drawn, at = [tag("title", _tooltip(box)), shape], y + margin
    for line, look in said:
        at += SIZES[look][1]
        drawn.append(text(x + width / 2, at - 4, line, look, "middle"))
    place = f"{box.file}:{box.line}" if box.line else ""
    found = group(drawn, "part", data_path=box.path, data_line=place)
    href = style.link(box)
    return Piece(tag("a", found, href=href) if href else found, height)


def _name(box: Box) -> str:
    """Its kind, and what it is where that does not say it."""
    if box.kind == "none":
        return f"no {box.role}"
    return {"positions": f"{box.kind} positions", "downsample": f"↓ {box.kind}"}.get(box.role, box.kind)


def _costs(box: Box) -> list[str]:
    """What one such part costs, in two short lines at most."""
    said = [f"{short(box.cost.params)} params"] if box.cost.params else []
    said += [f"{short(box.cost.frozen_params)} frozen"] if box.cost.frozen_params else []
    said += [f"{short(box.cost.macs)} MACs"] if box.cost.macs else []
    return [" · ".join(said[:2]), *said[2:]] if said else []


def _was(box: Box, width: float) -> list[tuple[str, str]]:
    said = "new" if box.was == NOTHING else f"was {box.was}"
    return [(line, "was") for line in lines(said, width - 10, 10.5)] if box.was else []


def _tooltip(box: Box) -> str:
    where = f" ({box.file}:{box.line})" if box.line else ""
    kept = [f"{short(box.cost.activations)} activations"] if box.cost.activations else []
    costs = " · ".join([*_costs(box), *kept])
    said = [f"{box.path}{where}", box.said, costs, f"was {box.was}" if box.was else ""]
    return escape("\n".join(printable(line) for line in said if line))


def _badge(said: str, right: float, y: float) -> str:
    width = 12 + 7.5 * len(said)
    shape = rect(right - width - 8, y - 9, width, 18, "badge", radius=9)
    return group([shape, text(right - 8 - width / 2, y + 4.5, said, "times", "middle")])
