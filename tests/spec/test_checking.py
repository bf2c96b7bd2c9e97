"""What `check_file` finds in studies and spaces: every mistake, each where it is written."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from archspec.errors import Problem
from archspec.spec.checking import check_file

from .samples import document, written

ARCHS = "---\n".join(
    [
        document("stages: [{dim: 8, depth: 4, mixer: {kind: sep_conv, kernel: 3}, mlp: {ratio: 2}}]\n", "conv"),
        document("stages: [{dim: 8, depth: 4, mixer: {kind: attention, head_dim: 4}, mlp: {ratio: 2}}]\n", "tokens"),
    ]
)
HEAD = "---\nrecipe: basic\ndata: digits\nepochs: 3\nbatch: 64\n---\n"
STUDY = "study: x\nbaseline: conv\nrecipe: basic\n"


def found(folder: Path, text: str) -> list[Problem]:
    """The problems of a document in a file with two small archs and a recipe."""
    return check_file(written(folder, ARCHS + HEAD + dedent(text)))


def place(problem: Problem) -> str:
    """What stands where a problem is."""
    assert problem.mark is not None
    return problem.mark.text[problem.mark.column - 1 :][: problem.mark.length]


def the_one(folder: Path, text: str) -> Problem:
    """The only problem of a document."""
    (problem,) = found(folder, text)
    return problem


def study(keys: str, head: str = STUDY) -> str:
    """A study with some keys."""
    return head + dedent(keys)


def test_a_sound_study_has_no_problems(tmp_path: Path) -> None:
    text = study("""\
        seeds: 3
        reference: {paper: p, baseline: 70}
        factors:
          norm: {batch: {stages.norm: batch_norm, paper: 71}, none: {stages.norm: none, recipe.epochs: 5}}
          other: {tokens: {arch: tokens, stages.mixer.head_dim: 8}}
          where: {on: [tokens, {extends: conv, edits: {stages.depth: 2}}], arms: {pool: {stages.mixer: pooling}}}
        profiles: {smoke: {edits: {stages.depth: {times: 1/2}}, only: [norm]}}
        """)
    assert found(tmp_path, text) == []


@pytest.mark.parametrize(
    ("keys", "code", "there"),
    [
        ("factors: {a: {b: {stages.mixer.kernl: 5}}}", "ARC201", "kernl"),
        ("factors: {a: {b: {stages.1.mixer.kernel: 5}}}", "ARC201", "1"),
        ("factors: {a: {b: {stages.mixer.kernel: even}}}", "ARC104", "even"),
        ("factors: {a: {b: {stages.mixer.kernel: 4}}}", "ARC301", "4"),
        ("factors: {a: {b: {stages.mixer: poling}}}", "ARC102", "poling"),
        ("factors: {a: {b: {stages.mixer: pooling, stages.mixer.kernel: 3}}}", "ARC202", "stages.mixer.kernel"),
        ("factors: {a: {b: {stages.dim: {each: [1, 2]}}}}", "ARC203", "["),
        ("factors: {a: {b: {recipe.epoch: 5}}}", "ARC201", "epoch"),
        ("factors: {a: {b: {recipe.epochs: -5}}}", "ARC104", "-5"),
        ("factors: {a: {b: {arch: tokenz}}}", "ARC102", "tokenz"),
        ("factors: {a: {b: {recipe: basics}}}", "ARC102", "basics"),
        ("factors: {a: {on: tokenz, arms: {b: {stages.dim: 4}}}}", "ARC102", "tokenz"),
        ("factors: {a: {match: {macs: stages.norm}, arms: {b: {stages.dim: 4}}}}", "ARC203", "stages.norm"),
        ("factors: {a: {match: {macs: stages.deep}, arms: {b: {stages.dim: 4}}}}", "ARC201", "deep"),
        ("factors: {a: {when: {c: d}, arms: {b: {stages.dim: 4}}}}", "ARC401", "when"),
        ("profiles: {p: {edits: {stem.strid: 2}}}", "ARC201", "strid"),
        ("profiles: {p: {edits: {stem.size: 5}}}", "ARC301", "5"),
        ("profiles: {p: {recipe: basics}}", "ARC102", "basics"),
        ("profiles: {p: {only: [a]}}", "ARC401", "only"),
        ("steps: {a: {stages.dim: 4}}", "ARC401", "steps"),
        ("search: {objectives: {top1: max}}", "ARC401", "search"),
        ("reference: {baseline: [1, 2]}", "ARC401", "baseline"),
        ("factors: {a: {b: {stages.dim: 4, paper: [1, 2]}}}", "ARC401", "paper"),
        ("design: roadmap", "ARC401", "design"),
        ("design: roadmap\nsteps: {a: {stages.dim: 4, paper: [1, 2]}}", "ARC401", "paper"),
        ("design: factorial\nfactors: {a: {on: tokens, arms: {b: {stages.dim: 4}}}}", "ARC401", "on"),
    ],
)
def test_a_mistake_in_a_study_stands_where_it_is_written(tmp_path: Path, keys: str, code: str, there: str) -> None:
    problem = the_one(tmp_path, study(keys))
    assert (problem.code, place(problem)) == (code, there)


def test_every_mistake_is_found_at_once(tmp_path: Path) -> None:
    problems = found(tmp_path, """\
        study: x
        baseline: [conv, tokenz]
        recipe: basics
        factors:
          a: {b: {stages.norm: nrom}, c: {stages.dim: 0}}
        profiles:
          p: {edits: {stages.depht: 1}}
        """)  # fmt: skip
    assert [place(problem) for problem in problems] == ["tokenz", "basics", "nrom", "0", "depht"]


def test_what_only_one_baseline_lacks_says_which(tmp_path: Path) -> None:
    text = study("factors: {a: {b: {stages.mixer.kernel: 5}}}", "study: x\nbaseline: [conv, tokens]\nrecipe: basic\n")
    assert the_one(tmp_path, text).message.endswith("on `tokens`")


def test_every_factor_runs_on_its_own_archs(tmp_path: Path) -> None:
    arms = "arms: {b: {stages.mixer.head_dim: 8, paper: [1, 2]}}"
    assert found(tmp_path, study(f"factors: {{a: {{on: [tokens, tokens], {arms}}}}}")) == []
    assert [place(p) for p in found(tmp_path, study(f"factors: {{a: {{on: tokens, {arms}}}}}"))] == ["paper"]


def test_a_profile_may_break_an_arm(tmp_path: Path) -> None:
    text = study("""\
        factors: {a: {b: {stages.mixer: {cycle: [pooling, identity, random]}}}}
        profiles: {p: {edits: {stages.depth: 2}}}
        """)
    problem = the_one(tmp_path, text)
    assert problem.message.startswith("a cycle of 3 is longer than the 2 blocks")
    assert problem.mark is not None
    assert problem.mark.text.startswith("factors")


def test_a_profile_without_a_factor_leaves_its_mistakes_to_the_study(tmp_path: Path) -> None:
    text = study("""\
        factors:
          a: {b: {stages.mixer: {cycle: [pooling, identity, random]}}}
          c: {d: {stages.norm: none}}
        profiles: {p: {edits: {stages.depth: 2}, only: [c]}}
        """)
    assert found(tmp_path, text) == []


STEPS = "steps: {one: {stages.mixer: {kind: attention, head_dim: 4}}, two: {stages.mixer.head_dim: 8}}\n"


def test_steps_stand_on_each_other(tmp_path: Path) -> None:
    assert found(tmp_path, study(f"design: roadmap\n{STEPS}")) == []
    backwards = "steps: {two: {stages.mixer.head_dim: 8}, one: {stages.mixer: {kind: attention, head_dim: 4}}}\n"
    assert place(the_one(tmp_path, study(f"design: roadmap\n{backwards}"))) == "head_dim"


def test_a_step_that_others_need_cannot_be_left_out(tmp_path: Path) -> None:
    problem = the_one(tmp_path, study(f"design: leave_one_out\n{STEPS}"))
    assert place(problem) == "head_dim"
    assert problem.message.endswith("without `one`")


FACTORS = """\
design: factorial
factors:
  mixer: {conv: {stages.mixer.kernel: 5}, tokens: {stages.mixer: {kind: attention, head_dim: 4}}}
  heads: {CONDITION arms: {wide: {stages.mixer.head_dim: 8}}}
"""


def test_a_conditional_factor_is_tried_where_it_applies(tmp_path: Path) -> None:
    assert found(tmp_path, study(FACTORS.replace("CONDITION", "when: {mixer: tokens},"))) == []
    everywhere = the_one(tmp_path, study(FACTORS.replace("CONDITION", "")))
    assert place(everywhere) == "head_dim"
    assert everywhere.message.endswith("with mixer `conv`")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("when: {mixer: token},", "`mixer` has no arm `token`"),
        ("when: {mixr: tokens},", "there is no factor `mixr` above this one"),
        ("when: {heads: wide},", "there is no factor `heads` above this one"),
    ],
)
def test_conditions_name_arms_of_factors_above(tmp_path: Path, condition: str, message: str) -> None:
    problem = the_one(tmp_path, study(FACTORS.replace("CONDITION", condition)))
    assert (problem.code, problem.message) == ("ARC401", message)


SPACE = "space: s\nbase: conv\nvary:\n"


def test_a_sound_space_has_no_problems(tmp_path: Path) -> None:
    text = SPACE + dedent("""\
          stages.mixer:
            each:
              choose:
                - pooling
                - {kind: sep_conv, kernel: {choose: [3, {grid: {choose: [1/2, 1]}}]}}
          stages.dim: {times: {choose: [1/2, 1, 2]}}
          stages.0.depth: {range: [1, 9], step: 2}
          stages.mlp.ratio: {range: [0.5, 8], log: true}
          stages.norm: {each: [{choose: [none, layer_norm]}]}
        """).replace("\n", "\n  ").rstrip(" ")  # fmt: skip
    assert found(tmp_path, text.replace("vary:\n", "vary:\n  ")) == []


@pytest.mark.parametrize(
    ("domain", "code", "there"),
    [
        ("stages.dimm: {choose: [4, 8]}", "ARC201", "dimm"),
        ("stages.dim: {choose: [4, 0]}", "ARC104", "0"),
        ("stages.dim: {choose: [4, 4]}", "ARC203", "4"),
        ("stages.dim: {choose: []}", "ARC203", "["),
        ("stages.dim: {choose: 4}", "ARC203", "4"),
        ("stages.dim: {chose: [4, 8]}", "ARC203", "chose"),
        ("stages.dim: 4", "ARC203", "4"),
        ("stages.dim: {range: [8, 4]}", "ARC203", "["),
        ("stages.dim: {range: [4, 8, 12]}", "ARC203", "["),
        ("stages.dim: {range: [4, 9], step: 2}", "ARC203", "2"),
        ("stages.dim: {range: [4, 8], steps: 2}", "ARC203", "steps"),
        ("stages.dim: {range: [4, 8], log: maybe}", "ARC203", "maybe"),
        ("stages.dim: {range: [4, 8], step: 2, log: true}", "ARC203", "2"),
        ("stages.mlp.ratio: {range: [0, 8], log: true}", "ARC203", "["),
        ("stages.mixer: {choose: [pooling, {kind: sep_conv, kernel: {choose: [3, 4]}}]}", "ARC301", "4"),
        ("stages.mixer: {choose: [pooling, {kind: sep_conv, kernal: 3}]}", "ARC101", "kernal"),
        ("stages.mixer: {choose: [pooling, sep_cov]}", "ARC102", "sep_cov"),
        ("stages.mixer: {choose: [pooling]}, stages.mixer.kernel: {choose: [3]}", "ARC202", "stages.mixer.kernel"),
    ],
)
def test_a_mistake_in_a_space_stands_where_it_is_written(tmp_path: Path, domain: str, code: str, there: str) -> None:
    problem = the_one(tmp_path, f"space: s\nbase: conv\nvary: {{{domain}}}\n")
    assert (problem.code, place(problem)) == (code, there)


def test_an_alternative_may_need_another_choice(tmp_path: Path) -> None:
    text = "space: s\nbase: conv\nvary: {stages.norm: {choose: [{kind: group_norm, groups: 3}, none]}, DIM}\n"
    assert found(tmp_path, text.replace("DIM", "stages.dim: {choose: [6, 8]}")) == []
    assert place(the_one(tmp_path, text.replace(", DIM", ""))) == "3"


SEARCH = "study: x\nspace: s\nrecipe: basic\nsearch: {objectives: {top1: max}}\n---\n" + SPACE + "  "


def test_a_search_tries_its_space(tmp_path: Path) -> None:
    assert found(tmp_path, f"{SEARCH}stages.dim: {{choose: [4, 8]}}\n") == []
    assert place(the_one(tmp_path, f"{SEARCH}stages.dim: {{choose: [0, 8]}}\n")) == "0"


@pytest.mark.parametrize(
    ("old", "new", "there"),
    [
        ("search: {objectives: {top1: max}}", "", "space"),
        ("space: s\nrecipe", "space: t\nrecipe", "t"),
        ("recipe: basic", "recipe: basic\nsteps: {a: {stages.dim: 4}}", "steps"),
        ("space: s\nrecipe", "recipe", "search"),
    ],
)
def test_a_search_is_said_in_full(tmp_path: Path, old: str, new: str, there: str) -> None:
    problems = found(tmp_path, f"{SEARCH}stages.dim: {{choose: [4, 8]}}\n".replace(old, new))
    assert there in [place(problem) for problem in problems]


def test_a_name_leads_to_one_document(tmp_path: Path) -> None:
    problem = the_one(tmp_path, "recipe: basic\ndata: digits\nepochs: 9\nbatch: 64\n")
    assert (problem.code, place(problem)) == ("ARC003", "basic")


def test_other_files_mistakes_are_told_there(tmp_path: Path) -> None:
    other = written(tmp_path, document("stages: [{dim: 8, depth: 4, mixer: sep_cov}]\n", "broken"), "other.yaml")
    problem = the_one(tmp_path, "study: x\nbaseline: broken\nrecipe: basic\n")
    assert problem.mark is not None
    assert (problem.mark.file, place(problem)) == (str(other), "sep_cov")


def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    assert [problem.code for problem in check_file(tmp_path / "nowhere.yaml")] == ["ARC001"]


def test_names_are_looked_for_beside_the_file_they_stand_in(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    far = "---\n".join(
        [ARCHS + HEAD + study("factors: {a: {b: {stages.norm: none}}}\n"), f"{SPACE}  stages.dim: {{choose: [4]}}\n"]
    )
    written(tmp_path / "far", far)
    near = written(tmp_path, """\
        study: y
        extends: far/written.yaml
        edits: {seeds: 2}
        ---
        study: z
        space: far/written.yaml
        recipe: far/written.yaml
        search: {objectives: {top1: max}}
        """)  # fmt: skip
    assert check_file(near) == []
