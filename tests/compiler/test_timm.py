"""Models of timm's as archs: found, costed without torch, built, trained and saved like the rest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import timm
import torch

import archspec
from archspec.compiler.timm_network import Path as End
from archspec.errors import SpecError
from archspec.records.keys import run_document, run_key
from archspec.spec import timm_facts
from archspec.spec.arch import Arch
from archspec.spec.checking import check_file
from archspec.spec.recipe import RECIPE
from archspec.training.dropping import Dropping
from archspec.training.preparing import prepare
from archspec.training.train import train
from tests.conformance import measuring
from tests.training.runs import outcome, recipe

VIT, RESNET = "test_vit", "test_resnet"


@pytest.fixture(autouse=True, scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place for answers that nobody else writes to."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        timm_facts._answer.cache_clear()  # other tests have asked already
        yield folder


def model(name: str = VIT, **more: Any) -> Arch:
    """A model of timm's."""
    return archspec.load({"timm": name, **more})


def test_a_model_is_shaped_as_timm_has_it_and_named_like_it() -> None:
    arch = model()
    assert (arch.arch, arch.input.size, arch.input.channels, arch.classes) == (VIT, 160, 3, 1000)
    assert model(input={"channels": 1}).input.size == 160
    assert model(arch="mine").digest == arch.digest
    assert len({arch.digest, model(args={"depth": 3}).digest, model(RESNET).digest, model(classes=10).digest}) == 4


def test_a_document_may_begin_with_timm(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"timm: {VIT}\n---\narch: mine\nextends: {VIT}\nedits: {{args: {{depth: 3}}, classes: 10}}\n")
    assert check_file(file) == []
    mine = archspec.load(f"{file}:mine")
    assert (mine.arch, mine.classes) == ("mine", 10)
    assert mine.layout.cost.params < archspec.load(f"{file}:{VIT}").layout.cost.params


WRONG = {
    "timm: test_vitt\n": (1, 7, "did you mean `test_vit`"),
    "timm: test_vit\nstages: []\n": (2, 1, "known: "),
    "timm: test_vit\nargs: {depht: 3}\n": (1, 7, "args"),
    "timm: test_vit\ninput: {size: 7}\n": (1, 7, "input.size"),
    "arch: x\nextends: {timm: test_vit}\nedits: {stages.depth: 2}\n": (3, 9, "known: "),
}


@pytest.mark.parametrize("text", WRONG)
def test_mistakes_stand_where_they_were_written(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    (problem,) = check_file(file)
    line, column, hint = WRONG[text]
    assert problem.mark is not None
    assert (problem.mark.line, problem.mark.column) == (line, column)
    assert hint in problem.hint


@pytest.mark.parametrize("name", [VIT, RESNET, "test_efficientnet", "test_convnext"])
def test_costs_are_those_of_the_model(name: str) -> None:
    arch = model(name, classes=10, input={"size": 64})
    cost, network = arch.layout.cost, archspec.build(arch)
    image = torch.randn(2, 3, 64, 64)
    assert (cost.params, cost.frozen_params) == measuring.params(network)
    assert cost.macs == measuring.macs(lambda: network.eval()(image[:1]))
    network = archspec.build(arch).train()
    assert cost.activations == measuring.kept(network, lambda: network(image)) // 2


def test_costs_need_no_torch_and_are_asked_once(answers: Path) -> None:
    model().layout.cost  # noqa: B018 - the answer is on disk from here on
    code = f"""
        import sys, archspec
        from archspec.spec import timm_facts
        timm_facts.HELPER = "nobody_home"
        assert archspec.profile({{"timm": "{VIT}"}}).params == {model().layout.cost.params}
        assert not {{"torch", "timm"}} & sys.modules.keys()
    """
    lines = "\n".join(line.strip() for line in code.splitlines())
    subprocess.run([sys.executable, "-c", lines], check=True, cwd=Path(__file__).parents[2])
    assert list((answers / "archspec" / f"timm-{timm.__version__}").glob("*.json"))


def test_mistakes_are_not_remembered(answers: Path) -> None:
    before = set(answers.rglob("*.json"))
    with pytest.raises(SpecError):
        model(args={"depht": 4})
    assert set(answers.rglob("*.json")) == before
    assert "error" in timm_facts.costs({"timm": "nothing"})


def test_a_seed_gives_the_same_weights_and_a_file_rebuilds_the_network(tmp_path: Path) -> None:
    arch, image = model(args={"depth": 2}, classes=7), torch.randn(2, 3, 160, 160)
    one, again, other = (archspec.build(arch, seed=seed).eval() for seed in (1, 1, 2))
    assert torch.equal(one(image), again(image))
    assert not torch.equal(one(image), other(image))
    assert torch.equal(one.forward_head(one.forward_features(image)), one(image))
    archspec.save_model(one, tmp_path / "x.safetensors")
    loaded = archspec.load_model(tmp_path / "x.safetensors").eval()
    assert loaded.spec.digest == arch.digest
    assert torch.equal(loaded(image), one(image))
    loaded.reset_classifier(3)
    assert loaded(image).shape == (2, 3)


def test_branches_are_dropped_at_timms_rates_whatever_the_micro_batch() -> None:
    network = archspec.build(model()).train()
    rates = [
        path.drop_prob for path in timm.create_model(VIT, drop_path_rate=0.3).modules() if hasattr(path, "drop_prob")
    ]
    with Dropping(network, 0, 0.3, 0.0, constant=False) as dropping:
        assert [rate for _, rate in dropping.branches] == pytest.approx(rates)
        image = torch.randn(8, 3, 160, 160)
        dropping.decide(3, 8)
        dropping.cut(torch.arange(8), image.device)
        whole = network(image)
        pieces = []
        for piece in torch.split(torch.arange(8), 3):
            dropping.cut(piece, image.device)
            pieces.append(network(image[piece]))
        assert not torch.allclose(whole, network.eval()(image))
    assert torch.allclose(torch.cat(pieces), whole, atol=1e-5)
    assert all(end.kept is None for end in network.modules() if isinstance(end, End))


def test_what_cannot_be_trained_so_is_told_before(tmp_path: Path) -> None:
    for name, changes, said in (
        ("vgg11", {}, "no branches to drop"),
        (VIT, {"optimizer": {"layer_decay": 0.7}}, "layers of a model"),
    ):
        with pytest.raises(SpecError, match=said):
            prepare(model(name, input={"size": 32}), recipe(**changes), 0, tmp_path)


def test_training_repeats_and_fits_the_data(tmp_path: Path) -> None:
    arch = model(args={"depth": 2, "patch_size": 8, "drop_rate": 0.1})
    runs = [prepare(arch, recipe(epochs=1, resolution=32), 0, tmp_path / name) for name in ("a", "b")]
    assert runs[0].spec()["arch"]["input"] == {"size": 32, "channels": 1}
    assert [train(run.path)["state"] for run in runs] == ["done", "done"]
    assert outcome(runs[0]) == outcome(runs[1])


def test_blocks_may_be_computed_again(tmp_path: Path) -> None:
    arch = model(args={"depth": 2, "patch_size": 8})
    results = [
        train(prepare(arch, recipe(epochs=1, resolution=32, grad_checkpointing=again), 0, tmp_path / str(again)).path)
        for again in (False, True)
    ]
    assert results[0]["loss"] == pytest.approx(results[1]["loss"], abs=1e-4)


def test_a_document_reads_back_to_the_same_run() -> None:
    arch, how = model(RESNET, args={"stem_width": 16}), RECIPE.load({"data": "digits", "epochs": 1, "batch": 8})
    said = run_document(arch, how, 0, "digits-1")
    again = archspec.load(said["arch"])
    assert run_key(again, how, 0, "digits-1") == said["key"]
    assert (
        run_key(arch, RECIPE.load({"data": "digits", "epochs": 1, "batch": 8, "micro_batch": 4}), 0, "digits-1")
        != said["key"]
    )
