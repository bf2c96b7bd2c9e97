"""What pages load besides themselves: under names that hold a hash, kept by browsers for good, compressed once."""

from __future__ import annotations

import gzip
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from archspec.errors import RecordsError
from archspec.records.files import make_folder, write_atomic
from archspec.report.html import TEMPLATES, plotly_file

STATIC = Path(__file__).parent / "static"
PLOTLY = "plotly.js"
KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True)
class Asset:
    """A style sheet or script: ours, the report's, or Plotly's own bundle out of its wheel."""

    name: str
    source: Path
    hash: str

    @property
    def kind(self) -> str:
        """What browsers take it for."""
        return KINDS[self.source.suffix]

    @property
    def address(self) -> str:
        """Where browsers find it."""
        stem, _, suffix = self.name.rpartition(".")
        return f"/assets/{stem}-{self.hash}.{suffix}"


@cache
def asset(name: str) -> Asset:
    """An asset by its name."""
    source = _source(name)
    return Asset(name, source, hashlib.sha256(source.read_bytes()).hexdigest()[:16])


def packed(found: Asset) -> Path | bytes:
    """An asset compressed; a large one is compressed once a machine, where there is a place to keep it."""
    return _kept(found) if found.name == PLOTLY else _small(found)


@cache
def _small(found: Asset) -> bytes:
    return gzip.compress(found.source.read_bytes(), 9, mtime=0)


def _kept(found: Asset) -> Path | bytes:
    file = _cache() / f"plotly-{found.hash}.js.gz"
    with suppress(OSError):
        if file.stat().st_uid == os.getuid():
            return file
    content = gzip.compress(found.source.read_bytes(), 6, mtime=0)
    with suppress(RecordsError):
        make_folder(file.parent)
        write_atomic(file, content)
        return file
    return content


@cache
def assets() -> dict[str, str]:
    """Every asset by its address."""
    names = [*(file.name for file in (*STATIC.iterdir(), *TEMPLATES.glob("*.css"))), "figures.js", PLOTLY]
    return {asset(name).address: name for name in names}


def _source(name: str) -> Path:
    if name == PLOTLY:
        return plotly_file()
    return STATIC / name if (STATIC / name).exists() else TEMPLATES / name


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "archspec"
