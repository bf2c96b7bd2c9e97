"""From a look at a page to its HTML. The templates stand beside the report's, whose parts they share."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from archspec import __version__
from archspec.dashboard import page as paging
from archspec.dashboard.assets import PLOTLY, asset
from archspec.dashboard.failing import ENDED
from archspec.dashboard.files import CONTROLS
from archspec.dashboard.page import Look
from archspec.dashboard.site import Site
from archspec.report import html, wording

LATEST = 2.5e11
"""Seconds since 1970 after which calendars have no more years."""


def rendered(look: Look, seal: str = "") -> str:
    """The page that a look is at."""
    content = {"figures": [], **paging.show(look)}
    drawn = {figure.id: figure.drawing for figure in content["figures"]}
    return _page(f"{look.page.name}.html", look, seal=seal, drawn=html.embedded(drawn) if drawn else "", **content)


def failure(look: Look, message: str) -> str:
    """What stands in the place of a page that there is not."""
    look = Look(look.site, look.page, {}, look.query)
    return _page("missing.html", look, seal="", drawn="", message=message)


def saved(site: Site, name: str) -> str:
    """A study's report as one file: the same parts, without a server."""
    study = site.study(name)
    return html.html(study.table, study.curves(study.plan.by_id, [study.table.metric]))


def _page(template: str, look: Look, **content: Any) -> str:
    shared = {
        "look": look,
        "page": look.page,
        "site": look.site,
        "url": look.url,
        "here": look.here,
        "query": look.query,
        "menu": paging.menu(look),
        "studies_": look.site.names,
        "asset": asset,
        "plotly": PLOTLY,
        "broken": ENDED,
        "version": __version__,
    }
    return environment().get_template(template).render(**shared, **content)


@cache
def environment() -> Environment:
    """The templates, which escape whatever they are given."""
    made = html.environment().overlay(
        loader=ChoiceLoader([PackageLoader("archspec.dashboard"), _reports()]), finalize=harmless
    )
    made.filters |= {"moment": moment, "pair": lambda name: (name, name)}
    made.filters |= {"hours": wording.hours, "lasting": wording.lasting, "printed": wording.printed}
    made.filters |= {"bracket": wording.bracket, "begun": lambda text: text[:1].upper() + text[1:]}
    return made


def harmless(value: Any) -> Any:
    """A text without what would turn or hide what stands beside it; names and reasons come from anywhere."""
    return CONTROLS.sub("�", value) if type(value) is str else value


def moment(seconds: float | None) -> Markup:
    """A time that the browser tells in its own way: `4 minutes ago`."""
    if not seconds or not 0 < seconds < LATEST:
        return Markup("")
    at = datetime.fromtimestamp(seconds, UTC)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), f"{at:%Y-%m-%d %H:%M} UTC")


def _reports() -> PackageLoader:
    return PackageLoader("archspec.report")
