"""Documents on the shelf other than archs, each with what one chooses it by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archspec.cli.console import out, out_json, talk, width
from archspec.cli.format import count, image, short
from archspec.cli.shelf import report_broken, shown_path
from archspec.cli.table import Cell, Column, table
from archspec.errors import SpecError
from archspec.spec.checking import FORMS
from archspec.spec.recipe import Recipe, phases_of
from archspec.spec.runner import AUTO, Queue, Runner, Slurm
from archspec.spec.shelf import find, names
from archspec.spec.space import Space
from archspec.spec.study import Study
from archspec.spec.summary import said, title

Facts = dict[str, str]


def documents(kind: str, as_json: bool) -> None:
    """The documents of a kind on the shelf."""
    found, broken = [], {}
    for name in names(kind):
        try:
            document = find(kind, name)
            model = FORMS[kind].read(document)
        except SpecError as error:
            broken[name] = error
            continue
        found.append({"name": name, **FACTS[kind](model), "note": model.note or "", "file": str(document.file)})
    report_broken(broken)
    if as_json:
        out_json(found)
        return
    if not found and not broken:
        talk(f"There is no {kind} on the shelf; $ARCHSPEC_PATH names further folders.")
    for line in _lines(found):
        out(line)


def _lines(found: list[Facts]) -> list[str]:
    """The table; what no document says has no column, and where it stands goes first from a narrow terminal."""
    titles = [title for title in found[0] if any(entry[title] for entry in found)] if found else []
    columns = [Column(title, ">" if title in NUMBERS else "<", SPARE.get(title, 0)) for title in titles]
    shown = [{**entry, "file": shown_path(entry["file"])} for entry in found]
    rows = [[Cell(entry[title], "name" if title == "name" else "") for title in titles] for entry in shown]
    return table(columns, rows, width()) if rows else []


SPARE = {"file": 3, "profiles": 2, "paper": 1}
"""What a narrow terminal does without, and how soon."""
NUMBERS = {"seeds", "epochs", "batch"}


def _study(study: Study) -> Facts:
    reference, searched = study.reference, study.space is not None
    paper = [reference.paper, reference.table and f"table {reference.table}"]
    return {
        "design": f"search for {' and '.join(study.search.objectives)}" if searched else study.design,
        "of": _named(study.space if searched else study.baseline),
        "varies": count(len(study.steps), "step") if study.steps else ", ".join(study.factors),
        "recipe": _named(study.recipe),
        "seeds": str(len(study.seed_list)),
        "paper": ", ".join(filter(None, paper)),
        "profiles": ", ".join(study.profiles),
    }


def _space(space: Space) -> Facts:
    where = [space.where] if isinstance(space.where, str) else space.where or ()
    return {"base": _named(space.base), "varies": ", ".join(space.vary), "where": "; ".join(where)}


def _recipe(recipe: Recipe) -> Facts:
    phases = phases_of(recipe)
    sizes = dict.fromkeys(image(phase.resolution) if phase.resolution else "" for phase in phases)
    return {
        "data": recipe.data,
        "size": " → ".join(filter(None, sizes)),
        "epochs": " + ".join(str(phase.epochs) if phase.epochs else f"{phase.steps} steps" for phase in phases),
        "batch": str(recipe.batch),
        "optimizer": f"{title(recipe.optimizer)} {recipe.peak:g}",
        "from": recipe.start or "",
    }


def _runner(runner: Runner) -> Facts:
    given, queue = runner.given, runner if isinstance(runner, Queue) else None
    gpus = [count(given.gpus, "GPU")] if given.gpus else []
    options = runner.options if isinstance(runner, Slurm) else {}
    return {
        "kind": title(runner),
        "a run has": ", ".join([count(given.cpus, "core"), *gpus]),
        "memory": _memory(given.memory) if queue else "",
        "time limit": (queue and queue.time_limit) or "",
        "options": ", ".join(f"{name}={value}" for name, value in options.items()),
    }


FACTS: dict[str, Callable[[Any], Facts]] = {"study": _study, "space": _space, "recipe": _recipe, "runner": _runner}
"""What is told about a document of each kind."""


def _memory(asked: Any) -> str:
    return said(asked) if asked in (None, AUTO) else short(int(asked))


def _named(documents: Any) -> str:
    """Documents by their names, also those that are described in place."""
    if isinstance(documents, tuple | list):
        return ", ".join(map(_named, documents))
    if not isinstance(documents, dict):
        return str(documents)
    names = (documents.get(key) for key in ("arch", "timm", "recipe", "space", "extends"))
    return str(next(filter(None, names), "its own"))
