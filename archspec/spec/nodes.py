"""A document is a tree of nodes that know where they were written.

Merging and editing move nodes from tree to tree, so every value of the result still points at its own line,
whatever chain of `extends`, `defaults` and `edits` brought it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archspec.errors import Mark

Scalar = str | int | float | bool | None


class Node:
    """One value of a document: a mapping, a list or a scalar. Treated as immutable."""

    __slots__ = ("key_marks", "mark", "validated", "value")

    def __init__(
        self,
        value: dict[str, Node] | list[Node] | Scalar,
        mark: Mark | None = None,
        key_marks: dict[str, Mark] | None = None,
    ) -> None:
        self.value = value
        self.mark = mark
        self.key_marks = key_marks or {}
        self.validated: Any = None
        """The model made from exactly this node: an edit validates again only what it touches."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Node({self.plain()!r})"

    @property
    def mapping(self) -> dict[str, Node]:
        """The entries, where this is a mapping; else nothing."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The elements, where this is a list; else nothing."""
        return self.value if isinstance(self.value, list) else []

    def is_mapping(self) -> bool:
        """Whether this is a mapping, even an empty one."""
        return isinstance(self.value, dict)

    def is_list(self) -> bool:
        """Whether this is a list, even an empty one."""
        return isinstance(self.value, list)

    def sole(self, key: str) -> Node | None:
        """The value of `key`, where this is a mapping of that one key: `{each: …}`, `{times: …}`."""
        mapping = self.mapping
        return mapping.get(key) if len(mapping) == 1 else None

    def children(self) -> Iterator[tuple[str, Node]]:
        """Every entry or element with its key or index."""
        if isinstance(self.value, dict):
            yield from self.value.items()
        elif isinstance(self.value, list):
            yield from ((str(index), child) for index, child in enumerate(self.value))

    def with_child(self, key: str, child: Node) -> Node:
        """A copy in which one entry or element is another; siblings are shared."""
        if isinstance(self.value, list):
            elements = list(self.value)
            elements[int(key)] = child
            return Node(elements, self.mark, self.key_marks)
        return Node({**self.mapping, key: child}, self.mark, self.key_marks)

    def without(self, *keys: str) -> Node:
        """A copy of a mapping without some of its keys."""
        return Node({k: v for k, v in self.mapping.items() if k not in keys}, self.mark, self.key_marks)

    def plain(self) -> Any:
        """The bare value: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def data(self) -> Any:
        """The bare value to be validated; what was validated before stands for itself."""
        if self.validated is not None:
            return self.validated
        if isinstance(self.value, dict):
            return {key: child.data() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.data() for child in self.value]
        return self.value

    def marks(self) -> Iterator[Mark]:
        """Where it and everything within it was written."""
        yield from self.key_marks.values()
        if self.mark is not None:
            yield self.mark
        for _, child in self.children():
            yield from child.marks()

    def find(self, path: tuple[str, ...]) -> Node | None:
        """The node at a concrete path, if it exists."""
        node: Node | None = self
        for part in path:
            if node is None:
                return None
            if node.is_list():
                index = int(part) if part.isdecimal() and len(part) < 10 else len(node.items)
                node = node.items[index] if index < len(node.items) else None
            else:
                node = node.mapping.get(part)
        return node

    def mark_of(self, path: tuple[str, ...], *, key: bool = False) -> Mark | None:
        """Where a path was written, or else the nearest thing around it; `key` prefers the key to the value."""
        node, best = self, self.mark
        for position, part in enumerate(path):
            if key and position == len(path) - 1 and part in node.key_marks:
                return node.key_marks[part]
            child = node.find((part,))
            if child is None:
                return best
            best = child.mark or node.key_marks.get(part) or best
            node = child
        return best


def node_of(value: Any, like: Node | None = None) -> Node:
    """A node for a bare value; marks are taken from `like` wherever it has the same place."""
    mark = like.mark if like is not None else None
    if isinstance(value, Node):
        return value
    if isinstance(value, Mapping):
        written = like.mapping if like is not None else {}
        entries = {str(key): node_of(child, written.get(str(key))) for key, child in value.items()}
        return Node(entries, mark, like.key_marks if like is not None else None)
    if isinstance(value, list | tuple):
        elements = like.items if like is not None else []
        return Node([node_of(child, elements[i] if i < len(elements) else None) for i, child in enumerate(value)], mark)
    return Node(value, mark)
