"""The whole picture: maps as they shrink from left to right, below each the blocks that work on it, and their costs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from archspec.report.architecture.blocks import GAP, WIDTH, Link, Piece, Spot, Style, large, repeated, wide
from archspec.report.architecture.parts import Network, Part
from archspec.report.architecture.svg import group, path, rect, tag, text
from archspec.report.wording import count, short

BETWEEN = 20
NARROW = 164
"""Width of the stem and the head."""
CENTRE, LABELS, CARDS = 52, 110, 152
"""Heights: the middle of the maps, what is said of them, and where blocks begin."""
ACROSS = 5
"""Columns of blocks that fit beside each other."""
BARS = (("params", "params"), ("macs", "MACs"), ("activations", "activations"))


def draw(found: Network, link: Link = lambda _: "", kinds: Sequence[str] = ()) -> Markup:
    """A network as an SVG element; colours and fonts come from the page's style sheet.

    `kinds` are mixers that have the first colours, so that two networks beside each other look alike.
    """
    style = Style({kind: number for number, kind in enumerate(dict.fromkeys([*kinds, *found.kinds]))}, link)
    columns = max(1, ACROSS // max(1, len(found.parts) - 2))
    widths = [_width(part, columns) for part in found.parts]
    lefts = [BETWEEN / 2 + sum(widths[:i]) + BETWEEN * i for i in range(len(widths))]
    middles = [left + width / 2 for left, width in zip(lefts, widths, strict=True)]
    entries = [_entry(part, middle, style) for part, middle in zip(found.parts, middles, strict=True)]
    # Blocks begin at one height, so that the eye can go from stage to stage.
    begin = CARDS + 9 + max([entry.height for entry in entries[1:-1]], default=0)
    blocks = [_blocks(part, left, begin, columns, style) for part, left in zip(found.parts, lefts, strict=True)]
    bottom = max(begin + max(each.height for each in blocks), CARDS + max(each.height for each in entries)) + 24
    drawn: list[str] = [*_maps(found, middles), *(piece.svg for piece in (*entries, *blocks))]
    for part, left, width, middle in zip(found.parts, lefts, widths, middles, strict=True):
        drawn += [_labels(found, part, middle), _bars(found, part, left, width, bottom)]
    width, height = sum(widths) + BETWEEN * len(widths), bottom + 26 * len(BARS) + 10
    label = f"{found.name or 'a network'}: {len(found.parts) - 2} stages, {short(found.cost.params)} parameters"
    box = f"0 0 {width:g} {height:g}"
    # What is one picture to those who do not see it has no links within.
    role = "group" if any(map(link, found.boxes)) else "img"
    about = {"role": role, "aria_label": label, "class_": "network", "viewBox": box, "width": width, "height": height}
    return tag("svg", *drawn, xmlns="http://www.w3.org/2000/svg", **about)


def _width(part: Part, columns: int) -> float:
    return max([WIDTH if part.groups else NARROW, *(wide(group, columns) for group in part.groups)])


def _entry(part: Part, middle: float, style: Style) -> Piece:
    """What comes before the blocks, from top to bottom."""
    drawn, at, width = [], 0.0, WIDTH if part.groups else NARROW
    for box in part.entry:
        piece = large(box, Spot(middle - width / 2, CARDS + at, width), style)
        drawn.append(piece.svg)
        at += piece.height + GAP
    return Piece(group(drawn), at)


def _blocks(part: Part, left: float, y: float, columns: int, style: Style) -> Piece:
    """The blocks of a stage."""
    drawn, at = [], y
    for each in part.groups:
        piece = repeated(each, left, at, columns, style)
        drawn.append(piece.svg)
        at += piece.height + GAP + 9
    return Piece(group(drawn, "new" if part.is_new else ""), at - y)


def _labels(found: Network, part: Part, middle: float) -> Markup:
    rows, columns = part.grid
    shape = f"{rows}×{columns} × {part.dim}"
    if part.path == "head":
        shape = f"{found.classes:,} classes"
    if part.path == "stem":
        shape = f"{found.image[0]}×{found.image[1]} × {found.channels}"
    drawn: list[str] = [text(middle, LABELS, part.name, "name", "middle")]
    drawn.append(text(middle, LABELS + 15, shape, "shape", "middle"))
    drawn.append(text(middle, LABELS + 29, " · ".join(_counted(part)), "was" if part.was else "small", "middle"))
    return group(drawn)


def _counted(part: Part) -> Iterator[str]:
    """How many blocks and class tokens, and what the baseline has instead."""
    was = dict(part.was)
    if part.depth:
        yield count(part.depth, "block") + (f", was {was['depth']}" if "depth" in was else "")
    if part.depth and part.class_tokens:
        yield count(len(part.class_tokens), "class token")
    if "dim" in was:
        yield f"width was {was['dim']}"
    if part.is_new:
        yield "new"


def _maps(found: Network, middles: list[float]) -> Iterator[Markup]:
    """The image, the map of every stage, and the logits, with arrows between them."""
    stages = found.parts[1:-1]
    sizes = [_size(found.image, found.channels, found)]
    sizes += [_size(part.grid, part.dim, found) for part in stages]
    sizes.append((8, 56, 6))
    for i, (middle, (width, height, depth)) in enumerate(zip(middles, sizes, strict=True)):
        looks = "image" if i == 0 else "logits" if i == len(middles) - 1 else "map"
        yield _slab(middle - depth / 2, width, height, depth, looks)
        if i:
            begin = middles[i - 1] + (sizes[i - 1][0] + sizes[i - 1][2]) / 2 + 8
            end = middle - (width + depth) / 2 - 8
            yield path(f"M{begin:g} {CENTRE}H{end:g}m-5-4l5 4l-5 4", "flow")


def _size(grid: tuple[int, int], dim: int, found: Network) -> tuple[float, float, float]:
    """Width, height and depth of a map: the larger the grid and the more channels, in moderation."""
    most = max(found.parts[1].grid) if len(found.parts) > 2 else 1
    widest = max([part.dim for part in found.parts], default=1)
    sides = [14 + 48 * math.sqrt(min(1.35, side / most)) for side in grid]
    return round(sides[1], 1), round(sides[0], 1), round(4 + 26 * math.sqrt(dim / widest), 1)


def _slab(middle: float, width: float, height: float, depth: float, look: str) -> Markup:
    """A box seen from the front, a little from above and from the right."""
    left, top, lift = middle - width / 2, CENTRE - height / 2 + depth / 4, depth / 2
    right, bottom = left + width, top + height
    roof = path(f"M{left:g} {top:g}l{depth:g}{-lift:g}h{width:g}l{-depth:g} {lift:g}Z", "face top")
    side = path(f"M{right:g} {top:g}l{depth:g}{-lift:g}v{height:g}L{right:g} {bottom:g}Z", "face side")
    return group([roof, side, rect(left, top, width, height, "face front")], f"slab {look}")


def _bars(found: Network, part: Part, left: float, width: float, y: float) -> Markup:
    """What a part costs, as a share of the whole network; a tick says what it costs in the baseline."""
    drawn = []
    for i, (name, title) in enumerate(BARS):
        at, cost, total = y + 26 * i, getattr(part.cost, name), max(1, getattr(found.cost, name))
        drawn.append(text(left, at, title, "cost"))
        drawn.append(text(left + width, at, f"{short(cost)} · {_share(cost / total)}", "share", "end"))
        drawn.append(rect(left, at + 4, width, 5, "track", radius=2.5))
        drawn.append(rect(left, at + 4, round(max(1.5, width * cost / total), 1), 5, f"bar {name}", radius=2.5))
        if part.before is not None and getattr(part.before, name) != cost:
            tick = left + min(width, width * getattr(part.before, name) / total)
            drawn.append(path(f"M{tick:g} {at + 1.5:g}v10", "tick"))
    return group(drawn)


def _share(value: float) -> str:
    return "<1%" if 0 < value < 0.005 else f"{value:.0%}"
