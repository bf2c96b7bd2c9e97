"""Taking in what another store has packed: believing nothing that can be checked, replacing nothing finished."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from archspec.errors import ArchspecError, RecordsError
from archspec.records.files import make_folder, read_json, telling
from archspec.records.keys import measurement_key, run_key, untrained_key
from archspec.records.knowing import told
from archspec.records.packing import CONTENTS, FORMAT
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.records.tidying import is_live, set_aside
from archspec.spec.hashing import digest
from archspec.spec.loading import load
from archspec.spec.measurements import Measurement
from archspec.spec.recipe import RECIPE

MEMBERS = re.compile(
    r"""runs/[0-9a-f]{4,64}/(run\.yaml|result\.json|attempts/[1-9][0-9]{0,8}/\w[\w.-]{0,99})
    |environments/[0-9a-f]{4,64}\.json|weights/[0-9a-f]{4,64}\.safetensors
    |studies/\w[\w.@+-]{0,199}/(plan\.json|study\.yaml)|contents\.json""",
    re.VERBOSE | re.ASCII,
)
"""Everything that an archive may hold."""
DIGEST = re.compile(r"[0-9a-f]{4,64}", re.ASCII)


@dataclass(frozen=True)
class Unpacked:
    """What became of the runs of an archive, by key."""

    imported: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Finished here before."""
    live: list[str] = field(default_factory=list)
    """Somebody works on them here."""
    refused: dict[str, str] = field(default_factory=dict)
    """Why they were not taken."""
    studies: list[str] = field(default_factory=list)
    """Studies that were not here before."""


def unpack(store: Store, file: Path, *, trust: bool = False) -> Unpacked:
    """Take the runs of an archive into a store. `trust` also takes runs whose keys this archspec cannot confirm."""
    done = Unpacked()
    with _extracted(store, file) as source:
        _take_shared(source, store)
        for key in sorted(folder.name for folder in source.runs.glob("*")):
            try:
                fate = _prevented(RunFolder(store.run(key)))
                if not fate:
                    _verify(RunFolder(source.run(key)), trust=trust)
                    fate = _take(source, store, key)
                getattr(done, fate).append(key)
            except ArchspecError as error:
                done.refused[key] = str(error)
        done.studies.extend(_take_studies(source, store))
    return done


@contextmanager
def _extracted(store: Store, file: Path) -> Iterator[Store]:
    """The content of an archive in a folder of its own, once all of it is known to be what was packed."""
    folder = store.path / f".importing-{secrets.token_hex(6)}"
    make_folder(folder)
    try:
        with telling(file, "read"):
            try:
                with tarfile.open(file) as tar:
                    _check_contents(_extract(tar, folder), folder)
            except (tarfile.TarError, EOFError, zlib.error, RecordsError) as error:
                raise RecordsError(f"{file} cannot be imported: {error}; nothing of it was taken") from error
        os.sync()
        yield Store(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _extract(tar: tarfile.TarFile, folder: Path) -> dict[str, str]:
    """Write the members into a folder; their checksums, in their order."""
    sums: dict[str, str] = {}
    for member in tar:
        plain = member.isreg() and not member.issparse() and member.name not in sums
        if not plain or MEMBERS.fullmatch(member.name) is None:
            raise RecordsError(f"it holds {member.name!r}, which no store has")
        if member.size > shutil.disk_usage(folder).free:
            raise RecordsError(f"there is no room for the {member.size:,} bytes of {member.name}")
        target = folder / member.name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = tar.extractfile(member)
        assert content is not None
        sums[member.name] = _copy(content, target)
        with suppress(OSError, OverflowError, ValueError):
            os.utime(target, (member.mtime, member.mtime))
    return sums


def _copy(content: IO[bytes], target: Path) -> str:
    """Write a file; its checksum."""
    total = hashlib.sha256()
    with target.open("xb") as out:
        while data := content.read(2**20):
            total.update(data)
            out.write(data)
    return total.hexdigest()


def _check_contents(sums: dict[str, str], folder: Path) -> None:
    """Hold what was read to what the archive says was written."""
    if list(sums)[-1:] != [CONTENTS]:
        raise RecordsError("it is no archive of runs, or its end is missing")
    said = read_json(folder / CONTENTS) or {}
    if said.get("format") != FORMAT:
        raise RecordsError(f"archspec {said.get('archspec')} packed it in another format; import it with that version")
    listed = said.get("files")
    found = {name: total for name, total in sums.items() if name != CONTENTS}
    if listed != found:
        wrong = sorted(found.items() ^ listed.items())[0][0] if isinstance(listed, dict) else CONTENTS
        raise RecordsError(f"{wrong} is not what was packed")


def _verify(run: RunFolder, *, trust: bool) -> None:
    """See whether a run is one, and whether its key is that of what it describes."""
    spec, name = run.spec(), run.path.name
    if spec["key"] != name:
        raise RecordsError(f"run.yaml describes the run {spec['key']}")
    found = told(run)
    if found.known.state == "unknown" or found.known.attempt not in {one.number for one in found.tried}:
        raise RecordsError(f"it has no result that can be read; {found.known.reason}".rstrip("; "))
    if any(one.environment and not DIGEST.fullmatch(one.environment) for one in found.tried):
        raise RecordsError("its environment has no name that archspec gives")
    if not trust and (given := _key_of(spec)) != name:
        message = f"this archspec gives it the key {given}: another version made it, or it was changed"
        raise RecordsError(f"{message}; --trust takes it all the same")


def _key_of(spec: dict[str, Any]) -> str:
    """The key of what a run's document describes."""
    try:
        measurement = Measurement.model_validate(spec["measure"]) if "measure" in spec else None
        if measurement is not None and "of" in spec:
            return measurement_key(spec["of"], measurement)
        arch, recipe = load(spec["arch"]), RECIPE.load(spec["recipe"])
        if measurement is not None:
            return measurement_key(untrained_key(arch, spec["seed"], spec["data"]), measurement)
        return run_key(arch, recipe, spec["seed"], spec["data"], spec.get("start", ""))
    except (ArchspecError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise RecordsError(f"its key cannot be confirmed ({error}); --trust takes it all the same") from error


def _prevented(there: RunFolder) -> str:
    """What a run already is in the store, if that forbids to replace it."""
    if there.result() is not None:
        return "kept"
    return "live" if there.exists() and is_live(there) else ""


def _take(source: Store, store: Store, key: str) -> str:
    """Move a run to its place; what became of it."""
    make_folder(store.runs)
    if store.run(key).exists():
        shutil.rmtree(set_aside(store, store.run(key)))
    try:
        source.run(key).rename(store.run(key))
    except OSError:
        return "live"  # somebody has just made it
    return "imported"


def _take_shared(source: Store, store: Store) -> None:
    """Move environments and weights to their places; their names say what is in them."""
    for folder, name_of in ((source.environments, _environment_name), (source.path / "weights", _weights_name)):
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            if name_of(file) != file.stem:
                raise RecordsError(f"{folder.name}/{file.name} is not what its name says; nothing was imported")
            target = store.path / folder.name / file.name
            make_folder(target.parent)
            if not target.exists():
                file.rename(target)


def _environment_name(file: Path) -> str:
    return digest(read_json(file))


def _weights_name(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[: len(file.stem)]


def _take_studies(source: Store, store: Store) -> Iterator[str]:
    """Move the studies that are not there; those that are stay as they are."""
    for folder in sorted(source.studies.iterdir()) if source.studies.is_dir() else ():
        target = store.study(folder.name)
        if not (target / "plan.json").exists():
            make_folder(target)
            for file in sorted(folder.iterdir()):
                file.rename(target / file.name)
            yield folder.name
