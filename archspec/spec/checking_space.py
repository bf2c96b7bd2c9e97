"""Whether a space's paths exist in its base, every alternative makes a network that works, and some are wanted."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from archspec.errors import Problem, SpecError, closest, near
from archspec.spec.arch import Arch
from archspec.spec.candidates import WORKS, Candidates, Draw, candidates_of
from archspec.spec.conditions import Condition
from archspec.spec.domains import candidates, complaints
from archspec.spec.edits import Edit, edits_of
from archspec.spec.findings import Findings
from archspec.spec.found import values_at
from archspec.spec.loading import ARCH
from archspec.spec.reading import Document
from archspec.spec.registry import FAMILIES, members
from archspec.spec.space import Space

DRAWS = 1000
"""Candidates drawn before a space is said to hold none that meets its conditions."""


def check_space(space: Space, document: Document, found: Findings) -> None:
    """Try a space on its own base."""
    base = ARCH.resolve(space.tree.mapping["base"], document)
    try_space(space, base, found)


def try_space(space: Space, base: Arch, found: Findings, further: Sequence[Condition] = ()) -> None:
    """Try the first candidate of everything, then every other alternative, one at a time; then candidates at random."""
    edits = edits_of(space.tree.mapping["vary"])
    malformed = [problem for edit in edits for problem in complaints(edit.value, edit.path)]
    if malformed:
        found.add(malformed)
        return
    options = [[edit._replace(value=value) for value in candidates(edit.value)] for edit in edits]
    first = [candidate[0] for candidate in options]
    with found.collecting():
        ARCH.blaming(base, first)
    for index, alternatives in enumerate(options):
        for alternative in alternatives:
            with found.collecting():
                _try(base, alternative, [*first[:index], alternative, *first[index + 1 :]])
    if not found.seen:
        with found.collecting():
            try_conditions(candidates_of(space, base, further))


def _try(base: Arch, alone: Edit, among: list[Edit]) -> None:
    """An alternative must work beside the others' first candidates, or else by itself; and take no path from them."""
    try:
        ARCH.edited(base, among)
    except SpecError as error:
        removed = [problem for problem in error.problems if problem.code == "ARC201"]
        if removed:
            raise SpecError(removed) from None
        ARCH.blaming(base, [alone])


def try_conditions(wanted: Candidates, draws: int = DRAWS) -> None:
    """Draw until a candidate meets everything; an error where none does, or where a path leads nowhere in all."""
    refuse_misspelt(wanted)
    draw = Draw(random.Random(0))  # noqa: S311 - the same candidates every time
    missed: Counter[str] = Counter()
    paths = {path: condition for condition in wanted.conditions for path in condition.paths}
    for _ in range(draws):
        arch = wanted.quick(wanted.draw(draw))
        problem = next(arch.layout.problems(), None)
        if problem is not None:
            missed[WORKS] += 1
            last = problem
            continue
        paths = {path: condition for path, condition in paths.items() if not values_at(arch, tuple(path.split(".")))}
        wrong = [condition.text for condition in wanted.conditions if condition.missed_by(arch)]
        missed.update(wrong)
        if not wrong and not paths:
            return
    for path, condition in paths.items():
        hint = "a path leads through the arch as it is written out"
        raise SpecError(
            Problem("ARC201", f"`{path}` exists in none of {draws:,} candidates", hint, mark=condition.mark)
        )
    if sum(missed.values()):
        raise SpecError(_infeasible(wanted, missed, draws, last if missed[WORKS] == draws else None))


def refuse_misspelt(wanted: Candidates) -> None:
    """A word that is nearly one that candidates could have is not what was meant: it would hold always, or never."""
    known = {
        *(kind for name in FAMILIES for kind in members(name)),
        *(answer for one in wanted.open for _, answers in one.part.decisions() for answer in _texts(answers)),
        *_texts(wanted.base.to_dict(metadata=False)),
    }
    for condition in wanted.conditions:
        for word, mark in condition.words:
            if word not in known and closest(word, known):
                raise SpecError(
                    Problem("ARC203", f"no candidate has anything like `{word}`", near(word, known), mark=mark)
                )


def _texts(value: Any) -> Iterator[str]:
    """The texts in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for element in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(element)


def _infeasible(wanted: Candidates, missed: Counter[str], draws: int, broken: Problem | None) -> Iterator[Problem]:
    """Why nothing is left of a space."""
    if broken is not None:
        yield replace(broken, message=f"none of {draws:,} candidates works; the last one: {broken.message}")
        return
    hint = "ask for less, or widen what varies"
    working = draws - missed[WORKS]
    never = [condition for condition in wanted.conditions if missed[condition.text] == working]
    for condition in never:
        yield Problem("ARC402", f"none of {draws:,} candidates meets `{condition.text}`", hint, mark=condition.mark)
    if not never:
        told = ", ".join(f"`{text}` ({count:,} miss it)" for text, count in missed.most_common() if text != WORKS)
        mark = max(wanted.conditions, key=lambda condition: missed[condition.text]).mark
        yield Problem("ARC402", f"none of {draws:,} candidates meets all conditions at once: {told}", hint, mark=mark)
