"""Where the index lives: on a local disk, or in a database that knows how to be shared."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from archspec.errors import RecordsError
from archspec.records.index.tables import SCHEMA

VARIABLE = "ARCHSPEC_INDEX"
MOUNTS = Path("/proc/mounts")
NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|lustre|gpfs|mmfs|beegfs\w*|afs|ceph|glusterfs|fuse\..*|fuse|9p|virtiofs|panfs|pvfs2|orangefs"
    r"|ocfs2?|gfs2?|wekafs|vastfs|davfs2?|ncpfs|prl_fs|vboxsf|vmhgfs"
)
"""Filesystems on which SQLite's locks or its shared memory cannot be relied on."""

OURS = re.compile(r"(index|[0-9a-f]{20})-\d+\.sqlite")
"""Names that nobody else gives to a file."""

MEMORY = "sqlite://"
"""An index that lasts as long as its process."""


def url_of(store: Path, wish: str | None = None) -> str:
    """The URL of a store's index: what was wished for, what the environment says, or the best place there is."""
    said = wish or os.environ.get(VARIABLE)
    if not said:
        return next((f"sqlite:///{file}" for file in _files(store) if _usable(file, store)), MEMORY)
    if "://" not in said:
        said = f"sqlite:///{Path(said).expanduser().resolve()}"
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", said)
    if not url.startswith(("sqlite:", "postgresql+psycopg:")):
        raise RecordsError(f"the index cannot be in `{said}`: give postgresql://user@host/database, or a file's path")
    _refuse_network(url)
    return url


def is_on_network(path: Path, mounts: str | None = None) -> bool:
    """Whether a path lies on a filesystem that other machines share."""
    if mounts is None:
        with suppress(OSError):
            mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    where, kinds = path.absolute().resolve(), {}
    for _, point, kind, *_ in (line.split(" ") for line in (mounts or "").splitlines() if line.count(" ") > 2):
        # Blanks in a mount point are written as their octal numbers; of two at one point the later hides the earlier.
        kinds[Path(re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), point))] = kind
    found = next((kinds[folder] for folder in (where, *where.parents) if folder in kinds), "")
    return NETWORK.fullmatch(found) is not None


def _files(store: Path) -> Iterator[Path]:
    """Where the index may be, the best place first; its name holds the version of its tables."""
    if not store.is_dir():
        return
    yield store.resolve() / f"index-{SCHEMA}.sqlite"
    name = f"{hashlib.sha256(os.fsencode(store.resolve())).hexdigest()[:20]}-{SCHEMA}.sqlite"
    yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "archspec" / name
    yield Path(tempfile.gettempdir()) / f"archspec-{os.getuid()}" / name


def _usable(file: Path, store: Path) -> bool:
    """Whether an index can live in a file, whose folder is made where that is harmless."""
    folder = file.parent
    if is_on_network(folder):
        return False
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # In a folder of others it could be replaced by them at any time; the store is as trusted as its runs are.
        trusted = folder == store.resolve() or folder.stat().st_uid == os.getuid()
        return trusted and os.access(folder, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))
    return False


def _refuse_network(url: str) -> None:
    file = url.removeprefix("sqlite:///")
    if file != url and is_on_network(Path(file).parent):
        message = f"{file} is on a filesystem that machines share, where SQLite loses data"
        raise RecordsError(f"{message}; give a path on a local disk, or a PostgreSQL URL, in ${VARIABLE}")
