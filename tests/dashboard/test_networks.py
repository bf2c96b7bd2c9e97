"""Pages about networks: drawn, compared, and as they are written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import archspec
from archspec.dashboard import comparing
from archspec.dashboard.asked import arm_document, differences, document_of, run_document
from archspec.records.run import RunFolder
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import Plan
from archspec.studies.planning import planned
from tests.dashboard.asking import page, rows, words
from tests.dashboard.broken import broken, key_of
from tests.dashboard.serving import client_of


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    store = tmp_path_factory.mktemp("store")
    return store, broken(store).plan


@pytest.fixture(scope="module")
def asks(study: tuple[Path, Plan]):  # type: ignore[no-untyped-def]
    with client_of(study[0]) as found:
        yield found


def test_a_network_is_drawn_beside_what_it_is_compared_with(asks: TestClient) -> None:
    text = page(asks, "/s/quickstart/architecture", arm="mixer/attention")
    assert 'aria-label="quick_conv: 1 stages, 104K parameters"' in text
    assert ">was sep_conv kernel=3</text>" in text
    assert "style=" not in text
    assert rows(text, "Parts and what they cost") == [
        ["stem", "4×4 × 64", "", "", "4.16K", "65.5K", "1.02K"],
        ["stage 0", "4×4 × 64", "3", "attention", "98.7K", "1.67M", "36.9K"],
        ["head", "4×4 × 64", "", "", "778", "640", "128"],
    ]
    assert ">quick_conv</b>" in page(asks, "/s/quickstart/architecture"), "the first is the baseline"
    alone = page(asks, "/s/quickstart/architecture", arm="mixer/attention", beside="none")
    assert ">was " not in alone


def test_boxes_lead_to_the_lines_of_the_document(asks: TestClient, study: tuple[Path, Plan]) -> None:
    text = page(asks, "/s/quickstart/architecture", arm="mixer/attention")
    link = re.search(
        r'<a href="#(line-\d+)"><g class="part" data-path="stages.0.mixer" data-line="run.yaml:(\d+)"', text
    )
    assert link
    document = (study[0] / "runs" / key_of(study[1], "mixer/attention", 0) / "run.yaml").read_text().splitlines()
    assert document[int(link[2]) - 1].strip().startswith("mixer: {kind: attention")
    line = re.search(rf'<span id="{link[1]}" class="([^"]+)"><i>{link[2]}</i>(.*)', text)
    assert line
    assert line[1] == "line marked"
    assert "mixer: {kind: attention" in line[2]


def test_what_is_on_the_shelf_can_be_looked_at_too(asks: TestClient) -> None:
    text = page(asks, "/s/quickstart/architecture", arm="caformer_s18", beside="convformer_s18")
    assert "26.3M params" in words(text)
    assert text.count(">was sep_conv</text>") == 2


def test_two_networks_are_compared_part_by_part(asks: TestClient) -> None:
    text = page(asks, "/s/quickstart/diff", a="convformer_s18", b="caformer_s18")
    [change] = rows(text, "What differs between the networks")
    assert change[0] == "stages.2-3.mixer"
    assert change[1].startswith("{kind: sep_conv, kernel: 7")
    assert change[2].startswith("{kind: attention, traversal: rows, head_dim: 32")
    costs = rows(text, "Costs before and after")
    assert costs[3] == [
        *("stage 2", "14×14 × 320", "11.4M", "−282K −2.4%", "2.46G", "+166M +7.2%", "9.23M", "−1.13M −10.9%"),
    ]
    assert costs[-1][:6] == ["total", "", "26.3M", "−433K −1.6%", "4.11G", "+166M +4.2%"]
    assert text.count('<svg xmlns="http://www.w3.org/2000/svg" role="img"') == 2


def test_an_arm_is_compared_with_its_baseline_unless_something_else_is_asked_for(asks: TestClient) -> None:
    text = page(asks, "/s/quickstart/diff")
    assert "quick_conv → attention" in words(text)
    assert rows(text, "What differs between the networks")[0][0] == "stages.0.mixer"
    same = page(asks, "/s/quickstart/diff", a="mixer/pooling", b="mixer/pooling")
    assert "are equal networks" in words(same)
    unknown = page(asks, "/s/quickstart/diff", a="<script>alert(1)</script>")
    assert "<script>alert" not in unknown
    assert "there is no a" in words(unknown)


def test_stages_that_only_one_side_has_are_counted_there() -> None:
    before, after = archspec.load("vit_tiny"), archspec.load("convformer_s18")
    found = comparing.sections(before, after)
    assert [section.name for section in found] == [
        *("stem", "stage 0", "stage 1", "stage 2", "stage 3", "head", "total"),
    ]
    assert found[1].shape == "14×14 × 192 → 56×56 × 64"
    assert found[2].shape == "– → 28×28 × 128"
    assert found[2].pairs["params"].before is None
    assert found[2].pairs["params"].change.startswith("+")
    back = comparing.sections(after, before)
    assert back[2].pairs["params"].change.startswith("−")
    total = sum(section.pairs["macs"].after or 0 for section in found[:-1])
    assert total == found[-1].pairs["macs"].after == after.layout.cost.macs


def test_changes_say_what_is_new_and_what_is_gone() -> None:
    assert comparing.Change("a", "", "1").sort == "added"
    assert comparing.Change("a", "1", "").sort == "removed"
    assert comparing.Change("a", "1", "2").sort == "changed"
    assert list(differences({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 1, "c": 4}, "e": []})) == [
        ("a.c", "2", "4"),
        ("d", "3", ""),
        ("e", "", "[]"),
    ]


def test_a_document_is_read_from_a_run_of_the_arm(study: tuple[Path, Plan]) -> None:
    store, plan = study
    arm = plan.by_id["mixer/pooling"]
    found = arm_document(store, plan, arm)
    assert found.arch
    assert found.arch.digest == arm.digest
    assert found.lines[0].text == "arch:"
    assert found.lines[0].number == 4
    assert found.lines[-1].text.startswith(" ")
    assert found.recipe
    assert found.recipe["batch"] == 64


def test_networks_are_known_before_any_run(tmp_path: Path) -> None:
    found = planned("quickstart")  # its baseline is written inline, and so on no shelf
    arm, folder = found.plan.by_id["norm/batch norm"], StudyFolder.of(tmp_path, found.plan)
    assert arm_document(tmp_path, found.plan, arm).trouble == "none of its runs has been started yet"
    folder.keep(found.plan)
    folder.describe(found.documents)
    for one in found.plan.arms:
        asked = arm_document(tmp_path, found.plan, one)
        assert asked.arch
        assert asked.arch.digest == one.digest
        assert asked.text == found.documents[one.id]
    RunFolder.create(tmp_path, found.document(key_of(found.plan, arm.id, 1)))
    assert "seed: 1" in arm_document(tmp_path, found.plan, arm).text, "what was run counts for more"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"norm/batch norm": 3}'])
def test_documents_that_cannot_be_read_are_none(tmp_path: Path, study: tuple[Path, Plan], text: str) -> None:
    folder = StudyFolder.of(tmp_path, study[1])
    folder.keep(study[1])
    folder.documents.write_text(text)
    asked = arm_document(tmp_path, study[1], study[1].by_id["norm/batch norm"])
    assert asked.trouble == "none of its runs has been started yet"


def test_nobodys_code_is_run(tmp_path: Path) -> None:
    arch = {"arch": "odd", "plugins": ["a_module_that_is_not_there"], "stages": []}
    RunFolder.create(tmp_path, {"key": "k", "arch": arch, "recipe": {}})
    found = run_document(tmp_path, "k")
    assert found.arch is None
    assert "a_module_that_is_not_there" in found.trouble


@pytest.mark.parametrize("text", ["", "arch: 3", "arch: {stages: [", "- 1", "key: k\narch: {arch: x}\n"])
def test_what_cannot_be_understood_is_shown_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "runs" / "k").mkdir(parents=True)
    (tmp_path / "runs" / "k" / "run.yaml").write_text(text)
    found = run_document(tmp_path, "k")
    assert found.arch is None
    assert found.trouble
    assert found.text == text


def test_a_written_network_is_the_same_network() -> None:
    arch = archspec.load("transnext_micro")
    found = document_of(arch)
    assert found.arch
    assert found.arch.digest == arch.digest
