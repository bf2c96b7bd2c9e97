"""Documents of every kind: found by name or described in place, and derived from one another by edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic

from archspec.errors import Problem, SpecError, closest, near
from archspec.spec.edits import (
    Edit,
    apply_edits,
    distribute,
    edits_of,
    places,
    refuse_overlaps,
    replaced,
    split_kinds,
)
from archspec.spec.families import family_at
from archspec.spec.nodes import Node, node_of
from archspec.spec.reading import Document, as_document
from archspec.spec.refusing import a, shown
from archspec.spec.registry import import_plugin, members
from archspec.spec.shelf import find
from archspec.spec.wording import without_repeats
from archspec.spec.written import M, validated

Chain = tuple[tuple[str, str], ...]
"""The documents that led to the one being read, each extending the next."""

Touched = list[tuple[tuple[str, ...], Edit]]


def _as_it_is(node: Node) -> Node:
    return node


def _nothing(_model: Any) -> Iterator[Problem]:
    return iter(())


@dataclass(frozen=True)
class Form(Generic[M]):
    """How documents of one kind become models."""

    kind: str
    model: type[M]
    about: tuple[str, ...]
    """What is said about a document: never edited, and not handed on to what extends it."""
    outdated: tuple[str, ...] = ()
    """What is no longer true of an edited document."""
    expand: Callable[[Node], Node] = _as_it_is
    """Short forms written out."""
    problems: Callable[[M], Iterator[Problem]] = _nothing
    """What is wrong with a model whose fields are each right."""

    def model_of(self, tree: Node) -> type[M]:
        """The model that a tree describes."""
        return self.model

    def load(self, source: str | Path | Mapping[str, Any]) -> M:
        """The model of a name or path, or of plain data."""
        if isinstance(source, Mapping):
            return self.read(Document(self.kind, str(source.get(self.kind, "")), node_of(source)))
        return self.read(find(self.kind, str(source)))

    def read(self, document: Document, chain: Chain = ()) -> M:
        """The model a document describes."""
        node = document.node
        where = f"the nameless one at {node.mark.line}:{node.mark.column}" if node.mark else str(id(node))
        here = (str(document.file or ""), document.name or where)
        if here in chain:
            names = " → ".join(name for _, name in (*chain[chain.index(here) :], here))
            message, hint = f"documents extend each other in a circle: {names}", "write one of them in full"
            if chain[-1] == here:
                message, hint = f"`{document.name}` extends itself", "give it another name than what it extends"
            raise SpecError(Problem("ARC204", message, hint, "extends", node.mark_of(("extends",))))
        import_plugins(node)
        self._refuse_misspelt(node)
        if "extends" in node.mapping:
            return self._derived(document, (*chain, here))
        if "edits" in node.mapping:
            message, hint = "`edits` change what a document `extends`", "write the values themselves"
            raise SpecError(Problem("ARC101", message, hint, "edits", node.key_marks.get("edits")))
        return self.from_tree(self.expand(node))

    def resolve(self, node: Node, document: Document | None = None, chain: Chain = ()) -> M:
        """What a value names, or describes in place; names are first looked for beside the document it stands in."""
        file = document.file if document else None
        if isinstance(node.value, str):
            try:
                found = find(self.kind, node.value, file)
            except SpecError as error:
                raise SpecError(problem.at(node.mark) for problem in error.problems) from None
            return self.read(found, chain)
        if not node.is_mapping():
            message, hint = f"{shown(node.value)} is not {a(self.kind)}", "write a name, or a path that ends in .yaml"
            raise SpecError(Problem("ARC104", message, hint, mark=node.mark))
        name = as_document(node).name if self.kind in node.mapping else ""
        return self.read(Document(self.kind, name, node, file), chain)

    def from_tree(self, tree: Node, *, check: bool = True) -> M:
        """The model of a written-out tree; checked, it is also right as a whole."""
        model = validated(self.model_of(tree), tree)
        problems = list(self.problems(model)) if check else []
        if problems:
            located = (p.at(model.tree.mark_of(tuple(p.path.split(".")))) for p in problems)
            raise SpecError(without_repeats(list(located)))
        return model

    def edited(self, model: M, edits: list[Edit], *, check: bool = True) -> M:
        """A model with parts changed. Kinds go first, so that paths may name what a new kind brings."""
        for edit in edits:
            if edit.path.split(".")[0] in self.about:
                hint = f"write `{edit.path.split('.')[0]}:` beside `edits`"
                edit.fail("ARC201", f"edits change the {self.kind}, not what is said about it", hint)
        tree = model.tree.without(*self.outdated)
        levels, others = split_kinds(edits)
        touched: Touched = []
        for kinds in levels:
            tree = self.from_tree(self._with_kinds(tree, kinds, others, touched), check=False).tree
        return self.from_tree(apply_edits(tree, others, touched), check=check)

    def blaming(self, model: M, edits: list[Edit]) -> M:
        """The same, where what no longer works elsewhere is told of the edit that broke it."""
        try:
            return self.edited(model, edits)
        except SpecError as error:
            written = {mark for edit in edits for mark in (edit.mark, *edit.value.marks())}
            # What is wrong with an edit itself (ARC2..) or with its value is told there already.
            elsewhere = [not p.code.startswith("ARC2") and p.mark not in written for p in error.problems]
            told = zip(error.problems, elsewhere, strict=True)
            raise SpecError(self._blamed(p, model, edits) if away else p for p, away in told) from None

    def _blamed(self, problem: Problem, model: M, edits: list[Edit]) -> Problem:
        """A problem told of the first edit that has it by itself, or else of the first."""
        culprit = next((edit for edit in edits if self._has(problem, model, edit)), edits[0])
        stands = f"`{problem.path}` stands in {problem.mark}" if problem.mark else ""
        hint = "; ".join(said for said in (problem.hint, stands) if said)
        return replace(problem, hint=hint, mark=culprit.mark or problem.mark)

    def _has(self, problem: Problem, model: M, edit: Edit) -> bool:
        try:
            self.edited(model, [edit])
        except SpecError as error:
            return any((p.path, p.message) == (problem.path, problem.message) for p in error.problems)
        return False

    def _derived(self, document: Document, chain: Chain) -> M:
        node = document.node
        allowed = ("extends", "edits", *self.about)
        for key in node.mapping:
            if key not in allowed:
                known = key in self.model.model_fields
                hint = f"change the {self.kind} through `edits`" if known else near(key, allowed)
                message = f"`{key}` cannot stand beside `extends`"
                raise SpecError(Problem("ARC101", message, hint, key, node.key_marks.get(key)))
        base = self.resolve(node.mapping["extends"], document, chain)
        edits = edits_of(node.mapping["edits"]) if "edits" in node.mapping else []
        changed = self.blaming(base, edits) if edits else base
        kept = changed.tree.without(*self.about)
        own = {key: child for key, child in node.mapping.items() if key in self.about}
        whole = {self.kind: Node(document.name), **own, **_plugins(changed.tree, node), **kept.mapping}
        return self.from_tree(Node(whole, node.mark, {**kept.key_marks, **node.key_marks}))

    def _refuse_misspelt(self, node: Node) -> None:
        """Keys that decide how a document is read are seen to first: misspelt, they would hide what they hold."""
        model = self.model_of(node)
        choices = model.choices()
        deciding = [key for key in choices if key not in model.known]
        for key in node.mapping:
            if key not in (*model.known, *deciding) and set(guesses := closest(key, choices)) & set(deciding):
                message, hint = f"{a(self.kind)} has no `{key}`", near(key, guesses)
                raise SpecError(Problem("ARC101", message, hint, key, node.key_marks.get(key)))

    def _with_kinds(self, tree: Node, kinds: list[Edit], others: list[Edit], touched: Touched) -> Node:
        """New kinds that keep the fields they share with the old ones; what they require may be edited beside."""
        for edit in kinds:
            found = list(places(tree, edit))
            touched.extend((place, edit) for place in found)
            refuse_overlaps(touched)
            for index, place in enumerate(found):
                owner, family = tree.find(place[:-1]), family_at(self.model, place[:-1])
                if owner is None or family is None:
                    edit.fail("ARC201", f"`{'.'.join(place[:-1])}` has no kinds to choose from")
                kind = distribute(edit.value, index, len(found), edit)
                member = members(family).get(str(kind.value))
                known = owner.mapping if member is None else member.model_fields
                shared = {key: child for key, child in owner.mapping.items() if key in known}
                beside = _beside(edit, others, index, len(found))
                required = {name: beside[name] for name in beside if member and name in member.required}
                made = Node({**shared, **required, "kind": kind}, owner.mark, owner.key_marks)
                tree = replaced(tree, place[:-1], made, edit)
        return tree


def _beside(kind: Edit, others: list[Edit], index: int, count: int) -> dict[str, Node]:
    """What other edits say of the fields beside a kind, for one of the places that it names."""
    owner = kind.path.removesuffix("kind")
    return {
        other.path.removeprefix(owner): distribute(other.value, index, count, other)
        for other in others
        if other.path.rpartition(".")[0] == owner.removesuffix(".")
    }


def _plugins(base: Node, own: Node) -> dict[str, Node]:
    """The plugins of a base, whose kinds are used by whatever extends it, and a document's own."""
    lists = [tree.mapping["plugins"] for tree in (base, own) if "plugins" in tree.mapping]
    named = [plugin for plugins in lists for plugin in plugins.items]
    return {"plugins": Node(list(named), lists[-1].mark)} if named else {}


def import_plugins(node: Node) -> None:
    """Import the modules that a document says its kinds come from."""
    plugins = node.mapping.get("plugins")
    for index, plugin in enumerate(plugins.items if plugins is not None else []):
        try:
            import_plugin(str(plugin.value))
        except SpecError as error:
            located = (replace(problem, path=f"plugins.{index}").at(plugin.mark) for problem in error.problems)
            raise SpecError(located) from error
