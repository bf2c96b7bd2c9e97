"""From a tree to a model and back: every mistake at its own line, and every default written out."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, PrivateAttr, ValidationError

from archspec.errors import SpecError
from archspec.spec.base import Spec
from archspec.spec.nodes import Node, node_of
from archspec.spec.values import may_be_none
from archspec.spec.wording import problems_of


class Written(Spec):
    """What a document describes; it remembers the tree it was written as, and so where."""

    _tree: Node | None = PrivateAttr(None)

    def __eq__(self, other: object) -> bool:
        # What was written is compared, not where.
        return isinstance(other, type(self)) and self._said() == other._said()

    __hash__ = Spec.__hash__

    def _said(self) -> dict[str, Any]:
        return {**{name: getattr(self, name) for name in self.names}, **(self.model_extra or {})}

    @classmethod
    def choices(cls) -> list[str]:
        """Its fields, and how it derives from another document."""
        return ["extends", "edits", *super().choices()]

    @property
    def tree(self) -> Node:
        """The document with everything written out."""
        return self._tree if self._tree is not None else completed(None, self)


M = TypeVar("M", bound=Written)


def validated(model: type[M], tree: Node) -> M:
    """The model that a tree describes."""
    try:
        made = model.model_validate(tree.data())
    except ValidationError as error:
        raise SpecError(problems_of(error, tree)) from None
    made._tree = completed(tree, made)
    return made


def completed(tree: Node | None, model: Spec) -> Node:
    """The tree of a model with every default written out; what was made from unchanged nodes keeps them."""
    if tree is not None and tree.validated is model:
        return tree
    written = tree.mapping if tree is not None else {}
    values = {**{name: getattr(model, name) for name in model.names}, **(model.model_extra or {})}
    said = {name: value for name, value in values.items() if value is not None or may_be_none(type(model), name)}
    entries = {name: _completed_value(written.get(name), value) for name, value in said.items()}
    node = Node(entries, tree.mark if tree else None, tree.key_marks if tree else None)
    node.validated = model
    return node


def _completed_value(tree: Node | None, value: Any) -> Node:
    if value is None:
        return Node("none", tree.mark if tree else None)
    if isinstance(value, Spec):
        return completed(tree, value)
    if isinstance(value, dict) and any(isinstance(child, Spec) for child in value.values()):
        written = tree.mapping if tree is not None else {}
        entries = {key: _completed_value(written.get(key), child) for key, child in value.items()}
        return Node(entries, tree.mark if tree else None, tree.key_marks if tree else None)
    if isinstance(value, tuple) and value and isinstance(value[0], Spec):
        there = tree.items if tree is not None else []
        padded = [*there, *[None] * (len(value) - len(there))]
        elements = [completed(child, spec) for child, spec in zip(padded, value, strict=False)]
        return Node(list(elements), tree.mark if tree else None)
    plain = value.model_dump(exclude_none=True) if isinstance(value, BaseModel) else value
    return node_of(plain, tree)
