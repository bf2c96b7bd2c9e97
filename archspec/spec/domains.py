"""Domains of a search space: `{choose: […]}` and `{range: [a, b], step, log}`, nested at will in what edits can be."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.errors import Problem, near
from archspec.spec.nodes import Node

RANGE_KEYS = ("range", "step", "log")


def complaints(value: Node, path: str) -> Iterator[Problem]:
    """What is wrong with how a path's domain is written."""
    if not varies(value):
        given = next(iter(value.mapping), "")
        hint = near(given, ("choose", "range")) if value.is_mapping() else "write `{choose: […]}` or `{range: [a, b]}`"
        yield Problem("ARC203", "nothing varies here", hint, path, value.key_marks.get(given) or value.mark)
    yield from (Problem("ARC203", message, hint, path, node.mark) for node, message, hint in _wrong(value))


def candidates(value: Node) -> Iterator[Node]:
    """Values of a domain: the first of every choice, then every other alternative, one at a time."""
    if "choose" in value.mapping:
        for option in value.mapping["choose"].items:
            yield from candidates(option)
    elif "range" in value.mapping:
        yield from value.mapping["range"].items
    elif (each := value.sole("each")) is not None and not each.is_list():
        yield from candidates(each)  # every place chooses for itself; here all choose alike
    elif value.is_mapping() or value.is_list():
        yield from _within(value)
    else:
        yield value


def _within(value: Node) -> Iterator[Node]:
    """The candidates of a mapping or list: one child at a time leaves its first candidate."""
    options = {key: list(candidates(child)) for key, child in value.children()}
    first = value
    for key, found in options.items():
        first = first.with_child(key, found[0])
    yield first
    for key, found in options.items():
        yield from (first.with_child(key, other) for other in found[1:])


def varies(value: Node) -> bool:
    """Whether anything in a value is open."""
    return bool(value.mapping.keys() & {"choose", "range"}) or any(varies(child) for _, child in value.children())


def _wrong(value: Node) -> Iterator[tuple[Node, str, str]]:
    if "choose" in value.mapping:
        yield from _wrong_choice(value)
    elif "range" in value.mapping:
        yield from _wrong_range(value)
    else:
        for _, child in value.children():
            yield from _wrong(child)


def _wrong_choice(value: Node) -> Iterator[tuple[Node, str, str]]:
    options = value.mapping["choose"]
    if len(value.mapping) > 1:
        yield value, "`choose` stands alone", "what belongs to an option is written within it"
    if not options.items:
        yield options, "`choose` is followed by a list of options", "for example `{choose: [gelu, star_relu]}`"
    for index, option in enumerate(options.items):
        if _bare(option) in map(_bare, options.items[:index]):
            yield option, "an option is offered twice", ""
        yield from _wrong(option)


def _bare(option: Node) -> Node:
    """An option as short as it can be said: a kind alone is a word."""
    return option.sole("kind") or option


def _wrong_range(value: Node) -> Iterator[tuple[Node, str, str]]:
    for key in value.mapping:
        if key not in RANGE_KEYS:
            yield Node(key, value.key_marks.get(key)), f"a range has no `{key}`", near(key, RANGE_KEYS)
    bounds = [_number(bound) for bound in value.mapping["range"].items]
    if len(bounds) != 2 or None in bounds or bounds[0] >= bounds[1]:  # type: ignore[operator]
        yield value.mapping["range"], "`range` is followed by two numbers, the smaller first", "for example `[4, 16]`"
        return
    step, log = value.mapping.get("step"), value.mapping.get("log")
    if log is not None and not isinstance(log.value, bool):
        yield log, "`log` is true or false", ""
    if step is not None:
        yield from _wrong_step(step, bounds[0], bounds[1], log)  # type: ignore[arg-type]
    if log is not None and log.value is True and bounds[0] <= 0:  # type: ignore[operator]
        yield value.mapping["range"], "a logarithmic range begins above 0", ""


def _wrong_step(step: Node, first: float, last: float, log: Node | None) -> Iterator[tuple[Node, str, str]]:
    size = _number(step)
    if size is None or size <= 0:
        yield step, "`step` is a number above 0", ""
    elif log is not None and log.value is True:
        yield step, "a logarithmic range has no `step`", ""
    elif abs((last - first) / size - round((last - first) / size)) > 1e-9:
        yield step, f"steps of {size:g} from {first:g} do not reach {last:g}", "another step, or another end"


def _number(node: Node) -> float | None:
    value = node.value
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
