"""Code as it was when a study began: plugins, and an archspec that was changed, copied into the store."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import archspec
from archspec.records.files import make_folder, move_exclusively, read_json, telling, write_json
from archspec.records.keys import walk
from archspec.records.store import Store
from archspec.spec.arch import Arch
from archspec.spec.base import Spec
from archspec.spec.hashing import digest

OWN = Path(archspec.__file__).parent
ABOUT = "frozen.json"
"""What is told beside frozen code: the state of the checkout that archspec was copied from."""


def frozen(store: Store, specs: Iterable[Spec]) -> Path | None:
    """Where the code lies that some specs need, as it is now; None where all of it is archspec's, unchanged."""
    sources = dict(_sources(packages(specs)))
    git = git_state(OWN)
    if git is not None and git["changed"]:
        sources |= dict(_files(OWN.parent, OWN))
    if not sources:
        return None
    with telling(store.code, "read"):
        sums = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in sources.items()}
    place = store.code / digest(sums)
    if not place.exists():
        _copy(sources, place, {"git": git})
    return place


def environment(code: Path) -> dict[str, str]:
    """Variables with which Python takes frozen code before any other."""
    folders = [str(code.absolute()), str(Path.cwd()), os.environ.get("PYTHONPATH", "")]
    # Else the working directory would come first.
    return {"PYTHONPATH": os.pathsep.join(filter(None, folders)), "PYTHONSAFEPATH": "1"}


def packages(specs: Iterable[Spec]) -> set[str]:
    """The packages that the kinds within some specs come from, archspec left out."""
    found: set[str] = set()
    for spec in specs:
        modules = [base.__module__ for part in walk(spec) for base in type(part).__mro__ if issubclass(base, Spec)]
        found |= {module.partition(".")[0] for module in modules}
        found |= {plugin.partition(".")[0] for plugin in spec.plugins} if isinstance(spec, Arch) else set()
    return found - {"archspec"}


def git_state(folder: Path) -> dict[str, Any] | None:
    """The commit of a checkout and whether it was changed since; of frozen code, those of what it was copied from."""
    about = read_json(folder.parent / ABOUT)
    if about is not None:
        git: dict[str, Any] | None = about["git"]
        return git
    commands = (["git", "rev-parse", "HEAD"], ["git", "status", "--porcelain", "--untracked-files=no", "."])
    try:
        said = [subprocess.run(c, cwd=folder, capture_output=True, text=True, check=True, timeout=10) for c in commands]  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": said[0].stdout.strip(), "changed": bool(said[1].stdout.strip())}


def _sources(names: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """The files of packages and modules, under their names in the folder that Python finds them in."""
    for name in sorted(names):
        spec = importlib.util.find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            yield from _files(Path(folder).parent, Path(folder))
        if spec and not spec.submodule_search_locations and spec.origin:
            yield Path(spec.origin).name, Path(spec.origin)


def _files(root: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        yield from ((str((Path(place) / name).relative_to(root)), Path(place) / name) for name in names)


def _copy(sources: dict[str, Path], place: Path, about: dict[str, Any]) -> None:
    """Copy files to a place that has all of them or is not there."""
    beside = place.with_name(f".{place.name}.{secrets.token_hex(6)}.tmp")
    try:
        for name, file in sources.items():
            make_folder((beside / name).parent)
            with telling(beside / name, "written"):
                shutil.copyfile(file, beside / name)
        write_json(beside / ABOUT, about)
        move_exclusively(beside, place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
