"""Models of timm's among the arms of a study."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.errors import SpecError
from archspec.records.knowing import known
from archspec.records.run import RunFolder
from archspec.spec.runner import RUNNER
from archspec.spec.timm_arch import TimmArch
from archspec.studies.driving import drive
from archspec.studies.planning import planned
from tests.studies.samples import STUDY, written

HEAD = STUDY[: STUDY.index("factors")]
ARMS = """\
factors:
  network:
    pooling: {stages.mixer: pooling}
    vit: {arch: {timm: test_vit, args: {depth: 2, patch_size: 8}}, recipe.drop_path: 0.1}
  resnet:
    on: {timm: test_resnet}
    arms: {wide: {args: {stem_width: 48}}, said again: {timm: test_resnet}}
profiles:
  smaller: {edits: {stages.depth: 1, input.size: 32}}
"""


@pytest.fixture(autouse=True)
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place for answers that nobody else writes to."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_models_stand_wherever_archs_do(tmp_path: Path) -> None:
    found = planned(written(tmp_path, HEAD + ARMS), seeds=[0])
    arms = found.plan.by_id
    assert list(arms) == [
        "baseline/tiny", "network/pooling@tiny", "network/vit@tiny", "baseline/test_resnet", "resnet/wide@test_resnet",
        "resnet/said again@test_resnet",
    ]  # fmt: skip
    vit = found.trained["network/vit@tiny"].arch
    assert isinstance(vit, TimmArch)
    assert (vit.classes, vit.input.channels, vit.input.size) == (10, 1, 16)
    assert arms["network/vit@tiny"].macs == vit.layout.cost.macs > 0
    assert "another network: test_vit" in arms["network/vit@tiny"].notes
    assert arms["resnet/wide@test_resnet"].params > arms["baseline/test_resnet"].params
    keys = {arm: next(found.plan.of(arm)).key for arm in arms}
    assert keys["resnet/said again@test_resnet"] == keys["baseline/test_resnet"]


def test_a_profile_s_edits_reach_what_a_model_has(tmp_path: Path) -> None:
    found = planned(written(tmp_path, HEAD + ARMS.replace("resolution: 16\n", "")), profile="smaller", seeds=[0])
    assert len(found.trained["baseline/tiny"].arch.stages) == 1
    assert found.trained["baseline/tiny"].arch.stages[0].depth == 1
    assert found.trained["network/vit@tiny"].arch.layout.cost.params > 0


WRONG = {
    "factors: {x: {a: {arch: {timm: test_vitt}}}}\n": "timm has no model `test_vitt`",
    "factors: {x: {on: {timm: test_vit}, arms: {a: {stages.depth: 2}}}}\n": "has no `stages`",
    "factors: {x: {a: {arch: {timm: vgg11, input: {size: 32}}, recipe.drop_path: 0.1}}}\n": "no branches to drop",
    "factors: {x: {a: {arch: {timm: test_vit, args: {depht: 2}}}}}\n": "timm cannot make this network",
}


@pytest.mark.parametrize("text", WRONG)
def test_mistakes_are_told_before_anything_runs(text: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        planned(written(tmp_path, HEAD + text))
    (problem,) = caught.value.problems
    assert WRONG[text] in problem.message
    assert problem.mark is not None
    assert Path(problem.mark.file).name == "sample.yaml"


def test_two_baselines_of_one_name_are_told_apart_by_whoever_wrote_them(tmp_path: Path) -> None:
    two = "baseline: [{timm: test_vit}, {timm: test_vit, args: {depth: 2}}]"
    with pytest.raises(SpecError, match="two different networks are called `test_vit`"):
        planned(written(tmp_path, HEAD.replace("baseline: tiny", two)))
    named = two.replace("{timm: test_vit, args", "{arch: flat, timm: test_vit, args")
    arms = planned(written(tmp_path, HEAD.replace("baseline: tiny", named))).plan.by_id
    assert list(arms) == ["baseline/test_vit", "baseline/flat"]


def test_models_are_trained_and_measured_like_the_rest(tmp_path: Path) -> None:
    found = planned(written(tmp_path, HEAD + ARMS + "measure: throughput\n"), profile="check")
    summary = drive(found, tmp_path / "store", RUNNER.load({"kind": "inline"}))
    states = {key: known(RunFolder(tmp_path / "store" / "runs" / key)) for key in found.plan.keys}
    assert {one.state for one in states.values()} == {"done"}, [one.reason for one in states.values()]
    assert not summary.failed
    measured = [states[run.key].scores for run in found.plan.runs if run.role == "throughput"]
    assert all(scores["images_per_second"] > 0 for scores in measured)
