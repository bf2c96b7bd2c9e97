"""How arms look in every figure: a colour, a dash and a marker that stay theirs; none of them is needed alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from archspec.report.rows import Row

COLOURS = 8
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "star", "hexagon")
PATHS = {
    "circle": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
    "square": "M-4.5-4.5h9v9h-9Z",
    "diamond": "M0-6 6 0 0 6-6 0Z",
    "triangle-up": "M0-5.5 5.5 4.5h-11Z",
    "triangle-down": "M0 5.5 5.5-4.5h-11Z",
    "cross": "M-2-5.5h4v3.5h3.5v4h-3.5v3.5h-4v-3.5h-3.5v-4h3.5Z",
    "star": "M0-6 1.6-2 6-2 2.5 1 4 5.5 0 2.8-4 5.5-2.5 1-6-2-1.6-2Z",
    "hexagon": "M-5-3 0-6 5-3 5 3 0 6-5 3Z",
}
"""The markers as Plotly draws them, for drawings of our own."""


class Look(NamedTuple):
    """A colour by its name in the style sheet, a dash and a marker."""

    colour: str
    dash: str
    marker: str

    @property
    def name(self) -> str:
        """The colour's name without its sign: a class in the style sheet."""
        return self.colour.removeprefix("@")

    @property
    def path(self) -> str:
        """The marker as an SVG path."""
        return PATHS[self.marker]

    def faded(self, share: float) -> str:
        """The colour, so transparent."""
        return f"{self.colour}/{share}"


def looks(rows: Iterable[Row]) -> dict[str, Look]:
    """The look of every arm: baselines in ink, an arm alike on every baseline it is put on."""
    found: dict[str, Look] = {}
    numbers: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.is_baseline:
            found[row.planned.id] = Look("@ink", "solid", "circle")
        else:
            number = numbers.setdefault((row.planned.factor, row.planned.name), len(numbers))
            found[row.planned.id] = look_of(number)
    return found


def look_of(number: int) -> Look:
    """The look of the n-th of anything."""
    lap, place = divmod(number, COLOURS)
    return Look(f"@c{place}", DASHES[(place + lap) % len(DASHES)], MARKERS[(place + 3 * lap) % len(MARKERS)])
