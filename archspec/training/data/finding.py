"""From what a recipe says under `data` to the data."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from archspec.errors import DataError, near
from archspec.training.data.digits import Digits
from archspec.training.data.drawn import Scenes
from archspec.training.data.folders import Folder
from archspec.training.data.source import Source
from archspec.training.data.timm_sets import TimmSet

HOME = "ARCHSPEC_DATA"
"""The variable that names the folder in which data with a name is looked for."""

TREE = "one folder a class in `train` and in `val`"
WANTED = {
    "imagenet": f"ILSVRC2012 from https://image-net.org: {TREE}",
    "imagenet21k": f"ImageNet-21K, winter 2021 release, from https://image-net.org: {TREE}",
    "cifar10": "from torchvision import datasets; datasets.CIFAR10('{0}', download=True)",
    "cifar100": "from torchvision import datasets; datasets.CIFAR100('{0}', download=True)",
    "mnist": "from torchvision import datasets; datasets.MNIST('{0}', download=True)",
    "fashion_mnist": "from torchvision import datasets; datasets.FashionMNIST('{0}', download=True)",
    "flowers102": "Flowers-102 from https://www.robots.ox.ac.uk/~vgg/data/flowers/102: one folder a class, by split",
    "stanford_cars": "Stanford Cars: one folder a class in `train` and in `test`",
}
"""What to get where data with a name is absent."""
TORCHVISION = ("cifar10", "cifar100", "mnist", "fashion_mnist")


def source_for(data: str) -> Source:
    """The data that a recipe names: `digits`, `scenes`, `timm:NAME:ROOT`, a folder, or a name within $ARCHSPEC_DATA."""
    word, _, rest = data.partition(":")
    if word in BUILT_IN:
        return BUILT_IN[word](rest)
    if any(mark in data for mark in (os.sep, "~")) or data in (".", ".."):
        return Folder(Path(data).expanduser())
    return _in_home(data)


def same_source(data: str, identity: str) -> Source:
    """The data that a recipe names, which has to be what it was when a run was made."""
    source = source_for(data)
    if source.identity != identity:
        message = f"the data `{data}` is not what it was when this run was made"
        raise DataError(f"{message} ({identity}; now {source.identity}): put it back, or begin a run anew")
    return source


def _in_home(name: str) -> Source:
    home = os.environ.get(HOME)
    root = Path(home).expanduser() / name if home else Path(name)
    if home and root.is_dir():
        return TimmSet(f"torch/{name}", root) if name in TORCHVISION else Folder(root)
    if name not in WANTED:
        known = near(name, [*BUILT_IN, *WANTED])
        raise DataError(f"there is no data named `{name}` ({known}; a folder is written with a slash: ./{name})")
    place = root if home else Path("DATA") / name
    wanted = WANTED[name].format(place)
    where = f"put it into {place}" if home else f"put it into {place} and set {HOME}=DATA, the folder of your choice"
    raise DataError(f"the data `{name}` is not here: get it ({wanted}) and {where}")


def _digits(rest: str) -> Source:
    if rest:
        raise DataError(f"`digits:{rest}`: digits have no settings")
    return Digits()


def _scenes(rest: str) -> Source:
    settings = _settings("scenes", rest.split(":") if rest else [], ("train", "val", "test", "seed", "size"))
    wrong = [f"{name}={text}" for name, text in settings.items() if not text.isdecimal()]
    wrong += [f"{name}={text}" for name, text in settings.items() if name != "seed" and text.strip("0") == ""]
    if wrong:
        raise DataError(f"`scenes:{rest}`: `{wrong[0]}` is not a number of things")
    return Scenes(**{name: int(text) for name, text in settings.items()})


def _timm(rest: str) -> Source:
    name, *more = rest.split(":")
    roots = [part for part in more if "=" not in part]
    if not name or len(roots) > 1:
        raise DataError(f"`timm:{rest}`: write timm:NAME:ROOT, as in timm:torch/cifar10:/data/cifar10")
    settings = _settings(f"timm:{name}", [part for part in more if "=" in part], ("train", "val", "test"))
    root = Path(*roots or (os.environ.get(HOME, "."),)).expanduser()
    return TimmSet(name, root, **settings)


def _settings(data: str, parts: list[str], known: tuple[str, ...]) -> dict[str, str]:
    said = dict(part.partition("=")[::2] for part in parts)
    if unknown := [name for name in said if name not in known]:
        raise DataError(f"`{data}` has no setting `{unknown[0]}` ({near(unknown[0], known)})")
    return said


BUILT_IN: dict[str, Callable[[str], Source]] = {"digits": _digits, "scenes": _scenes, "timm": _timm}
