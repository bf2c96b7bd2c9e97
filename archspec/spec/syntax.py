"""What libyaml complains about, in words of whoever wrote the text, and at the place that has to be changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import yaml

from archspec.errors import Mark, Problem

_STRANGE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ufeff\ue000-\ufffd\U00010000-\U0010ffff]")
_CLOSING = {"{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class _Fault:
    """A complaint: where libyaml stumbled, where what it was reading began, and the text."""

    file: str
    lines: list[str]
    line: int
    column: int
    began: tuple[int, int]

    @property
    def text(self) -> str:
        return self.lines[self.line] if self.line < len(self.lines) else ""

    @property
    def before(self) -> str:
        return self.text[: self.column]

    @property
    def rest(self) -> str:
        return self.text[self.column :]

    def at_beginning(self) -> _Fault:
        return _Fault(self.file, self.lines, *self.began, self.began)

    def at(self, column: int) -> _Fault:
        return _Fault(self.file, self.lines, self.line, column, self.began)

    def said(self, message: str, hint: str = "", length: int = 1) -> Problem:
        return Problem("ARC002", message, hint, mark=Mark(self.file, self.line + 1, self.column + 1, length, self.text))


class _Rule(NamedTuple):
    """What libyaml says, and how it is said here."""

    complaint: str
    say: Callable[[_Fault], Problem]


def strange_character(text: str, file: str) -> Problem | None:
    """The first character that no YAML file may hold."""
    found = _STRANGE.search(text)
    if found is None:
        return None
    lines = text[: found.start()].splitlines() or [""]
    line = text.splitlines()[len(lines) - 1]
    mark = Mark(file, len(lines), len(lines[-1]) + 1, 1, _STRANGE.sub("�", line))
    hint = "remove it; it came with a copy, or this is no text file"
    return Problem("ARC002", f"a character that no YAML file may hold: U+{ord(found[0]):04X}", hint, mark=mark)


def syntax_problem(error: yaml.MarkedYAMLError, file: str, lines: list[str]) -> Problem:
    """A complaint of libyaml's, reworded and located."""
    place = error.problem_mark or error.context_mark
    line, column = (place.line, place.column) if place else (0, 0)
    if lines and line >= len(lines):  # where the text ends is told at its last character
        line, column = len(lines) - 1, len(lines[-1])
    began = (error.context_mark.line, error.context_mark.column) if error.context_mark else (line, column)
    fault = _Fault(file, lines, line, column, began)
    complaint = f"{error.context or ''}: {error.problem or ''}"
    if re.fullmatch(r" *\t\s*", fault.text[: column + 1]) or "a tab character" in complaint:
        tab = fault.at(max(0, fault.text.find("\t")))
        return tab.said("a tab, where YAML wants spaces", "indent with spaces, never tabs")
    say = next((rule.say for rule in _RULES if rule.complaint in complaint), None)
    return say(fault) if say else fault.said(f"not YAML: {error.problem or error.context}")


def _no_colon(fault: _Fault) -> Problem:
    """A line among `key: value` lines that is none."""
    fault = fault.at_beginning()
    line = fault.rest.rstrip()
    if line[:1] in ("{", "["):
        hint = "a list element begins with `- `"
    elif joined := re.match(r"([\w.-]+):(\S.*)", line):
        hint = f"a space is missing after the colon: `{joined[1]}: {joined[2]}`"
    elif apart := re.match(r"([\w.-]+)\s+(.+)", line):
        hint = f"a colon is missing after the key: `{apart[1]}: {apart[2]}`"
    else:
        hint = "a colon and a space follow a key"
    return fault.said("this line is not `key: value`", hint, len(line) or 1)


def _second_colon(fault: _Fault) -> Problem:
    """`: ` where no key can end."""
    key = re.search(r"[^\s:]+$", fault.before)
    if dash := re.search(r"(?:^|[\s:])(-)[\w{\[]", fault.before):
        return fault.at(dash.start(1)).said("a list element that is none", "a space is missing after the dash")
    if re.search(r":\s", fault.before):
        return fault.said("a second `: ` on one line", "put quotes around a text that contains `: `")
    at_key = fault.at(key.start()) if key else fault
    hint = "align it with the keys it belongs to, or see whether the line above lacks its `:`"
    return at_key.said("a key where none can stand", hint, len(key[0]) if key else 1)


def _comma(fault: _Fault) -> Problem:
    """Within braces or brackets: they end too late, or a comma is missing."""
    opening = fault.at_beginning().rest[:1]
    if not _closes(fault):
        closing = _CLOSING.get(opening, "}")
        return fault.at_beginning().said(f"this `{opening}` is never closed", f"close it with `{closing}`")
    word = re.search(r"[^\s,{}\[\]]+\s*$", fault.before) if fault.rest[:1] == ":" else None
    at_word = fault.at(word.start()) if word else fault
    return at_word.said("a comma is missing before this", f"commas separate what stands within `{opening}`",
                        len(word[0].rstrip()) if word else 1)  # fmt: skip


def _closes(fault: _Fault) -> bool:
    """Whether the bracket that began is closed by its own kind, quotes and comments left aside."""
    line, column = fault.began
    text = "\n".join([fault.lines[line][column:], *fault.lines[line + 1 :]]) if line < len(fault.lines) else ""
    open_brackets: list[str] = []
    for token in re.findall(r""""(?:[^"\\]|\\.)*"|'[^']*'|(?<=\s)#[^\n]*|[{}\[\]]""", text):
        if token in _CLOSING:
            open_brackets.append(_CLOSING[token])
        elif token in _CLOSING.values():
            if open_brackets.pop() != token:
                return False
            if not open_brackets:
                return True
    return False


def _misaligned(fault: _Fault) -> Problem:
    """A line that belongs to nothing above it, or something behind a finished value."""
    if fault.rest[:1] in ("}", "]", ","):
        return fault.said(f"this `{fault.rest[0]}` belongs to nothing", "one too many, or its opening is missing")
    if fault.rest[:1] == ":":
        return fault.said("there is no key before this `:`")
    if fault.before.strip(" -"):
        return fault.said("this stands behind a value that has ended", "a comma is missing, or quotes around the whole")
    if re.match(r"-\S", fault.rest):
        return fault.said("a list element that is none", "a space is missing after the dash")
    column, line = fault.began[1] + 1, fault.began[0] + 1
    hint = f"what belongs together begins in one column: {column} since line {line}"
    if fault.at_beginning().rest.startswith("-"):
        hint = f"since line {line} elements begin with `- ` in column {column}, and what belongs to one in {column + 2}"
    return fault.said("this line is indented like nothing above it", hint, len(fault.rest.strip()) or 1)


def _unclosed_quote(fault: _Fault) -> Problem:
    quote = fault.at_beginning()
    return quote.said("this quote is never closed", f"close it with `{quote.rest[:1]}`")


def _escape(fault: _Fault) -> Problem:
    hint = "put the text in 'single' quotes, where a backslash is only a backslash"
    return fault.said(f"`{fault.rest[:2]}` has no meaning within double quotes", hint, 2)


def _no_beginning(fault: _Fault) -> Problem:
    first = "a backtick" if fault.rest[:1] == "`" else f"`{fault.rest[:1]}`"
    message = f"a text without quotes cannot begin with {first}"
    return fault.said(message, "put quotes around the text")


def _star(fault: _Fault) -> Problem:
    return _no_beginning(fault.at_beginning())


_RULES = (
    _Rule("simple key: could not find expected ':'", _no_colon),
    _Rule("quoted scalar: found unexpected", _unclosed_quote),
    _Rule("unknown escape", _escape),
    _Rule("quoted scalar: did not find expected hexdecimal number", _escape),
    _Rule("mapping values are not allowed", _second_colon),
    _Rule("did not find expected ',' or", _comma),
    _Rule("cannot start any token", _no_beginning),
    _Rule("scanning an alias", _star),
    _Rule("scanning an anchor", _star),
    _Rule("scanning a directive", lambda fault: _no_beginning(fault.at_beginning())),
    _Rule("mapping keys are not allowed", _no_beginning),
    _Rule("did not find expected key", _misaligned),
    _Rule("did not find expected '-' indicator", _misaligned),
    _Rule("did not find expected node content", lambda fault: fault.said("a value is missing here")),
    _Rule("block sequence entries", lambda fault: fault.said(
        "a list cannot begin on the line of its key", "begin its first `- ` on the next line")),
    _Rule("expected comment or line break", lambda fault: fault.said(
        "the text cannot begin here", "begin it on the next line, indented")),
    _Rule("expected <document start>", lambda fault: fault.said(
        "this stands behind the end of the document", "`---` on a line of its own begins another")),
)  # fmt: skip
