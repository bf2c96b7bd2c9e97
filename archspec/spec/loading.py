"""From documents to specs: inheritance, defaults, validation, and every error at its own line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from archspec.errors import Problem, SpecError, near
from archspec.spec.arch import METADATA, Arch, Stage
from archspec.spec.base import import_plugin, is_tagged
from archspec.spec.edits import Edit, apply_edits, distribute, edits_from, edits_of, merge, refuse_overlaps, split_kinds
from archspec.spec.nodes import Node, node_of
from archspec.spec.reading import Document, as_document
from archspec.spec.shelf import find

Chain = tuple[tuple[str, str], ...]


def load(source: str | Path | Mapping[str, Any] | Arch) -> Arch:
    """An arch by name, by path, or from plain data."""
    if isinstance(source, Arch):
        return source
    if isinstance(source, Mapping):
        node = node_of({key: value for key, value in source.items()})
        return arch_of(Document("arch", str(source.get("arch", "")), node))
    return arch_of(find("arch", str(source)))


def edited(arch: Arch, edits: Mapping[str, Any]) -> Arch:
    """An arch with parts changed; the paper's figures do not follow."""
    return _with_edits(arch, edits_from(edits))


def arch_of(document: Document, chain: Chain = ()) -> Arch:
    """The arch a document describes."""
    here = (str(document.file or ""), document.name or str(id(document.node)))
    if here in chain:
        names = " → ".join(name for _, name in (*chain[chain.index(here) :], here))
        raise SpecError(Problem("ARC204", f"documents extend each other in a circle: {names}", path="extends",
                                mark=document.node.mark_of(("extends",))))  # fmt: skip
    _import_plugins(document.node)
    if "extends" in document.node.mapping:
        return _derived(document, (*chain, here))
    return from_tree(expand(document.node))


def _import_plugins(node: Node) -> None:
    for index, plugin in enumerate(node.find(("plugins",)).items if "plugins" in node.mapping else []):  # type: ignore[union-attr]
        try:
            import_plugin(str(plugin.value))
        except SpecError as error:
            raise SpecError(p.at(node.mark_of(("plugins", str(index)))) for p in error.problems) from error


def _derived(document: Document, chain: Chain) -> Arch:
    node = document.node
    allowed = ("extends", "edits", *METADATA)
    for key in node.mapping:
        if key not in allowed:
            hint = "change the network through `edits`" if key in Arch.model_fields else near(key, allowed)
            message = f"`{key}` cannot stand beside `extends`"
            raise SpecError(Problem("ARC101", message, hint, key, node.key_marks.get(key)))
    base = arch_from(node.mapping["extends"], document, chain)
    arch = _with_edits(base, edits_of(node.mapping["edits"])) if "edits" in node.mapping else base
    own = {key: child for key, child in node.mapping.items() if key in METADATA}
    kept = tree_of(arch).without(*METADATA)
    marks = {**kept.key_marks, **node.key_marks}
    return from_tree(Node({"arch": Node(document.name), **own, **kept.mapping}, node.mark, marks))


def arch_from(node: Node, document: Document | None = None, chain: Chain = ()) -> Arch:
    """The arch that a value names, or describes in place."""
    if isinstance(node.value, str):
        try:
            found = find("arch", node.value, document.file if document else None)
        except SpecError as error:
            raise SpecError(problem.at(node.mark) for problem in error.problems) from None
        return arch_of(found, chain)
    if not node.is_mapping():
        raise SpecError(Problem("ARC104", "an arch is a name, a path or a mapping", "", "", node.mark))
    named = as_document(node) if "arch" in node.mapping else None
    file = document.file if document else None
    return arch_of(Document("arch", named.name if named else "", node, file), chain)


def _with_edits(arch: Arch, edits: list[Edit]) -> Arch:
    """Kinds first, then the rest, so that paths may name what a new kind brings."""
    for edit in edits:
        if edit.path.split(".")[0] in METADATA:
            edit.fail("ARC201", "edits change the network, not what is said about it")
    tree = tree_of(arch).without("reference", "pretrained")
    kinds, others = split_kinds(edits)
    touched: list[tuple[tuple[str, ...], Edit]] = []
    if kinds:
        tree = tree_of(from_tree(_change_kinds(tree, kinds, touched), check=False))
    return from_tree(apply_edits(tree, others, touched))


def _change_kinds(tree: Node, kinds: list[Edit], touched: list[tuple[tuple[str, ...], Edit]]) -> Node:
    """New kinds that keep the fields they share with the old ones."""
    from archspec.spec.edits import places, replaced

    for edit in kinds:
        found = list(places(tree, edit))
        touched.extend((place, edit) for place in found)
        refuse_overlaps(touched)
        for index, place in enumerate(found):
            kind = distribute(edit.value, index, len(found), edit)
            owner = tree.find(place[:-1])
            family = _family_at(place[:-1])
            if owner is None or family is None:
                edit.fail("ARC201", f"`{'.'.join(place[:-1])}` has no kinds to choose from")
            from archspec.spec.base import members

            member = members(family).get(str(kind.value))
            shared = {
                key: child for key, child in owner.mapping.items() if member is None or key in member.model_fields
            }
            tree = replaced(tree, place[:-1], Node({**shared, "kind": kind}, owner.mark, owner.key_marks), edit)
    return tree


def _family_at(path: tuple[str, ...]) -> str | None:
    """The family that a path of the written-out arch takes its kind from."""
    from archspec.spec.families import family_at

    return family_at(Arch, path)


def expand(node: Node) -> Node:
    """A document with `defaults` merged into its stages."""
    stages = node.mapping.get("stages")
    defaults = node.mapping.get("defaults")
    if "edits" in node.mapping:
        raise SpecError(Problem("ARC101", "`edits` change what a document `extends`", "write the values themselves",
                                "edits", node.key_marks.get("edits")))  # fmt: skip
    if stages is None or not stages.is_list():
        return node.without("defaults")
    written = []
    for index, stage in enumerate(stages.items):
        written.append(_expanded_stage(stage, defaults, index, len(stages.items)))
    return node.without("defaults").with_child("stages", Node(written, stages.mark))


def _expanded_stage(stage: Node, defaults: Node | None, index: int, count: int) -> Node:
    edit = Edit(f"stages.{index}", stage, stage.mark)
    if not stage.is_mapping():
        edit.fail("ARC104", "a stage is a mapping", "for example `- {dim: 64, depth: 2, mixer: pooling}`")
    if index == 0 and "downsample" in stage.mapping:
        mark = stage.key_marks.get("downsample")
        edit.fail("ARC302", "the first stage has no downsampler: the stem stands there", "shape the `stem`", mark)
    if defaults is not None:
        if not defaults.is_mapping():
            edit.fail("ARC104", "`defaults` are a mapping of stage fields", "", defaults.mark)
        inherited = defaults.without("downsample") if index == 0 else defaults
        where = Edit("defaults", defaults, defaults.mark)
        stage = merge(distribute(inherited, index, count, where), stage, edit)
    else:
        stage = merge(Node({}, stage.mark), stage, edit)
    if index > 0 and "downsample" not in stage.mapping:
        stage = stage.with_child("downsample", Node("none"))
    return stage


def tree_of(arch: Arch) -> Node:
    """The written-out tree of an arch."""
    return arch._tree if arch._tree is not None else completed(node_of({}), arch)


def from_tree(tree: Node, *, check: bool = True) -> Arch:
    """The arch a written-out tree describes, checked for shapes that cannot work."""
    stages = tree.mapping.get("stages")
    data = {key: child.plain() for key, child in tree.mapping.items() if key != "stages"}
    if stages is not None:
        data["stages"] = [child.validated or child.plain() for child in stages.items] if stages.is_list() else (
            stages.plain()
        )
    try:
        arch = Arch.model_validate(data)
    except ValidationError as error:
        raise SpecError(problems_of(error, tree)) from None
    arch._tree = completed(tree, arch)
    if check:
        problems = [p.at(arch._tree.mark_of(tuple(p.path.split(".")))) for p in arch.layout.problems()]
        if problems:
            raise SpecError(_without_repeats(problems))
    return arch


def completed(tree: Node, arch: Arch) -> Node:
    """The tree with every default written out; stages that did not change keep their nodes."""
    old = tree.mapping["stages"].items if "stages" in tree.mapping else []
    stages = []
    for index, stage in enumerate(arch.stages):
        like = old[index] if index < len(old) else None
        if like is not None and like.validated is stage:
            stages.append(like)
            continue
        node = node_of(stage.model_dump(exclude_none=True), like)
        node.validated = stage
        stages.append(node)
    whole = node_of(arch.model_dump(exclude={"stages"}, exclude_none=True), tree)
    mark = tree.mapping["stages"].mark if "stages" in tree.mapping else None
    return whole.with_child("stages", Node(list(stages), mark))


def problems_of(error: ValidationError, tree: Node) -> list[Problem]:
    """Pydantic's complaints in our words, located in the tree."""
    problems = []
    for entry in error.errors(include_url=False):
        path = tuple(str(part) for part in entry["loc"])
        code, message, hint = _worded(entry)
        at_key = code == "ARC101"
        problems.append(Problem(code, message, hint, ".".join(path), tree.mark_of(path, key=at_key)))
    return _without_repeats(problems)


def _worded(entry: Any) -> tuple[str, str, str]:
    kind, context = entry["type"], entry.get("ctx", {})
    name = str(entry["loc"][-1]) if entry["loc"] else "the document"
    if kind.startswith("ARC"):
        return kind, entry["msg"], context.get("hint", "")
    if kind == "missing":
        return "ARC103", f"`{name}` is missing", ""
    if kind == "extra_forbidden":
        return "ARC101", f"there is no `{name}` here", ""
    if kind == "literal_error":
        expected = [word.strip("' ") for word in context["expected"].replace(" or ", ", ").split(", ")]
        return "ARC104", f"`{entry['input']}` is not one of {', '.join(expected)}", near(str(entry["input"]), expected)
    limits = {"greater_than": "above", "greater_than_equal": "at least", "less_than": "below", "less_than_equal": "at most"}
    if kind in limits:
        bound = next(iter(context.values()))
        return "ARC104", f"`{entry['input']}` must be {limits[kind]} {bound:g}", ""
    return "ARC104", entry["msg"].removeprefix("Value error, ").lower(), ""


def _without_repeats(problems: list[Problem]) -> list[Problem]:
    """One problem for what one line did to several stages."""
    seen: dict[tuple[Any, ...], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.code, problem.message, problem.mark or problem.path), problem)
    return sorted(seen.values(), key=lambda p: (p.mark.file, p.mark.line, p.mark.column) if p.mark else ("", 0, 0))
