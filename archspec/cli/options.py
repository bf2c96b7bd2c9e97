"""Arguments and options that several commands share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_SIZE = re.compile(r"([1-9]\d{0,4})(?:[x×]([1-9]\d{0,4}))?")


class DocumentName(click.ParamType[str]):
    """A name on the shelf, a path that ends in .yaml, or an arch in place: {timm: resnet50}."""

    def __init__(self, kind: str) -> None:
        self.name = kind

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Names on the shelf; files once it looks like a path."""
        from click.shell_completion import CompletionItem

        from archspec.spec.shelf import names

        found = [CompletionItem(name) for name in names(self.name) if name.startswith(incomplete)]
        return found or [CompletionItem(incomplete, type="file")]


class ImageSize(click.ParamType[Any]):
    """The side of an image in pixels, or rows and columns: 224, 256x320."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A number, or [rows, columns]."""
        match = _SIZE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail(f"`{value}` is not an image size; write 224, or 256x320 for rows and columns", param, ctx)
        sides = [int(side) for side in match.groups() if side]
        return sides[0] if len(set(sides)) == 1 else sides


class Setting(click.ParamType[str]):
    """PATH=VALUE."""

    name = "setting"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text, once it is known to have both sides."""
        path, equals, setting = str(value).partition("=")
        if not (path.strip() and equals and setting.strip()):
            self.fail(f"`{value}` is not PATH=VALUE; for example stages.mixer=pooling", param, ctx)
        return str(value)


arch_argument = click.argument("arch", type=DocumentName("arch"), metavar="ARCH")
archs_argument = click.argument("archs", type=DocumentName("arch"), metavar="ARCH…", nargs=-1, required=True)
size_option = click.option(
    "--size", type=ImageSize(), metavar="N", help="Run the network on images of this size: 384, or 256x320."
)
set_option = click.option(
    "--set",
    "settings",
    type=Setting(),
    metavar="PATH=VALUE",
    multiple=True,
    help="Change a part first, as in a document's `edits`; the value is YAML. Repeatable.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print data for a program.")


def opened(reference: str, settings: tuple[str, ...] = ()) -> Any:
    """The arch of a name or path, or described in place, with what `--set` changes about it."""
    from archspec.spec.api import load
    from archspec.spec.edits import edit_of
    from archspec.spec.loading import ARCH, edited_by
    from archspec.spec.reading import compose

    described = compose(reference, "<arch>") if reference.startswith("{") else []
    arch = ARCH.resolve(described[0]) if described else load(reference)
    return edited_by(arch, [edit_of(setting, "--set") for setting in settings]) if settings else arch
