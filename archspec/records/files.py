"""Reading and writing what must survive: whole files or none, whole lines or none, also over NFS."""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from archspec.errors import FullError, RecordsError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
TAKEN = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}
NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP}


def write_atomic(path: Path, content: bytes | str) -> None:
    """Give a file new content; whoever reads it, and whatever dies, sees the old or the new, never a mix."""
    data = content.encode() if isinstance(content, str) else content
    # The name is hidden and unlike any other, so that nobody reads or writes it meanwhile.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    with telling(path, "written"):
        try:
            _write(beside, data)
            beside.replace(path)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
        _sync_folder(path.parent)


def append_line(path: Path, line: Mapping[str, Any]) -> None:
    """Add one line of JSON, whole or not at all; numbers that are not finite become null."""
    data = (_json(line) + "\n").encode()
    with telling(path, "written"), _opened(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND) as file:
        before = os.fstat(file).st_size
        try:
            if os.write(file, data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, before)
            raise


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of JSON lines, none where there is no file; a last one that was torn is ignored."""
    data = _read(path)
    *whole, torn = (data or b"").split(b"\n")
    lines = [_mapping(text) for text in whole]
    if lines and lines[-1] is None and not torn:
        lines.pop()  # a machine that lost its power may have kept a line's length and not its letters
    return [_intact(path, number, line) for number, line in enumerate(lines, 1)]


def read_json(path: Path) -> dict[str, Any] | None:
    """The content of a JSON file, None where there is no file."""
    data = _read(path)
    return None if data is None else _intact(path, 1, _mapping(data))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Give a JSON file new content, atomically."""
    write_atomic(path, _json(content, indent=1) + "\n")


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are not there."""
    with telling(path, "made"):
        path.mkdir(parents=True, exist_ok=True)


def move_exclusively(folder: Path, place: Path) -> bool:
    """Give a folder that is not empty its place, whole; False where another that is not empty has taken it."""
    with telling(place, "written"):
        own = folder.stat().st_ino
        try:
            # Renaming onto a folder with something in it fails on every filesystem, and nothing comes between.
            folder.rename(place)
        except OSError as error:
            if error.errno in TAKEN:
                return False
            # Over NFS the answer may get lost, and asked again there is nothing left to move.
            if error.errno != errno.ENOENT or _inode(place) != own:
                raise
        _sync_folder(place.parent)
    return True


@contextmanager
def telling(path: Path, verb: str) -> Iterator[None]:
    """Say what the operating system refused, and what to do about it."""
    try:
        yield
    except OSError as error:
        said = f"{path} cannot be {verb}: {(error.strerror or str(error)).lower()}"
        if error.errno in FULL:
            raise FullError(f"{said}; free some space and start again, what is finished is kept") from error
        hint = "; allow it, or choose another folder with --store" if error.errno in FORBIDDEN else ""
        raise RecordsError(f"{said}{hint}") from error


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    file = os.open(path, flags, 0o666)
    try:
        yield file
    finally:
        os.close(file)  # over NFS only this says whether all has arrived


def _write(path: Path, data: bytes) -> None:
    with _opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)


def _inode(path: Path) -> int | None:
    with suppress(FileNotFoundError):
        return path.stat().st_ino
    return None


def _sync_folder(folder: Path) -> None:
    """Make a new name last; not every filesystem knows how."""
    try:
        with _opened(folder, os.O_RDONLY) as file:
            os.fsync(file)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise


def _read(path: Path) -> bytes | None:
    with telling(path, "read"):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def _json(data: Mapping[str, Any], indent: int | None = None) -> str:
    try:
        return json.dumps(data, indent=indent, allow_nan=False)
    except ValueError:
        # NaN is no JSON, and other readers would stumble over it.
        return json.dumps(json.loads(json.dumps(data), parse_constant=lambda _: None), indent=indent)


def _mapping(text: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _intact(path: Path, number: int, said: dict[str, Any] | None) -> dict[str, Any]:
    if said is None:
        raise RecordsError(f"{path}:{number} is not what archspec wrote there; restore the file, or delete it")
    return said
