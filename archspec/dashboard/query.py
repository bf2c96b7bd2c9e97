"""What the address of a page asks for. Whatever is not known is left out and said, so that an old link still opens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LONGEST = 400
"""Characters of a value that are looked at."""
MOST = 200
"""Values that are looked at."""


class Query:
    """The part of an address behind its question mark: the whole state of a page."""

    def __init__(self, items: Iterable[tuple[str, str]], most: int = MOST) -> None:
        self.items = [(name[:LONGEST], value[:LONGEST]) for name, value in items][:most]
        self.notes: list[str] = []
        """What was asked for and is not known."""

    def all(self, name: str) -> list[str]:
        """Every value that was given under a name."""
        return list(dict.fromkeys(value for key, value in self.items if key == name and value))

    def text(self, name: str) -> str:
        """The last value of a name, as it stands."""
        return next(iter(self.all(name)[::-1]), "")

    def flag(self, name: str) -> bool:
        """Whether something is switched on."""
        return self.text(name) == "on"

    def one(self, name: str, known: Sequence[str], default: str = "") -> str:
        """One of some known values."""
        said = self.text(name)
        if said and said not in known:
            self.notes.append(f"there is no {name} `{said[:60]}` here")
        return said if said in known else default

    def many(self, name: str, known: Iterable[str]) -> list[str]:
        """Several of some known values, in the order in which they were given."""
        allowed = set(known)
        for value in self.all(name):
            if value not in allowed:
                self.notes.append(f"there is no {name} `{value[:60]}` here")
        return [value for value in self.all(name) if value in allowed]

    def number(self, name: str, low: int, high: int, default: int | None = None) -> int | None:
        """A whole number from a range."""
        said = self.text(name)
        if said and not (said.isascii() and said.isdecimal() and low <= int(said[:18]) <= high):
            self.notes.append(f"{name} `{said[:20]}` is not from {low} to {high}")
            return default
        return int(said) if said else default
