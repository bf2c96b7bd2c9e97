"""YAML text → located nodes.

libyaml parses; its events are composed here without recursion, so that hostile nesting cannot exhaust the stack,
duplicate keys are seen, and the number of nodes stays bounded while aliases are expanded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from archspec.errors import Mark, Problem, SpecError, near
from archspec.spec.nodes import Node
from archspec.spec.scalars import read_scalar
from archspec.spec.syntax import strange_character, syntax_problem

DOCUMENT_KINDS = ("arch", "space", "study", "recipe", "runner")
ALSO = {"timm": "arch"}
"""Further first keys, and what a document is that begins with one."""
MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 60
MAX_DIGITS = 300
_NAME = re.compile(r"\w[\w.+-]*(?<!\.yaml)(?<!\.yml)")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: what it is, its name ("" where it has none), and its tree."""

    kind: str
    name: str
    node: Node
    file: Path | None = None


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is still open."""

    node: Node
    key: str | None = None
    anchor: str | None = None


@dataclass(slots=True)
class _Composer:
    """Builds the trees of one file from libyaml's events."""

    file: str
    lines: list[str]
    roots: list[Node] = field(default_factory=list)
    open: list[_Frame] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    count: int = 0

    def mark(self, event: Any) -> Mark:
        line, column = event.start_mark.line, event.start_mark.column
        text = self.lines[line] if line < len(self.lines) else ""
        same_line = event.end_mark.line == line and event.end_mark.column > column
        end = event.end_mark.column if same_line else len(text)
        return Mark(self.file, line + 1, column + 1, max(1, end - column), text)

    def fail(self, code: str, message: str, event: Any, hint: str = "") -> NoReturn:
        raise SpecError(Problem(code, message, hint, mark=self.mark(event)))

    def feed(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.anchors.clear()
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self.refuse_tag(event)
                self.descend(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.ascend(event)
            case yaml.ScalarEvent():
                self.refuse_tag(event)
                self.scalar(event)
            case yaml.AliasEvent():
                self.alias(event)

    def refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            hint = "choose with `kind:`; a text that begins with `!` needs quotes"
            self.fail("ARC004", f"the tag `{event.tag}` has no meaning here", event, hint)

    def descend(self, event: Any) -> None:
        if len(self.open) >= MAX_DEPTH:
            self.fail("ARC005", f"nested deeper than {MAX_DEPTH} levels", event, "no document needs that many")
        if self.awaits_key():
            hint = "a text with brackets or braces needs quotes"
            self.fail("ARC004", "a key is a word, not a list or mapping", event, hint)
        node = Node({} if isinstance(event, yaml.MappingStartEvent) else [], self.mark(event))
        if isinstance(event, yaml.MappingStartEvent):
            node.key_marks = {}
        self.open.append(_Frame(node, anchor=event.anchor))

    def ascend(self, event: Any) -> None:
        frame = self.open.pop()
        self.place(frame.node, event, frame.anchor)

    def scalar(self, event: Any) -> None:
        if self.awaits_key():
            self.key(event)
            return
        plain = event.style is None or event.style == ""
        value = read_scalar(event.value) if plain and len(event.value) <= MAX_DIGITS else event.value
        if isinstance(value, int | float) and abs(value) > 10**MAX_DIGITS:
            self.fail("ARC104", f"`{event.value[:20]}` is too large a number", event)
        self.place(Node(value, self.mark(event)), event, event.anchor)

    def awaits_key(self) -> bool:
        return bool(self.open) and self.open[-1].node.is_mapping() and self.open[-1].key is None

    def key(self, event: Any) -> None:
        frame, key = self.open[-1], event.value
        if key == "<<":
            hint = "what stages share stands in `defaults`; what documents share, in the one they `extends`"
            self.fail("ARC004", "merge keys are not read", event, hint)
        if key.startswith("-") and not event.style:
            self.fail("ARC002", "a list element that is none", event, "a space is missing after the dash")
        if key in frame.node.mapping:
            first = f"first on line {frame.node.key_marks[key].line}"
            again = key in DOCUMENT_KINDS and len(self.open) == 1
            hint = f"{first}; `---` on a line of its own begins another document" if again else first
            self.fail("ARC003", f"`{key}` is written twice", event, hint)
        frame.key = key
        frame.node.key_marks[key] = self.mark(event)

    def alias(self, event: Any) -> None:
        if self.awaits_key():
            self.fail("ARC004", "an alias cannot be a key", event)
        if event.anchor not in self.anchors:
            within = any(frame.anchor == event.anchor for frame in self.open)
            hint = "" if within else near(event.anchor, self.anchors) or "put quotes around a text that begins with `*`"
            message = f"`*{event.anchor}` stands within its own `&{event.anchor}`" if within else (
                f"there is no `&{event.anchor}` above for `*{event.anchor}` to repeat"
            )  # fmt: skip
            self.fail("ARC002", message, event, hint)
        target = self.anchors[event.anchor]
        self.count += self.sizes.get(id(target), 1)
        self.place(target, event, None)

    def place(self, node: Node, event: Any, anchor: str | None) -> None:
        self.count += 1
        if self.count > MAX_NODES:
            hint = "what stages share stands in `defaults`"
            self.fail("ARC005", f"more than {MAX_NODES:,} values once aliases are written out", event, hint)
        if anchor is not None:
            self.anchors[anchor] = node
            self.sizes[id(node)] = _size(node, self.sizes)
        if not self.open:
            self.roots.append(node)
            return
        frame = self.open[-1]
        if frame.node.is_list():
            frame.node.items.append(node)
        elif frame.key is not None:
            frame.node.mapping[frame.key] = node
            frame.key = None


def _size(node: Node, known: dict[int, int]) -> int:
    """How many values a tree holds, every alias written out."""
    total, pending = 0, [node]
    while pending:
        current = pending.pop()
        if current is not node and id(current) in known:
            total += known[id(current)]
            continue
        total += 1
        pending.extend(child for _, child in current.children())
    return total


def read_text(text: str, file: str = "<text>") -> list[Document]:
    """The documents of a YAML text, each with its kind and name."""
    documents = [as_document(root, file) for root in compose(text, file)]
    first: dict[tuple[str, str], Document] = {}
    for document in documents:
        earlier = first.setdefault((document.kind, document.name), document)
        if earlier is not document:
            marks = [d.node.mark_of((d.kind,)) for d in (earlier, document)]
            message = f"there are two documents `{document.kind}: {document.name}`"
            hint = f"the first is on line {marks[0].line}; give one another name" if marks[0] else ""
            raise SpecError(Problem("ARC003", message, hint, mark=marks[1]))
    return documents


def compose(text: str, file: str = "<text>", *, shown: str | None = None) -> list[Node]:
    """The trees of a YAML text; marks may show another text with the same lines and columns."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise SpecError(Problem("ARC005", f"larger than {MAX_BYTES:,} bytes", mark=Mark(file, 1, 1)))
    if strange := strange_character(text, file):
        raise SpecError(strange)
    composer = _Composer(file, (text if shown is None else shown).splitlines())
    try:
        for event in yaml.parse(text, Loader=_Loader):
            composer.feed(event)
    except yaml.MarkedYAMLError as error:
        raise SpecError(syntax_problem(error, file, composer.lines)) from None
    return composer.roots


def read_file(path: Path) -> list[Document]:
    """The documents of a file."""
    shown = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SpecError(Problem("ARC005", f"larger than {MAX_BYTES:,} bytes", mark=Mark(shown, 1, 1)))
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        problem = Problem("ARC001", f"not UTF-8 text: {error.reason}", "save it as UTF-8", mark=Mark(shown, 1, 1))
        raise SpecError(problem) from None
    except OSError as error:
        hint = "check the path" if isinstance(error, FileNotFoundError) else ""
        message = error.strerror or str(error)
        raise SpecError(Problem("ARC001", message.lower(), hint, mark=Mark(shown, 1, 1))) from None
    documents = read_text(text, shown)
    if not documents:
        first = (text.splitlines() or [""])[0]
        mark = Mark(shown, 1, 1, max(1, len(first)), first)
        raise SpecError(Problem("ARC006", "the file holds no document", _first_key_hint(), mark=mark))
    return [Document(d.kind, d.name, d.node, path) for d in documents]


def as_document(node: Node, file: str = "<text>") -> Document:
    """What a tree is, told by its first key."""
    if not node.is_mapping() or not node.mapping:
        mark = node.mark or Mark(file, 1, 1)
        raise SpecError(Problem("ARC006", "a document is lines of `key: value`", _first_key_hint(), mark=mark))
    first = next(iter(node.mapping))
    if first not in (*DOCUMENT_KINDS, *ALSO):
        later = next((kind for kind in DOCUMENT_KINDS if kind in node.mapping), None)
        hint = f"move `{later}:` to the top" if later else near(first, DOCUMENT_KINDS)
        message = f"the first key says what a document is; `{first}` does not"
        raise SpecError(Problem("ARC006", message, hint, mark=node.key_marks.get(first)))
    name = node.mapping[first]
    if not isinstance(name.value, str) or not _NAME.fullmatch(name.value):
        message = f"`{first}:` is followed by the document's name: one word of letters, digits, `_`, `-` and `.`"
        at_name = node.mark_of((first,), key=name.value is None)
        raise SpecError(Problem("ARC104", message, f"for example `{first}: my_{first}`", first, at_name))
    refuse_nothing(node)
    return Document(ALSO.get(first, first), name.value, node)


def refuse_nothing(node: Node) -> None:
    """Keys and list elements without a value are mistakes: the word `none` is the only way to say nothing."""
    problems: list[Problem] = []
    pending: list[tuple[tuple[str, ...], Node]] = [((), node)]
    while pending:
        path, current = pending.pop()
        inner = [((*path, key), child) for key, child in current.children()]
        problems.extend(_nothing(place, child, current) for place, child in inner if child.value is None)
        pending.extend(reversed(inner))
    if problems:
        raise SpecError(problems)


def _nothing(place: tuple[str, ...], node: Node, parent: Node) -> Problem:
    key, path, mark = place[-1], ".".join(place), parent.key_marks.get(place[-1], node.mark)
    if parent.is_list():
        return Problem("ARC104", "an element of this list has no value", "write one, or remove the dash", path, mark)
    if apart := re.fullmatch(r"([\w.-]+):(.+)", key):
        hint = f"a space is missing after the colon: `{apart[1]}: {apart[2]}`"
        return Problem("ARC104", f"`{key}` is a key without a value", hint, path, mark)
    written = mark is not None and re.search(r"(~|null|Null|NULL)\s*($|[,}\]#])", mark.text[mark.column :])
    hint = "`none` is the way to say nothing" if written else "write one, or indent the lines that belong to it"
    return Problem("ARC104", f"`{key}` has no value", hint, path, mark)


def _first_key_hint() -> str:
    return "begin with one of " + ", ".join(f"`{kind}:`" for kind in DOCUMENT_KINDS) + " and a name"
