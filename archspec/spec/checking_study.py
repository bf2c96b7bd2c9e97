"""Whether every name in a study leads somewhere and every arm makes a network that works, in each of its profiles."""

from __future__ import annotations

from archspec.spec.checking_space import try_space
from archspec.spec.findings import Findings
from archspec.spec.reading import Document
from archspec.spec.rows import Rows
from archspec.spec.search import conditions
from archspec.spec.space import SPACE
from archspec.spec.study import Study
from archspec.spec.studying import profiled
from archspec.spec.variants import Variant


def check_study(study: Study, document: Document, found: Findings) -> None:
    """Try a study as it stands, then as each of its profiles has it."""
    _try(study, document, found)
    for name in study.profiles:
        with found.collecting():
            _try(profiled(study, name), document, found)


def _try(study: Study, document: Document, found: Findings) -> None:
    """Work out all that a study is made of."""
    rows = Rows(study, document, found)
    if study.space is not None:
        with found.collecting():
            space = SPACE.resolve(study.tree.mapping["space"], document)
            base = rows.names.arch(space.tree.mapping["base"])
            found.add(rows.unmeasurable(Variant(base, rows.names.recipe(study.tree.mapping["recipe"]))))
            try_space(space, base, found, conditions(study.search, study.tree.mapping["search"]))
    for _ in rows:
        pass
