"""What `archspec doctor` looks at: one function a subject, each with what it found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

from archspec import __version__
from archspec.cli.format import count

State = Literal["ok", "warn", "fail"]
FRESH = "make a fresh environment: python -m venv .venv && .venv/bin/pip install archspec-engine"
LITTLE_SPACE = 10 * 2**30
ASK_TORCH = """
import json, torch
names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
print(json.dumps({"cuda": torch.version.cuda, "devices": names}))
"""


class Finding(NamedTuple):
    """What was found about a subject, and what to do where that is not well."""

    name: str
    state: State
    message: str
    hint: str = ""


def python() -> Iterator[Finding]:
    """The interpreter."""
    message = f"{sys.version.split()[0]} at {sys.executable}"
    fit = sys.version_info >= (3, 11)
    yield Finding("python", "ok" if fit else "fail", message, "" if fit else "archspec needs Python 3.11 or newer")


def archspec() -> Iterator[Finding]:
    """Our own distribution."""
    place = Path(__file__).resolve().parents[1]
    try:
        installed = metadata.version("archspec-engine")
    except metadata.PackageNotFoundError:
        hint = "pip install -e . in a checkout; plugins and completion need it"
        yield Finding("archspec", "warn", f"{__version__} at {place}, not installed", hint)
        return
    state: State = "ok" if installed == __version__ else "warn"
    hint = "" if state == "ok" else f"pip says {installed}: install again"
    yield Finding("archspec", state, f"{__version__} at {place}", hint)


def clash() -> Iterator[Finding]:
    """Spack's distribution of the same import name."""
    try:
        other = metadata.version("archspec")
    except metadata.PackageNotFoundError:
        yield Finding("clash", "ok", "no other distribution claims the name archspec")
        return
    message = f"Spack's archspec {other} is installed here too; both own the import name and the command"
    yield Finding("clash", "fail", message, FRESH)


def conda() -> Iterator[Finding]:
    """Whether this is conda's base environment."""
    is_base = (Path(sys.prefix) / "conda-meta").is_dir() and (Path(sys.prefix) / "condabin").is_dir()
    if is_base:
        yield Finding("conda", "fail", f"{sys.prefix} is conda's base, which needs Spack's archspec itself", FRESH)
    else:
        yield Finding("conda", "ok", "not conda's base environment")


def _asked(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603


def torch() -> Iterator[Finding]:
    """Torch, asked in a process of its own: importing it takes seconds."""
    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        yield Finding("torch", "fail", "not installed", "pip install torch")
        return
    start = time.monotonic()
    try:
        answer = _asked(ASK_TORCH)
    except subprocess.TimeoutExpired:
        yield Finding("torch", "warn", f"{version}; it did not answer within two minutes", "is the file system slow?")
        return
    seconds = f"answered in {time.monotonic() - start:.1f} s"
    if answer.returncode != 0:
        reason = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        yield Finding("torch", "fail", f"{version} cannot be imported: {reason}", "install torch again")
        return
    told = json.loads(answer.stdout.splitlines()[-1])
    devices = ", ".join(told["devices"])
    if devices:
        yield Finding("torch", "ok", f"{version}, CUDA {told['cuda']}: {devices}; {seconds}")
    elif told["cuda"]:
        hint = "training will run on the CPU; nvidia-smi says whether the driver sees a GPU"
        yield Finding("torch", "warn", f"{version} for CUDA {told['cuda']}, but no GPU is visible; {seconds}", hint)
    else:
        yield Finding("torch", "ok", f"{version} for the CPU; {seconds}")


def yaml_loader() -> Iterator[Finding]:
    """Whether PyYAML brings libyaml."""
    import yaml

    if hasattr(yaml, "CSafeLoader"):
        yield Finding("yaml", "ok", f"PyYAML {yaml.__version__} with libyaml")
    else:
        hint = "pip install --force-reinstall pyyaml; documents are read about ten times slower"
        yield Finding("yaml", "warn", f"PyYAML {yaml.__version__} without libyaml", hint)


def plugins() -> Iterator[Finding]:
    """Other people's kinds."""
    from archspec.errors import SpecError
    from archspec.spec.registry import import_plugin, load_builtins

    load_builtins()
    found = metadata.entry_points(group="archspec.plugins")
    if not found:
        yield Finding("plugins", "ok", "none installed")
    for entry in found:
        try:
            import_plugin(entry.module)
        except SpecError as error:
            problem = error.problems[0]
            yield Finding("plugins", "fail", problem.message, problem.hint)
        else:
            yield Finding("plugins", "ok", f"{entry.name}: {entry.module}")


def shelf() -> Iterator[Finding]:
    """The folders of named documents, and whether all in them is well."""
    from archspec.spec.checking import check_file
    from archspec.spec.shelf import shipped_folders, user_folders

    for folder in user_folders():
        if not folder.is_dir():
            yield Finding(
                "shelf", "warn", f"{folder} of $ARCHSPEC_PATH does not exist", "create it, or correct the path"
            )
    folders = [folder for folder in (*user_folders(), *shipped_folders()) if folder.is_dir()]
    files = [file for folder in folders for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))]
    broken = {file: problems for file in files if (problems := check_file(file))}
    for file, problems in broken.items():
        yield Finding("shelf", "fail", f"{file}: {count(len(problems), 'problem')}", f"archspec check {file}")
    if not broken:
        yield Finding("shelf", "ok", f"{count(len(files), 'file')} in {count(len(folders), 'folder')}, all fine")


def store() -> Iterator[Finding]:
    """Where results go."""
    folder = Path(os.environ.get("ARCHSPEC_STORE") or "archspec-store").absolute()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    message = f"{folder}: {free / 2**30:,.0f} GiB free"
    if not os.access(there, os.W_OK):
        yield Finding("store", "fail", f"{folder} cannot be written", "set $ARCHSPEC_STORE to a folder of yours")
    elif free < LITTLE_SPACE:
        yield Finding("store", "warn", message, "set $ARCHSPEC_STORE to a larger disk; checkpoints take space")
    else:
        yield Finding("store", "ok", message)


def compiler() -> Iterator[Finding]:
    """What torch.compile needs."""
    chosen = os.environ.get("CXX")
    found = next((path for name in (chosen, "g++", "c++", "clang++") if name and (path := shutil.which(name))), None)
    if found:
        yield Finding("compiler", "ok", found)
    else:
        hint = "install g++ (apt install g++, or conda install cxx-compiler), or leave compiling off"
        yield Finding("compiler", "warn", "no C++ compiler on PATH; torch.compile will not work", hint)


Check = Callable[[], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (python, archspec, clash, conda, torch, yaml_loader, plugins, shelf, store, compiler)


def examined(check: Check) -> Iterator[Finding]:
    """What a check found; a check that breaks is itself a finding."""
    try:
        yield from check()
    except Exception as error:
        name = check.__name__.partition("_")[0]
        yield Finding(name, "fail", f"could not be looked at: {type(error).__name__}: {error}")
