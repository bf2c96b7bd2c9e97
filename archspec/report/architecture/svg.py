"""SVG as text: elements whose attributes and texts are escaped, and texts broken into lines without being measured."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

LETTER = 0.56
"""The width of a letter of a sans serif face, on average, in its size."""


def tag(element: str, *children: str, **attributes: object) -> Markup:
    """An element; `class_` is the attribute `class`, and attributes that are empty are left out."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value not in ("", None)}
    said = Markup("").join(Markup(' {}="{}"').format(name, _attribute(value)) for name, value in named.items())
    inner = Markup("").join(children)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(element), said, inner)  # noqa: S704 - our own names


def text(x: float, y: float, said: str, class_: str = "", anchor: str = "") -> Markup:
    """A line of text, its baseline at y."""
    return tag("text", escape(printable(said)), x=x, y=y, class_=class_, text_anchor=anchor)


def rect(x: float, y: float, width: float, height: float, class_: str, *, radius: float = 0) -> Markup:
    """A rectangle."""
    return tag("rect", x=x, y=y, width=width, height=height, rx=radius or None, class_=class_)


def path(d: str, class_: str) -> Markup:
    """A line or an outline."""
    return tag("path", d=d, class_=class_)


def group(parts: Iterable[str], class_: str = "", **attributes: object) -> Markup:
    """Elements that belong together."""
    return tag("g", *parts, class_=class_, **attributes)


def printable(said: str) -> str:
    """A text without what XML cannot hold."""
    return "".join(c if c.isprintable() else "�" for c in said)


def lines(said: str, width: float, size: float, most: int = 3) -> list[str]:
    """A text in lines that fit into a width, broken after blanks and underscores; what is too much is left out."""
    room, found = max(4, int(width / (size * LETTER))), [""]
    for piece in (word[i : i + room] for word in re.findall(r"[^\s_]*[\s_]*", said) for i in range(0, len(word), room)):
        if found[-1] and len((found[-1] + piece).rstrip()) > room:
            found.append("")
        found[-1] += piece
    found = [line.strip() for line in found]
    return found if len(found) <= most else [*found[: most - 1], found[most - 1][: room - 1] + "…"]


def _attribute(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else printable(str(value))
