"""Keys: equal for equal runs however they are written, different for whatever can change a result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import archspec
from archspec.errors import RecordsError
from archspec.records.keys import measurement_document, measurement_key, run_document, run_key
from archspec.records.run import RunFolder
from archspec.records.sources import source_files
from archspec.spec.measurements import Evaluate, Measurement, Throughput
from archspec.spec.mixers.base import Mixer
from archspec.spec.mixers.pooling import Pooling
from archspec.spec.mixers.sep_conv import SepConv
from archspec.spec.optimizers import AdamW
from archspec.spec.recipe import RECIPE, Recipe
from tests.spec.samples import SMALL, small
from tests.spec.test_digest import CHANGES, SAME
from tests.zoo.shelf import NAMES, shipped

from .samples import python, recipe, said


def key(arch: archspec.spec.arch.Arch | None = None, seed: int = 0, data: str = "digits-1", **changes: Any) -> str:
    """The key of the small network's run, perhaps with something changed."""
    return run_key(arch or small(), recipe(**changes), seed, data)


@pytest.mark.parametrize("reason", SAME)
def test_equal_networks_have_one_key(reason: str) -> None:
    one, other = SAME[reason]
    assert key(small(one)) == key(small(other))


@pytest.mark.parametrize("path", CHANGES)
def test_another_network_has_another_key(path: str) -> None:
    assert key(small({path: CHANGES[path]})) != key()


SAID: dict[str, Any] = {
    "arch": "another_name",
    "note": "a note",
    "reference": {"paper": "metaformer_baselines", "top1": 80.0},
    "pretrained": {"file": "weights.safetensors"},
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_about_an_arch_changes_no_key(name: str) -> None:
    assert key(archspec.load({**SMALL, name: SAID[name]})) == key()


def test_a_recipe_s_name_and_note_change_no_key() -> None:
    assert key(recipe="other") == key(note="other") == key()


def test_a_comment_changes_no_key(tmp_path: Path) -> None:
    plain, commented = tmp_path / "plain.yaml", tmp_path / "commented.yaml"
    plain.write_text("recipe: one\ndata: digits\nepochs: 2\nbatch: 8\n")
    commented.write_text("# why\nrecipe: two\nbatch: 8  # small\nepochs: 2\ndata: digits\n")
    keys = {run_key(small(), RECIPE.load(file), 0, "digits-1") for file in (plain, commented)}
    assert keys == {key()}


RECIPES: dict[str, Any] = {
    "epochs": 3,
    "batch": 16,
    "optimizer": {"lr": 2e-3},
    "schedule": {"warmup": 1},
    "drop_path": 0.1,
    "label_smoothing": 0.1,
    "resolution": 32,
    "select": "best",
    "threads": 1,
}


@pytest.mark.parametrize("name", RECIPES)
def test_another_recipe_has_another_key(name: str) -> None:
    assert key(**{name: RECIPES[name]}) != key()


def test_defaults_may_be_written_out() -> None:
    assert key(optimizer={"kind": "adamw", "lr": 0.001}, drop_path=0, threads="none") == key(drop_path=0.0)


def test_the_arch_s_own_resolution_may_be_written_out() -> None:
    assert key(resolution=SMALL["input"]["size"]) == key()


def test_seed_data_and_start_change_the_key() -> None:
    start = run_key(small(), recipe(), 0, "digits-1", start="weights")
    assert len({key(), key(seed=1), key(data="digits-2"), start}) == 4


def test_what_data_and_weights_are_called_changes_no_key() -> None:
    assert run_key(small(), recipe(data="./digits"), 0, "digits-1") == run_key(small(), recipe(), 0, "digits-1")
    named = [recipe(**{"from": origin}) for origin in ("digits", "./a/run", "none")]
    assert len({run_key(small(), each, 0, "digits-1", start="weights") for each in named}) == 1


def test_the_micro_batch_counts_where_images_are_computed_together() -> None:
    apart, together = small(), small().edit({"stages.0.norm": "batch_norm"})
    for arch, same in ((apart, True), (together, False)):
        keys = {run_key(arch, recipe(micro_batch=size), 0, "digits-1") for size in ("none", 2, 4)}
        assert (len(keys) == 1) == same


def test_what_a_recipe_declares_to_be_without_effect_changes_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = key()
    monkeypatch.setattr(Recipe, "without_effect", ("recipe", "note", "data", "threads", "optimizer.lr"), raising=False)
    assert key() == kept
    assert key(threads=4) == key(optimizer={"lr": 2e-3}) == key()
    assert key(optimizer={"weight_decay": 0.1}) != key()


def test_a_field_that_must_be_written_can_be_without_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recipe, "without_effect", ("recipe", "data", "batch"), raising=False)
    assert key(batch=16) == key()
    assert key(epochs=3) != key()


def test_a_revision_changes_the_keys_of_those_who_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before, other = key(), key(small({"stages.0.mixer": "pooling"}))
    monkeypatch.setattr(SepConv, "revision", 2)
    assert key() != before
    assert key(small({"stages.mixer": "pooling"})) == key(small({"stages.mixer": "pooling"}))
    monkeypatch.setattr(SepConv, "revision", 1)
    monkeypatch.setattr(Pooling, "revision", 2)
    assert key() == before
    assert key(small({"stages.0.mixer": "pooling"})) != other
    assert key(small({"stages.0.mixer": {"parallel": ["sep_conv", "pooling"]}})) != before


def test_a_measurement_s_key_follows_the_run_and_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measurement_key("a1", Evaluate()) == measurement_key("a1", Evaluate(split="test", size=None))
    different = [("a1", Evaluate()), ("a2", Evaluate()), ("a1", Evaluate(size=32)), ("a1", Throughput())]
    keys = [measurement_key(of, measurement) for of, measurement in different]
    assert len(set(keys)) == 4
    monkeypatch.setattr(Throughput, "revision", 2)
    assert [measurement_key(of, measurement) == k for (of, measurement), k in zip(different, keys, strict=True)] == [
        True, True, True, False,
    ]  # fmt: skip


def test_a_measurement_s_document_reads_back_to_the_same_measurement(tmp_path: Path) -> None:
    of = run_document(small(), recipe(), 3, "digits-1")
    run = RunFolder.create(tmp_path, measurement_document(of, Evaluate(size=(32, 48))))
    said = run.spec()
    assert (said["of"], said["seed"]) == (of["key"], 3)
    assert Measurement.model_validate(said["measure"]) == Evaluate(size=(32, 48))
    measured = run.measured()
    assert measured is not None
    assert measured.path == tmp_path / "runs" / of["key"]
    assert RunFolder.create(tmp_path, of).measured() is None


def test_kinds_within_cycles_and_recipes_have_revisions_too(monkeypatch: pytest.MonkeyPatch) -> None:
    arch = small({"stages.1.mixer": {"cycle": ["sep_conv", "pooling"]}})
    before, plain = key(arch), key()
    monkeypatch.setattr(Pooling, "revision", 2)
    assert key(arch) != before
    monkeypatch.setattr(AdamW, "revision", 2)
    assert key() != plain


@pytest.mark.parametrize("name", NAMES)
def test_a_document_reads_back_to_the_same_run(name: str, tmp_path: Path) -> None:
    arch = shipped(name)
    written = run_document(arch, recipe(note="50% done: #1", drop_path=0.1), 7, "imagenet: 1")
    read = RunFolder.create(tmp_path, written).spec()
    assert read == written
    again, told = archspec.load(read["arch"]), RECIPE.load(read["recipe"])
    assert (again.digest, again.arch) == (arch.digest, name)
    assert (
        run_key(again, told, read["seed"], read["data"])
        == read["key"]
        == RunFolder(tmp_path / "runs" / read["key"]).key
    )


def test_a_document_holds_no_more_than_the_run() -> None:
    document = run_document(archspec.load({**SMALL, **SAID}), recipe(), 0, "digits-1", start="weights")
    assert list(document) == ["key", "seed", "data", "start", "arch", "recipe"]
    assert not {"reference", "pretrained", "note"} & document["arch"].keys()
    assert document["recipe"]["epochs"] == 2


LAB = """
from __future__ import annotations
from typing import ClassVar, Literal
from archspec.spec.mixers import Mixer

class Swirl(Mixer):
    \"\"\"A mixer of somebody's own.\"\"\"
    implementation: ClassVar[str] = "lab_torch:Swirl"
    kind: Literal["swirl"] = "swirl"
"""
KEYS = """
    import sys
    import archspec
    from archspec.records.keys import run_document, run_key
    from tests.records.samples import recipe
    from tests.spec.samples import SMALL

    arch = archspec.load({**SMALL, "plugins": ["lab"]})
    swirl = arch.edit({"stages.0.mixer": "swirl"})
    print(run_key(arch, recipe(), 0, "digits-1"), run_key(swirl, recipe(), 0, "digits-1"))
    written = run_document(swirl, recipe(), 0, "digits-1")
    assert archspec.load(written["arch"]).digest == swirl.digest
    assert "lab_torch" not in sys.modules and "torch" not in sys.modules
"""


def test_a_plugin_s_key_follows_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said_of, torch_of = tmp_path / "lab.py", tmp_path / "lab_torch.py"
    said_of.write_text(LAB)
    torch_of.write_text("import torch\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    seen = [said(python(KEYS)).split()]
    seen.append(said(python(KEYS)).split())
    said_of.write_text(LAB + "# other numbers\n")
    seen.append(said(python(KEYS)).split())
    torch_of.write_text("import torch  # other numbers\n")
    seen.append(said(python(KEYS)).split())
    without, within = zip(*seen, strict=True)
    assert set(without) == {key()}
    assert within[0] == within[1]
    assert len(set(within)) == 3


def test_a_plugin_in_no_file_is_refused() -> None:
    made = type("Made", (Mixer,), {"__module__": "<typed in>"})
    with pytest.raises(RecordsError, match=r"`Made` is in no file.*write it into a module of its own"):
        source_files(made)


def test_archspec_s_own_kinds_go_by_their_revision() -> None:
    assert source_files(SepConv) == []
