"""What a search begins with: archs of its space, and what other studies have done there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from archspec.errors import Problem, SpecError
from archspec.records.knowing import known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.arch import Arch
from archspec.spec.candidates import Candidates
from archspec.spec.decisions import Answer, Choices, Numbers
from archspec.spec.nodes import Node
from archspec.spec.reading import Document
from archspec.spec.shelf import find
from archspec.studies.plan import SEARCHING, TRIAL
from archspec.studies.planning import Planned, planned
from archspec.studies.setting import Setting


def check_begin(setting: Setting) -> None:
    """Refuse archs that the space lacks, and names of nothing; what studies have done is seen when it begins."""
    for node in setting.begin:
        _ = study_at(setting, node) or setting.choices_at(node)


def study_at(setting: Setting, node: Node) -> str:
    """The study that a value of `begin` names, perhaps one of its profiles; nothing where it names an arch."""
    beside = setting.names.beside(node).file
    if not isinstance(node.value, str) or _named("arch", node.value, beside):
        return ""
    name, at, profile = node.value.partition("@")
    found = _named("study", name, beside)
    return f"{found.file}:{found.name}{at}{profile}" if found else ""


def _named(kind: str, name: str, beside: Path | None) -> Document | None:
    try:
        return find(kind, name, beside)
    except SpecError:
        return None


def begun(setting: Setting, store: Path) -> list[Choices]:
    """The candidates to begin with, each once; what a study has done comes in the order of its arms."""
    found: list[Choices] = []
    for node in setting.begin:
        name = study_at(setting, node)
        some = [*_done(_planned(name, store), setting, store)] if name else [setting.choices_at(node)]
        if not some:
            message = f"`{node.value}` has done nothing yet that lies in the space"
            raise SpecError(Problem("ARC401", message, "run it first, or leave it out", "search.begin", node.mark))
        found += some
    return [choices for place, choices in enumerate(found) if choices not in found[:place]]


def _planned(name: str, store: Path) -> Planned:
    study, _, profile = name.partition("@")
    return planned(study, profile=profile, store=store)


def _done(other: Planned, setting: Setting, store: Path) -> Iterator[Choices]:
    """The decisions of all arms of a study that have a finished training and lie in the space."""
    roles: dict[str, list[str]] = {}
    for run in other.plan.runs:
        if run.role in ("train", SEARCHING):
            roles.setdefault(run.arm, []).append(run.key)
    for arm, keys in roles.items():
        if any(known(RunFolder(Store(store).run(key))).state == "done" for key in keys):
            one = other.trained[arm]
            network = setting.trained(one.arch)
            said = one.arm.changes if one.arm.factor == TRIAL else {}
            choices = again(setting.candidates, said, network) or setting.candidates.choices_of(network)
            if choices is not None:
                yield choices


class Said:
    """Takes decisions as they were taken before."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.said = said

    def choose(self, name: str, options: tuple[Answer, ...]) -> Answer:
        """What was chosen, if it is there."""
        return options[options.index(self.said[name])]

    def number(self, name: str, numbers: Numbers) -> int | float:
        """The number, if it lies in the range and on a step of it."""
        number: float = self.said[name]
        if not numbers.low <= number <= numbers.high or (numbers.step and number not in _steps(numbers)):
            raise ValueError(name)
        return number


def _steps(numbers: Numbers) -> list[float]:
    return [numbers.at(index) for index in range(int(numbers.count))]


def again(candidates: Candidates, said: Mapping[str, Any], arch: Arch) -> Choices | None:
    """The decisions of another search, where this one can take them too and they lead to the same network."""
    try:
        choices = candidates.draw(Said(said))
    except (KeyError, ValueError):
        return None
    return choices if candidates.quick(choices).digest == arch.digest else None
