"""A browser without a window, spoken to over two pipes in its own protocol."""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
PATIENCE = 240.0
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--remote-debugging-pipe", "--hide-scrollbars", "--disable-background-networking", "--mute-audio"),
)


class RefusedError(Exception):
    """The browser has not done what it was asked for, and says why."""


class Browser:
    """The browser process."""

    def __init__(self, process: subprocess.Popen[bytes], into: int, out: int) -> None:
        self.process, self.into, self.out = process, into, out
        self.numbers, self.buffer = itertools.count(1), b""
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Have something done, and what comes of it."""
        number = next(self.numbers)
        said: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        os.write(self.into, json.dumps(said | ({"sessionId": session} if session else {})).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == number:
                if "error" in message:
                    raise RefusedError(message["error"])
                result: dict[str, Any] = message["result"]
                return result
            if "method" in message:
                self.events.append(message)

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.out], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "the browser says nothing"
            self.buffer += os.read(self.out, 1 << 20)
        text, _, self.buffer = self.buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def tab(self, width: int = 1280, height: int = 900, scheme: str = "light") -> Tab:
        """A new tab with nothing in common with others."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        tab = Tab(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        tab.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        tab.scheme(scheme)
        return tab


class Tab:
    """A tab of it."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser, self.session = browser, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Have something done in this tab."""
        return self.browser.call(method, self.session, **parameters)

    def scheme(self, name: str) -> None:
        """Light or dark, as the system would have it."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def open(self, address: str) -> None:
        """Go somewhere, and wait until everything has been loaded."""
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, expression: str) -> Any:
        """What an expression gives, under the page's own policy."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True,
            allowUnsafeEvalBlockedByCSP=False,
        )  # fmt: skip
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression: str) -> Any:
        """Wait for something to become true, not for long."""
        deadline = time.monotonic() + PATIENCE
        while not (found := self._try(expression)):
            assert time.monotonic() < deadline, f"this never came true: {expression}"
            select.select([], [], [], 0.03)
        return found

    def _try(self, expression: str) -> Any:
        try:
            answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        except RefusedError:
            return None  # a page that is about to give way to the next one answers nothing
        return answer["result"].get("value") if "exceptionDetails" not in answer else None

    def press(self, key: str) -> None:
        """Type a key."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        code = {"Enter": 13, "Tab": 9, "Escape": 27}.get(key, ord(key.upper()[0]))
        for kind in ("keyDown", "keyUp"):
            own = {"text": text} if kind == "keyDown" and text else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **own)

    def click(self, selector: str) -> None:
        """Click what a selector finds, once it is there: pages fill as the store is looked through."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.until(f"{found} !== null")
        self.value(f"{found}.click()")

    def picture(self, file: Path, *, whole: bool = False) -> Path:
        """What it looks like."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(found["data"]))
        return file

    @property
    def complaints(self) -> list[str]:
        """What scripts and the page's policy have complained about."""
        mine = [event for event in self.browser.events if event.get("sessionId") == self.session]
        logged = [e["params"]["entry"]["text"] for e in mine if e["method"] == "Log.entryAdded"]
        return [*logged, *(str(e["params"]) for e in mine if e["method"] == "Runtime.exceptionThrown")]


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own."""
    (ours_in, theirs_out), (theirs_in, ours_out) = os.pipe(), os.pipe()
    # Where they have to be in the end, nothing of them may stand now.
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (theirs_in, theirs_out)]

    def placed() -> None:
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    command = [BROWSER, *OPTIONS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    quiet = subprocess.DEVNULL
    # What it leaves behind when it is killed goes with the folder.
    own: dict[str, Any] = {
        "stdin": quiet,
        "stdout": quiet,
        "stderr": quiet,
        "env": {**os.environ, "TMPDIR": str(folder)},
    }
    # What runs in between takes no lock.
    process = subprocess.Popen(command, preexec_fn=placed, pass_fds=(3, 4), **own)  # noqa: PLW1509
    for end in (theirs_in, theirs_out, *high):
        os.close(end)
    try:
        yield Browser(process, ours_out, ours_in)
    finally:
        process.kill()
        process.wait()
        os.close(ours_in)
        os.close(ours_out)
