"""Scenes: drawn images whose class is a pair (texture, layout), so that one must look closely and look far.

The texture fills the background and is seen in any small patch. The layout is what four bright discs do: each lies in a
cell of its own of a 4 × 4 grid, and together they fill a row, fill a column, or stand in four rows and four columns.
Every scene holds four discs and three dark crosses, and in every layout each cell holds a disc equally often, so that
neither the patches nor where each of them lies says anything about the layout: only seeing several cells at once does.
Mirroring an image changes nothing about its class.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from archspec.training.data.source import Pixels
from archspec.training.randomness import draws

REVISION = 1
"""Rises when any pixel changes: it is part of the data's identity."""
TEXTURES = ("stripes", "checks", "dots", "cloth")
LAYOUTS = ("row", "column", "scattered")
CLASSES = tuple(f"{texture}_{layout}" for texture in TEXTURES for layout in LAYOUTS)
KINDS = ("background", "disc", "cross")
"""What the numbers in masks and boxes mean."""

Map: TypeAlias = NDArray[np.floating[Any]]
DISCS, CROSSES = 4, 3
NUMBERS = 10 + 8 + 6 * (DISCS + CROSSES)
"""Uniform draws that one scene uses."""


class Scene(NamedTuple):
    """A scene and everything there is to know about it; boxes are left, top, right, bottom in pixels."""

    image: Pixels
    label: int
    mask: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    kinds: NDArray[np.int64]


class Thing(NamedTuple):
    """Something to draw: what it is, its centre and radius in units of 1/32 of the image, and its colour."""

    kind: int
    row: float
    column: float
    radius: float
    colour: NDArray[np.float32]


def scene(seed: int, index: int, size: tuple[int, int] = (32, 32)) -> Scene:
    """The scene of an index; classes take turns, so any whole number of rounds is balanced."""
    label = index % len(CLASSES)
    texture, layout = divmod(label, len(LAYOUTS))
    numbers = draws(seed, "scene", index).random(NUMBERS, dtype=np.float32)
    image = background(texture, numbers[:10], size)
    mask = np.zeros(size, np.uint8)
    things = placed(layout, numbers[10:])
    boxes = np.array([draw(thing, image, mask) for thing in things], np.float32)
    pixels = np.clip(image, 0, 255).astype(np.uint8)
    return Scene(pixels, label, mask, boxes, np.array([thing.kind for thing in things]))


def background(texture: int, numbers: Map, size: tuple[int, int]) -> Map:
    """A texture in two colours of its own, shifted at random."""
    rows, columns = size
    # Eight periods an image, whatever its size.
    y = np.arange(rows, dtype=np.float32)[:, None] * np.float32(2 * np.pi * 8 / rows) + numbers[0] * 6.283
    x = np.arange(columns, dtype=np.float32)[None, :] * np.float32(2 * np.pi * 8 / columns) + numbers[1] * 6.283
    pattern = PATTERNS[texture](y, x, bool(numbers[2] < 0.5))
    low = 60 + 70 * numbers[3:6]
    high = low + 50 + 20 * numbers[6:9]
    return low + (high - low) * pattern[..., None]


def _bump(wave: Map) -> Map:
    """From 0 to 1 where the sine goes from -1 to 1."""
    bump: Map = 0.5 + 0.5 * wave
    return bump


def _stripes(y: Map, x: Map, turned: bool) -> Map:
    return np.broadcast_to(_bump(np.sin(y if turned else x)), (y.shape[0], x.shape[1]))


def _checks(y: Map, x: Map, turned: bool) -> Map:
    return _bump(np.sin(y) * np.sin(x if turned else -x))


def _dots(y: Map, x: Map, turned: bool) -> Map:
    bumps = _bump(np.sin(y)) * _bump(np.sin(x))
    return bumps if turned else 1 - bumps


def _cloth(y: Map, x: Map, turned: bool) -> Map:
    return _bump(np.sin(y + x if turned else y - x))


PATTERNS = (_stripes, _checks, _dots, _cloth)


def placed(layout: int, numbers: Map) -> list[Thing]:
    """The discs in their layout, and crosses in cells that are left."""
    line, across = np.full(4, int(4 * numbers[0])), np.arange(4)
    rows, columns = ((line, across), (across, line), (np.argsort(numbers[1:5]), across))[layout]
    discs = (4 * rows + columns).tolist()
    free = [cell for cell in range(16) if cell not in discs]
    crosses = [free.pop(int(len(free) * number)) for number in numbers[5 : 5 + CROSSES]]
    own = numbers[8:].reshape(-1, 6)
    return [_thing(1 if i < DISCS else 2, cell, own[i]) for i, cell in enumerate(discs + crosses)]


def _thing(kind: int, cell: int, numbers: Map) -> Thing:
    """Near the middle of a cell and wholly within it."""
    row, column = (
        4 + 8 * place + 1.5 * (float(number) - 0.5) for place, number in zip(divmod(cell, 4), numbers, strict=False)
    )
    return Thing(kind, row, column, 2.4 + 0.6 * float(numbers[2]), _colour(numbers[3:6], dark=kind == 2))


def _colour(numbers: Map, *, dark: bool) -> Map:
    """Darker or brighter than every background."""
    return 50 * numbers if dark else 205 + 50 * numbers


def draw(thing: Thing, image: Map, mask: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Draw a thing with soft edges over what is there; its box."""
    rows, columns = mask.shape
    vertical, horizontal = rows / 32, columns / 32
    top, bottom = (thing.row - thing.radius) * vertical, (thing.row + thing.radius) * vertical
    left, right = (thing.column - thing.radius) * horizontal, (thing.column + thing.radius) * horizontal
    box = max(left, 0.0), max(top, 0.0), min(right, columns), min(bottom, rows)
    down, across = slice(int(box[1]), int(box[3]) + 1), slice(int(box[0]), int(box[2]) + 1)
    y = np.abs((np.arange(rows, dtype=np.float32)[down, None] + 0.5) / vertical - thing.row)
    x = np.abs((np.arange(columns, dtype=np.float32)[None, across] + 0.5) / horizontal - thing.column)
    cover = np.clip(0.5 + min(vertical, horizontal) * SHAPES[thing.kind](y, x, thing.radius), 0, 1)
    image[down, across] += cover[..., None] * (thing.colour - image[down, across])
    mask[down, across][cover > 0.5] = thing.kind
    return box


def _disc(y: Map, x: Map, radius: float) -> Map:
    inside: Map = radius - np.sqrt(y * y + x * x)
    return inside


def _cross(y: Map, x: Map, radius: float) -> Map:
    arm = radius / 3
    inside: Map = np.maximum(np.minimum(arm - y, radius - x), np.minimum(arm - x, radius - y))
    return inside


SHAPES = {1: _disc, 2: _cross}
"""How far inside a shape a point lies, in units of 1/32 of the image."""
