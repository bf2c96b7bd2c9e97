"""Pydantic's complaints in our words, each located in the tree and said once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from archspec.errors import Problem, closest, near
from archspec.spec.nodes import Node
from archspec.spec.refusing import listed, mapping_hint, number_hint, shown, truth_hint

Said = tuple[str, str, str]
"""A code, a message and a hint."""

_LIMITS = {
    "greater_than": "above",
    "greater_than_equal": "at least",
    "less_than": "below",
    "less_than_equal": "at most",
}
_SAID: dict[str, Said] = {
    "missing": ("ARC103", "`{name}` is missing", ""),
    "extra_forbidden": ("ARC101", "there is no `{name}` here", ""),
    "too_short": ("ARC104", "`{name}` is empty", "write at least {min_length}"),
    "too_long": ("ARC104", "`{name}` is too long", "write at most {max_length}"),
}
_EXPECTED = {
    "string": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "tuple": "a list",
    "list": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a mapping of keys to values",
    "mapping": "a mapping of keys to values",
    "model": "a mapping of keys to values",
    "dataclass": "a mapping of keys to values",
}
"""What pydantic wants where it says `…_type` or `…_parsing`."""


def problems_of(error: ValidationError, tree: Node) -> list[Problem]:
    """What a validation complains about, located in the tree."""
    entries = error.errors(include_url=False)
    inner = {entry["loc"][:depth] for entry in entries for depth in range(len(entry["loc"]))}
    # A list is called too short where its elements are wrong: only the elements are the mistake.
    real = [entry for entry in entries if entry["type"] != "too_short" or entry["loc"] not in inner]
    return without_repeats([_problem(entry, tree) for entry in real])


def _problem(entry: Any, tree: Node) -> Problem:
    path = written_path(entry["loc"], tree)
    code, message, hint = _said(entry)
    if not hint and path[:1] == ("stages",) and isinstance(entry["input"], list):
        hint = "one value a stage is written `{each: […]}`, in `defaults` or `edits`"
    mark = tree.mark_of(path, key=code == "ARC101" or "[key]" in entry["loc"])
    return Problem(code, message, hint, ".".join(path), mark)


def written_path(loc: tuple[str | int, ...], tree: Node) -> tuple[str, ...]:
    """The path of what was written: no tags of unions, and no `kind` where it is the bare word itself."""
    node, path = tree, []
    for part in map(str, loc):
        child = node.find((part,))
        if child is not None:
            path.append(part)
            node = child
    return tuple(path)


def _said(entry: Any) -> Said:
    kind, context = entry["type"], entry.get("ctx", {})
    if kind.startswith("ARC"):
        return kind, entry["msg"], context.get("hint", "")
    if kind in _SAID:
        name = str(entry["loc"][-1]) if entry["loc"] else "the document"
        code, message, hint = _SAID[kind]
        return code, message.format(name=name, **context), hint.format(**context)
    if kind in _LIMITS:
        return "ARC104", f"{shown(entry['input'])} must be {_LIMITS[kind]} {_number(next(iter(context.values())))}", ""
    if kind == "literal_error":
        return _literal(entry["input"], re.findall(r"'([^']*)'", context["expected"]))
    return _wrong_type(kind.rpartition("_")[0], entry["input"], entry["msg"])


def _literal(given: Any, expected: list[str]) -> Said:
    two = len(expected) == 2
    options = f"neither `{expected[0]}` nor `{expected[1]}`" if two else f"none of {listed(expected)}"
    close = closest(str(given), expected)
    return "ARC104", f"{shown(given)} is {options}", near(str(given), close) if close else ""


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


def _wrong_type(wanted: str, given: Any, otherwise: str) -> Said:
    """A value that is something else than what the field takes."""
    noun = _EXPECTED.get(wanted)
    if noun is None:
        return "ARC104", otherwise.removeprefix("Value error, "), ""
    if wanted == "bool":
        return "ARC104", f"{shown(given)} is neither true nor false", truth_hint(given)
    hint = mapping_hint(given)
    if noun == "a list":
        hint = f"write [{given}]" if isinstance(given, str) else "begin every element with `- `"
    elif wanted == "string" and isinstance(given, int | float):
        hint = f'write "{str(given).lower() if isinstance(given, bool) else given}"'
    elif isinstance(given, list | tuple) and "mapping" in noun:
        hint = "write `key: value`, without dashes"
    elif wanted in ("int", "float"):
        hint = number_hint(given)
    return "ARC104", f"{shown(given)} is not {noun}", hint


def without_repeats(problems: list[Problem]) -> list[Problem]:
    """One problem for what one line did to several places, in the order of the lines."""
    ordered = sorted(problems, key=_order)
    return [merged for _, group in groupby(ordered, _cause) for merged in _merged(list(group))]


def _order(problem: Problem) -> tuple[Any, ...]:
    mark = problem.mark
    where = (mark.file, mark.line, mark.column) if mark else ("", 0, 0)
    return (*where, _cause(problem)[1:], _stage(problem))


def _cause(problem: Problem) -> tuple[str, ...]:
    """What problems have in common that differ in their stage only."""
    what = "" if problem.mark else problem.message
    return str(problem.mark), problem.code, re.sub(r"^stages\.\d+", "stages.*", problem.path), what


def _stage(problem: Problem) -> int:
    number = re.match(r"stages\.(\d+)", problem.path)
    return int(number[1]) if number else -1


def _merged(problems: list[Problem]) -> Iterator[Problem]:
    """Problems of one cause: what is wrong in several stages is told of the first."""
    first = _stage(problems[0])
    others = sorted({_stage(problem) for problem in problems} - {first})
    told = {problem.message: problem for problem in problems if _stage(problem) == first}
    if not others:
        yield from told.values()
    elif len({problem.message for problem in problems}) == 1 and others[-1] - first == len(others):
        path = re.sub(r"^stages\.\d+", f"stages.{first}-{others[-1]}", problems[0].path)
        yield replace(problems[0], path=path)
    else:
        also = f"likewise in stage{'s' if len(others) > 1 else ''} {', '.join(map(str, others))}"
        yield from (replace(p, hint=f"{p.hint}; {also}" if p.hint else also) for p in told.values())
