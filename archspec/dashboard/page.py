"""A page: where it is, which question it answers, and what it is shown with. Pages are found by being in `pages`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from archspec.dashboard import pages
from archspec.dashboard.query import Query
from archspec.errors import ArchspecError

if TYPE_CHECKING:
    from archspec.dashboard.site import Site
    from archspec.dashboard.study import Study


class MissingError(ArchspecError):
    """What an address names is not there."""


@dataclass(frozen=True)
class Page:
    """What a module of `pages` says of itself as `PAGE`."""

    path: str
    """Its address; `{study}` and `{key}` stand for names."""
    title: str
    question: str
    place: int = 0
    """Where it stands in the menu: the lower the earlier, 0 not at all."""
    kept: bool = True
    """Whether it is the same until the index says otherwise; logs are in no index."""
    design: str = ""
    """The design of the only studies that it says anything of."""
    name: str = field(default="", compare=False)
    """The module's name, and its template's; filled in when it is found."""

    @property
    def of_study(self) -> bool:
        """Whether it is about one study."""
        return "{study}" in self.path


@dataclass
class Look:
    """One look at a page: the store as it is now, and what the address asks for."""

    site: Site
    page: Page
    names: dict[str, str]
    """What stands in the address for `{study}`, `{key}`."""
    query: Query

    @cached_property
    def study(self) -> Study:
        """The study that the address names."""
        return self.site.study(self.names["study"])

    @property
    def study_name(self) -> str:
        """The same by its name; empty on pages about no one study."""
        return self.names.get("study", "")

    def here(self, **changes: Any) -> str:
        """The address of this page with other values in its query; None takes one out."""
        kept = [(name, value) for name, value in self.query.items if name not in changes]
        return address(self.page, **self.names) + _asked([*kept, *_pairs(changes)])

    def url(self, name: str, **said: Any) -> str:
        """The address of a page by its name; what its path has no place for goes into the query."""
        page = found()[name]
        said = {**({"study": self.names["study"]} if page.of_study and "study" in self.names else {}), **said}
        own = {key: str(said.pop(key)) for key in re.findall(r"{(\w+)}", page.path)}
        return address(page, **own) + _asked(_pairs(said))

    def has(self, name: str) -> bool:
        """Whether there is a page of a name."""
        return name in found()

    def arms(self, ids: Iterable[str]) -> dict[str, str]:
        """The addresses of the study's arms."""
        return {arm: self.url("arm", arm=arm) for arm in ids} if self.has("arm") else {}


@cache
def found() -> dict[str, Page]:
    """Every page by the name of its module."""
    return {name: Page(**{**vars(module.PAGE), "name": name}) for name, module in _modules().items()}


def show(look: Look) -> dict[str, Any]:
    """What the page's template is given."""
    shown: dict[str, Any] = _modules()[look.page.name].show(look)
    return shown


def menu(look: Look) -> list[Page]:
    """The pages that stand beside this one."""
    of_study = "study" in look.names
    design = look.study.plan.design if of_study else ""
    placed = [page for page in found().values() if page.place and page.of_study == of_study]
    placed = [page for page in placed if page.design in ("", design)]
    return sorted(placed, key=lambda page: page.place)


def address(page: Page, **names: str) -> str:
    """The path of a page."""
    return page.path.format(**{name: quote(value, safe="") for name, value in names.items()})


@cache
def _modules() -> dict[str, Any]:
    names = [module.name for module in pkgutil.iter_modules(pages.__path__)]
    return {name: importlib.import_module(f"{pages.__name__}.{name}") for name in names}


def _pairs(said: dict[str, Any]) -> list[tuple[str, str]]:
    listed = {name: value if isinstance(value, list | tuple) else [value] for name, value in said.items()}
    return [(name, str(value)) for name, values in listed.items() for value in values if value is not None]


def _asked(pairs: list[tuple[str, str]]) -> str:
    return f"?{urlencode(pairs)}" if pairs else ""
