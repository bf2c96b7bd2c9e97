"""`archspec init`: what it writes is right, fits the data, and trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import archspec
from archspec.cli.starter import FILES, SIZES, Subject, written
from archspec.spec.checking import check_file
from archspec.spec.recipe import RECIPE
from archspec.spec.shelf import find
from archspec.spec.studying import STUDY
from tests.cli.conftest import Run


@pytest.fixture
def pictures(desk: Path) -> Path:
    """Three kinds of pictures that differ in their colour."""
    for colour, name in enumerate(("ant", "bee", "cat")):
        folder = desk / "pictures" / name
        folder.mkdir(parents=True)
        for number in range(20):
            pixels = np.random.default_rng([colour, number]).integers(0, 120, (36, 48, 3)).astype(np.uint8)
            pixels[..., colour] += 100
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return desk / "pictures"


def test_a_folder_of_images_is_ready_to_train(run: Run, data: Callable[..., Any], pictures: Path) -> None:
    said = data("init", "mine", "--data", "pictures")
    assert said["files"] == ["mine/arch.yaml", "mine/recipe.yaml", "mine/study.yaml"]
    assert (said["data"], said["classes"], said["channels"]) == (str(pictures), 3, 3)
    assert (said["images"], said["resolution"]) == (42, 32)
    assert run("check", "mine").stderr == "3 documents in 3 files: all fine\n"
    arch, recipe = archspec.load("mine/arch.yaml"), RECIPE.load("mine/recipe.yaml")
    assert (arch.arch, recipe.recipe, recipe.data) == ("mine", "mine", str(pictures))
    assert (arch.classes, arch.input.channels, arch.input.size) == (3, 3, 32)
    command = next(line for line in said["commands"] if line.startswith("archspec train"))
    shorter = ("--set", "recipe.epochs=6", "--set", "recipe.threads=1", "--store", "store")
    assert data(*command.split()[1:], *shorter)["top1"] > 60


def test_without_a_folder_it_is_digits(run: Run) -> None:
    result = run("init", "first steps")
    assert "1,295 images of 10 classes" in result.stderr
    assert "archspec train 'first steps/arch.yaml' --recipe 'first steps/recipe.yaml'" in result.stderr
    assert result.stdout.splitlines() == [f"first steps/{name}" for name in FILES]
    assert archspec.load("first steps/arch.yaml").arch == "first_steps"
    # Once more, beside a folder that has the data's name.
    run("init", "digits")
    run("init", "again")
    assert RECIPE.load("again/recipe.yaml").data == "digits"


def test_every_arm_of_the_study_is_made_of_what_lies_beside_it(run: Run, desk: Path) -> None:
    run("init", "caformer_s18")  # a name on the shelf as well
    study = STUDY.load("caformer_s18/study.yaml")
    assert (study.baseline, study.recipe) == ("caformer_s18", "caformer_s18")
    beside = find("arch", "caformer_s18", desk / "caformer_s18" / "study.yaml")
    assert beside.file == desk / "caformer_s18" / "arch.yaml"


@pytest.mark.parametrize("side", [1, 31, *SIZES, 1000])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_written_is_right_at_every_size(tmp_path: Path, side: int, channels: int) -> None:
    about = Subject("./images", classes=7, channels=channels, images=5000, drawn=False, side=side)
    for name, text in written("mine", about).items():
        (tmp_path / name).write_text(text)
    assert [problem for name in FILES for problem in check_file(tmp_path / name)] == []
    arch = archspec.load(tmp_path / "arch.yaml")
    assert arch.input.size == about.resolution <= max(side, 32)
    assert archspec.profile(arch).params < 1.2e6


@pytest.mark.parametrize("images", [10, 80, 160, 1000, 1_000_000])
def test_batches_and_epochs_follow_the_number_of_images(images: int) -> None:
    about = Subject("./images", 2, 3, images, drawn=False, side=64)
    assert 8 <= about.batch <= 64
    assert about.batch == 8 or images >= 10 * about.batch
    assert 20 <= about.epochs <= 200


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Birds & Bees", "birds_bees"),
        ("2024", "my_2024"),
        ("true", "my_true"),
        ("none", "my_none"),
        ("Ünü", "ünü"),
        ("…", "images"),
    ],
)
def test_documents_are_named_after_their_folder(run: Run, folder: str, name: str) -> None:
    run("init", folder)
    assert archspec.load(f"{folder}/arch.yaml").arch == name
    run("check", folder)


def emptied(folder: Path) -> None:
    for file in folder.rglob("*.png"):
        file.unlink()


def spoilt(folder: Path) -> None:
    file = folder / "bee" / "7.png"
    file.write_bytes(file.read_bytes()[:100])


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda folder: folder.rename("elsewhere"), "there is no data named `pictures`"),
    "no images": (emptied, "no images in 3 folders"),
    "an empty class": (lambda folder: emptied(folder / "bee"), "no images in `bee`"),
    "no class": (lambda folder: [(folder / n).rename(f"x{n}") for n in ("ant", "bee", "cat")], "no images"),
    "one class": (lambda folder: [(folder / n).rename(f"x{n}") for n in ("ant", "cat")], "all images are of one class"),
    "a broken image": (spoilt, "bee/7.png: this image cannot be read"),
}


@pytest.mark.parametrize("how", WRONG)
def test_wrong_data_is_told_and_nothing_is_written(run: Run, pictures: Path, how: str) -> None:
    spoil, said = WRONG[how]
    spoil(pictures)
    result = run("init", "mine", "--data", "pictures", code=1)
    assert said in result.stderr
    assert result.stdout == ""
    assert not Path("mine").exists()


def test_nothing_is_overwritten(run: Run, desk: Path) -> None:
    (desk / "mine").mkdir()
    (desk / "mine" / "recipe.yaml").write_text("precious")
    result = run("init", "mine", code=1)
    assert "mine/recipe.yaml is there already" in result.stderr
    assert [file.name for file in (desk / "mine").iterdir()] == ["recipe.yaml"]
    assert (desk / "mine" / "recipe.yaml").read_text() == "precious"


def test_a_file_is_no_folder(run: Run, desk: Path) -> None:
    assert "is a file" in run("init", "tiny.yaml", code=2).stderr
    assert "cannot be made" in run("init", "tiny.yaml/below", code=1).stderr
