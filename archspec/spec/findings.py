"""Mistakes collected instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from archspec.errors import Mark, Problem, SpecError


@dataclass
class Findings:
    """Problems, each once: what one line does to several archs is one mistake, told where it first appears."""

    seen: dict[tuple[str, str, Mark | str], Problem] = field(default_factory=dict)

    def add(self, problems: Iterable[Problem], context: str = "") -> None:
        """Take problems in; `context` says which of several things tried had them."""
        for problem in problems:
            told = replace(problem, message=f"{problem.message}, {context}") if context else problem
            self.seen.setdefault((problem.code, problem.message, problem.mark or problem.path), told)

    @contextmanager
    def collecting(self, context: str = "") -> Iterator[None]:
        """Take in what is raised within."""
        try:
            yield
        except SpecError as error:
            self.add(error.problems, context)

    def sorted(self) -> list[Problem]:
        """The problems by file and line."""
        return sorted(self.seen.values(), key=lambda p: (p.mark.file, p.mark.line, p.mark.column) if p.mark else ("",))
