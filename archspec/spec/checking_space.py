"""Whether a space's paths exist in its base, and every alternative makes a network that works."""

from __future__ import annotations

from archspec.errors import SpecError
from archspec.spec.arch import Arch
from archspec.spec.domains import candidates, complaints
from archspec.spec.edits import Edit, edits_of
from archspec.spec.findings import Findings
from archspec.spec.loading import ARCH
from archspec.spec.reading import Document
from archspec.spec.space import Space


def check_space(space: Space, document: Document, found: Findings) -> None:
    """Try a space on its own base."""
    base = ARCH.resolve(space.tree.mapping["base"], document)
    try_space(space, base, found)


def try_space(space: Space, base: Arch, found: Findings) -> None:
    """Try the first candidate of everything, then every other alternative, one at a time."""
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


def _try(base: Arch, alone: Edit, among: list[Edit]) -> None:
    """An alternative must work by itself, or else beside the others' first candidates."""
    try:
        ARCH.blaming(base, [alone])
    except SpecError:
        try:
            ARCH.edited(base, among)
        except SpecError:
            pass
        else:
            return
        raise
