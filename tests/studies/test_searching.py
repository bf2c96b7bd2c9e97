"""Searches: what is asked for, what is never trained, and that nothing depends on who is killed when."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archspec.errors import RecordsError, SpecError
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.pruners import Pruner
from archspec.spec.registry import members
from archspec.spec.runner import RUNNER
from archspec.spec.samplers import Sampler
from archspec.studies.driving import Event, drive
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import CHOOSING, Plan
from archspec.studies.planning import planned
from tests.studies import fake
from tests.studies.samples import ARCH
from tests.studies.test_driving import REPOSITORY, TARGET, disturb, importable

__all__ = ["importable"]

SEARCH = """\
study: seek
space:
  base: tiny
  vary:
    stages.mixer: {each: {choose: [pooling, identity, {kind: sep_conv, kernel: {choose: [3, 5]}}]}}
    stages.depth: {range: [1, 4]}
    stages.mlp.ratio: {choose: [1, 2, 3]}
  where: stages.depth < 4 or stages.mlp.ratio < 3
recipe: brief
search:
  objectives: {top1: max}
  constraints: {params: {max: 3K}}
  sampler: {kind: tpe, startup: 3}
  trials: 10
  final: {best: 2, seeds: 2}
"""
DRIVER = """
import sys
from pathlib import Path
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.planning import planned
store, runner = Path(sys.argv[2]), RUNNER.load({"kind": "local", "parallelism": int(sys.argv[3])})
drive(planned(sys.argv[1], store=store), store, runner, target="tests.studies.fake:work")
"""


RUNGS = "[{batch: 16, fraction: 1/4}, {batch: 32, fraction: 1/2}]"
"""Two cheaper trainings."""


def written(folder: Path, **search: str) -> Path:
    """A search in a file, with other values of some keys."""
    lines = [line for line in SEARCH.splitlines() if line.strip().partition(":")[0] not in search]
    text = "\n".join([*lines, *(f"  {key}: {value}" for key, value in search.items() if value)])
    file = folder / "seek.yaml"
    file.write_text(f"{text}\n{ARCH}", encoding="utf-8")
    return file


def driven(file: Path, store: Path, workers: int = 1, **more: Any) -> tuple[Plan, list[Event]]:
    """The plan in the end, and what the driver tells."""
    events: list[Event] = []
    runner = RUNNER.load({"kind": "local", "parallelism": workers} if workers > 1 else "inline")
    found = planned(file, store=store, **more)
    summary = drive(found, store, runner, target=TARGET, on=events.append)
    assert summary.planned is not None
    return summary.planned.plan, events


def asked(plan: Plan) -> list[tuple[int, dict[str, Any], dict[str, float]]]:
    """The candidates, in order."""
    return [(trial.number, trial.choices, trial.values) for trial in plan.trials]


def test_a_search_asks_trains_and_trains_the_best_again(tmp_path: Path) -> None:
    plan, events = driven(written(tmp_path), tmp_path / "store", 2)
    assert [trial.state for trial in plan.trials] == ["done"] * 10
    arms = [arm.id for arm in plan.tested]
    assert arms[0] == "baseline/tiny"
    best = max(plan.trials, key=lambda trial: trial.values["top1"])
    assert arms[1] == f"best/{plan.by_id[best.arm].name}"
    assert len(arms) == 3
    assert plan.seeds == (1, 2)
    assert {run.seed for run in plan.runs if run.role == "search"} == {0}
    assert {event.what for event in events} == {"started", "done"}
    assert driven(tmp_path / "seek.yaml", tmp_path / "store")[1] == []


def test_what_does_not_meet_the_constraints_is_never_trained(tmp_path: Path) -> None:
    plan, _ = driven(written(tmp_path), tmp_path / "store", 2)
    assert max(trial.number for trial in plan.trials) >= len(plan.trials)  # some were drawn again
    assert all(plan.by_id[trial.arm].params <= 3000 for trial in plan.trials)
    assert all(trial.choices["stages.depth"] < 4 or trial.choices["stages.mlp.ratio"] < 3 for trial in plan.trials)


def test_a_candidate_that_was_met_before_is_one_arm_and_trained_once(tmp_path: Path) -> None:
    plan, events = driven(written(tmp_path, trials="30", sampler="random"), tmp_path / "store", 2)
    assert len({trial.arm for trial in plan.trials}) < len(plan.trials)
    started = [event.run.key for event in events if event.what == "started"]
    assert len(started) == len(set(started))
    for trial in plan.trials:
        assert trial.values == next(other.values for other in plan.trials if other.arm == trial.arm)


def test_more_trials_go_on_and_another_question_begins_anew(tmp_path: Path) -> None:
    first, _ = driven(written(tmp_path, trials="4"), tmp_path / "store")
    more, _ = driven(written(tmp_path, trials="6"), tmp_path / "store")
    assert asked(more)[:4] == asked(first)
    assert len(more.trials) == 6
    other, _ = driven(written(tmp_path, trials="2", constraints="{params: {max: 2K}}"), tmp_path / "store")
    assert len(other.trials) == 2
    assert all(other.by_id[trial.arm].params <= 2000 for trial in other.trials)


def test_a_search_that_finds_nothing_names_the_constraint(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"none of 1,000 candidates meets `params <= 10`") as caught:
        planned(written(tmp_path, constraints="{params: {max: 10}}"))
    (problem,) = caught.value.problems
    assert problem.mark is not None
    assert problem.mark.text.strip().startswith("constraints")


SETTINGS: dict[str, str] = {
    "optuna": "{kind: optuna, name: TPESampler, options: {multivariate: false, n_startup_trials: 3}}",
    "gp": "{kind: gp, startup: 3}",
    "nsga2": "{kind: nsga2, population: 4}",
    "nsga3": "{kind: nsga3, population: 4}",
}


SLOW = {"gp": pytest.mark.slow}
KINDS = [pytest.param(kind, marks=SLOW.get(kind, ())) for kind in members(Sampler.family) if kind != "optunahub"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_sampler_is_resumed_exactly(kind: str, tmp_path: Path) -> None:
    sampler = SETTINGS.get(kind, kind)
    whole, _ = driven(written(tmp_path, sampler=sampler, trials="7"), tmp_path / "whole")
    driven(written(tmp_path, sampler=sampler, trials="4"), tmp_path / "store")
    driven(written(tmp_path, sampler=sampler, trials="5"), tmp_path / "store")
    again, _ = driven(written(tmp_path, sampler=sampler, trials="7"), tmp_path / "store")
    assert asked(again) == asked(whole)


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        ("{kind: optuna, name: TPESamler}", "did you mean `TPESampler`"),
        ("{kind: optuna, name: GridSampler}", "'search_space'"),
        ("{kind: optuna, name: TPESampler, options: {n_startup: 3}}", "'n_startup'"),
    ],
)
def test_a_sampler_that_cannot_be_made_is_refused_where_it_is_named(sampler: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        planned(written(tmp_path, sampler=sampler))
    (problem,) = caught.value.problems
    assert problem.mark is not None
    assert problem.mark.text.strip().startswith("sampler")


def test_what_has_no_end_is_not_gone_through(tmp_path: Path) -> None:
    file = written(tmp_path, sampler="brute_force")
    text = file.read_text(encoding="utf-8").replace("{choose: [1, 2, 3]}", "{range: [1.5, 3.5]}")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match="a range without steps"):
        planned(file)


def test_brute_force_ends_where_there_is_nothing_left(tmp_path: Path) -> None:
    plan, _ = driven(written(tmp_path, sampler="brute_force", trials="500"), tmp_path / "store", 2)
    choices = [tuple(trial.choices.items()) for trial in plan.trials]
    assert len(set(choices)) == len(choices)
    assert plan.tested[1:]


def test_a_search_begins_with_archs_that_the_space_has(tmp_path: Path) -> None:
    first = "{extends: tiny, edits: {stages.depth: 2, stages.mixer: pooling, stages.mlp.ratio: 2}}"
    plan, _ = driven(written(tmp_path, begin=f"[{first}]", trials="3"), tmp_path / "store")
    assert plan.trials[0].choices == {"stages.0.mixer": "pooling", "stages.depth": 2, "stages.mlp.ratio": 2}
    with pytest.raises(SpecError, match="not among the candidates"):
        planned(written(tmp_path, begin="{extends: tiny, edits: {stages.dim: 32}}"))


def test_several_objectives_have_a_front(tmp_path: Path) -> None:
    plan, _ = driven(written(tmp_path, objectives="{top1: max, params: min}"), tmp_path / "store", 2)
    for trial in plan.trials:
        assert trial.values["params"] == plan.by_id[trial.arm].params


def test_costs_alone_need_no_training(tmp_path: Path) -> None:
    plan, events = driven(
        written(tmp_path, objectives="{params: min, macs: max}", final="{best: 0}"), tmp_path / "store"
    )
    assert [trial.state for trial in plan.trials] == ["done"] * 10
    assert events == []


def test_several_seeds_are_averaged(tmp_path: Path) -> None:
    file = written(tmp_path, trials="3")
    plan, _ = driven(file, tmp_path / "store", 2, seeds=(0, 1))
    for trial in plan.trials:
        keys = [run.key for run in plan.runs if run.arm == trial.arm and run.role == "search"]
        assert len(keys) == 2
        assert trial.values["top1"] == pytest.approx(sum(map(fake.score_of, keys)) / 2)
    assert plan.seeds == (2, 3)


@pytest.mark.parametrize("kind", [kind for kind in members(Pruner.family) if kind not in ("none", "wilcoxon")])
def test_every_pruner_gives_up_and_stays_with_it(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake.PACE, "0.3")
    settings = {"median": "{kind: median, startup: 2}"}
    file = written(tmp_path, pruner=settings.get(kind, kind), trials="8", final="{best: 0}", sampler="random")
    plan, _ = driven(file, tmp_path / "store", 2)
    assert {trial.state for trial in plan.trials} <= {"done", "pruned"}
    pruned = [trial for trial in plan.trials if trial.state == "pruned"]
    for trial in pruned:
        key = next(run.key for run in plan.runs if run.arm == trial.arm)
        assert (RunFolder(Store(tmp_path / "store").run(key)).result() or {})["state"] == "pruned"
    assert driven(file, tmp_path / "store")[1] == []


def test_a_race_ends_before_the_last_seed(tmp_path: Path) -> None:
    file = written(tmp_path, pruner="{kind: wilcoxon, p: 0.4, startup: 1}", trials="8", final="{best: 0}")
    file.write_text(
        file.read_text(encoding="utf-8").replace("recipe: brief\nsearch", "recipe: brief\nseeds: 6\nsearch"),
        encoding="utf-8",
    )
    plan, _ = driven(file, tmp_path / "store", 2)
    pruned = [trial for trial in plan.trials if trial.state == "pruned"]
    assert pruned
    for trial in pruned:
        keys = [run.key for run in plan.runs if run.arm == trial.arm]
        results = [RunFolder(Store(tmp_path / "store").run(key)).result() for key in keys]
        assert None in results
        assert results[0] is not None


@pytest.mark.parametrize("search", [{}, {"rungs": RUNGS, "keep": "1/2"}, {"sampler": "brute_force"}], ids=str)
def test_a_journal_that_ends_in_the_middle_is_gone_on_with(search: dict[str, str], tmp_path: Path) -> None:
    file, store, draw = written(tmp_path, **{"trials": "6", **search}), tmp_path / "store", random.Random(0)
    whole, _ = driven(file, store)
    journal = StudyFolder.of(store, whole).journal
    written_down = journal.read_bytes()
    for _ in range(8):
        journal.write_bytes(written_down[: draw.randrange(len(written_down))])
        again, events = driven(file, store)
        assert asked(again) == asked(whole)
        assert events == []
    journal.write_bytes(b"{" + written_down)
    with pytest.raises(RecordsError, match=r"trials\.journal:1 is no line"):
        driven(file, store)


def spawned(file: Path, store: Path, workers: int) -> subprocess.Popen[bytes]:
    """A driver in a process of its own."""
    command = [sys.executable, "-c", DRIVER, str(file), str(store), str(workers)]
    return subprocess.Popen(command, env={**os.environ, fake.PACE: "0.03"}, cwd=REPOSITORY)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds worker processes in /proc")
@pytest.mark.parametrize("search", [{}, {"rungs": RUNGS, "keep": "1/2"}], ids=["", "rungs"])
@pytest.mark.parametrize("workers", [1, 4])
def test_killed_drivers_lose_and_double_nothing(workers: int, search: dict[str, str], tmp_path: Path) -> None:
    file, store, draw = written(tmp_path, **search), tmp_path / "store", random.Random(workers)
    for _ in range(4):
        disturb(spawned(file, store, workers), store, draw)
    plan, _ = driven(file, store, workers)
    assert sum(not trial.again for trial in plan.trials) == 10
    assert {trial.state for trial in plan.trials} == {"done", *(["pruned"] if search else [])}
    for trial in plan.trials:
        keys = [run.key for run in plan.runs if run.arm == trial.arm and run.role in CHOOSING]
        reached = trial.rungs or (trial.values["top1"],)
        assert list(reached) == [pytest.approx(fake.score_of(key)) for key in keys[: len(reached)]]
        for key in keys:
            steps = [line["step"] for line in RunFolder(Store(store).run(key)).metrics()]
            assert steps == list(range(1, fake.STEPS + 1))
    if workers == 1:
        assert asked(plan) == asked(driven(file, tmp_path / "undisturbed")[0])
