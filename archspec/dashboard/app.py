"""The application: pages, what they load, and the stream that tells them when to look again."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import sys
import traceback
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from archspec.dashboard import page as paging
from archspec.dashboard.acting import asked, form
from archspec.dashboard.assets import asset, assets, packed
from archspec.dashboard.frugal import release
from archspec.dashboard.guard import Guard
from archspec.dashboard.page import Look, MissingError, Page
from archspec.dashboard.query import Query
from archspec.dashboard.rendering import failure, rendered, saved
from archspec.dashboard.site import Site
from archspec.dashboard.watching import MOST, PAUSE, Watcher
from archspec.errors import ArchspecError

KEPT = 24
"""Pages that are kept until something changes."""
FOREVER = "public, max-age=31536000, immutable"
Endpoint = Callable[[Request], Coroutine[None, None, Response]]


class Made(NamedTuple):
    """A page as it was made."""

    status: int
    tag: str
    packed: bytes


class App:
    """The dashboard of one store."""

    def __init__(self, site: Site, token: str, pause: float = PAUSE) -> None:
        self.site, self.watcher = site, Watcher(site, pause)
        self.workers = ThreadPoolExecutor(2, "page")
        self.made = OrderedDict[tuple[str, str], Made]()
        routes = [Route(page.path, self._page(page), methods=["GET"]) for page in paging.found().values()]
        acts = Route("/act", self._act, methods=["POST"])
        file = Route("/s/{study}/report.html", self._file)
        extra = [acts, file, Route("/live", self._live), Route("/assets/{name}", self._asset)]
        inner = Starlette(routes=[*routes, *extra], lifespan=self._lifespan)
        inner.state.site = site
        inner.add_exception_handler(404, self._lost)
        self.guard = Guard(inner, token)
        self.asgi: ASGIApp = self.guard

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with self.watcher:
            yield
        self.workers.shutdown(wait=False, cancel_futures=True)

    def _page(self, page: Page) -> Endpoint:
        async def answer(request: Request) -> Response:
            await self.watcher.fresh()
            made = await asyncio.get_running_loop().run_in_executor(self.workers, self._make, page, request)
            return _sent(made, request, self.site.version)

        return answer

    def _make(self, page: Page, request: Request) -> Made:
        """A page, made unless it was made already and nothing has changed since."""
        place = self.site.version, str(request.url)
        if page.kept and place in self.made:
            return self.made[place]
        look = Look(self.site, page, dict(request.path_params), Query(request.query_params.multi_items()))
        try:
            made = _made(200, rendered(look, seal=self.guard.seal))
        except MissingError as error:
            return _made(404, failure(look, str(error)))
        except ArchspecError as error:
            return _made(500, failure(look, str(error)))
        except Exception:
            print(traceback.format_exc(), file=sys.stderr)  # noqa: T201
            return _made(500, failure(look, "This page is broken; what went wrong is told where the server runs."))
        if page.kept:
            self.made[place] = made
        while len(self.made) > KEPT:
            self.made.popitem(last=False)
        release()
        return made

    async def _lost(self, request: Request, _: Exception) -> Response:
        look = Look(self.site, Page("/", "", ""), {}, Query([]))
        return _sent(_made(404, failure(look, "There is no such page.")), request)

    async def _file(self, request: Request) -> Response:
        """The study's report as one file, which needs no server."""
        name = request.path_params["study"]
        try:
            text = await asyncio.get_running_loop().run_in_executor(self.workers, saved, self.site, name)
        except ArchspecError as error:
            return PlainTextResponse(str(error), 404)
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.html"}
        return Response(text, media_type="text/html; charset=utf-8", headers=headers | {"cache-control": "no-store"})

    async def _act(self, request: Request) -> Response:
        """Write down what a page asks of a driver, and go back to it."""
        if not self.site.actions:
            return PlainTextResponse("Nothing can be asked for here; see `archspec dashboard --help`.", 403)
        said = await form(request)
        if said is None or not self.guard.is_sealed(said.text("seal")):
            return PlainTextResponse("This is not a form of ours.", 403)
        try:
            place = await asyncio.get_running_loop().run_in_executor(self.workers, asked, self.site, said)
        except MissingError as error:
            return PlainTextResponse(str(error), 404)
        await self.watcher.look()
        return RedirectResponse(place, 303)

    async def _live(self, request: Request) -> Response:
        if self.watcher.listeners >= MOST:
            return PlainTextResponse("Too many pages are open.", 503)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self.watcher.stream(), media_type="text/event-stream", headers=headers)

    async def _asset(self, request: Request) -> Response:
        name = assets().get(request.url.path)
        if name is None:
            return PlainTextResponse("There is no such file.", 404)
        found = asset(name)
        content = await asyncio.get_running_loop().run_in_executor(self.workers, packed, found)
        headers = {"cache-control": FOREVER, "content-encoding": "gzip", "vary": "accept-encoding"}
        if isinstance(content, bytes):
            return Response(content, media_type=found.kind, headers=headers)
        return FileResponse(content, media_type=found.kind, headers=headers)


def _made(status: int, text: str) -> Made:
    content = text.encode()
    return Made(status, f'"{hashlib.sha256(content).hexdigest()[:24]}"', gzip.compress(content, 5, mtime=0))


def _sent(made: Made, request: Request, version: str = "") -> Response:
    """A page as this browser wants it; nothing if it has it already."""
    headers = {"cache-control": "private, no-cache", "etag": made.tag, "vary": "accept-encoding, cookie"}
    # Beside the page and not in it, so that a page that says the same is the same.
    headers["server-timing"] = f'version;desc="{version}"'
    if made.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(made.packed), made.status, headers, "text/html; charset=utf-8")
    return Response(made.packed, made.status, headers | {"content-encoding": "gzip"}, "text/html; charset=utf-8")
