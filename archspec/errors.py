"""What can go wrong, and how it is said.

    ArchspecError
     ├── SpecError       something that was written cannot be: a list of located Problems
     ├── WeightsError    a checkpoint does not fit the network it is loaded into
     ├── RecordsError    a run folder cannot be read or written
     │    └── FullError  nothing more can be: the disk is full
     ├── DataError       the data of a recipe is absent, laid out wrongly or broken
     ├── ExecutionError  runs cannot be handed to where they are to run
     ├── ExportError     a network cannot be written in the format that is asked for
     └── RuntimeInputError   a built network was given an input it cannot take

Every message states what, where and what to do. Only the command line's outermost frame prints and exits.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

CODES = {
    "ARC001": "the file cannot be read",
    "ARC002": "the text is not YAML",
    "ARC003": "a key or a document's name is written twice",
    "ARC004": "a YAML feature that archspec does not read",
    "ARC005": "the document is too large or too deep",
    "ARC006": "the document does not say what it is",
    "ARC101": "a key that does not exist here",
    "ARC102": "a kind or name that does not exist",
    "ARC103": "a required key is missing",
    "ARC104": "a value of the wrong type or out of range",
    "ARC105": "a plugin cannot be imported",
    "ARC201": "a path that matches nothing",
    "ARC202": "two edits touch the same place",
    "ARC203": "an edit's value does not fit the places it names",
    "ARC204": "documents that extend each other, or start from each other, in a circle",
    "ARC301": "a shape that cannot work",
    "ARC302": "a part that cannot stand where it is",
    "ARC401": "a study that cannot be planned",
    "ARC402": "a space in which nothing meets the conditions",
}
"""Every problem's stable code and the sentence that explains the class of mistake."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something was written: a file and a span in one of its lines, counted from 1."""

    file: str
    line: int
    column: int
    length: int = 1
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: a stable code, what is wrong, what to do about it, and where."""

    code: str
    message: str
    hint: str = ""
    path: str = ""
    mark: Mark | None = None

    def at(self, mark: Mark | None) -> Problem:
        """The same problem, located; a location it already has is kept."""
        return self if self.mark or mark is None else replace(self, mark=mark)

    def __str__(self) -> str:
        where = f"{self.mark}: " if self.mark else ""
        path = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.code} {path}{self.message}{hint}"


class ArchspecError(Exception):
    """The root of every error archspec raises on purpose."""


class SpecError(ArchspecError):
    """Something written cannot be; `problems` says what and where, all of them at once."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class WeightsError(ArchspecError):
    """A checkpoint does not fit: tensors are missing, left over or of another shape."""


class ExportError(ArchspecError):
    """A network cannot be written in the format that is asked for."""


class RecordsError(ArchspecError):
    """A run folder cannot be read or written; the operating system's own error is its cause."""


class FullError(RecordsError):
    """A disk is full, or a quota used up: whatever runs next fares no better until somebody has seen to that."""


class DataError(ArchspecError):
    """Data is absent, laid out wrongly or broken; the message says what to do about it."""


class ExecutionError(ArchspecError):
    """Runs cannot be handed to where they are to run; the message is what was said there."""


class RuntimeInputError(ArchspecError, ValueError):
    """A built network was given an input it cannot take."""


def near(word: str, candidates: Iterable[str]) -> str:
    """A sentence that points from an unknown word to what may have been meant."""
    names = sorted(set(candidates))
    if close := closest(word, names):
        return "did you mean " + " or ".join(f"`{name}`" for name in close) + "?"
    if not names:
        return ""
    shown = ", ".join(f"`{name}`" for name in names[:12])
    return f"known: {shown}" + (", …" if len(names) > 12 else "")


def closest(word: str, names: Iterable[str]) -> list[str]:
    """One or two names that a word is much like: misspelt, in other case, shortened or written out."""
    scores = {name: _likeness(_letters(word), _letters(name)) for name in names}
    best = max(scores.values(), default=0.0)
    close = [name for name, score in scores.items() if score >= max(0.65, best - 0.05)]
    return sorted(close, key=lambda name: -scores[name])[:2]


def _letters(word: str) -> str:
    return word[:60].lower().replace("-", "_").replace(" ", "_")


def _likeness(word: str, name: str) -> float:
    short, long = sorted((word, name), key=len)
    likenesses = {
        0.85: len(short) >= 3 and long.startswith(short),
        0.8: len(short) >= 2 and short == "".join(part[:1] for part in long.split("_")),
        0.7: 3 <= len(short) >= 0.4 * len(long) and long[:1] == short[:1] and _contains(long, short),
        0.66: len(short) >= 4 and long.startswith(short[:4]),
    }
    alike = max((likeness for likeness, holds in likenesses.items() if holds), default=0.0)
    return max(difflib.SequenceMatcher(None, word, name).ratio(), alike)


def _contains(long: str, short: str) -> bool:
    """Whether the letters of one word come in another, in their order."""
    letters = iter(long)
    return all(letter in letters for letter in short)
