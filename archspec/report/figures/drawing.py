"""What every drawing shares. Colours are names (`@c0`, `@ink/0.2`) that the page turns into its theme's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

Drawing = dict[str, Any]
"""A figure as Plotly reads it: data and layout."""

HEIGHT, LEGEND = 340, 430
"""Pixels: the height of a figure, and the width of the legend of one that fills half a page."""
WHOLE = 12
"""Epochs up to which each is named below an axis, where Plotly would name halves."""


class Figure(NamedTuple):
    """A figure of a page."""

    id: str
    title: str
    caption: str
    drawing: Drawing


def layout(x: str = "", y: str = "", height: int = HEIGHT, **more: Any) -> dict[str, Any]:
    """A plain plane with a quiet grid; the page fills in fonts and colours."""
    return {
        "height": height,
        "margin": {"l": 62, "r": 16, "t": 12, "b": 48},
        "paper_bgcolor": "@paper",
        "plot_bgcolor": "@paper",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "@ink"},
        "hoverlabel": {"bgcolor": "@raised", "bordercolor": "@line", "font": {"color": "@ink"}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        "xaxis": axis(x),
        "yaxis": axis(y),
        **more,
    }


def crowded(names: Sequence[str]) -> int:
    """The height of a figure of half a page with these names above it, in columns as wide as the longest of them."""
    columns = max(1, LEGEND // (44 + 7 * max(map(len, names), default=0)))
    return HEIGHT + 19 * max(0, -(-len(names) // columns) - 1)


def epochs(last: float) -> dict[str, Any]:
    """An axis of epochs."""
    return axis("epoch", **({"dtick": 1} if last <= WHOLE else {}))


def axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis."""
    quiet = {"gridcolor": "@line", "linecolor": "@line", "zeroline": False, "automargin": True}
    name = {"text": plain(title), "standoff": 8, "font": {"size": 12, "color": "@muted"}}
    return {"title": name, "tickfont": {"size": 12, "color": "@muted"}, "ticks": "", **quiet, **more}


def plain(text: str) -> str:
    """A text that Plotly does not take for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rounded(values: list[float], digits: int = 4) -> list[float]:
    """Numbers short enough to be kept in a page by the thousand."""
    return [round(value, digits) for value in values]
