"""Spaces: a base arch and what may vary about it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from archspec.spec.deriving import Form
from archspec.spec.naming import ArchName, Paths, Texts
from archspec.spec.values import OrNone
from archspec.spec.written import Written


class Space(Written):
    """A base arch and what may vary about it."""

    space: str = Field("", description="the space's name: its address")
    base: ArchName = Field(description="the arch that varies")
    vary: Annotated[dict[str, Any], Paths("arch", varying=True)] = Field(
        min_length=1, description="paths into the base, and what each may become"
    )
    where: OrNone[Texts] = Field(None, description="what is asked of a candidate: a condition, or a list of them")
    note: str | None = Field(None, description="anything a reader should know")


SPACE = Form("space", Space, ("space", "note"))
