"""Where named documents are found: the file at hand, its folder, $ARCHSPEC_PATH, then what ships with archspec."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from archspec.errors import Problem, SpecError, closest, near
from archspec.spec.reading import ALSO, DOCUMENT_KINDS, Document, read_file

_FIRST = r"(?:\A|^---[^\n]*\n)(?:[ \t]*(?:#[^\n]*)?\n)*"
_HEAD = re.compile(rf"{_FIRST}({'|'.join((*DOCUMENT_KINDS, *ALSO))}):[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)


def shipped_folders() -> list[Path]:
    """Where the YAML lies that ships with archspec: in a wheel beside the modules, in a checkout beside the package."""
    package = Path(__file__).resolve().parent.parent
    shelf = package / "shelf"
    roots = [shelf] if shelf.is_dir() else [package.parent]
    names = ("searchspaces", "runners", "studies", "studies/recipes")
    return [package / "zoo", *(root / name for root in roots for name in names)]


def user_folders() -> list[Path]:
    """Folders of the user's own shelf."""
    return [Path(folder) for folder in os.environ.get("ARCHSPEC_PATH", "").split(os.pathsep) if folder]


def names(kind: str) -> list[str]:
    """Every name of a kind of document on the shelf, in shelf order."""
    return list(dict.fromkeys(name for name, _ in _shelf(kind)))


def find(kind: str, reference: str, beside: Path | None = None) -> Document:
    """The document a name or path refers to; `beside` is the file the reference stands in."""
    if is_path(reference):
        return _at_path(kind, reference, beside)
    for file in _candidates(kind, reference, beside):
        for document in read_file_cached(file):
            if (document.kind, document.name) == (kind, reference):
                return document
    known = [*names(kind), *_neighbours(kind, beside)]
    hint = near(reference, known)
    others = (other for other in DOCUMENT_KINDS if reference in (*names(other), *_neighbours(other, beside)))
    if other := next(others, ""):
        hint = f"`{reference}` is {'an' if other == 'arch' else 'a'} {other}"
    if len(known) > 12 and hint.startswith("known"):
        hint = f"`archspec ls {'studies' if kind == 'study' else kind + 's'}` lists them; a path ends in .yaml"
    raise SpecError(Problem("ARC102", f"there is no {kind} named `{reference}`", hint))


def is_path(reference: str) -> bool:
    """Whether a reference is a path: it ends in .yaml, perhaps with the name of one of its documents."""
    return re.search(r"\.ya?ml(:[^/:]+)?$", reference) is not None


def _at_path(kind: str, reference: str, beside: Path | None) -> Document:
    text, _, name = reference.rpartition(":") if not reference.endswith((".yaml", ".yml")) else (reference, "", "")
    path = _full_path(text, beside)
    documents = [document for document in read_file_cached(path) if document.kind == kind]
    chosen = [document for document in documents if not name or document.name == name]
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        hint = near(name, (d.name for d in documents)) if name else ""
        raise SpecError(Problem("ARC102", f"{path} holds no {kind}{f' named `{name}`' if name else ''}", hint))
    listed = ", ".join(f"`{text}:{document.name}`" for document in chosen)
    raise SpecError(Problem("ARC102", f"{path} holds {len(chosen)} documents of kind {kind}", f"choose one: {listed}"))


def _full_path(text: str, beside: Path | None) -> Path:
    """A path as it is meant where it is written; there must be a file."""
    try:
        path = Path(text).expanduser()
        path = beside.parent / path if beside is not None and not path.is_absolute() else path
        present = path.is_file()
    except (RuntimeError, ValueError):  # no such user, or a character that no path may hold
        path, present = Path(text), False
    if not present:
        there = path.parent.iterdir() if path.parent.is_dir() else ()
        close = closest(path.name, [file.name for file in there if is_path(file.name)])
        hint = f"did you mean `{close[0]}`?" if close else "a path begins where the file it is written in lies"
        raise SpecError(Problem("ARC001", f"there is no file {path}", hint if beside or close else ""))
    return path


def _candidates(kind: str, name: str, beside: Path | None) -> Iterator[Path]:
    if beside is not None:
        yield beside
        yield from (file for known, file in _heads(beside.parent, kind) if known == name and file != beside)
    yield from (file for known, file in _shelf(kind) if known == name)


def _neighbours(kind: str, beside: Path | None) -> list[str]:
    return [name for name, _ in _heads(beside.parent, kind)] if beside is not None else []


def _shelf(kind: str) -> Iterator[tuple[str, Path]]:
    for folder in (*user_folders(), *shipped_folders()):
        yield from _heads(folder, kind)


def _heads(folder: Path, kind: str) -> Iterator[tuple[str, Path]]:
    """The names a folder holds, found without parsing."""
    try:
        files = sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))
    except OSError:  # a folder that cannot be read holds no names; `archspec doctor` tells
        return
    for file in files:
        yield from ((name, file) for found, name in _file_heads(file, *_stamp(file)) if found == kind)


def read_file_cached(file: Path) -> tuple[Document, ...]:
    """The documents of a file, parsed once for as long as it does not change."""
    return _documents(file, *_stamp(file))


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=1024)
def _documents(file: Path, _time: int, _size: int) -> tuple[Document, ...]:
    return tuple(read_file(file))


@lru_cache(maxsize=4096)
def _file_heads(file: Path, _time: int, _size: int) -> tuple[tuple[str, str], ...]:
    try:
        found = _HEAD.findall(file.read_text(encoding="utf-8-sig"))
        return tuple((ALSO.get(kind, kind), name) for kind, name in found)
    except (OSError, UnicodeDecodeError):
        return ()
