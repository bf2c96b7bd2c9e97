"""Plain data → YAML text that this language reads back to the same data, as a person would lay it out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from archspec.spec.scalars import Printed, read_scalar

if TYPE_CHECKING:
    from archspec.spec.arch import Arch

WIDTH = 110
LAST = ("params", "frozen_params", "macs", "top1", "at", "note")
"""Of a reference, what comes after the paper and its table."""
_BARE = re.compile(r"[\w./+-](?:[\w./+ -]*[\w./+-])?")
_KEY = re.compile(r"\w[\w.-]*")
_EXPONENT = re.compile(r"e([+-])0*(\d)")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def to_yaml(arch: Arch, *, resolved: bool = False, width: int = WIDTH) -> str:
    """An arch as a document with everything written out; resolved, with nothing symbolic left either."""
    data = (arch.resolved() if resolved else arch).to_dict()
    if arch.reference is not None:
        data["reference"] = _figures(arch.reference)
    if not arch.plugins:
        data.pop("plugins", None)
    if resolved and arch.stages:
        # What a stage hands to its parts has reached them; repeated here it would say something else.
        data["stages"] = [{k: v for k, v in s.items() if k not in ("activation", "bias")} for s in data["stages"]]
    return "\n".join(document(data, width)) + "\n"


def _figures(value: Any) -> Any:
    """A paper's figures, with its numbers as they are printed there."""
    if isinstance(value, Mapping):
        return {key: _figures(child) for key, child in value.items()}
    if not isinstance(value, BaseModel):
        return value
    names = sorted(type(value).model_fields, key=lambda name: LAST.index(name) if name in LAST else -1)
    written = {name: getattr(value, name) for name in names if getattr(value, name) not in (None, {})}
    return {name: _figures(child) for name, child in written.items()}


def document(data: Mapping[str, Any], width: int = WIDTH) -> Iterator[str]:
    """The lines of a document: an entry a line, and what does not fit on one indented below it."""
    for key, value in data.items():
        yield from _entry(f"{word(key)}:", value, 0, width)


def _entry(head: str, value: Any, indent: int, width: int) -> Iterator[str]:
    line = " " * indent + f"{head} {flow(value)}"
    if isinstance(value, str) and len(line) > width:
        yield from _folded(head, value, indent, width)
        return
    if _fits(line, value, width):
        yield line
        return
    yield " " * indent + head
    if isinstance(value, Mapping):
        for key, child in _kind_first(value):
            yield from _entry(f"{word(key)}:", child, indent + 2, width)
    else:
        for child in value:
            yield from _element(child, indent + 2, width)


def _folded(head: str, text: str, indent: int, width: int) -> Iterator[str]:
    """A long text in quotes over several lines; YAML reads a line break within quotes as a space."""
    line = " " * indent + head
    for part in re.split(r"(?<=\S) (?=\S)", quoted(text)):
        if len(line) + 1 + len(part) > width and line.strip():
            yield line
            line = " " * (indent + 1)
        line += f" {part}"
    yield line


def _element(value: Any, indent: int, width: int) -> Iterator[str]:
    """An element of a list: on one line where it fits, else its entries below each other behind one dash."""
    line = " " * indent + f"- {flow(value)}"
    if not isinstance(value, Mapping) or _fits(line, value, width):
        yield line
        return
    lines = [line for key, child in _kind_first(value) for line in _entry(f"{word(key)}:", child, indent + 2, width)]
    yield " " * indent + "- " + lines[0].lstrip()
    yield from lines[1:]


def _fits(line: str, value: Any, width: int) -> bool:
    """Whether a value stays on its line; a list of mappings never does."""
    if not value or not isinstance(value, Mapping | list | tuple):
        return True
    mappings = isinstance(value, list | tuple) and all(isinstance(element, Mapping) for element in value)
    return len(line) <= width and not mappings


def _kind_first(mapping: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(mapping.items(), key=lambda item: item[0] != "kind")


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{word(key)}: {flow(child)}" for key, child in _kind_first(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """A scalar, quoted where a bare word would be read as something else."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, Printed):
        return value.text
    if isinstance(value, float):
        return _EXPONENT.sub(_short_exponent, repr(float(value)))
    if isinstance(value, int):
        return str(value)
    text = str(value)
    bare = _BARE.fullmatch(text) is not None and not text.startswith(("- ", "--- ")) and text not in ("-", "---", "...")
    return text if bare and isinstance(read_scalar(text), str) else quoted(text)


def word(key: Any) -> str:
    """A key; keys are always texts, so a number needs no quotes."""
    return str(key) if _KEY.fullmatch(str(key)) else quoted(str(key))


def quoted(text: str) -> str:
    """A text in double quotes."""
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else _escaped(c)) for c in text) + '"'


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _short_exponent(match: re.Match[str]) -> str:
    return f"e{'-' if match[1] == '-' else ''}{match[2]}"
