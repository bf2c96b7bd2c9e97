"""Traversals: the order in which a sequence mixer reads tokens.

A scan begins in one of the grid's four corners and goes along its rows or its columns: eight orders. Its lines are the
rows or columns. Class tokens keep their places before, amid and after the lines; a scan that takes the lines backwards
meets the class tokens backwards too, so that `rows_reversed` is the whole sequence from its end.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from archspec.spec.base import Spec
from archspec.spec.place import Grid, Scope
from archspec.spec.refusing import wrong

SWAPPED = {"start": "end", "middle": "middle", "end": "start"}
"""Where class tokens are met from the other end."""


class Traversal(Spec, family="traversals"):
    """One scan; a set of them, or a list, that takes turns over a stage's blocks; or several scans in one layer."""

    list_stands_for: ClassVar[str] = "cycle"
    own_weights: ClassVar[bool] = True
    """Whether each of several scans has weights of its own between the projections."""
    apart: ClassVar[bool] = False
    """Whether each of several scans is a mixer of its own."""

    def scans(self) -> tuple[Scan, ...]:
        """The orders it is made of; a cycle has none of its own, only its members have."""
        return ()


class Scan(Traversal):
    """One order."""

    implementation: ClassVar[str] = "archspec.nn.traversals:Scan"
    by_columns: ClassVar[bool] = False
    """Whether its lines are columns."""
    mirrored: ClassVar[bool] = False
    """Whether it goes through each line backwards, seen from where the lines begin."""
    backwards: ClassVar[bool] = False
    """Whether the whole of it is then taken from its end."""

    def scans(self) -> tuple[Scan, ...]:
        """Itself."""
        return (self,)

    def grid(self, grid: Grid) -> Grid:
        """The grid as it is read: its lines, and how long they are."""
        return (grid[1], grid[0]) if self.by_columns else grid

    def class_tokens(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Where class tokens are met."""
        return tuple(SWAPPED[name] for name in reversed(names)) if self.backwards else names


class Rows(Scan):
    """From the top left along the rows."""

    kind: Literal["rows"] = "rows"


class RowsReversed(Scan):
    """From the bottom right along the rows: `rows` from its end."""

    backwards: ClassVar[bool] = True
    kind: Literal["rows_reversed"] = "rows_reversed"


class Columns(Scan):
    """From the top left along the columns."""

    by_columns: ClassVar[bool] = True
    kind: Literal["columns"] = "columns"


class ColumnsReversed(Scan):
    """From the bottom right along the columns: `columns` from its end."""

    by_columns: ClassVar[bool] = True
    backwards: ClassVar[bool] = True
    kind: Literal["columns_reversed"] = "columns_reversed"


class RowsTopRight(Scan):
    """From the top right along the rows."""

    mirrored: ClassVar[bool] = True
    kind: Literal["rows_top_right"] = "rows_top_right"


class RowsBottomLeft(Scan):
    """From the bottom left along the rows: `rows_top_right` from its end."""

    mirrored: ClassVar[bool] = True
    backwards: ClassVar[bool] = True
    kind: Literal["rows_bottom_left"] = "rows_bottom_left"


class ColumnsBottomLeft(Scan):
    """From the bottom left along the columns."""

    by_columns: ClassVar[bool] = True
    mirrored: ClassVar[bool] = True
    kind: Literal["columns_bottom_left"] = "columns_bottom_left"


class ColumnsTopRight(Scan):
    """From the top right along the columns: `columns_bottom_left` from its end."""

    by_columns: ClassVar[bool] = True
    mirrored: ClassVar[bool] = True
    backwards: ClassVar[bool] = True
    kind: Literal["columns_top_right"] = "columns_top_right"


class Set(Traversal):
    """Scans that take turns over a stage's blocks, under one name."""

    members_in_turn: ClassVar[tuple[Scan, ...]]

    def scans(self) -> tuple[Scan, ...]:
        """The scans in turn."""
        return self.members_in_turn

    def in_turn(self) -> tuple[Spec, ...]:
        """The same."""
        return self.members_in_turn

    def period(self) -> int:
        """One block a scan."""
        return len(self.members_in_turn)

    def resolve(self, scope: Scope) -> Any:
        """The scan whose turn it is."""
        return self.members_in_turn[scope.block % self.period()]


class Uni(Set):
    """`rows` in every block."""

    members_in_turn: ClassVar[tuple[Scan, ...]] = (Rows(),)
    kind: Literal["uni"] = "uni"


class Bi(Set):
    """`rows` and `rows_reversed` in turn."""

    members_in_turn: ClassVar[tuple[Scan, ...]] = (*Uni.members_in_turn, RowsReversed())
    kind: Literal["bi"] = "bi"


class Quad(Set):
    """`bi`, then `columns` and `columns_reversed`."""

    members_in_turn: ClassVar[tuple[Scan, ...]] = (*Bi.members_in_turn, Columns(), ColumnsReversed())
    kind: Literal["quad"] = "quad"


class Oct(Set):
    """`quad`, then `rows_top_right`, `rows_bottom_left`, `columns_bottom_left` and `columns_top_right`."""

    members_in_turn: ClassVar[tuple[Scan, ...]] = (
        *Quad.members_in_turn,
        *(RowsTopRight(), RowsBottomLeft(), ColumnsBottomLeft(), ColumnsTopRight()),
    )
    kind: Literal["oct"] = "oct"


def _spelt_out(value: Any) -> Any:
    """A set's name as the list of its scans."""
    if isinstance(value, str):
        named = Traversal.members.get(value)
        return named().scans() if named and issubclass(named, Traversal) else [value]
    return value


def _scans_once(value: tuple[Traversal, ...]) -> tuple[Traversal, ...]:
    if not all(isinstance(scan, Scan) for scan in value):
        raise wrong("what is read side by side are single scans", "write the scans, or the name of one set alone")
    if len(set(value)) != len(value):
        raise wrong("a scan is named twice", "each order is read once")
    return value


class Beside(Traversal):
    """`{parallel: …}`: several scans inside one layer, whose results are summed.

    They share nothing and are mixers in parallel, share the projections before and after, or share all weights.
    """

    structure: ClassVar[str] = "parallel"
    listed: ClassVar[bool] = False
    parallel: Annotated[tuple[Traversal, ...], BeforeValidator(_spelt_out), AfterValidator(_scans_once)] = Field(
        min_length=1, description="the scans, or the name of a set"
    )
    share: Literal["none", "projections", "all"] = Field("projections", description="which weights the scans share")

    @property
    def own_weights(self) -> bool:  # type: ignore[override]
        """Whether each scan has weights of its own between the projections."""
        return self.share != "all"

    @property
    def apart(self) -> bool:  # type: ignore[override]
        """Whether each scan is a mixer of its own."""
        return self.share == "none"

    def scans(self) -> tuple[Scan, ...]:
        """Its scans."""
        return self.parallel  # type: ignore[return-value]

    def resolve(self, scope: Scope) -> Any:
        """One scan beside nothing is that scan."""
        return self.parallel[0] if len(self.parallel) == 1 else self
