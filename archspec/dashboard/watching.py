"""Who waits for news: one stream a page, told a version whenever the store has changed and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from archspec.dashboard.site import Site

PAUSE = 1.0
"""Seconds between two looks at the store while somebody looks at a page."""
SHARE = 10.0
"""So many times as long as a look takes, nobody looks again: a store of many runs on a slow disk is left in peace."""
BEAT = 15.0
"""Seconds after which a stream says that it is alive."""
QUICK = 0.1
"""Seconds that a page waits for a look at the store."""
MOST = 1000
"""Streams at once."""


class Watcher:
    """Looks at the store as long as anybody listens."""

    def __init__(self, site: Site, pause: float = PAUSE) -> None:
        self.site, self.pause, self.listeners = site, pause, 0
        self.took, self.looking = 0.0, asyncio.Lock()
        self.news, self.wanted = asyncio.Event(), asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.over = False

    async def __aenter__(self) -> Watcher:
        self.task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.task is not None
        self.task.cancel()
        self.stop()

    def stop(self) -> None:
        """Let everybody go who waits for news."""
        self.over = True
        self.news.set()

    async def look(self) -> None:
        """Look at the store now, and tell everybody if it has changed."""
        async with self.looking:
            begun, before = time.monotonic(), self.site.version
            await asyncio.to_thread(self.site.refresh)
            self.took = time.monotonic() - begun
        if self.site.version != before:
            self.news.set()
            self.news = asyncio.Event()

    async def fresh(self) -> None:
        """Have a page be as new as can be without keeping anybody waiting."""
        due = time.time() - self.site.read > self.pause
        if due and self.took < QUICK and not self.looking.locked():
            await asyncio.wait([asyncio.ensure_future(self.look())], timeout=QUICK)

    async def stream(self) -> AsyncIterator[str]:
        """The versions, one after another."""
        self.listeners += 1
        self.wanted.set()
        told = ""
        try:
            while not self.over:
                news = self.news
                if self.site.version != told:
                    told = self.site.version
                    yield f"data: {told}\n\n"
                try:
                    await asyncio.wait_for(news.wait(), BEAT)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self.listeners -= 1

    async def _watch(self) -> None:
        await self.look()
        while True:
            if not self.listeners:
                self.wanted.clear()
                await self.wanted.wait()
            await self.look()
            await asyncio.sleep(max(self.pause, SHARE * self.took))
