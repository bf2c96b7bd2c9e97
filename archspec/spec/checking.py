"""Every mistake of a document or file, without stopping at the first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from archspec.errors import Problem
from archspec.spec.checking_space import check_space
from archspec.spec.checking_study import check_study
from archspec.spec.deriving import Form
from archspec.spec.findings import Findings
from archspec.spec.loading import ARCH
from archspec.spec.origin import check_recipe
from archspec.spec.reading import Document, read_file
from archspec.spec.recipe import RECIPE
from archspec.spec.runner import RUNNER
from archspec.spec.space import SPACE
from archspec.spec.studying import STUDY

FORMS: dict[str, Form[Any]] = {form.kind: form for form in (ARCH, RECIPE, RUNNER, SPACE, STUDY)}
"""How documents become models, by what they are."""

FURTHER: dict[str, Callable[[Any, Document, Findings], None]] = {
    "recipe": check_recipe,
    "space": check_space,
    "study": check_study,
}
"""What is tried with a model whose document is right by itself."""


def check_file(path: Path) -> list[Problem]:
    """Every mistake in a file's documents."""
    found = Findings()
    with found.collecting():
        for document in read_file(path):
            found.add(check_document(document))
    return found.sorted()


def check_document(document: Document) -> list[Problem]:
    """Every mistake in a document and in what it names."""
    found = Findings()
    with found.collecting():
        model = FORMS[document.kind].read(document)
        if document.kind in FURTHER:
            FURTHER[document.kind](model, document, found)
    return found.sorted()
