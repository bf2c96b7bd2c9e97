"""Recipes, runners, spaces and studies: what they hold, and how one is derived from another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archspec.errors import SpecError
from archspec.spec.deriving import Form
from archspec.spec.edits import edits_from
from archspec.spec.reading import read_text
from archspec.spec.recipe import RECIPE
from archspec.spec.runner import RUNNER
from archspec.spec.space import SPACE
from archspec.spec.study import Profile, Study
from archspec.spec.studying import STUDY, profiled

from .samples import the_problem, written

BASIC = {"recipe": "basic", "data": "digits", "epochs": 3, "batch": 64}
STUDY_TEXT = """\
    study: small_study
    baseline: [one, two]
    recipe: basic
    seeds: 2
    factors:
      norm: {batch: {stages.norm: batch_norm, paper: [70, 71]}, none: {stages.norm: none}}
      depth:
        on: one
        arms: {deep: {stages.depth: 4, recipe.epochs: 5, paper: 72.5}}
    profiles:
      smoke: {recipe: quick, seeds: [3], edits: {stages.depth: 1}, only: [norm], reference: {metric: top5}}
    """


def read(form: Form[Any], text: str) -> Any:
    """The model of a text."""
    return form.read(read_text(text)[0])


def study(folder: Path) -> Study:
    """The small study."""
    return STUDY.load(written(folder, STUDY_TEXT))


def test_a_recipe_is_written_out() -> None:
    recipe = RECIPE.load(BASIC)
    assert (recipe.optimizer.lr, recipe.schedule.kind, recipe.resolution) == (1e-3, "cosine", None)  # type: ignore[attr-defined]
    plain = recipe.tree.plain()
    assert plain["resolution"] == plain["optimizer"]["clip"] == "none"
    assert plain["augment"]["mixup"] == plain["augment"]["erasing"] == 0.0
    assert plain["augment"]["randaugment"] == "none"
    assert "note" not in plain


def test_what_is_written_out_reads_back() -> None:
    recipe = RECIPE.load({**BASIC, "optimizer": {"lr": 2e-3, "clip": 1.0}, "resolution": [32, 48]})
    assert RECIPE.load(recipe.tree.plain()) == recipe


def test_edits_reach_what_only_defaults_say() -> None:
    edited = RECIPE.edited(RECIPE.load(BASIC), edits_from({"resolution": 96, "optimizer.clip": 2, "augment.mixup": 1}))
    assert (edited.resolution, edited.optimizer.clip, edited.augment.mixup) == (96, 2.0, 1.0)
    again = RECIPE.edited(edited, edits_from({"optimizer.clip": "none"}))
    assert again.optimizer.clip is None


def test_a_mapping_without_kind_merges_into_the_optimizer() -> None:
    edited = RECIPE.edited(RECIPE.load(BASIC), edits_from({"optimizer": {"lr": 0.5}}))
    assert edited.optimizer == RECIPE.load({**BASIC, "optimizer": {"kind": "adamw", "lr": 0.5}}).optimizer


def test_recipes_extend_each_other_in_one_file(tmp_path: Path) -> None:
    file = written(tmp_path, """\
        recipe: long
        data: digits
        epochs: 300
        batch: 64
        schedule: {warmup: 20}
        ---
        recipe: short
        extends: long
        edits: {epochs: {times: 1/100}, schedule.warmup: 1}
        note: to see that it works
        """)  # fmt: skip
    short = RECIPE.load(f"{file}:short")
    assert (short.recipe, short.epochs, short.schedule.warmup, short.batch) == ("short", 3, 1.0, 64)
    assert short.note == "to see that it works"


def test_nameless_documents_stand_where_names_do(tmp_path: Path) -> None:
    written(tmp_path, "recipe: basic\ndata: digits\nepochs: 3\nbatch: 64\n", "basic.yaml")
    file = written(tmp_path, "recipe: outer\nextends: {extends: basic, edits: {epochs: 7}}\nedits: {batch: 8}\n")
    assert (RECIPE.load(file).epochs, RECIPE.load(file).batch) == (7, 8)


def test_keys_beside_extends_are_edits() -> None:
    problem = the_problem(lambda: read(RECIPE, "recipe: a\nextends: b\nepochs: 3\n"))
    assert (problem.code, problem.path) == ("ARC101", "epochs")
    assert "edits" in problem.hint


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "hint"),
    [
        ("recipe: x\ndata: digits\nepochs: 3\nbatch: 64\noptimiser: adamw\n", "ARC101", 5, 1, "optimizer"),
        ("recipe: x\ndata: digits\nepochs: 3\nbatch: 64\noptimizer: {kind: adamv}\n", "ARC102", 5, 19, "adamw"),
        ("recipe: x\ndata: digits\nepochs: 3\nbatch: 64\naugment: {mixups: 1}\n", "ARC101", 5, 11, "mixup"),
        ("recipe: x\ndata: digits\nepochs: 2.5\nbatch: 64\n", "ARC104", 3, 9, ""),
        ("recipe: x\ndata: digits\nepochs: 3\nbatch: 64\nselect: lats\n", "ARC104", 5, 9, "last"),
        ("runner: x\nkind: locl\n", "ARC102", 2, 7, "local"),
        ("runner: x\nkind: local\ntime_limit: 12\n", "ARC104", 3, 13, "12h"),
        ("runner: x\nkind: inline\nparallelism: 2\n", "ARC101", 3, 1, ""),
        ("runner: x\nkind: local\nresources: {gpu: 1}\n", "ARC101", 3, 13, "gpus"),
        ("space: x\nbase: y\nvari: {}\n", "ARC101", 3, 1, "vary"),
        ("study: x\nbaseline: y\nrecipe: z\nseeds: [1, 2, 1]\n", "ARC104", 4, 8, ""),
        ("study: x\nbaseline: y\nrecipe: z\ndesign: roadmaps\n", "ARC104", 4, 9, "roadmap"),
        ("study: x\nbaseline: y\nrecipe: z\nfactors: {a: {b: {stages.dim: 1, papr: 3}}}\n", "ARC101", 4, 34, "paper"),
        ("study: x\nbaseline: y\nrecipe: z\nfactors: {a: {b: {stage.dim: 1}}}\n", "ARC101", 4, 19, "stages"),
        ("study: x\nbaseline: y\nrecipe: z\nprofiles: {p: {seed: 1}}\n", "ARC101", 4, 16, "seeds"),
    ],
)
def test_mistakes_stand_at_their_own_place(text: str, code: str, line: int, column: int, hint: str) -> None:
    form = {form.kind: form for form in (RECIPE, RUNNER, SPACE, STUDY)}[text.partition(":")[0]]
    problem = the_problem(lambda: read(form, text))
    assert problem.mark is not None
    assert (problem.code, problem.mark.line, problem.mark.column) == (code, line, column)
    assert hint in problem.hint


def test_runners_are_told_apart_by_kind(tmp_path: Path) -> None:
    file = written(tmp_path, """\
        runner: cluster
        kind: slurm
        resources: {gpus: 1, cpus: 8, memory: 16G}
        parallelism: 20
        time_limit: 12h
        setup: [module load python]
        environment: {OMP_NUM_THREADS: 8}
        options: {partition: gpu}
        ---
        runner: longer
        extends: cluster
        edits: {time_limit: 2d}
        """)  # fmt: skip
    longer = RUNNER.load(f"{file}:longer")
    assert (longer.kind, longer.time_limit, longer.runner) == ("slurm", "2d", "longer")  # type: ignore[attr-defined]
    assert longer.environment == {"OMP_NUM_THREADS": "8"}
    assert longer.resources.memory == 16e9  # type: ignore[attr-defined]


def test_a_space_keeps_its_domains() -> None:
    space = read(SPACE, "space: x\nbase: y\nvary: {stages.dim: {times: {choose: [1/2, 1]}}}\n")
    assert space.vary == {"stages.dim": {"times": {"choose": [0.5, 1]}}}


def test_short_and_long_factors_are_one_form(tmp_path: Path) -> None:
    factors = study(tmp_path).factors
    assert list(factors["norm"].arms) == ["batch", "none"]
    assert factors["norm"].on is None
    assert factors["depth"].on == "one"
    assert factors["depth"].arms["deep"].paper == 72.5
    assert factors["depth"].arms["deep"].model_extra == {"stages.depth": 4, "recipe.epochs": 5}


def test_a_profile_is_laid_over_the_study(tmp_path: Path) -> None:
    smoke = profiled(study(tmp_path), "smoke")
    assert (smoke.recipe, smoke.seed_list, smoke.reference.metric) == ("quick", (3,), "top5")
    assert list(smoke.factors) == ["norm"]
    assert not smoke.profiles
    (edit,) = smoke.layer
    assert edit.path == "stages.depth"
    assert edit.mark is not None
    assert edit.mark.line == 11
    assert study(tmp_path).layer == ()


def test_a_profile_may_set_any_key_of_a_study() -> None:
    assert {*Profile.names, *Profile.beside} == {*Study.names, "edits", "only"} - {"study", "profiles"}


def test_a_profile_may_describe_a_recipe_in_place(tmp_path: Path) -> None:
    text = STUDY_TEXT.replace("recipe: quick", "recipe: {extends: basic, edits: {epochs: 1}}")
    smoke = profiled(STUDY.load(written(tmp_path, text)), "smoke")
    assert smoke.recipe == {"extends": "basic", "edits": {"epochs": 1}}


def test_an_unknown_profile_has_a_near_match(tmp_path: Path) -> None:
    problem = the_problem(lambda: profiled(study(tmp_path), "smoek"))
    assert "did you mean `smoke`" in problem.hint


def test_a_study_derives_from_another(tmp_path: Path) -> None:
    written(tmp_path, STUDY_TEXT, "base.yaml")
    edits = "{seeds: [5, 6], max_failures: 2, factors.norm.arms.none: {paper: 3}}"
    text = f"study: more\nextends: small_study\nedits: {edits}\n"
    more = STUDY.load(written(tmp_path, text))
    assert (more.study, more.seed_list, more.max_failures) == ("more", (5, 6), 2)
    assert more.factors["norm"].arms["none"].paper == 3
    assert more.factors["norm"].arms["none"].model_extra == {"stages.norm": "none"}


def test_seeds_are_a_number_or_a_list() -> None:
    three = STUDY.load({"study": "x", "baseline": "y", "recipe": "z", "seeds": 3})
    assert three.seed_list == (0, 1, 2)
    for seeds in (0, [], [-1], "3", True, [1, 1]):
        with pytest.raises(SpecError):
            STUDY.load({"study": "x", "baseline": "y", "recipe": "z", "seeds": seeds})
