"""What a page may ask for: runs of a study to be stopped or run again, as a file for whoever drives the study."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from archspec.dashboard import page as paging
from archspec.dashboard.page import MissingError
from archspec.dashboard.query import Query
from archspec.dashboard.site import Site
from archspec.studies.requests import ASKED, ask

LONGEST = 64 * 1024
"""Bytes of a form."""
MOST = 2000
"""Fields of a form."""


async def form(request: Request) -> Query | None:
    """A form as a page sends it; None where it is too long, or none."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            return None
    try:
        return Query(parse_qsl(body.decode("ascii"), max_num_fields=MOST), most=MOST)
    except ValueError:
        return None


def asked(site: Site, said: Query) -> str:
    """Write a request down; the address of the page that shows what becomes of it."""
    study = site.study(said.text("study"))
    keys = said.many("key", study.plan.keys)
    what = next((known for known in ASKED if known == said.text("what")), None)
    if what is None or not keys:
        raise MissingError("nothing was ticked, or nothing asked for; go back and tick runs")
    ask(site.plans.folder(study.name), what, keys)
    return paging.address(paging.found()["runs"], study=study.name)
