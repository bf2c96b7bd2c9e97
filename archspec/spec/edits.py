"""Edits: paths into a written-out document, and what to put there.

One mechanism serves `edits:`, study arms, `--set`, and search spaces. A path is dots; a list of parts without an index
is all of them; `2`, `0-1` and `2-` are indices. In one set no path equals or contains another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any, NamedTuple, NoReturn

from archspec.errors import Mark, Problem, SpecError, near
from archspec.spec.nested import is_tagged
from archspec.spec.nodes import Node, node_of
from archspec.spec.reading import DOCUMENT_KINDS, compose
from archspec.spec.refusing import shown
from archspec.spec.writing import flow

Path = tuple[str, ...]
_RANGE = re.compile(r"(\d{1,9})(-)?(\d{1,9})?")


class Edit(NamedTuple):
    """One path as written, its new value, and where the path was written."""

    path: str
    value: Node
    mark: Mark | None = None

    def fail(self, code: str, message: str, hint: str = "", mark: Mark | None = None) -> NoReturn:
        """Report this edit as wrong."""
        raise SpecError(Problem(code, message, hint, self.path, mark or self.mark))

    def misses(self, rest: list[str], message: str, hint: str = "") -> NoReturn:
        """Report that the path leads nowhere where only the rest of it is left."""
        mark = self.mark
        if mark is not None and mark.text[: mark.column - 1 + mark.length].endswith(self.path):
            start = mark.column + mark.length - len(".".join(rest))
            mark = replace(mark, column=start, length=len(rest[0]))
        self.fail("ARC201", message, hint, mark)


def edits_of(node: Node) -> list[Edit]:
    """The edits of a mapping of paths to values."""
    if not node.is_mapping():
        hint = "write `path: value`, without a dash" if node.is_list() else "write `{path: value}`"
        raise SpecError(Problem("ARC104", "edits are a mapping of paths to values", hint, "edits", node.mark))
    return [Edit(path, value, node.key_marks.get(path)) for path, value in node.mapping.items()]


def edits_from(values: Mapping[str, Any]) -> list[Edit]:
    """The edits of plain data; their marks quote them."""
    return [_quoted(str(path), value) for path, value in values.items()]


def _quoted(path: str, value: Any) -> Edit:
    text = f"{path}: {flow(value.plain() if isinstance(value, Node) else value)}"
    start = len(path) + 3
    there = Mark("<edit>", 1, start, len(text) - start + 1, text)
    return Edit(path, _marked(node_of(value), there), Mark("<edit>", 1, 1, len(path), text))


def _marked(node: Node, mark: Mark) -> Node:
    """A tree without marks, all of it marked as written in one place."""
    if node.mark is not None:
        return node
    if isinstance(node.value, dict):
        children = {key: _marked(child, mark) for key, child in node.value.items()}
        return Node(children, mark, dict.fromkeys(children, mark))
    if isinstance(node.value, list):
        return Node([_marked(child, mark) for child in node.value], mark)
    return Node(node.value, mark)


def edit_of(text: str, file: str) -> Edit:
    """The edit of a text `path=value`, whose value is YAML; `file` is what its marks call it."""
    path = text.partition("=")[0]
    roots = compose(" " * (len(path) + 1) + text[len(path) + 1 :], file, shown=text)
    mark = Mark(file, 1, 1, len(path), text)
    if len(roots) != 1:
        hint = "write `none` to say nothing" if not roots else "repeat the option for another edit"
        raise SpecError(Problem("ARC104", "one value follows the path", hint, path.strip(), mark))
    return Edit(path.strip(), roots[0], mark)


def split_kinds(edits: list[Edit]) -> tuple[list[list[Edit]], list[Edit]]:
    """Edits of `.kind`, which go first, the outer before those within them; and the others."""
    kinds = sorted((edit for edit in edits if edit.path.endswith(".kind")), key=_level)
    levels = [list(level) for _, level in groupby(kinds, key=_level)]
    return levels, [edit for edit in edits if not edit.path.endswith(".kind")]


def _level(edit: Edit) -> int:
    """How deep a path leads, indices left out: they may be written or not."""
    return sum(_RANGE.fullmatch(part) is None for part in edit.path.split("."))


def apply_edits(tree: Node, edits: list[Edit], touched: list[tuple[Path, Edit]] | None = None) -> Node:
    """The tree with every edit made; unchanged parts are shared with the old one."""
    touched = [] if touched is None else touched
    placed = [(edit, list(places(tree, edit))) for edit in edits]
    touched.extend((place, edit) for edit, found in placed for place in found)
    refuse_overlaps(touched)
    for edit, found in placed:
        for index, place in enumerate(found):
            value = distribute(edit.value, index, len(found), edit)
            tree = replaced(tree, place, value, edit)
    return tree


def places(tree: Node, edit: Edit) -> Iterator[Path]:
    """Every concrete place a path names; all of them must exist."""
    parts = edit.path.split(".")
    if not all(parts):
        edit.fail("ARC201", "a path is words joined by single dots", "for example `stages.2.mixer.kernel`")
    found = list(_walk(tree, (), parts, edit, tree))
    if not found:
        edit.fail("ARC201", "the path matches nothing")
    return iter(found)


def _walk(node: Node, done: Path, rest: list[str], edit: Edit, tree: Node) -> Iterator[Path]:
    if node.is_list() and any(child.is_mapping() for child in node.items):
        indexed = bool(rest) and _RANGE.fullmatch(rest[0]) is not None
        indices = _indices(rest, len(node.items), done, edit) if indexed else range(len(node.items))
        for index in indices:
            yield from _walk(node.items[index], (*done, str(index)), rest[indexed:], edit, tree)
    elif not rest:
        yield done
    elif node.find((rest[0],)) is not None and node.is_list():
        yield from _walk(node.items[int(rest[0])], (*done, rest[0]), rest[1:], edit, tree)
    elif rest[0] in node.mapping:
        yield from _walk(node.mapping[rest[0]], (*done, rest[0]), rest[1:], edit, tree)
    else:
        _missing(node, done, rest, edit, tree)


def _indices(rest: list[str], count: int, done: Path, edit: Edit) -> range:
    found = index_range(rest[0], count) or range(0)
    if not found or found[-1] >= count:
        where = ".".join(done)
        edit.misses(rest, f"`{where}` has no `{rest[0]}`", f"it has 0 to {count - 1}" if count > 1 else "it has only 0")
    return found


def index_range(text: str, count: int) -> range | None:
    """The indices that `2`, `0-1` or `2-` name among so many; None where a text is no index."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    first = int(match[1])
    return range(first, (int(match[3]) if match[3] else count - 1 if match[2] else first) + 1)


def _missing(node: Node, done: Path, rest: list[str], edit: Edit, tree: Node) -> NoReturn:
    where, kind = ".".join(done), node.mapping.get("kind")
    if not node.is_mapping() and not node.is_list():
        edit.misses(rest, f"`{where}` is {shown(node.value)}: there is nothing within it", "end the path there")
    whole = next((kind for kind in DOCUMENT_KINDS if kind in node.mapping), "document")
    owner = f"`{where}` is `{kind.value}`, which" if kind else f"`{where}`" if where else f"the {whole}"
    edit.misses(rest, f"{owner} has no `{rest[0]}`", _missing_hint(node, done, rest, tree))


def _missing_hint(node: Node, done: Path, rest: list[str], tree: Node) -> str:
    name, stages = rest[0], tree.mapping.get("stages")
    if name == "defaults" and not done:
        return f"`defaults` are written out by then: `stages.{'.'.join(rest[1:])}`"
    if index := re.fullmatch(r"(\w+)\[(\d+)\]", name):
        return f"write `{index[1]}.{index[2]}`"
    if done[:1] == ("stages",) and len(done) == 2 and stages is not None:
        if re.fullmatch(r"-\d+", name):
            return f"stages count from 0; the last is {len(stages.items) - 1}"
        having = [i for i, stage in enumerate(stages.items) if name in stage.mapping]
        if having:
            return f"it exists from stage {having[0]} on: `stages.{having[0]}-.{name}`"
    return near(name, (key for key in node.mapping if key not in ("kind", *DOCUMENT_KINDS)))


def refuse_overlaps(touched: list[tuple[Path, Edit]]) -> None:
    """In one set no path equals or contains another."""
    ordered = sorted(touched, key=lambda entry: entry[0])
    for (outer, first), (inner, second) in pairwise(ordered):
        if inner[: len(outer)] == outer:
            place = ".".join(inner)
            second.fail("ARC202", f"`{place}` is also changed by `{first.path}`", "say it once")


def distribute(value: Node, index: int, count: int, edit: Edit) -> Node:
    """A value with every `{each: […]}` in it replaced by the element of one place."""
    each = value.sole("each")
    if each is not None:
        if not each.is_list():
            edit.fail("ARC203", "`each` is followed by a list, one value a place", "", each.mark)
        if len(each.items) != count:
            values = "one value" if len(each.items) == 1 else f"{len(each.items)} values"
            places = "one place" if count == 1 else f"{count} places"
            edit.fail("ARC203", f"`each` has {values} for {places}", "give one value a place", each.mark)
        return distribute(each.items[index], index, count, edit)
    if value.is_mapping():
        children = {key: distribute(child, index, count, edit) for key, child in value.mapping.items()}
        changed = any(children[key] is not child for key, child in value.mapping.items())
        return Node(children, value.mark, value.key_marks) if changed else value
    if value.is_list():
        elements = [distribute(child, index, count, edit) for child in value.items]
        return Node(list(elements), value.mark) if elements != value.items else value
    return value


def replaced(tree: Node, place: Path, value: Node, edit: Edit) -> Node:
    """A copy of the tree with a value merged into one place."""
    if not place:
        return merge(tree, value, edit)
    child = tree.find(place[:1])
    if child is None:
        edit.fail("ARC201", f"`{place[0]}` does not exist")
    changed = tree.with_child(place[0], replaced(child, place[1:], value, edit))
    if len(place) == 1 and edit.mark is not None and not tree.is_list():
        changed.key_marks = {**tree.key_marks, place[0]: edit.mark}
    return changed


def merge(there: Node | None, value: Node, edit: Edit | None = None) -> Node:
    """The one merge rule: a mapping with a kind replaces, one without merges; scalars and lists replace."""
    edit = edit or Edit("", value, value.mark)
    factor = value.sole("times")
    if factor is not None:
        return _multiplied(there, factor, edit, value.mark)
    if not value.is_mapping() or is_tagged(value.mapping):
        return value
    if there is None or there.value is None or isinstance(there.value, bool | int | float | list):
        return value
    if isinstance(there.value, str):
        there = Node({"kind": there}, there.mark)
    if there.mapping.keys() & {"cycle", "parallel"}:
        structure = next(key for key in there.mapping if key in ("cycle", "parallel"))
        hint = f"name its members, `….{structure}.0`, or write a whole value with `kind`"
        edit.fail("ARC203", f"a mapping without a kind cannot be merged into a `{structure}`", hint, value.mark)
    merged = {**there.mapping, **{k: merge(there.mapping.get(k), v, edit) for k, v in value.mapping.items()}}
    return Node(merged, value.mark or there.mark, {**there.key_marks, **value.key_marks})


def _multiplied(there: Node | None, factor: Node, edit: Edit, mark: Mark | None) -> Node:
    """What is there, times a number."""
    if not isinstance(factor.value, int | float) or isinstance(factor.value, bool):
        edit.fail("ARC203", "`times` is followed by a number", "for example `{times: 1/2}`", factor.mark)
    if there is not None and there.is_list():
        return Node([_multiplied(element, factor, edit, mark) for element in there.items], mark)
    if there is not None and there.sole("grid") is not None:
        return Node({"grid": _multiplied(there.sole("grid"), factor, edit, mark)}, mark)
    number = there.value if there is not None else None
    if not isinstance(number, int | float) or isinstance(number, bool):
        edit.fail("ARC203", "`times` multiplies a number, and there is none here", "", mark)
    product = number * factor.value
    if not abs(product) < 1e300:
        edit.fail("ARC203", f"{number:g} × {factor.value:g} is too large a number", "", mark)
    if not isinstance(number, int):
        return Node(product, mark)
    if abs(product - round(product)) > 1e-6 * max(1.0, abs(product)):
        edit.fail("ARC203", f"{number} × {factor.value:g} is {product:g}, and a whole number stands here", "", mark)
    return Node(round(product), mark)
