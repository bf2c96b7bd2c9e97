"""JSON Schemas of documents, for editors: `schema(kind)`, built from the registered specs."""

from __future__ import annotations

from typing import Any


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema (draft 7) of one kind of document."""
    from archspec.spec.reading import ALSO
    from archspec.spec.registry import members
    from archspec.spec.schema.documents import Documents

    members("mixers")  # every kind is registered from here on, plugins' included
    documents = Documents()
    reference = documents.document(kind)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"archspec {kind}",
        "allOf": [reference],
        "anyOf": [{"required": [first]} for first in (kind, *(also for also in ALSO if ALSO[also] == kind))],
        "definitions": dict(sorted(documents.definitions.items())),
    }
