"""Sources: splits that are disjoint and stay the same, and what is said where data is absent or wrong."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from archspec.errors import DataError
from archspec.training.data import Source, source_for
from archspec.training.data.source import SPLITS
from archspec.training.data.transforms import Draw, Eye
from tests.training.data import epoch, painted, recipe, same

CLASSES = ("ant", "bee", "cat")


def contents(source: Source) -> list[list[tuple[bytes, int]]]:
    """All images of all splits."""
    splits = [source.split(name) for name in SPLITS]
    return [[(image.tobytes(), label) for image, label in map(s.sample, range(len(s)))] for s in splits]


def test_digits_are_split_once_and_for_all() -> None:
    source = source_for("digits")
    assert [len(source.split(name)) for name in SPLITS] == [1295, 142, 360]
    assert (source.channels, len(source.classes)) == (1, 10)
    assert [source.split(name).sample(0)[1] for name in SPLITS] == [0, 5, 2]
    # The same 1797 as are bundled, each in one split.
    from sklearn.datasets import load_digits

    bundled = Counter(np.round(image * 255 / 16).astype(np.uint8).tobytes() for image in load_digits().images)
    assert Counter(image for split in contents(source) for image, _ in split) == bundled


@pytest.mark.parametrize("size", [16, 144])
def test_digits_are_drawn_at_any_size(size: int) -> None:
    split = source_for("digits").split("val")
    drawn = split.drawn((size, size))
    assert drawn is not None
    image, label = drawn.sample(3)
    small, same_label = split.sample(3)
    assert image.shape == (size, size, 1)
    assert label == same_label
    assert np.corrcoef(image.reshape(8, size // 8, 8, size // 8).mean((1, 3)).ravel(), small.ravel())[0, 1] > 0.95


@pytest.mark.parametrize("layout", ["plain", "train+val", "train+test", "all"])
def test_folders_of_every_layout(tmp_path: Path, layout: str) -> None:
    folders = {"plain": [], "train+val": ["train", "val"], "train+test": ["training", "test"]}
    for number, name in enumerate(folders.get(layout, ["train", "valid", "test"]) or ["."]):
        painted(tmp_path / name, CLASSES, 20, side=20 + number)
    source = source_for(str(tmp_path))
    sizes = {"plain": [42, 6, 12], "train+val": [54, 6, 60], "train+test": [54, 6, 60], "all": [60, 60, 60]}
    assert [len(source.split(name)) for name in SPLITS] == sizes[layout]
    assert (source.classes, source.channels) == (CLASSES, 3)
    splits = contents(source)
    assert len({image for split in splits for image in split}) == sum(sizes[layout])
    assert all(len(set(Counter(label for _, label in split).values())) == 1 for split in splits)
    assert contents(source_for(str(tmp_path))) == splits


def test_folders_are_read_resized_and_cropped(tmp_path: Path) -> None:
    split = source_for(str(painted(tmp_path / "data", CLASSES, 10))).split("test")
    for test in ({"crop": 0.8}, {"crop": 1.0, "resize": "square"}):
        said = recipe(4, test=test)
        for training in (True, False):
            made = list(epoch(split, said, size=[12, 16], training=training))
            assert made[0].images.shape[1:] == (3, 12, 16)
            assert same(list(epoch(split, said, size=[12, 16], training=training, workers=1)), made)


def test_the_resolution_of_evaluation_is_that_of_the_papers(tmp_path: Path) -> None:
    """A square with a bright middle: a crop of 1/2 keeps the middle only, squashing keeps all of it."""
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[10:30, 20:60] = 255
    for name in CLASSES:
        (tmp_path / name).mkdir()
        for number in range(8):
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    split = source_for(str(tmp_path)).split("test")

    def bright(**test: object) -> float:
        images = next(
            epoch(split, recipe(4, test={"interpolation": "nearest", **test}), size=20, training=False)
        ).images
        return float((images > 0).float().mean())

    assert bright(crop=0.5) == 1.0
    assert bright(crop=1.0) == pytest.approx(0.5, abs=0.02)
    assert bright(crop=1.0, resize="square") == pytest.approx(0.25, abs=0.02)


def test_a_simple_crop_keeps_the_scale_and_reaches_four_pixels_beyond_the_edge(tmp_path: Path) -> None:
    """Columns that brighten from left to right: a crop of a wide image is a window of them, mirrored at the edges."""
    pixels = np.repeat(np.linspace(0, 254, 80).astype(np.uint8)[None, :, None], 40, axis=0).repeat(3, axis=2)
    for name in CLASSES:
        (tmp_path / name).mkdir()
        for number in range(8):
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    split = source_for(str(tmp_path)).split("train")
    how = {"crop": "simple", "flip": 0, "interpolation": "nearest"}
    eye = Eye(split, recipe(augment=how).augment, (20, 20), 0)
    padded = np.pad(pixels[0, ::2, 0].astype(int), 4, mode="reflect")
    windows = [padded[start : start + 20] for start in range(len(padded) - 19)]
    found = set()
    for time in range(60):
        row = eye.see(Draw(0, 0, time))[0][0, :, 0].astype(int)
        distances = [np.abs(window - row).max() for window in windows]
        assert min(distances) <= 4  # a column of the original is about three brighter than its neighbour
        found.add(int(np.argmin(distances)))
    assert min(found) < 4 and max(found) > len(windows) - 5  # noqa: PT018


def test_identities_follow_the_files_and_not_their_place(tmp_path: Path) -> None:
    first = painted(tmp_path / "one", CLASSES, 10)
    shutil.copytree(first, tmp_path / "two")
    before = source_for(str(first)).identity
    assert source_for(str(tmp_path / "two")).identity == before
    (tmp_path / "two" / "ant" / "0.png").rename(tmp_path / "two" / "ant" / "00.png")
    assert source_for(str(tmp_path / "two")).identity != before
    (first / "bee" / "3.png").write_bytes(b"shorter")
    assert source_for(str(first)).identity != before
    identities = [source_for(data).identity for data in ("digits", "scenes", "scenes:seed=1", "scenes:train=24")]
    assert len(set(identities)) == 4
    assert source_for("scenes").identity == identities[1]


def test_sets_of_timm(tmp_path: Path) -> None:
    for name in ("train", "validation"):
        painted(tmp_path / name, CLASSES, 10)
    source = source_for(f"timm:torch/image_folder:{tmp_path}")
    assert [len(source.split(name)) for name in SPLITS] == [27, 3, 30]
    assert source.classes == CLASSES
    own = source_for(f"timm:folder:{tmp_path}")
    assert [len(own.split(name)) for name in SPLITS] == [27, 3, 30]
    assert own.split("test").sample(11)[1] == source.split("test").sample(11)[1] == 1
    assert np.array_equal(own.split("test").sample(11)[0], source.split("test").sample(11)[0])
    assert "30" in own.identity


def test_data_with_a_name_lies_in_archspec_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    painted(tmp_path / "insects", CLASSES, 10)
    monkeypatch.setenv("ARCHSPEC_DATA", str(tmp_path))
    assert source_for("insects").classes == CLASSES


ABSENT = {
    "imagenet": "image-net.org.*put it into .*imagenet",
    "cifar10": r"CIFAR10\('.*cifar10', download=True\).*put it into",
    "digit": "did you mean `digits`",
    "./here": "here: there is no such folder",
    "scenes:trian=5": "no setting `trian`.*did you mean `train`",
    "scenes:train=many": "`train=many` is not a number",
    "scenes:test=0": "`test=0` is not a number",
    "digits:5": "no settings",
    "timm:": "write timm:NAME:ROOT",
    "timm:tfds/mnist:/x": "as a stream",
    "timm:torch/cifar10:/nowhere": "no split `train` in /nowhere.*download the set",
}


@pytest.mark.parametrize("home", [True, False])
@pytest.mark.parametrize("data", ABSENT)
def test_absent_data_says_what_to_do(data: str, home: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if home:
        monkeypatch.setenv("ARCHSPEC_DATA", str(tmp_path))
    else:
        monkeypatch.delenv("ARCHSPEC_DATA", raising=False)
    with pytest.raises(DataError, match=ABSENT[data]):
        source_for(data).split("train")


def emptied(folder: Path) -> None:
    """A folder with nothing in it."""
    shutil.rmtree(folder)
    folder.mkdir()


def loose(folder: Path) -> None:
    """Images that no folder says the class of."""
    emptied(folder)
    for number in range(3):
        Image.new("RGB", (4, 4)).save(folder / f"{number}.png")


def renamed(folder: Path) -> None:
    """Files that are no images by their names."""
    for file in folder.rglob("*.png"):
        file.rename(file.with_suffix(".txt"))


def thinned(folder: Path) -> None:
    """Two images a class."""
    for file in (folder / "train").rglob("[2-9].png"):
        file.unlink()


def one_class(folder: Path) -> None:
    """Nothing to tell apart."""
    for name in ("ant", "cat"):
        for split in ("train", "val"):
            shutil.rmtree(folder / split / name)


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (emptied, "no images.*one folder a class"),
    "loose": (loose, "3 images, but no folder for any class"),
    "no images": (renamed, "no images in 3 folders.*jpg"),
    "one class empty": (lambda folder: emptied(folder / "train" / "bee"), "no images in `bee`"),
    "one class more": (
        lambda folder: painted(folder / "val", ["dog"], 2),
        "val: `dog`: not among the classes of .*train",
    ),
    "one class less": (lambda folder: shutil.rmtree(folder / "val" / "cat"), "val: `cat`: missing"),
    "one class": (one_class, "all images are of one class, `bee`"),
    "no train": (lambda folder: shutil.rmtree(folder / "train"), "no `train` folder"),
    "too few": (thinned, "none is left for val"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_wrong_folders_are_told_what_is_wrong(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "data"
    for name in ("train", "val"):
        painted(folder / name, CLASSES, 10)
    assert len(source_for(str(folder)).split("test")) == 30
    spoil, said = SPOILT[how]
    spoil(folder)
    with pytest.raises(DataError, match=said) as raised:
        source_for(str(folder)).split("val")
    assert str(folder) in str(raised.value)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kind", ["{}", "timm:folder:{}", "timm:torch/image_folder:{}"])
def test_a_corrupt_image_is_named(tmp_path: Path, workers: int, kind: str) -> None:
    for name in ("train", "validation"):
        painted(tmp_path / name, CLASSES, 10)
    split = source_for(kind.format(tmp_path)).split("train")
    file = tmp_path / "train" / "bee" / "7.png"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(DataError, match=r"bee/7\.png: this image cannot be read.*mend or delete") as raised:
        list(epoch(split, recipe(4, {"crop": "resize"}), workers=workers))
    assert "Traceback" not in str(raised.value)


def test_images_of_every_mode_are_read(tmp_path: Path) -> None:
    for number, mode in enumerate(("L", "P", "RGBA", "CMYK", "1", "LA")):
        folder = painted(tmp_path, [f"class{number}"], 10) / f"class{number}"
        Image.new(mode, (9, 5)).save(folder / ("x.tif" if mode == "CMYK" else "x.png"))
    source = source_for(str(tmp_path))
    images = [source.split(name).sample(i)[0] for name in SPLITS for i in range(len(source.split(name)))]
    assert {image.shape[2] for image in images} == {3}


def test_a_bad_policy_is_named() -> None:
    with pytest.raises(DataError, match=r"augment\.randaugment: timm cannot read `wrong`"):
        next(epoch(source_for("digits").split("val"), recipe(augment={"randaugment": "wrong"})))


@pytest.mark.parametrize(
    "augment",
    [{"randaugment": "rand-m9-mstd0.5-inc1"}, {"three_augment": True}, {"crop": "resize"}, {"crop": "simple"}],
)
def test_grey_images_are_augmented_as_coloured_ones_are(augment: dict[str, object]) -> None:
    split = source_for("digits").split("val")
    batch = next(epoch(split, recipe(augment=augment)))
    assert batch.images.shape == (16, 1, 16, 16)
    assert bool(torch.isfinite(batch.images).all())


@pytest.mark.parametrize("data", ["digits", "scenes"])
def test_drawn_images_go_past_all_transforms(data: str) -> None:
    split, augment = source_for(data).split("train"), recipe(augment={"crop": "resize"}).augment
    assert Eye(split, augment, (32, 32), 0).steps == []
    drawn, size = split.drawn((48, 24)), (48, 24)
    assert drawn is not None
    looked = Eye(split, recipe(test={"crop": 0.5}).test, size, 0).see(Draw(0, 5))
    assert np.array_equal(looked[0], drawn.sample(5)[0])
    assert Eye(split, recipe(augment={"crop": "random_resized"}).augment, size, 0).steps
