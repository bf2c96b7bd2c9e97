"""A client of yaml-language-server, just large enough to open a file, read its diagnostics and ask for completions."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
from pathlib import Path
from typing import Any

Json = dict[str, Any]

PATIENCE = 300.0
"""Seconds after which a server that no longer answers is ended, and with it the test."""


class LanguageServer:
    """One server process, spoken to over stdin and stdout."""

    def __init__(self, command: list[str], root: Path) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        self.numbers = itertools.count(1)
        self.patience = threading.Timer(PATIENCE, self.process.kill)
        self.patience.start()
        self.request("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": CAPABILITIES})
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": {"yaml": SETTINGS}})

    def __enter__(self) -> LanguageServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.patience.cancel()
        self.process.kill()
        self.process.communicate()

    def send(self, message: Json) -> None:
        """Write one message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self) -> Json:
        """Read one message; questions of the server are answered on the way."""
        assert self.process.stdout is not None
        while True:
            length = 0
            while (line := self.process.stdout.readline().strip()) or not length:
                assert line or self.process.poll() is None, "the language server has ended"
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            message: Json = json.loads(self.process.stdout.read(length))
            if "id" not in message or "method" not in message:
                return message
            self.send({"id": message["id"], "result": self.answer(message)})

    def answer(self, question: Json) -> Any:
        """What the server is told when it asks for settings."""
        if question["method"] != "workspace/configuration":
            return None
        return [SETTINGS if item.get("section") == "yaml" else {} for item in question["params"]["items"]]

    def notify(self, method: str, params: Json) -> None:
        """Say something that wants no answer."""
        self.send({"method": method, "params": params})

    def request(self, method: str, params: Json) -> Any:
        """Ask, and wait for the answer."""
        number = next(self.numbers)
        self.send({"id": number, "method": method, "params": params})
        while (message := self.receive()).get("id") != number:
            pass
        assert "error" not in message, message
        return message["result"]

    def open(self, file: Path, text: str) -> list[Json]:
        """The diagnostics of a text that is said to stand in a file; the file need not exist."""
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self.receive()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == file.as_uri():
                diagnostics: list[Json] = message["params"]["diagnostics"]
                return diagnostics

    def complete(self, file: Path, line: int, character: int) -> list[Json]:
        """What may be typed at a place of an open file, counted from 0."""
        where = {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": character}}
        answer = self.request("textDocument/completion", where)
        items: list[Json] = answer["items"] if isinstance(answer, dict) else answer
        return items


SETTINGS: Json = {
    "validate": True,
    "completion": True,
    "yamlVersion": "1.2",
    "schemaStore": {"enable": False, "url": ""},
}
CAPABILITIES: Json = {
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["markdown"], "snippetSupport": True}},
        "publishDiagnostics": {"relatedInformation": False},
    },
    "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
}
