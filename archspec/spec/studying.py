"""Studies from documents: short forms written out, profiles laid over them, and what their keys must agree on."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from archspec.errors import Mark, Problem, SpecError, near
from archspec.spec.deriving import Form
from archspec.spec.edits import edits_of, merge
from archspec.spec.nodes import Node
from archspec.spec.search import Search, complaints
from archspec.spec.study import Arm, Factor, Study
from archspec.spec.tune import wrong

Path = tuple[str, ...]

ROLES = ("train", "start")
"""What runs of a study are for that measure nothing."""


def expand(node: Node) -> Node:
    """A study with its measurements under names and every factor in its long form, those of its profiles too."""
    node = _with_long_factors(_with_named_measurements(node))
    profiles = node.mapping.get("profiles")
    if profiles is None or not profiles.is_mapping():
        return node
    written = {name: _with_long_factors(profile) for name, profile in profiles.mapping.items()}
    return node.with_child("profiles", Node(dict(written), profiles.mark, profiles.key_marks))


def _with_long_factors(node: Node) -> Node:
    factors = node.mapping.get("factors")
    if factors is None or not factors.is_mapping():
        return node
    written = {name: _long(factor) for name, factor in factors.mapping.items()}
    return node.with_child("factors", Node(dict(written), factors.mark, factors.key_marks))


def _long(factor: Node) -> Node:
    return factor if not factor.is_mapping() or "arms" in factor.mapping else Node({"arms": factor}, factor.mark)


def _with_named_measurements(node: Node) -> Node:
    """What is measured as a mapping of names; what is named by no one is called what it is."""
    said = node.mapping.get("measure")
    if said is None or (said.is_mapping() and "kind" not in said.mapping):
        return node
    named: dict[str, Node] = {}
    marks: dict[str, Mark] = {}
    for one in several(said):
        sole = one.is_mapping() and "kind" not in one.mapping
        for name, child in (one.mapping if sole else {_kind_of(one): one}).items():
            mark = one.key_marks.get(name) or child.mark
            if name in named:
                message, hint = f"two measurements are called `{name}`", "give them names: `large: {kind: …}`"
                raise SpecError(Problem("ARC401", message, hint, "measure", mark))
            named[name] = child
            marks |= {name: mark} if mark else {}
    return node.with_child("measure", Node(dict(named), said.mark, marks))


def _kind_of(measurement: Node) -> str:
    kind = measurement.mapping.get("kind", measurement).value
    return kind if isinstance(kind, str) else "measurement"


def profiled(study: Study, name: str) -> Study:
    """The study as one of its profiles has it."""
    profile = study.tree.find(("profiles", name))
    if profile is None:
        raise SpecError(Problem("ARC102", f"there is no profile `{name}`", near(name, study.profiles), "profiles"))
    changes = Node({**profile.without("edits", "only").mapping}, profile.mark, profile.key_marks)
    tree = _with_named_measurements(merge(study.tree.without("profiles"), changes))
    only, factors = study.profiles[name].only, tree.mapping["factors"]
    if only:
        tree = tree.with_child(
            "factors", factors.without(*(factor for factor in factors.mapping if factor not in only))
        )
    chosen = STUDY.from_tree(tree)
    chosen._layer = tuple(edits_of(profile.mapping["edits"]))
    return chosen


def several(node: Node | None) -> list[Node]:
    """The elements of a list, or the one value that stands in its place; nothing where it is `none`."""
    return [] if node is None or node.value == "none" else node.items if node.is_list() else [node]


MOST = 100_000
"""Combinations of a factorial, before a fraction is taken of them."""


def _problems(study: Study) -> Iterator[Problem]:
    """What is wrong with the study as a whole, each at its own place."""
    for path, message, hint in (
        *_design(study),
        *_too_many(study),
        *_out_of_place(study),
        *_conditions(study),
        *_measurements(study),
        *_figures(study),
        *_profiles(study),
        *_tuned(study),
    ):
        yield Problem("ARC401", message, hint, ".".join(path), study.tree.mark_of(path, key=True))


Wrong = Iterator[tuple[Path, str, str]]


def _design(study: Study) -> Wrong:
    """Each design has keys of its own."""
    if study.space is not None:
        yield from _searching(study)
        return
    if study.baseline is None:
        yield (), "a study has a `baseline`, or a `space` to search", ""
    if study.search != Search():
        yield ("search",), "`search` says how a `space` is searched, and there is none", "name a `space`"
    right, wrong = ("factors", "steps") if study.design in ("one_factor", "factorial") else ("steps", "factors")
    if getattr(study, wrong):
        designs = "roadmap or leave_one_out" if wrong == "steps" else "one_factor or factorial"
        yield (wrong,), f"a {study.design} study has no `{wrong}`", f"write `{right}`, or another design: {designs}"
    if study.fraction != 1 and study.design != "factorial":
        yield ("fraction",), f"a {study.design} study has no combinations to run a fraction of", "leave it out"
    if not getattr(study, right) and study.design != "one_factor":
        yield ("design",), f"a {study.design} study has `{right}`, and there are none", ""


def _searching(study: Study) -> Wrong:
    for key in ("factors", "steps"):
        if getattr(study, key):
            yield (key,), f"a study that searches a `space` has no `{key}`", "write two studies"
    if not study.search.objectives:
        yield (
            ("space",),
            "what is looked for in the space is not said",
            "for example `search: {objectives: {top1: max}}`",
        )
    for path, message, hint in complaints(study.search, len(study.seed_list), study.looks):
        yield ("search", *path), message, hint


def _too_many(study: Study) -> Wrong:
    """Combinations multiply; those that hang on a condition are not counted, for they may be few."""
    arms = [len(factor.arms) for factor in study.factors.values() if not factor.when]
    count = math.prod(arms)
    if study.design == "factorial" and count > MOST:
        sizes = " × ".join(map(str, arms))
        message = f"{sizes} arms make {count:,} combinations, and {MOST:,} is the most that are enumerated"
        yield ("factors",), message, "vary less at once, or write them as a `space` and search it"


def _out_of_place(study: Study) -> Wrong:
    """A condition needs combinations, and combinations need one arch and one recipe to begin with."""
    hints = {"when": "write `design: factorial`, or leave it out"}
    for name, factor in study.factors.items():
        for key in ("when",) if study.design == "one_factor" else ("on", "recipe"):
            if getattr(factor, key):
                hint = hints.get(key, "write another study")
                yield ("factors", name, key), f"`{key}` has no meaning in a {study.design} study", hint


def _conditions(study: Study) -> Wrong:
    """`when` names arms of factors above."""
    above: dict[str, Factor] = {}
    for name, factor in study.factors.items() if study.design == "factorial" else ():
        for other, arms in factor.when.items():
            path = ("factors", name, "when", other)
            if other not in above:
                hint = f"write it below `{other}`" if other in study.factors else near(other, above)
                yield path, f"there is no factor `{other}` above this one", hint
                continue
            known = above[other].arms
            yield from (
                (path, f"`{other}` has no arm `{a}`", near(a, known)) for a in several_texts(arms) if a not in known
            )
        above[name] = factor


def several_texts(names: str | tuple[str, ...]) -> tuple[str, ...]:
    """A name, or a list of names, as a list."""
    return (names,) if isinstance(names, str) else names


def _measurements(study: Study) -> Wrong:
    """Names of measurements begin the names of metrics, and stand where the table has `train`."""
    for name in study.measure:
        if name in ROLES:
            yield ("measure", name), f"`{name}` says what other runs of a study are for", "give it another name"
        elif not re.fullmatch(r"\w[\w-]*", name):
            yield ("measure", name), f"`{name}` is no name for columns", "write letters, digits, - and _"


def _figures(study: Study) -> Wrong:
    """A list of printed figures has one for each baseline."""
    count = len(several(study.tree.mapping.get("baseline")))
    yield from _counted(("reference", "baseline"), study.reference.baseline, count)
    for name, factor in study.factors.items():
        path: Path = ("factors", name)
        own = len(several(study.tree.find((*path, "on")))) or count
        yield from _arm_figures((*path, "arms"), factor.arms, own)
    yield from _arm_figures(("steps",), study.steps, count)


def _arm_figures(path: Path, arms: dict[str, Arm], count: int) -> Wrong:
    for name, arm in arms.items():
        yield from _counted((*path, name, "paper"), arm.paper, count)


def _counted(path: Path, figures: object, count: int) -> Wrong:
    if isinstance(figures, tuple) and len(figures) != count:
        archs = f"{count} baseline" + ("s" if count != 1 else "")
        yield path, f"{len(figures)} printed figures for {archs}", "one for each, `none` where nothing is printed"


def _tuned(study: Study) -> Wrong:
    if not study.tune.vary:
        return
    if study.space is not None:
        yield ("tune",), "a study that searches a `space` has no arms to tune", "search the arch, then tune the arms"
    yield from wrong(study.tune, study.tree.mapping["tune"])


def _profiles(study: Study) -> Wrong:
    for name, profile in study.profiles.items():
        for factor in profile.only:
            if factor not in study.factors:
                yield ("profiles", name, "only"), f"there is no factor `{factor}`", near(factor, study.factors)


STUDY = Form("study", Study, ("study", "note"), (), expand, _problems)
