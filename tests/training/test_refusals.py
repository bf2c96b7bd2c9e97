"""Data that is absent, wrong or broken, and disks that are full or closed: told in a sentence, and nothing is lost."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import archspec
from archspec.errors import DataError
from archspec.records.run import RunFolder
from archspec.training.preparing import prepare
from archspec.training.progress import Clock
from archspec.training.train import train
from tests.records.samples import on_a_disk_of_its_own
from tests.training.data import painted
from tests.training.runs import ARCH, outcome, recipe

QUICK: dict[str, Any] = {"epochs": 2, "batch": 8, "augment": {"crop": "resize"}, "checkpoint": {"minutes": 0.0}}


def pictures(folder: Path) -> Path:
    return painted(folder, ("ant", "bee", "cat"), 20)


def run_on(data: Path, store: Path, **more: Any) -> RunFolder:
    return prepare(archspec.load(ARCH), recipe(**QUICK, data=str(data), **more), 0, store)


def learned_from(run: RunFolder) -> list[Path]:
    """The files of the training's images."""
    from archspec.training.data import source_for

    train_split: Any = source_for(run.spec()["recipe"]["data"]).split("train")
    indices, images = train_split.indices, train_split.whole
    return [images.whole.root / images.whole.files[images.indices[index]] for index in indices]


@pytest.mark.parametrize("workers", [0, 1])
def test_an_image_that_breaks_in_the_middle_is_named_and_once_mended_nothing_is_lost(
    tmp_path: Path, workers: int
) -> None:
    data = pictures(tmp_path / "data")
    undisturbed, run = run_on(data, tmp_path / "one"), run_on(data, tmp_path / "two", workers=workers)
    train(undisturbed.path)
    file = learned_from(run)[-1]
    content = file.read_bytes()
    file.write_bytes(content[:60] + bytes(len(content) - 60))  # as long as it was, so that it is the same data
    with pytest.raises(DataError, match=rf"{file.parent.name}/{file.name}: this image cannot be read.*mend or delete"):
        train(run.path)
    assert run.result() is None
    (attempt,) = run.attempts()
    assert f"{file.name}: this image cannot be read" in attempt.log.read_text()
    assert attempt.alive() is False
    file.write_bytes(content)
    train(run.path)
    assert outcome(run) == outcome(undisturbed)


def test_data_that_has_changed_is_refused(tmp_path: Path) -> None:
    run = run_on(pictures(tmp_path / "data"), tmp_path / "store")
    shutil.copy(tmp_path / "data" / "ant" / "0.png", tmp_path / "data" / "ant" / "99.png")
    with pytest.raises(DataError, match=r"not what it was when this run was made.*images=60 .*now .*images=61 "):
        train(run.path)
    assert run.result() is None
    (tmp_path / "data" / "ant" / "99.png").unlink()
    assert train(run.path)["state"] == "done"


def test_data_that_is_gone_is_told(tmp_path: Path) -> None:
    run = run_on(pictures(tmp_path / "data"), tmp_path / "store")
    (tmp_path / "data").rename(tmp_path / "moved")
    with pytest.raises(DataError, match="data: there is no such folder"):
        train(run.path)
    assert run.result() is None


@pytest.mark.parametrize(("spoil", "why"), [("one class more", "`dog`: not among"), ("no images", "no images")])
def test_wrong_data_makes_no_run(tmp_path: Path, spoil: str, why: str) -> None:
    for split in ("train", "val"):
        pictures(tmp_path / "data" / split)
    if spoil == "one class more":
        painted(tmp_path / "data" / "val", ["dog"], 2)
    else:
        for file in (tmp_path / "data" / "train").rglob("*.png"):
            file.unlink()
    with pytest.raises(DataError, match=why):
        run_on(tmp_path / "data", tmp_path / "store")
    assert not (tmp_path / "store").exists()


FULL = """
    import sys
    from pathlib import Path
    from archspec.errors import RecordsError
    from archspec.training.progress import Quiet
    from archspec.training.train import train
    from tests.training.runs import outcome, run_in

    disk = Path(sys.argv[1])
    ballast = disk / "ballast"

    class Filling(Quiet):
        def advance(self, done, text):
            if done == 20:
                try:
                    ballast.write_bytes(bytes(10_000_000))
                except OSError:
                    pass

    often = {"checkpoint": {"minutes": 0.0}, "epochs": 2}
    undisturbed = run_in(disk / "one", **often)
    train(undisturbed.path)
    run = run_in(disk / "two", **often)
    try:
        train(run.path, Filling())
    except RecordsError as error:
        print(error)
    print(run.result(), [path.name for path in disk.rglob("*") if path.suffix in (".tmp", ".partial")])
    ballast.unlink()
    train(run.path)
    print(outcome(run) == outcome(undisturbed), len(run.attempts()))
"""


def test_a_disk_that_fills_up_while_training_costs_nothing_but_time(tmp_path: Path) -> None:
    message, rest, end = on_a_disk_of_its_own("4m", FULL, tmp_path / "disk").splitlines()
    assert "cannot be written: no space left on device; free some space and start again" in message
    assert rest == "None []"
    assert end == "True 2"


READ_ONLY = """
    import subprocess, sys
    from pathlib import Path
    from archspec.errors import RecordsError
    from archspec.training.progress import Quiet
    from archspec.training.train import train
    from tests.training.runs import outcome, run_in

    disk = Path(sys.argv[1])

    def mounted(how):
        subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)

    class Closing(Quiet):
        def advance(self, done, text):
            if done == 20:
                mounted("ro")

    often = {"checkpoint": {"minutes": 0.0}, "epochs": 2}
    undisturbed, run = run_in(disk / "one", **often), run_in(disk / "two", **often)
    train(undisturbed.path)
    for progress in (Closing(), Quiet()):
        try:
            train(run.path, progress)
        except RecordsError as error:
            print(error)
    print(run.result(), len(run.attempts()))
    mounted("rw")
    train(run.path)
    print(outcome(run) == outcome(undisturbed))
"""


def test_a_folder_that_becomes_read_only(tmp_path: Path) -> None:
    while_training, at_once, rest, end = on_a_disk_of_its_own("8m", READ_ONLY, tmp_path / "disk").splitlines()
    for message in (while_training, at_once):
        assert "read-only file system; allow it, or choose another folder with --store" in message
    assert rest == "None 1"
    assert end == "True"


@pytest.mark.parametrize(("waited", "bottleneck"), [(0.9, "data"), (0.1, "model")])
def test_the_slower_of_data_and_model_is_named(monkeypatch: pytest.MonkeyPatch, waited: float, bottleneck: str) -> None:
    moments = iter([0.0, 0.0, waited, 1.0, 1.0, 1.0])
    monkeypatch.setattr("archspec.training.progress.time.perf_counter", lambda: next(moments))
    clock = Clock()
    assert clock.timed(lambda: "a batch") == "a batch"
    clock.images = 500
    assert str(clock) == f"500 images/s, {waited:.0%} waiting for data: the {bottleneck} is the bottleneck"
